"""Files of keys: made once though several make them, read only while nobody else can, replaced whole."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from pointsman.domain.errors import OperatorMust

Weakness: TypeAlias = Literal["readable", "replaceable"]
"""What others may do with a file that is nobody else's business."""


def make_once(path: Path, data: bytes) -> None:
    """Write a new file beside its place and link it there, unless somebody was faster. Raises OSError."""
    draft = _draft(path, data)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def replace_whole(path: Path, data: bytes) -> None:
    """Let a file hold `data`; a reader sees the old bytes or the new ones. Raises OSError."""
    _draft(path, data).replace(path)


def read_private(path: Path, refused: Callable[[Path, Weakness], OperatorMust], *, most: int) -> bytes:
    """At most so many bytes of a file that nobody else may read or replace. Raises what `refused` makes, OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        held, folder = os.fstat(file.fileno()), path.parent.stat()
        if not stat.S_ISREG(held.st_mode) or held.st_mode & 0o077 or held.st_uid not in (0, os.geteuid()):
            raise refused(path, "readable")
        if folder.st_mode & 0o022 and not folder.st_mode & stat.S_ISVTX:
            raise refused(path, "replaceable")
        return file.read(most)


def _draft(path: Path, data: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink()
        raise
    return draft
