"""The index of a mirror: one SQLite file with a text for each blob, and full-text tables that each hold one commit.

A full-text table holds the files of exactly one commit, since the weight of a word depends on how many of the files
hold it. It is brought to another commit by taking out and putting in what differs. Texts are kept by blob, so that
this reads nothing from git that was ever read before.
"""

import contextlib
import os
import sqlite3
import stat
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pointsman.workspaces.code_map.texts import Key, Row, path_text

VIEWS = 2
"""Full-text tables in the file: work on one line of commits does not throw out another that is far away."""

KEPT_COMMITS = 50
"""A blob that none of so many commits held is forgotten."""

FAR = 0.25
"""A view is far away from a commit when more than this share of the files differs."""

BUSY_SECONDS = 30.0
_SCHEMA = (
    "CREATE TABLE blob"
    " (id INTEGER PRIMARY KEY, oid TEXT, reader TEXT, seen INTEGER, symbols TEXT, words TEXT, body TEXT,"
    " UNIQUE (oid, reader))",
    "CREATE TABLE member (id INTEGER PRIMARY KEY, view INTEGER, path TEXT, name TEXT, blob INTEGER)",
    "CREATE INDEX member_name ON member (view, name)",
    "CREATE TABLE view (id INTEGER PRIMARY KEY, commit_id TEXT, moved INTEGER)",
)
# N stands for the number of a view.
_VIEW_SCHEMA = (
    "CREATE VIRTUAL TABLE text_N USING fts5(path, symbols, words, content='',"
    " tokenize='unicode61 remove_diacritics 0')",
    "CREATE VIRTUAL TABLE words_N USING fts5vocab(text_N, 'row')",
    # What is put in is sorted in memory, in bytes, before it is written: large, so that little is merged later.
    "INSERT INTO text_N (text_N, rank) VALUES ('hashsize', 4194304)",
)
# Of values: after each row that comes from a SELECT, FTS5 would write all that it holds in memory.
_PUT_IN = "INSERT INTO text_N (rowid, path, symbols, words) VALUES (?, ?, ?, ?)"
_TAKE_OUT = "INSERT INTO text_N (text_N, rowid, path, symbols, words) VALUES ('delete', ?, ?, ?, ?)"


class Member(NamedTuple):
    """A file of a view: its row, its path, and the row of its text if that is kept."""

    id: int
    path: str
    blob: int | None


class Unusable(Exception):
    """The file holds what this program did not write; it is made anew."""


class Lacking(Exception):
    """Texts that a view needs are not there, or not any more."""


@cache
def format_number() -> int:
    """A number for how this program reads and keeps texts; a file with another is of no use to it."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    written = b"".join(source.read_bytes() for source in sources) + sqlite3.sqlite_version.encode()
    return zlib.crc32(written) & 0x7FFFFFFF


class Store:
    """The index in `file`, or in memory. Used by one thread at a time; other processes may use the file as well."""

    def __init__(self, file: Path | None) -> None:
        self.file = file
        if file is not None:
            _make_private(file)
        with contextlib.ExitStack() as unless_ready:
            self.base = sqlite3.connect(
                file or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            unless_ready.callback(self.base.close)
            self._prepare()
            unless_ready.pop_all()

    def close(self) -> None:
        """Let go of the file."""
        self.base.close()

    def lacking(self, wanted: Iterable[Key]) -> set[Key]:
        """The keys whose texts are not there."""
        found = self.base.execute("SELECT oid, reader FROM blob")
        return set(wanted) - {Key(oid, reader) for oid, reader in found}

    def add(self, texts: Sequence[tuple[Key, Row]]) -> None:
        """Keep these texts, which no view holds yet."""
        with self._writing():
            (now,) = self.base.execute("SELECT ifnull(max(moved), 0) FROM view").fetchone()
            self.base.executemany(
                "INSERT OR IGNORE INTO blob (oid, reader, seen, symbols, words, body) VALUES (?, ?, ?, ?, ?, ?)",
                ((*key, now, *row) for key, row in texts),
            )

    def show(self, commit: str, members: Mapping[str, Key | None]) -> None:
        """Bring a view to `commit`, whose files these are. Raises Lacking when texts are missing.

        A file without a key is found by its path alone.
        """
        with self._writing():
            if self.view_of(commit) is not None:
                return
            rows = {
                Key(oid, reader): row for row, oid, reader in self.base.execute("SELECT id, oid, reader FROM blob")
            }
            try:
                wanted = {path: None if key is None else rows[key] for path, key in members.items()}
            except KeyError as error:
                raise Lacking from error
            view, held = self._nearest(wanted)
            self._move(view, held, wanted)
            (moved,) = self.base.execute("SELECT ifnull(max(moved), 0) + 1 FROM view").fetchone()
            self.base.execute("REPLACE INTO view (id, commit_id, moved) VALUES (?, ?, ?)", (view, commit, moved))
            if moved % 10 == 0:
                self._forget(moved - KEPT_COMMITS)

    def view_of(self, commit: str) -> int | None:
        """The view that holds `commit`."""
        found = self.base.execute("SELECT id FROM view WHERE commit_id = ?", (commit,)).fetchone()
        return int(found[0]) if found else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read inside belongs together, whatever other processes write meanwhile."""
        self.base.execute("BEGIN")
        with self.base:
            yield

    def text_of(self, member: int) -> tuple[bytes, bytes]:
        """The names and the text of a file of a view in UTF-8; empty for one that is found by its path alone."""
        found = self.base.execute(
            "SELECT CAST(symbols AS BLOB), CAST(body AS BLOB) FROM member JOIN blob ON blob.id = member.blob"
            " WHERE member.id = ?",
            (member,),
        ).fetchone()
        return (found[0] or b"", found[1] or b"") if found else (b"", b"")

    def _prepare(self) -> None:
        # The sizes are in kilobytes: a cache that a whole index of some thousand files fits into.
        self.base.execute("PRAGMA cache_size = -16000")
        # What a power cut takes is read again; that the file stays whole does not depend on it.
        self.base.execute("PRAGMA synchronous = NORMAL")
        (number,) = self.base.execute("PRAGMA user_version").fetchone()
        if number == format_number():
            return
        (tables,) = self.base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables:
            raise Unusable
        self.base.execute("PRAGMA page_size = 16384")
        self.base.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self.base.execute("PRAGMA journal_mode = WAL")
        self.base.execute("PRAGMA journal_size_limit = 8000000")
        with self._writing():
            (number,) = self.base.execute("PRAGMA user_version").fetchone()
            if number != format_number():
                for statement in (*_SCHEMA, *(of(view, each) for view in range(VIEWS) for each in _VIEW_SCHEMA)):
                    self.base.execute(statement)
                self.base.execute(f"PRAGMA user_version = {format_number()}")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self.base.execute("BEGIN IMMEDIATE")
        with self.base:
            yield

    def _nearest(self, wanted: Mapping[str, int | None]) -> tuple[int, dict[str, Member]]:
        """The view to move, and what it holds: the nearest, or where that is far away, the one longest unmoved."""
        moved = dict.fromkeys(range(VIEWS), 0) | dict(self.base.execute("SELECT id, moved FROM view").fetchall())
        held: dict[int, dict[str, Member]] = {view: {} for view in moved}
        for number, view, path, blob in self.base.execute("SELECT id, view, path, blob FROM member"):
            held[view][path] = Member(number, path, blob)

        def distance(view: int) -> int:
            here = held[view]
            same = sum(1 for path, blob in wanted.items() if path in here and here[path].blob == blob)
            return max(len(wanted), len(here)) - same

        nearest = min(moved, key=lambda view: (distance(view), view))
        if distance(nearest) > FAR * len(wanted):
            nearest = min(moved, key=lambda view: (moved[view], view))
        return nearest, held[nearest]

    def _move(self, view: int, held: Mapping[str, Member], wanted: Mapping[str, int | None]) -> None:
        stays = {path for path, member in held.items() if path in wanted and wanted[path] == member.blob}
        self._take_out(view, [member for path, member in held.items() if path not in stays])
        (last,) = self.base.execute("SELECT ifnull(max(id), 0) FROM member").fetchone()
        fresh = [(path, blob) for path, blob in wanted.items() if path not in stays]
        self._put_in(view, [Member(number, *each) for number, each in enumerate(fresh, last + 1)])

    def _take_out(self, view: int, members: Sequence[Member]) -> None:
        self.base.executemany(of(view, _TAKE_OUT), self._columns(members))
        self.base.executemany("DELETE FROM member WHERE id = ?", ((each.id,) for each in members))
        self.base.executemany(
            "UPDATE blob SET seen = (SELECT max(moved) FROM view) WHERE id = ?", ((each.blob,) for each in members)
        )

    def _put_in(self, view: int, members: Sequence[Member]) -> None:
        self.base.executemany(
            "INSERT INTO member (id, view, path, name, blob) VALUES (?, ?, ?, ?, ?)",
            ((each.id, view, each.path, each.path.rpartition("/")[2], each.blob) for each in members),
        )
        self.base.executemany(of(view, _PUT_IN), self._columns(members))

    def _columns(self, members: Iterable[Member]) -> Iterator[tuple[int, str, str, str]]:
        """What a view holds of each file; one whose text is not kept has no blob, and its path alone."""
        for number, path, blob in members:
            kept = self.base.execute("SELECT symbols, words FROM blob WHERE id = ?", (blob,)).fetchone()
            symbols, words = kept or ("", "")
            yield number, path_text(path), symbols, words

    def _forget(self, before: int) -> None:
        self.base.execute(
            "DELETE FROM blob WHERE seen < ? AND id NOT IN (SELECT blob FROM member WHERE blob IS NOT NULL)",
            (before,),
        )
        # Each call gives back one page: SQLite does so by steps, of which Python takes the first.
        (free,) = self.base.execute("PRAGMA freelist_count").fetchone()
        for _ in range(free):
            self.base.execute("PRAGMA incremental_vacuum")


def of(view: int, statement: str) -> str:
    """The statement about a view, whose number stands for N."""
    return statement.replace("_N", f"_{view}")


def remove(file: Path) -> None:
    """Take the file away, with what SQLite keeps beside it. Raises OSError."""
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm", f"{file.name}-journal"):
        file.with_name(name).unlink(missing_ok=True)


def _make_private(file: Path) -> None:
    """The file with its owner's rights alone before anything is written; what SQLite puts beside it takes these over.

    Raises OSError, for a link as well.
    """
    try:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        # A file that is there is not opened: closing it would let go of all locks that this process has on it.
        mode = file.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise
        if stat.S_IMODE(mode) != 0o600:
            file.chmod(0o600)
