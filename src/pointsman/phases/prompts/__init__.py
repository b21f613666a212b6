"""The prompt templates, one file each; the number in a name is the template's version."""
