"""Checking: is a note what was signed, does it stand in its chain, and what in the history is it bound to."""
