"""The forge on disk: a git repository, issues as Markdown files, changes as branches with a page each."""
