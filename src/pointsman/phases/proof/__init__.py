"""What is run in the sandbox, and what its results are worth."""
