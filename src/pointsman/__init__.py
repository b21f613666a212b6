"""Pointsman: model choice as a policy of the repository, from labelled issue to signed, reviewed change."""

__version__ = "0.1.0"
