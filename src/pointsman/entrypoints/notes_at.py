"""The notes of a repository on disk and what came into its branch, for people who ask about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pointsman.audit.keyring import TrustedKeys
from pointsman.audit.noted import believed
from pointsman.audit.verify import ENVELOPE_SUFFIX
from pointsman.domain.landed import Landed
from pointsman.domain.noted import Believed
from pointsman.domain.notes import KeptNote
from pointsman.workspaces.landed_lines import landed_lines
from pointsman.workspaces.local_repository import locate
from pointsman.workspaces.note_source import GitNoteSource


@dataclass(frozen=True, slots=True)
class Clone:
    """What a clone holds at one commit."""

    name: str
    tip: str
    notes: Believed


async def notes_at(location: Path, revision: str, trusted: TrustedKeys) -> Clone:
    """The notes in the tree of a revision, by default of the checked-out branch.

    Raises OwnerMust for what is no repository or no revision of it.
    """
    repository = await locate(str(location))
    source = GitNoteSource(str(location))
    tip = await source.resolve(revision or "HEAD")
    return Clone(repository.name, tip, believed(await source.notes(tip), trusted))


def notes_kept(kept: Iterable[KeptNote], trusted: TrustedKeys) -> Believed:
    """The notes of an installation's store; each repository has a chain of its own."""
    files: dict[str, list[tuple[str, bytes]]] = {}
    for note in kept:
        files.setdefault(note.repository_id, []).append((note.name + ENVELOPE_SUFFIX, note.envelope))
    read = [believed(each, trusted) for each in files.values()]
    notes = sorted((note for each in read for note in each.notes), key=lambda note: note.written_at)
    return Believed(tuple(notes), tuple(problem for each in read for problem in each.problems))


async def landed_at(location: Path, tip: str, since: str, until: str) -> tuple[Landed, ...]:
    """What came into the branch in a span of days (ISO 8601, UTC), both included; empty where it is open."""
    found = await landed_lines(str(location), tip, since)
    return tuple(each for each in found if not until or each.at[:10] <= until)
