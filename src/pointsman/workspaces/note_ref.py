"""The ref of notes, `refs/pointsman/audit`: one commit for each note, and nothing in it is ever changed."""

from collections.abc import Mapping
from pathlib import Path

from pointsman.domain.errors import OwnerMust, TryAgain
from pointsman.domain.history import NOTE_REF
from pointsman.domain.work import CommitText
from pointsman.workspaces.commits import NewFile, commit_files
from pointsman.workspaces.origin import Origin
from pointsman.workspaces.tree import blobs, entries

_MOVED = "branch-moved"
_TRIES = 8


async def append(mirror: Path, origin: Origin, files: Mapping[str, bytes], *, text: CommitText) -> str:
    """Add `files` on top of what the ref holds, in the repository itself; return the commit that holds them.

    Whoever else was faster is followed, never pushed over. Files that are there already are left alone, so it may be
    done again. Raises OwnerMust(note-in-the-way) when one of them reads otherwise, TryAgain(note-ref) when others are
    faster time and again, and what the origin raises.
    """
    for _ in range(_TRIES):
        head = await origin.note_head(mirror)
        lacking = await _lacking(mirror, head, files)
        if head is not None and not lacking:
            return head
        commit, _ = await commit_files(mirror, head or "", files=lacking, text=text)
        try:
            await origin.publish_note(mirror, commit, expected_head=head)
        except OwnerMust as error:
            if error.code != _MOVED:
                raise
        else:
            return commit
    raise TryAgain(f"Others were faster to write to {NOTE_REF}, {_TRIES} times.", after=5.0, code="note-ref")


async def _lacking(mirror: Path, head: str | None, files: Mapping[str, bytes]) -> dict[str, NewFile]:
    if head is None:
        return {path: NewFile(data) for path, data in files.items()}
    listed = [entry for entry in await entries(mirror, head) if entry.path in files]
    held = {entry.path: data async for entry, data in blobs(mirror, listed)}
    for path, data in held.items():
        if data != files[path]:
            raise OwnerMust(
                f"{path} is on {NOTE_REF} already and reads otherwise; a note is never changed.",
                code="note-in-the-way",
                hint="Somebody else wrote to that ref: compare the two, then run again.",
            )
    return {path: NewFile(data) for path, data in files.items() if path not in held}
