"""Where issues and changes live: one room for each forge."""
