"""What a run has used so far, held against what it may use: before each call, and while it goes on.

Everything is counted from what the journal keeps (tokens and seconds of answers, seconds of tests), so that a replay
counts the same. Waiting for people, for a place or for a crashed machine is no work and counts nowhere.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pointsman.domain.errors import Stopped
from pointsman.domain.levels import Phase
from pointsman.domain.models import Ask, Outage, Reply
from pointsman.domain.run import UNLIMITED, Allowance
from pointsman.policy.allowance import Met, Used, left_seconds, met_by, worst_of

RUNG_SPENT = "rung-spent"
"""The code of the error that says that one rung, and not the run, has used what it may."""

_HINT = {
    "budget": "`rung_usd` of the code's route",
    "tokens": "`budget.run_tokens`",
    "calls": "`budget.run_calls`",
    "time": "`budget.run_minutes`, or the phase's `seconds` in the policy",
}
CUT_OFF = ("time", RUNG_SPENT)
"""The codes of errors after which nobody knows what the call used."""

T = TypeVar("T")


@dataclass
class Meter:
    """The counters of one run: of the whole, of each phase's time, and of the rung that codes now."""

    run: Allowance = UNLIMITED
    rung: Allowance = UNLIMITED
    used: Used = field(default_factory=Used)
    used_here: Used = field(default_factory=Used)
    spans: dict[Phase, float] = field(default_factory=dict)

    def climbs(self, rung: Allowance) -> None:
        """Another model takes over; it has an allowance of its own."""
        self.rung, self.used_here = rung, Used()

    def require(self, ask: Ask, estimate: int) -> float | None:
        """Raise Stopped when the call does not fit at its worst; else how many seconds it may take, if that is bound.

        The code is `rung-spent` where only the rung has no room, so that another model may take over.
        """
        worst = worst_of(ask.model, input_tokens=estimate, output_tokens=ask.max_output_tokens)
        met = met_by(self.run, self.used, worst)
        if met is not None:
            raise _stopped(met)
        if ask.phase is Phase.CODE and (here := met_by(self.rung, self.used_here, worst)) is not None:
            raise Stopped(here.why, code=RUNG_SPENT)
        return min((left for left, _ in self._bounds(ask)), default=None)

    def out_of_time(self, ask: Ask) -> Stopped:
        """The error of a call that was cut off: the time of the rung is up, or that of the phase or the run."""
        left, code = min(self._bounds(ask))
        said = f"a call to {ask.model.name} was cut off after {left:.0f} seconds, which was all that was left"
        return Stopped(said, code=code) if code == RUNG_SPENT else _stopped(Met("time", said))

    def _bounds(self, ask: Ask) -> list[tuple[float, str]]:
        """The seconds that are left, each with the code of what ends with them. Raises Stopped when none are."""
        bounds: list[tuple[float, str]] = []
        if (run := left_seconds(self.run, self.used)) is not None:
            bounds.append((run, "time"))
        if ask.patience > 0:
            bounds.append((ask.patience - self.spans.get(ask.phase, 0.0), "time"))
        if ask.phase is Phase.CODE and (rung := left_seconds(self.rung, self.used_here)) is not None:
            bounds.append((rung, RUNG_SPENT))
        if any(left <= 0 for left, code in bounds if code == "time"):
            raise _stopped(Met("time", f"the {ask.patience:.0f} seconds of the phase {ask.phase} are used"))
        return bounds

    def left_for_tests(self) -> float:
        """How many seconds tests may take. Raises Stopped when the run's time is up."""
        left = left_seconds(self.run, self.used)
        if left is not None and left <= 0:
            raise _stopped(Met("time", "the minutes of the run are used"))
        return math.inf if left is None else left

    def left_to_look(self) -> float:
        """How many seconds looking at pages may take; 0 when the run's time is up, which stops nobody."""
        left = left_seconds(self.run, self.used)
        return math.inf if left is None else left

    def book(self, phase: Phase, used: Used) -> None:
        """Count what was used."""
        self.used = self.used.and_also(used)
        self.spans[phase] = self.spans.get(phase, 0.0) + used.seconds
        if phase in (Phase.CODE, Phase.VERIFY):
            self.used_here = self.used_here.and_also(used)

    def answered(self, phase: Phase, answer: Reply | Outage) -> None:
        """Count a call that came back; one that was held off was none."""
        if isinstance(answer, Reply):
            tokens = answer.usage.input_tokens + answer.usage.output_tokens
            self.book(phase, Used(answer.cost_usd, tokens, 1, answer.seconds))
        elif not answer.held:
            self.book(phase, Used(calls=1, seconds=answer.seconds))

    def cut_off(self, ask: Ask, estimate: int, seconds: float) -> None:
        """Count a call of which nobody knows what it used: all that it might have."""
        worst = worst_of(ask.model, input_tokens=estimate, output_tokens=ask.max_output_tokens)
        self.book(ask.phase, worst.and_also(Used(seconds=seconds)))


async def in_time(act: Callable[[], Awaitable[T]], seconds: float | None, late: Callable[[], Stopped]) -> T:
    """What `act` gives; after so many seconds it is cancelled, and what `late` says is raised."""
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            return await act()
    except TimeoutError:
        if not bound.expired():
            raise
        raise late() from None


def _stopped(met: Met) -> Stopped:
    said = f"{met.why[:1].upper()}{met.why[1:]}."
    return Stopped(said, code=met.kind, hint=f"To go on, raise {_HINT[met.kind]}, or choose another model.")
