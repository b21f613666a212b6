"""The notes of a repository on disk and what came into its branch, for people who ask about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pointsman.audit.checking.noted import believed, believed_in
from pointsman.audit.checking.places import TREE, NotePlace, gather
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.history import ENVELOPE_SUFFIX, NOTE_REF
from pointsman.domain.landed import Landed
from pointsman.domain.noted import Believed
from pointsman.domain.notes import KeptNote
from pointsman.workspaces.landed_lines import landed_lines
from pointsman.workspaces.local_repository import locate
from pointsman.workspaces.note_files import notes_in_folder
from pointsman.workspaces.note_source import GitNoteSource


@dataclass(frozen=True, slots=True)
class Clone:
    """What a clone holds at one commit, or a store, which has no `tip`."""

    name: str
    tip: str
    notes: Believed


@dataclass(frozen=True, slots=True)
class AskedClone:
    """A clone and what is asked of it: the notes in the tree of a revision, by default of the checked-out branch.

    `folders` hold more notes. `repository_id` is the forge's, where somebody says it.
    """

    location: Path
    revision: str = ""
    folders: tuple[Path, ...] = ()
    repository_id: str = ""


async def notes_at(asked: AskedClone, trusted: TrustedKeys) -> Clone:
    """The notes of a clone: in the tree, on the audit ref and in folders; those of another repository are problems.

    Raises OwnerMust for what is no repository or no revision of it, UsageMust for a folder that cannot be read.
    """
    repository = await locate(str(asked.location))
    source = GitNoteSource(str(asked.location))
    tip = await source.resolve(asked.revision or "HEAD")
    found = gather(NotePlace(TREE, await source.notes(tip)), await other_places(source, asked.folders))
    read = await believed_in(source, found.files.items(), trusted, asked.repository_id)
    return Clone(repository.name, tip, Believed(read.notes, (*found.problems, *read.problems)))


async def other_places(source: GitNoteSource, folders: Sequence[Path]) -> tuple[NotePlace, ...]:
    """Where else than in a tree notes lie: in these folders, and on the audit ref where there is one."""
    found = [NotePlace(str(folder), notes_in_folder(folder)) for folder in folders]
    if await source.has(NOTE_REF):
        found.append(NotePlace(NOTE_REF, await source.notes(NOTE_REF)))
    return tuple(found)


def notes_kept(kept: Iterable[KeptNote], trusted: TrustedKeys) -> Believed:
    """The notes of an installation's store; each repository has a chain of its own."""
    files: dict[str, list[tuple[str, bytes]]] = {}
    for note in kept:
        files.setdefault(note.repository_id, []).append((note.name + ENVELOPE_SUFFIX, note.envelope))
    read = [believed(each, trusted, repository) for repository, each in files.items()]
    notes = sorted((note for each in read for note in each.notes), key=lambda note: note.written_at)
    return Believed(tuple(notes), tuple(problem for each in read for problem in each.problems))


async def landed_at(location: Path, tip: str, since: str, until: str) -> tuple[Landed, ...]:
    """What came into the branch in a span of days (ISO 8601, UTC), both included; empty where it is open."""
    found = await landed_lines(str(location), tip, since)
    return tuple(each for each in found if not until or each.at[:10] <= until)
