"""The words of the house as frozen values: what is asked, decided, done and found. Standard library only."""
