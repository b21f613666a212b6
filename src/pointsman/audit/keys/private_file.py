"""Files of keys: made once though several make them, read only while nobody else can, replaced whole."""

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.errors import OperatorMust


@dataclass(frozen=True, slots=True)
class Kept:
    """How a kind of private file is spoken of when it cannot be trusted.

    `called` is its name in a sentence; `harm` what follows when others read it, and `mend` what to do then, in which
    `{path}` is the file; `most` is how many bytes of it are read.
    """

    called: str
    code: str
    harm: str
    mend: str
    most: int


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


def read_private(path: Path, kept: Kept) -> bytes:
    """The bytes of a file that nobody else may read or replace. Raises OperatorMust (`kept.code`), OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        held, folder = os.fstat(file.fileno()), path.parent.stat()
        if not stat.S_ISREG(held.st_mode) or held.st_mode & 0o077 or held.st_uid not in (0, os.geteuid()):
            raise OperatorMust(
                f"The {kept.called} {path} can be read by others, so it {kept.harm}.",
                code=kept.code,
                hint=kept.mend.format(path=path),
            )
        if folder.st_mode & 0o022 and not folder.st_mode & stat.S_ISVTX:
            raise OperatorMust(
                f"Others may replace the {kept.called}: they can write to its folder {path.parent}.",
                code=kept.code,
                hint=f"chmod 700 {path.parent}",
            )
        return file.read(kept.most)


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
