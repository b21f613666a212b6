"""Runs that have ended: when their words go, and the little that stays without words."""

from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.texts import Erasure


@dataclass(frozen=True, slots=True)
class Cleared:
    """What stays of a run: facts as JSON without any text, and when, by whom and why the rest went.

    As long as `erasure.at` is empty, the clearing was begun and not finished.
    """

    remains: str
    erasure: Erasure


@dataclass(frozen=True, slots=True)
class EndedRuns:
    """Which runs that have ended: those that fit everything that is named; `before` bounds when they ended."""

    run_id: str = ""
    repository_id: str = ""
    before: str = ""


class Clearing(Protocol):
    """Survives crashes. Every method may be called twice with the same arguments and counts once."""

    async def due(self, now: str, limit: int) -> tuple[str, ...]:
        """Runs that ended so long ago that nothing of their words may be kept any more, the oldest first."""

    async def ended(self, which: EndedRuns) -> tuple[str, ...]:
        """Runs that have ended and are not cleared yet."""

    async def of(self, run_id: str) -> Cleared | None:
        """What stays of a run that is cleared; None for any other."""

    async def leave(self, run_id: str, remains: str) -> None:
        """Keep what stays, before anything goes. What was kept first stands."""

    async def forget(self, kind: str, now: str) -> None:
        """Drop what is remembered of changes under `kind`, where the days of all runs about them are over.

        One day at least: who mends what a review found looks at it before.
        """

    async def clear(self, run_id: str, erasure: Erasure) -> None:
        """Take the words out of the run's row, and say that it is done. Figures, states and digests stay."""
