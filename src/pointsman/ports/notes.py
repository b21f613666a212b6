"""The installation's own store of signed notes: whole, and whatever becomes of branches."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from pointsman.domain.notes import KeptNote
from pointsman.domain.work import NoteFiles

Late = Callable[[frozenset[str]], Awaitable[tuple[NoteFiles, ...]]]
"""Told the paths that the ref of notes holds, the notes that should have come onto it before, oldest first."""


class Notes(Protocol):
    """Every note that took its place in a chain. What is kept is never edited; a run that is done again adds one."""

    async def notes(self, repository_id: str = "", since: str = "") -> tuple[KeptNote, ...]:
        """The notes in their order, all or of one repository, written at or after `since` (ISO 8601)."""

    async def lacking(
        self, repository_id: str, held: frozenset[str], before: str, limit: int
    ) -> tuple[KeptNote, ...]:
        """The oldest notes that stand before the one with the digest `before` and whose names are not `held`."""

    async def note_of(self, run_id: str) -> KeptNote | None:
        """The newest note of a run; None before it has one."""
