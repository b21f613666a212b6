"""What stands in a tree: entries with mode, blob and size, and the blobs' bytes, read straight from the objects."""

import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path

from pointsman.workspaces.git import Asked, GitFailed, git, run

LINK = "120000"
SUBMODULE = "160000"
REGULAR = frozenset({"100644", "100755", "100664"})

_SLICE_BYTES = 32 << 20
_HEADER_BYTES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree: mode as six octal digits, object id, size in bytes (0 for a submodule or a folder)."""

    path: str
    mode: str
    oid: str
    size: int


async def entries(
    git_dir: Path, commit: str, *, folders: bool = False, below: tuple[str, ...] = ()
) -> tuple[Entry, ...]:
    """Every entry below the root of `commit`, sorted by path; with `folders` the trees between as well.

    `below` are the only paths to look at, folders with a slash at their end.
    A path that is no UTF-8 keeps its bytes as surrogates, as Python's file functions take them.
    """
    flags = ("-r", "-t") if folders else ("-r",)
    out = await git(git_dir, "ls-tree", *flags, "-z", "-l", "--full-tree", "--end-of-options", commit, *below)
    return tuple(sorted((_entry(row) for row in out.split(b"\0") if row), key=lambda entry: entry.path))


async def entries_of(git_dir: Path, commit: str, folder: str) -> tuple[Entry, ...]:
    """The entries right in one folder (`a/b/`, from the root), sorted by path; none when it is not there."""
    out = await git(git_dir, "ls-tree", "-z", "-l", "--full-tree", "--end-of-options", commit, folder)
    return tuple(sorted((_entry(row) for row in out.split(b"\0") if row), key=lambda entry: entry.path))


async def blobs(git_dir: Path, wanted: Iterable[Entry]) -> AsyncIterator[tuple[Entry, bytes]]:
    """The bytes of each wanted blob, in order, holding some 32 MB at a time."""
    async for batch in slices(git_dir, wanted, _SLICE_BYTES):
        for pair in batch:
            yield pair


async def slices(
    git_dir: Path, wanted: Iterable[Entry], slice_bytes: int
) -> AsyncIterator[list[tuple[Entry, bytes]]]:
    """The same in lists of so many bytes each, or of one blob that is larger."""
    batch: list[Entry] = []
    size = 0
    for entry in wanted:
        if batch and size + entry.size > slice_bytes:
            yield await _batch(git_dir, batch)
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    yield await _batch(git_dir, batch)


def _entry(row: bytes) -> Entry:
    meta, _, name = row.partition(b"\t")
    mode, _, oid, size = meta.decode("ascii").split()
    if size == "BAD":
        # git says so of a blob that it lists and does not hold, and ends well all the same.
        raise GitFailed(f"object {oid[:12]} is missing")
    return Entry(os.fsdecode(name), mode, oid, int(size) if size != "-" else 0)


async def _batch(git_dir: Path, wanted: list[Entry]) -> list[tuple[Entry, bytes]]:
    if not wanted:
        return []
    names = "".join(f"{entry.oid}\n" for entry in wanted).encode()
    room = sum(entry.size + _HEADER_BYTES for entry in wanted)
    out = await run(Asked(git_dir, ("cat-file", "--batch"), stdin=names, max_output=room))
    found: list[tuple[Entry, bytes]] = []
    at = 0
    for entry in wanted:
        start = out.index(b"\n", at) + 1
        at = start + entry.size + 1
        found.append((entry, out[start : at - 1]))
    return found
