"""How the rounds of code, tests and review end, by name."""

from enum import StrEnum


class LoopEnd(StrEnum):
    """How the rounds of code, tests and review ended, by name."""

    SOLVED = "solved"
    APPROVED = "approved"
    LEFT_TO_PEOPLE = "left-to-people"
    NO_VERDICT = "no-verdict"
    DISPUTED = "disputed"
    PING_PONG = "ping-pong"
    LADDER_ENDED = "ladder-ended"
    RUNG_SPENT = "rung-spent"
    BUDGET = "budget"
    TOKENS = "tokens"
    CALLS = "calls"
    TIME = "time"
    WINDOW = "context-window"
    OUTAGE = "outage"

    @property
    def is_cut(self) -> bool:
        """Whether a limit or an outage ended the work, and not what it came to."""
        return self in _CUTS


_CUTS = frozenset({LoopEnd.BUDGET, LoopEnd.TOKENS, LoopEnd.CALLS, LoopEnd.TIME, LoopEnd.WINDOW, LoopEnd.OUTAGE})
