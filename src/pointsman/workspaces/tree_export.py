"""Lays the tree of a commit out as plain files, for a sandbox to work on: no `.git`, no filters, no way out."""

import asyncio
import errno
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.workspaces.names import hostile
from pointsman.workspaces.tree import LINK, SUBMODULE, Entry, blobs, entries

_MAX_FILES = 200_000
_FULL = (errno.ENOSPC, errno.EDQUOT)


async def export(mirror_git_dir: Path, commit: str, folder: Path, *, max_bytes: int) -> None:
    """Write the files of `commit` into `folder`, which must be empty or missing.

    Bytes are those of the objects: attributes, filters and `export-subst` have no say, LFS pointers stay pointers.
    A link is made only when its text stays inside the tree; another one becomes a file that holds the text. A
    submodule is an empty folder. Raises OwnerMust(tree-too-large, hostile-tree), OperatorMust(disk-full).
    """
    tree = await entries(mirror_git_dir, commit)
    _refuse_too_large(tree, max_bytes)
    links = {entry.path for entry in tree if entry.mode == LINK}
    pointing: list[tuple[str, str]] = []
    try:
        await asyncio.to_thread(_make_folders, folder, tree)
        async for entry, data in blobs(mirror_git_dir, (entry for entry in tree if entry.mode != SUBMODULE)):
            if entry.mode == LINK and _stays_inside(entry.path, data, links):
                pointing.append((entry.path, data.decode()))
            else:
                await asyncio.to_thread(_write, folder / entry.path, data, entry.mode)
        # Links come last, so that no file is ever written through one.
        for path, text in pointing:
            (folder / path).symlink_to(text)
    except OSError as error:
        if error.errno in _FULL:
            raise OperatorMust("The disk is full.", code="disk-full", hint="Free some space, then resume.") from error
        raise


def _refuse_too_large(tree: Sequence[Entry], max_bytes: int) -> None:
    size = sum(entry.size for entry in tree)
    if size > max_bytes or len(tree) > _MAX_FILES:
        raise OwnerMust(
            f"The tree has {len(tree)} files and {size} bytes; at most {_MAX_FILES} files and {max_bytes} bytes fit.",
            code="tree-too-large",
            hint="Ask the operator for more room, or take large files out of the repository.",
        )


def _make_folders(folder: Path, tree: Sequence[Entry]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {posixpath.dirname(entry.path) for entry in tree}
    wanted |= {entry.path for entry in tree if entry.mode == SUBMODULE}
    for path in sorted(wanted - {""}):
        if hostile(path):
            raise OwnerMust(f"The tree holds a folder named {path!r}.", code="hostile-tree", hint="Rename it.")
        (folder / path).mkdir(parents=True, exist_ok=True)


def _write(path: Path, data: bytes, mode: str) -> None:
    if hostile(path.name):
        raise OwnerMust(f"The tree holds a file named {path.name!r}.", code="hostile-tree", hint="Rename it.")
    bits = 0o755 if mode == "100755" else 0o644
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, bits), "wb") as out:
        out.write(data)


def _stays_inside(path: str, data: bytes, links: set[str]) -> bool:
    """Whether the link's text, read step by step, never leaves the tree nor walks over another link."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if not text or text.startswith("/") or "\0" in text:
        return False
    here = path.split("/")[:-1]
    steps = [step for step in text.split("/") if step not in ("", ".")]
    for number, step in enumerate(steps):
        if step == "..":
            if not here:
                return False
            here.pop()
        else:
            here.append(step)
        if number < len(steps) - 1 and "/".join(here) in links:
            return False
    return not any(hostile(part) for part in here)
