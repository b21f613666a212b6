"""The demonstration: a small repository with a real bug, and scripted models for those who have none."""
