"""What calls to models came to, as measured; each order holds the snapshot that its routes were chosen by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pointsman.domain.levels import Phase


@dataclass(frozen=True, slots=True)
class Measured:
    """What the answered calls to one model in one phase came to.

    `calls` counts them, `latency_ms` is the median time of one in milliseconds; the tokens are means of one call.
    Both are 0 where only the small questions of `measure` were asked: those tell of times, not of a phase's tokens.
    """

    calls: int
    latency_ms: int
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def has_tokens(self) -> bool:
        """Whether it says how many tokens a call of the phase takes."""
        return self.input_tokens + self.output_tokens > 0


@dataclass(frozen=True, slots=True)
class Figures:
    """What has been measured, by short name of the model and phase. Nothing in it is guessed."""

    of: Mapping[str, Mapping[Phase, Measured]] = field(default_factory=dict)

    def latency_ms(self, model: str, phase: Phase) -> int | None:
        """The median time of a call in the phase; where that was never measured, in the slowest phase that was."""
        phases = self.of.get(model)
        if not phases:
            return None
        here = phases.get(phase)
        return here.latency_ms if here else max(one.latency_ms for one in phases.values())

    def typical(self, phase: Phase) -> Measured | None:
        """What a call of the phase comes to, whoever is asked: the mean of all that were measured."""
        found = [phases[phase] for phases in self.of.values() if phase in phases and phases[phase].has_tokens]
        calls = sum(one.calls for one in found)
        if not calls:
            return None
        question = sum(one.input_tokens * one.calls for one in found) // calls
        answer = sum(one.output_tokens * one.calls for one in found) // calls
        slowest = max(one.latency_ms for one in found)
        return Measured(calls, slowest, question, answer)

    def usual(self, model: str, phase: Phase) -> Measured | None:
        """What a call of the phase to the model usually comes to; None where that was never measured."""
        found = self.of.get(model, {}).get(phase)
        return found if found is not None and found.has_tokens else None


NOTHING_MEASURED = Figures()

DAYS = 30
"""So far back calls are looked at for a decision: a model of last year is another one under the same name."""


def days_before(at: str, days: int = DAYS) -> str:
    """The day so many days before a moment in UTC (both ISO 8601)."""
    return (datetime.fromisoformat(at).date() - timedelta(days=days)).isoformat()
