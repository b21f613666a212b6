"""The six phases, one async function each: the order, earlier outcomes and ports in, an outcome out."""
