"""What came of the work of models, kept so that figures can be counted from it."""

from collections.abc import Mapping
from typing import Protocol

from pointsman.domain.figures import Figures
from pointsman.domain.marks import Account, ChangeEnd, ChangeFacts, FindingFate, RunMarks, Span


class Marks(Protocol):
    """Survives crashes. Every method may be called twice with the same arguments and counts once."""

    async def keep(self, left: RunMarks) -> None:
        """Keep what the end of a run shows, in place of what that run showed before."""

    async def settle(self, repository_id: str, change: str, fates: Mapping[str, FindingFate]) -> None:
        """Say what became of findings, by their ids; those that were never kept are passed over."""

    async def changes(self, repository_id: str = "") -> tuple[ChangeFacts, ...]:
        """The changes of ours, oldest first, all or of one repository."""

    async def ended(self, repository_id: str, change: str, end: ChangeEnd) -> None:
        """Say how a change ended, or that it is open again; one that was never kept is passed over."""

    async def reverted(self, repository_id: str, change: str, at: str) -> None:
        """Say that a change was taken back; the first time stands."""

    async def account(self, span: Span) -> Account:
        """Everything that was counted in a span of time."""

    async def figures(self, since: str) -> Figures:
        """What calls came to since a day (ISO 8601), as routes are chosen by it: of each model its newest calls."""
