"""What was read from files, read again once they are others."""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """Calls `read` the first time and whenever one of `files` has changed, appeared or gone. Safe for threads."""

    def __init__(self, files: Callable[[], tuple[Path, ...]], read: Callable[[], T]) -> None:
        self._files = files
        self._read = read
        self._kept: tuple[tuple[object, ...], T] | None = None

    def __call__(self) -> T:
        """The value of now. Raises what `read` raises; nothing old is given in its place."""
        seen = tuple(_stamp(path) for path in self._files())
        kept = self._kept
        if kept is None or kept[0] != seen:
            kept = (seen, self._read())
            self._kept = kept
        return kept[1]


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
