"""The ref of notes, `refs/pointsman/audit`: one commit for each note, and nothing in it is ever changed."""

from collections.abc import Mapping
from pathlib import Path

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.history import NOTE_REF
from pointsman.domain.work import NoteFiles
from pointsman.ports.notes import Late
from pointsman.workspaces.commits import NewFile, commit_files
from pointsman.workspaces.origin import Origin
from pointsman.workspaces.tree import Entry, blobs, entries

_MOVED = "branch-moved"
_TRIES = 8


async def append(mirror: Path, origin: Origin, note: NoteFiles, *, late: Late) -> str:
    """Add the notes that are late, and then this one, to what the ref holds, in the repository itself.

    Returns the commit that the ref stands on. Whoever else was faster is followed, never pushed over. Files that are
    there already are left alone, so it may be done again. Raises OwnerMust(note-in-the-way) when one of them reads
    otherwise, TryAgain(note-ref) when others are faster time and again, and what the origin raises.
    """
    for _ in range(_TRIES):
        head = await origin.note_head(mirror)
        held = {entry.path: entry for entry in await entries(mirror, head)} if head is not None else {}
        commit = head or ""
        for one in (*await late(frozenset(held)), note):
            lacking = await _lacking(mirror, held, one.files)
            if lacking:
                commit, _ = await commit_files(mirror, commit, files=lacking, text=one.text)
        if commit == head:
            return commit
        try:
            await origin.publish_note(mirror, commit, expected_head=head)
        except OwnerMust as error:
            if error.code != _MOVED:
                raise
        else:
            return commit
    raise TryAgain(f"Others were faster to write to {NOTE_REF}, {_TRIES} times.", after=5.0, code="note-ref")


async def _lacking(mirror: Path, held: Mapping[str, Entry], files: Mapping[str, bytes]) -> dict[str, NewFile]:
    there = {entry.path: data async for entry, data in blobs(mirror, [held[path] for path in files if path in held])}
    for path, data in there.items():
        if data != files[path]:
            raise OwnerMust(
                f"{path} is on {NOTE_REF} already and reads otherwise; a note is never changed.",
                code="note-in-the-way",
                hint="Somebody else wrote to that ref: compare the two, then run again.",
            )
    return {path: NewFile(data) for path, data in files.items() if path not in there}
