"""Whether one more call fits what a run or a rung may use, by its worst cost; a pure decision."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.models import Model
from pointsman.domain.money import dollars
from pointsman.domain.run import Allowance
from pointsman.policy.catalogue import worst_call_usd

Kind = Literal["budget", "tokens", "calls", "time"]


@dataclass(frozen=True, slots=True)
class Used:
    """What was used, or what one call may use at worst: US dollars, tokens, calls, and seconds of work."""

    usd: float = 0.0
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0

    def and_also(self, more: "Used") -> "Used":
        """Both together."""
        return Used(
            self.usd + more.usd, self.tokens + more.tokens, self.calls + more.calls, self.seconds + more.seconds
        )


@dataclass(frozen=True, slots=True)
class Met:
    """A limit that one more call would pass, and how it stands, in words."""

    kind: Kind
    why: str


def worst_of(model: Model, *, input_tokens: int, output_tokens: int) -> Used:
    """The most that one call can use; how long it takes is bounded while it runs."""
    usd = worst_call_usd(model.price, input_tokens=input_tokens, output_tokens=output_tokens) if model.price else 0.0
    return Used(usd, input_tokens + output_tokens, 1)


def met_by(allowed: Allowance, used: Used, worst: Used) -> Met | None:
    """The first limit that `worst` on top of `used` would pass; None when it fits. None declared is none."""
    if allowed.calls is not None and used.calls + worst.calls > allowed.calls:
        return Met("calls", f"{used.calls} of {allowed.calls} calls are used")
    if allowed.tokens is not None and used.tokens + worst.tokens > allowed.tokens:
        said = f"{used.tokens} of {allowed.tokens} tokens are used, and the next call may take {worst.tokens}"
        return Met("tokens", said)
    if allowed.usd is not None and used.usd + worst.usd > allowed.usd:
        said = f"{dollars(used.usd, 4)} of {dollars(allowed.usd, 4)} are spent, and the next call may cost"
        return Met("budget", f"{said} {dollars(worst.usd, 4)}")
    if allowed.seconds is not None and used.seconds >= allowed.seconds:
        return Met("time", f"{used.seconds:.0f} of {allowed.seconds:.0f} seconds of work are used")
    return None


def left_seconds(allowed: Allowance, used: Used) -> float | None:
    """How long work may still go on; None when nothing bounds it."""
    return None if allowed.seconds is None else max(0.0, allowed.seconds - used.seconds)
