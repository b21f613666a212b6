"""Whether a run waits for models that are out of order, and for how long; a pure decision."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.domain.breaker import OF_ONE_MODEL, OutageKind
from pointsman.domain.models import Outage

MOST_WAITS = 6
"""Waits for the answer to one question."""

FIRST_WAIT = 5.0
"""Seconds, twice as many each time, where the provider does not say how long."""

SHORT = 120.0
"""Seconds that a served run waits in a phase for a provider that is not there at all; most are back by then."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds, then ask again; `model` is the first that may answer, and `kind` why it did not."""

    seconds: float
    model: str
    kind: OutageKind


@dataclass(frozen=True, slots=True)
class Patience:
    """How long may be waited: `seconds` in the whole phase, of which `waited` are used up, after `waits` for this
    question.

    `is_served` says that nobody sits before it who could start a provider and go on. `key` is the question's id: it
    spreads the waits of runs that met the same outage.
    """

    seconds: float
    waited: float
    waits: int
    is_served: bool
    key: str


def pause_after(outages: Sequence[Outage], patience: Patience) -> Pause | None:
    """The wait before all are asked again; None when it is time to give up.

    A provider that is busy is waited for as long as it asks, or longer each time. One that is not there is waited for
    a short while where the run is served; elsewhere a person is told at once, who can start it.
    """
    if patience.waits >= MOST_WAITS:
        return None
    busy = [outage for outage in outages if _is_busy(outage)]
    allowed = patience.seconds if busy else min(patience.seconds, SHORT if patience.is_served else 0.0)
    pauses = [_pause(outage, patience) for outage in (outages if patience.is_served else busy)]
    soonest = min(pauses, key=lambda pause: pause.seconds, default=None)
    return soonest if soonest is not None and patience.waited + soonest.seconds <= allowed else None


def _is_busy(outage: Outage) -> bool:
    return outage.kind in OF_ONE_MODEL or (outage.retry_after > 0 and not outage.held)


def _pause(outage: Outage, patience: Patience) -> Pause:
    return Pause(outage.retry_after or _backoff(patience), outage.model, outage.kind)


def _backoff(patience: Patience) -> float:
    """Between three and five quarters of the usual; the same for the same question, so that a replay waits alike."""
    drawn = hashlib.sha256(f"{patience.key} {patience.waits}".encode()).digest()[0] / 255
    return FIRST_WAIT * 2.0**patience.waits * (0.75 + drawn / 2)
