"""The bare mirror, commits by plumbing, edits, code map, and the sandbox that runs commands."""
