"""When a provider or model that does not answer is left alone, and when it is tried again: a state and its laws.

Closed: calls pass. Open: nothing is sent before the cool-down is over. Then one call at a time passes as a trial; an
answer closes, an outage opens for twice as long. Times are ISO 8601 in UTC.
"""

from dataclasses import dataclass, replace
from typing import Literal

from pointsman.domain.moments import later, seconds_between

OutageKind = Literal["connection", "timeout", "rate-limit", "server", "overloaded"]

IN_A_ROW = 3
"""Outages in a row that open, where the provider does not say itself how long to wait."""

SHORTEST = 30.0
LONGEST = 900.0
LONGEST_ASKED = 3600.0
"""Seconds of a cool-down: the first, the most by doubling, and the most that a provider may ask for."""

FORGOTTEN = 3600.0
"""Seconds after which an earlier outage is no longer one in a row with a new one."""

OF_ONE_MODEL: frozenset[OutageKind] = frozenset({"rate-limit", "overloaded"})
"""What is said of one model; every other outage is one of the whole provider."""


@dataclass(frozen=True, slots=True)
class Trying:
    """One call that would go out: its id, the provider and its address, and the model's id there.

    `seconds` bounds how long the call may take. `pressing` asks for a trial before the cool-down is over.
    """

    call_id: str
    provider: str
    origin: str
    model: str
    seconds: float
    pressing: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that met an outage; `retry_after` is what the provider asked for in seconds, 0 when it did not."""

    kind: OutageKind
    retry_after: float = 0.0


CallEnd = Failed | Literal["answered", "reached", "untold"]
"""How a call ended: an outage; an answer; the provider answered, though not as a model; or nothing can be told."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of the outages of a provider, or of one model there when `model` is not empty.

    `in_a_row` counts outages since the last answer. `since` is when it opened, empty while closed; `opened_at` and
    `cooldown` (seconds) are those of the newest opening, and `openings` counts them. `trial` is the id of the call
    that is let through, `trial_at` when that was, and `trial_seconds` how long it may take.
    """

    provider: str
    origin: str
    model: str
    in_a_row: int = 0
    newest: str = ""
    kind: OutageKind = "connection"
    openings: int = 0
    since: str = ""
    opened_at: str = ""
    cooldown: float = 0.0
    trial: str = ""
    trial_at: str = ""
    trial_seconds: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are held off, but for a trial."""
        return bool(self.since)

    @property
    def until(self) -> str:
        """When the cool-down ends; empty while closed."""
        return later(self.opened_at, self.cooldown) if self.is_open else ""


@dataclass(frozen=True, slots=True)
class HeldOff:
    """Why a call must not go out now. `seconds` are left until it may be tried; 0 while somebody's trial goes on."""

    breaker: Breaker
    seconds: float


Pair = tuple[Breaker, Breaker]
"""The states that a call depends on: of its whole provider, and of its model there."""


def fresh(trying: Trying) -> Pair:
    """The states of a provider and model of which nothing is known."""
    whole = Breaker(trying.provider, trying.origin, "")
    return whole, replace(whole, model=trying.model)


def admitted(pair: Pair, trying: Trying, now: str) -> Pair | HeldOff:
    """The states once this call goes out, as the trial of those that are open; or why it must not."""
    for breaker in pair:
        seconds = _seconds_held(breaker, trying, now)
        if seconds is not None:
            return HeldOff(breaker, seconds)
    whole, one = (_tried(breaker, trying, now) for breaker in pair)
    return whole, one


def ended(pair: Pair, trying: Trying, end: CallEnd, now: str) -> Pair:
    """The states after a call has come to its end."""
    whole, one = pair
    if end == "answered":
        return fresh(trying)
    if end == "reached":
        return fresh(trying)[0], _without_trial(one, trying)
    if end == "untold":
        return _without_trial(whole, trying), _without_trial(one, trying)
    assert isinstance(end, Failed)
    if end.kind in OF_ONE_MODEL:
        return fresh(trying)[0], _struck(one, trying, end, now)
    return _struck(whole, trying, end, now), _without_trial(one, trying)


def _seconds_held(breaker: Breaker, trying: Trying, now: str) -> float | None:
    """Seconds that the call has to wait, 0 for the end of somebody's trial, None when it may go out.

    A moment that lies in the future was written before the clock was set back: it holds nobody off.
    """
    if not breaker.is_open:
        return None
    if breaker.trial not in ("", trying.call_id) and _left(breaker.trial_at, breaker.trial_seconds, now):
        return 0.0
    left = _left(breaker.opened_at, breaker.cooldown, now)
    return left if left and not trying.pressing else None


def _tried(breaker: Breaker, trying: Trying, now: str) -> Breaker:
    if not breaker.is_open:
        return breaker
    return replace(breaker, trial=trying.call_id, trial_at=now, trial_seconds=trying.seconds)


def _without_trial(breaker: Breaker, trying: Trying) -> Breaker:
    return replace(breaker, trial="", trial_at="", trial_seconds=0.0) if breaker.trial == trying.call_id else breaker


def _struck(breaker: Breaker, trying: Trying, failed: Failed, now: str) -> Breaker:
    recent = _left(breaker.newest, FORGOTTEN, now) > 0
    in_a_row = breaker.in_a_row + 1 if recent else 1
    struck = replace(_without_trial(breaker, trying), in_a_row=in_a_row, newest=now, kind=failed.kind)
    is_trial = breaker.trial == trying.call_id
    if breaker.is_open and not is_trial and not failed.retry_after:
        return struck  # it was on its way before this opened, and says nothing new
    if not breaker.is_open and in_a_row < IN_A_ROW and not failed.retry_after:
        return struck
    openings = breaker.openings + 1
    doubled = min(SHORTEST * 2 ** min(openings - 1, 10), LONGEST)
    cooldown = min(failed.retry_after, LONGEST_ASKED) or doubled
    return replace(struck, openings=openings, since=breaker.since or now, opened_at=now, cooldown=cooldown)


def _left(start: str, seconds: float, now: str) -> float:
    """How much is left of a time that began at `start`; 0 when it is over, or when `start` is still to come."""
    if not start:
        return 0.0
    passed = seconds_between(start, now)
    return max(seconds - passed, 0.0) if passed >= 0 else 0.0
