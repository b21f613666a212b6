"""What a run does, step by step, from sorting to publishing."""
