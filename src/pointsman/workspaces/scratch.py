"""Throw-away folders for jobs, taken away even when the process that made them was killed."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

_PREFIX = "job-"
_LOCK = "lock"


@contextlib.asynccontextmanager
async def job_folder(scratch: Path) -> AsyncIterator[Path]:
    """A new folder below `scratch`, held by a lock that ends with this process, and gone afterwards.

    What processes that are gone left behind is taken away first.
    """
    folder, lock = await asyncio.to_thread(_make, scratch)
    try:
        yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, folder))
        os.close(lock)


def _make(scratch: Path) -> tuple[Path, int]:
    scratch.mkdir(parents=True, exist_ok=True)
    with _locked(scratch / _LOCK):
        _take_away(scratch)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=scratch))
        # Passable, not readable: commands under another uid go through it to their room.
        folder.chmod(0o711)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


def sweep(scratch: Path) -> None:
    """Take away what processes that are gone left below `scratch`, for whoever needs no folder there any more."""
    if any(scratch.glob(f"{_PREFIX}*")):
        with _locked(scratch / _LOCK):
            _take_away(scratch)


def _take_away(scratch: Path) -> None:
    for left in scratch.glob(f"{_PREFIX}*"):
        if _abandoned(left):
            _remove(left)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _abandoned(folder: Path) -> bool:
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        # Made, but its maker died before it could lock it: nobody else makes folders while we hold the outer lock.
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _remove(folder: Path) -> None:
    """Take the folder away, also where a command has closed its own folders."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for path, names, _ in os.walk(folder):
            for inner in (Path(path), *(Path(path, name) for name in names)):
                with contextlib.suppress(OSError):
                    if not inner.is_symlink():
                        inner.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)
