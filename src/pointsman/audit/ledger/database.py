"""The ledger's database: short transactions on threads, each error in the family of who can mend it."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateColumn

from pointsman.audit.ledger.mark_tables import LATER_MARKS
from pointsman.audit.ledger.tables import LATER, VERSION, facts, metadata
from pointsman.domain.errors import OperatorMust, PointsmanError, TryAgain

T = TypeVar("T")

_BUSY_SECONDS = 30
_TRIES_TO_PREPARE = 6

_FULL = frozenset({"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE", "53100"})
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "08", "40", "53300", "57P")


class Database:
    """One database by its SQLAlchemy URL. One writer at a time, readers beside it.

    Nothing is opened before first use. Safe for threads, for several event loops and for several processes at once.
    """

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
            self._engine = _engine_for(self._url)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise OperatorMust(
                "The ledger's database URL cannot be used.",
                code="ledger",
                hint="Write sqlite:////absolute/path/ledger.db or postgresql+psycopg://user@host/name.",
            ) from error
        self._prepared = False
        self._preparing = threading.Lock()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction that no other writer overlaps; it is on disk when this returns."""
        return await asyncio.to_thread(self._transact, work, True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in one transaction that only reads."""
        return await asyncio.to_thread(self._transact, work, False)

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self._engine.dispose()

    async def scrub(self) -> None:
        """Empty SQLite's write-ahead log, where pages stand as they were before something was erased.

        While another process reads, it is left for the next time. Elsewhere this is the server's own affair.
        """
        if self._url.get_backend_name() == "sqlite":
            await asyncio.to_thread(self._scrub)

    def _scrub(self) -> None:
        try:
            with self._engine.connect().execution_options(scrubbing=True) as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        except SQLAlchemyError as error:
            raise _told(error) from error

    def _transact(self, work: Callable[[Connection], T], writing: bool) -> T:
        try:
            self._prepare()
            with self._engine.connect().execution_options(reading=not writing) as connection, connection.begin():
                if writing:
                    _take_turn(connection)
                return work(connection)
        except SQLAlchemyError as error:
            raise _told(error) from error
        except OSError as error:
            raise OperatorMust(
                f"The folder of the ledger cannot be made: {error.strerror}.",
                code="ledger",
                hint="Give the bot a folder that it may write to.",
            ) from error

    def _prepare(self) -> None:
        with self._preparing:
            if self._prepared:
                return
            if self._url.get_backend_name() == "sqlite" and self._url.database:
                Path(self._url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _keep_private(Path(self._url.database))
            for pause in range(1, _TRIES_TO_PREPARE + 1):
                try:
                    self._lay_out()
                    break
                except DBAPIError as error:
                    # Two processes that start at once may both make the tables; the second finds them next time.
                    racing = isinstance(error, IntegrityError | ProgrammingError) or _is_busy(error)
                    if not racing or pause == _TRIES_TO_PREPARE:
                        raise
                    time.sleep(0.05 * pause)
            self._prepared = True

    def _lay_out(self) -> None:
        with self._engine.begin() as connection:
            metadata.create_all(connection)
            _add_later_columns(connection)
            version = connection.scalar(select(facts.c.value).where(facts.c.key == "version"))
            if version is None:
                connection.execute(insert(facts).values(key="version", value=VERSION))
            elif version != VERSION:
                raise OperatorMust(
                    f"The ledger was written by another release: layout {version}, this one knows {VERSION}.",
                    code="ledger",
                    hint="Use the release that wrote it, or point the bot at a new ledger.",
                )


def _add_later_columns(connection: Connection) -> None:
    for column in (*LATER, *LATER_MARKS):
        known = {found["name"] for found in inspect(connection).get_columns(column.table.name)}
        if column.name not in known:
            told = CreateColumn(column).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {told}")


def _keep_private(path: Path) -> None:
    """Answers of models are kept in it. Where that cannot be had, the database says what is wrong with the file."""
    with suppress(OSError):
        # Never opened when it is there: closing it would let go of the locks that this process holds on it.
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with suppress(OSError):
        path.chmod(0o600)


def _engine_for(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin)
    return engine


def _make_durable(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would open transactions on its own and late; with None it leaves BEGIN to us.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # What is erased is overwritten, so that nobody finds it in the file.
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("scrubbing", False):
        return
    reading = options.get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _take_turn(connection: Connection) -> None:
    """One row that every writer locks first: SQLite has one writer anyway, elsewhere this makes it so."""
    connection.execute(select(facts.c.value).where(facts.c.key == "version").with_for_update())


def _reason(error: SQLAlchemyError) -> str:
    """The vendor's stable name of what went wrong: SQLite's error name or the SQLSTATE."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    return str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")


def _is_busy(error: SQLAlchemyError) -> bool:
    reason = _reason(error)
    unreachable = isinstance(error, OperationalError) and not reason
    return isinstance(error, PoolTimeout) or unreachable or reason.startswith(_BUSY)


def _told(error: SQLAlchemyError) -> PointsmanError:
    reason = _reason(error)
    if reason in _FULL:
        return OperatorMust(
            f"The disk of the ledger is full or cannot be written ({reason}); the call was not sent.",
            code="disk-full",
            hint="Free some space, then go on with `pointsman resume`.",
        )
    if _is_busy(error):
        return TryAgain(
            f"The ledger's database does not answer now ({reason or 'no connection'}).",
            after=2.0,
            code="ledger-busy",
            hint="Check that the database runs and that no other program holds it locked.",
        )
    return OperatorMust(
        f"The ledger cannot be read or written ({reason or type(error).__name__}); without it no money is spent.",
        code="ledger",
        hint="Check the database file or server, or restore it from a backup.",
    )
