"""What there was of a run before a command took it up; apart from the drawing, whose libraries load slowly."""

from dataclasses import dataclass

from pointsman.domain.ledger import CallRecord


@dataclass(frozen=True, slots=True)
class Before:
    """The calls that a run had made when a command took it up again."""

    calls: tuple[CallRecord, ...] = ()
