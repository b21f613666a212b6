"""Texts: prompts and answers, encrypted, and gone in time."""
