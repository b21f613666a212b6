"""Breakers in memory, and a clock that tests set: the small world of what is known of outages."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pointsman.domain.breaker import Breaker, CallEnd, HeldOff, Pair, Trying, admitted, ended, fresh

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that goes when it is told to."""

    at: datetime = NOON
    slept: list[float] = field(default_factory=list)

    def now(self) -> str:
        return self.at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passes(seconds)

    def passes(self, seconds: float) -> None:
        """So much time goes by; a negative one sets the clock back."""
        self.at += timedelta(seconds=seconds)


@dataclass
class BreakersInMemory:
    """What the SQL ones do, in a dictionary; `clock` is theirs."""

    clock: SetClock = field(default_factory=SetClock)
    kept: dict[tuple[str, str, str], Breaker] = field(default_factory=dict)

    async def admit(self, trying: Trying) -> HeldOff | None:
        found = admitted(self._pair(trying), trying, self.clock.now())
        if isinstance(found, HeldOff):
            return found
        self._keep(found)
        return None

    async def tell(self, trying: Trying, end: CallEnd) -> None:
        self._keep(ended(self._pair(trying), trying, end, self.clock.now()))

    async def standing(self) -> tuple[Breaker, ...]:
        return tuple(breaker for _, breaker in sorted(self.kept.items()) if breaker.is_open)

    def _pair(self, trying: Trying) -> Pair:
        whole, one = (self.kept.get(_key(clean), clean) for clean in fresh(trying))
        return whole, one

    def _keep(self, pair: Pair) -> None:
        self.kept |= {_key(breaker): breaker for breaker in pair}


def trying(
    call_id: str = "r-1:code:0", model: str = "m", *, origin: str = "http://127.0.0.1:1", pressing: bool = False
) -> Trying:
    """A call to the model at the one provider."""
    return Trying(call_id, "home", origin, model, 60.0, pressing)


def _key(breaker: Breaker) -> tuple[str, str, str]:
    return breaker.provider, breaker.origin, breaker.model
