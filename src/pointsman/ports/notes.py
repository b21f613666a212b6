"""The installation's own store of signed notes: whole, and whatever becomes of branches."""

from typing import Protocol

from pointsman.domain.notes import KeptNote


class Notes(Protocol):
    """Every note that took its place in a chain. What is kept is never edited; a run that is done again adds one."""

    async def keep_note(self, note: KeptNote) -> None:
        """Keep a note; the same one twice counts once."""

    async def notes(self, repository_id: str = "", since: str = "") -> tuple[KeptNote, ...]:
        """The notes in their order, all or of one repository, written at or after `since` (ISO 8601)."""

    async def note_of(self, run_id: str) -> KeptNote | None:
        """The newest note of a run; None before it has one."""
