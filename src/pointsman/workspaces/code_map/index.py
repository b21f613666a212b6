"""The code map of one mirror: kept in a file beside it, or in memory where no file can be had."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from pointsman.domain.work import Hit
from pointsman.workspaces.code_map.query import Query, read_query
from pointsman.workspaces.code_map.ranking import View, find
from pointsman.workspaces.code_map.store import Lacking, Store, Unusable, remove
from pointsman.workspaces.code_map.texts import Key, reader_of, rows_of
from pointsman.workspaces.tree import Entry, slices

SLICE_BYTES = 4 << 20
"""So much of the repository is held at a time."""

INDEXED_BYTES = 256 << 20
"""So much of a commit is read, in the order of the paths; what comes after is found by its path alone."""

_TRIES = 8
_Made = TypeVar("_Made")
_Given = ParamSpec("_Given")
_NO_ROOM = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    }
)


def map_file(git_dir: Path) -> Path:
    """Where the map of a mirror lies: beside it."""
    return git_dir.with_suffix(".map.sqlite")


class CodeMap:
    """Finds files of any commit of the mirror at `git_dir`; a commit is read when it is first asked for.

    Nothing that is wrong with the file reaches whoever asks: one that is broken or of another program is made anew,
    and where none can be written the map lives in memory.
    """

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = git_dir
        self._file: Path | None = map_file(git_dir)
        self._store: Store | None = None
        self._mended = False
        self._commit = ""
        self._spread: dict[str, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._in_use = threading.Lock()

    async def find(
        self, commit: str, files: Sequence[Entry], text: str, *, limit: int, hidden: Callable[[str], bool]
    ) -> tuple[Hit, ...]:
        """The files of the commit that the text is about, best first, without hidden ones."""
        query = await asyncio.to_thread(read_query, text)

        def look() -> tuple[Hit, ...] | None:
            return self._found(commit, query, limit, hidden)

        async with self._one_at_a_time:
            for _ in range(_TRIES):
                try:
                    found = await self._looked(commit, files, look)
                except Lacking:
                    # Another process forgot the texts in between.
                    continue
                except (sqlite3.Error, Unusable, OSError, UnicodeDecodeError) as error:
                    # SQLite quotes a torn file in its messages, which then are no UTF-8.
                    await self._aside(self._mend, error)
                    continue
                if found is not None:
                    return found
            # Others moved the view away each time before it could be read.
            await self._aside(self._leave_file)
            return await self._looked(commit, files, look) or ()

    async def close(self) -> None:
        """Let go of the file."""
        async with self._one_at_a_time:
            # In place: when a process ends, the threads of its loop are gone before its files are let go of.
            with self._in_use:
                self._close()

    async def _looked(
        self, commit: str, files: Sequence[Entry], look: Callable[[], tuple[Hit, ...] | None]
    ) -> tuple[Hit, ...] | None:
        found = await self._aside(look)
        if found is None:
            await self._show(commit, files)
            found = await self._aside(look)
        return found

    def _found(self, commit: str, query: Query, limit: int, hidden: Callable[[str], bool]) -> tuple[Hit, ...] | None:
        """What is found, or None when no view holds the commit."""
        store = self._opened()
        with store.reading():
            number = store.view_of(commit)
            if number is None:
                return None
            known = self._spread if commit == self._commit else {}
            self._commit, self._spread = commit, known
            return find(View(store, number, known), query, limit, hidden)

    async def _show(self, commit: str, files: Sequence[Entry]) -> None:
        """Read what was never read, and bring a view to the commit."""
        store = await self._aside(self._opened)
        members = await asyncio.to_thread(_members, files)
        lacking = await self._aside(store.lacking, {key for key in members.values() if key})
        wanted = {key: entry for entry in files if (key := members[entry.path]) in lacking}
        keys = iter(wanted)
        async for batch in slices(self._git_dir, wanted.values(), SLICE_BYTES):
            texts = [(entry.path, next(keys), data) for entry, data in batch]
            rows = await asyncio.to_thread(rows_of, texts)
            await self._aside(store.add, rows)
        await self._aside(store.show, commit, members)

    async def _aside(self, work: Callable[_Given, _Made], *args: _Given.args, **named: _Given.kwargs) -> _Made:
        """Do it in a thread, where it ends also when whoever waits for it is cancelled; the next waits for that."""

        def alone() -> _Made:
            with self._in_use:
                return work(*args, **named)

        return await asyncio.to_thread(alone)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store(self._file)
        return self._store

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = None

    def _leave_file(self) -> None:
        self._close()
        self._file = None

    def _mend(self, error: Exception) -> None:
        """Take a broken file away, once; where none can be had or trusted, go on in memory."""
        self._close()
        if self._file is None or self._mended or _is_no_room(error):
            self._file = None
            return
        self._mended = True
        try:
            remove(self._file)
        except OSError:
            self._file = None


def _members(files: Sequence[Entry]) -> dict[str, Key | None]:
    room = INDEXED_BYTES
    members: dict[str, Key | None] = {}
    for entry in files:
        reader = reader_of(entry.path, entry.size)
        room -= entry.size if reader else 0
        members[entry.path] = Key(entry.oid, reader) if reader and room >= 0 else None
    return members


def _is_no_room(error: Exception) -> bool:
    """Whether the disk or its rights refuse, or others do not let go, so that a new file would not help."""
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _NO_ROOM
    return isinstance(error, OSError)
