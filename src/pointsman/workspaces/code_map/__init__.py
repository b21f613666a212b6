"""The code map of a repository: which files there are, what they define, and which of them a text is about."""
