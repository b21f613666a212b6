"""The forms in which a model writes code, and the loop of one that uses tools."""
