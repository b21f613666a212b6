"""Blame: lines of a file joined with the notes that speak of them."""
