"""How the rounds of code, tests and review ended, in plain sentences."""

from collections.abc import Mapping

from pointsman.conversation.outbound import outbound_line
from pointsman.domain.loop_end import LoopEnd

_SAID: Mapping[LoopEnd, str] = {
    LoopEnd.SOLVED: "",
    LoopEnd.APPROVED: "",
    LoopEnd.LEFT_TO_PEOPLE: "What the review asks for is left to people.",
    LoopEnd.NO_VERDICT: "The review came to no verdict.",
    LoopEnd.DISPUTED: "Coder and reviewer did not agree, and no other model is named to take over.",
    LoopEnd.PING_PONG: "Fix and review went in circles, and no other model is named to take over.",
    LoopEnd.LADDER_ENDED: "No further try was made, and no other model is named to take over.",
    LoopEnd.RUNG_SPENT: "The coder has used what it may use, and no other model is named to take over.",
    LoopEnd.BUDGET: "The money ended before the work did.",
    LoopEnd.TOKENS: "The tokens ended before the work did.",
    LoopEnd.CALLS: "The calls ended before the work did.",
    LoopEnd.TIME: "The time ended before the work did.",
    LoopEnd.WINDOW: "What was to be asked does not fit the window of the model.",
    LoopEnd.OUTAGE: "The models that were left to ask could not be reached.",
}


def end_text(end: LoopEnd, why: str) -> str:
    """What people read of an end: what it was, and what led there."""
    line = outbound_line(why, limit=600)
    reason = f"{line[:1].upper()}{line[1:].rstrip('.')}." if line else ""
    return " ".join(part for part in (_SAID[end], reason) if part)
