"""The note: the facts of a run as a statement, a page and a schema."""
