"""What went over the wire as people read it; apart from `wiring`, which commands import for their adapters."""

from pointsman.models.shown import turns_of

__all__ = ["turns_of"]
