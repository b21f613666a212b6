"""What a model is shown of a repository: chosen parts, related files, guidance, cut to its window."""
