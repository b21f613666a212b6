"""The files of the engine in an installation's folder: its database and its lock."""

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

import sqlalchemy
from dbos import DBOSClient, DBOSPortableJSONSerializer

from pointsman.domain.errors import OperatorMust, TryAgain


def client_of(home: Path) -> DBOSClient:
    """The engine's database as one asks it from outside."""
    return DBOSClient(
        system_database_url=url_of(home),
        system_database_engine=database_of(home),
        serializer=DBOSPortableJSONSerializer(),
    )


def locked(path: Path) -> IO[str]:
    """The lock of an installation, held. Raises TryAgain(busy) when it is taken, OperatorMust for a bad home."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.open("a", encoding="utf-8")
    except OSError as error:
        raise OperatorMust(
            f"The folder {path.parent} cannot be used: {error.strerror}.",
            code="home",
            hint="Name another with --home.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise TryAgain(
            f"Another pointsman runs with the home {path.parent}.",
            code="busy",
            after=5,
            hint="Wait until it is done, or give this one a home of its own with --home.",
        ) from error
    return lock


def url_of(home: Path) -> str:
    """The address of the engine's database."""
    return f"sqlite:///{(home / 'engine.sqlite').absolute()}"


def database_of(home: Path) -> sqlalchemy.Engine:
    """SQLite with a write-ahead log and full synchronisation: a step that was acknowledged survives a power cut."""
    _keep_private(home / "engine.sqlite")
    connect = {"timeout": 30, "isolation_level": "IMMEDIATE"}
    # Values of statements are what people and models wrote; no message of the driver may quote them.
    engine = sqlalchemy.create_engine(url_of(home), connect_args=connect, hide_parameters=True)
    sqlalchemy.event.listen(engine, "connect", _tune)
    return engine


def _keep_private(path: Path) -> None:
    """Replies of models are kept in it. Where that cannot be had, the database says what is wrong with the file."""
    with suppress(OSError):
        # Never opened when it is there: closing it would let go of the locks that this process holds on it.
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with suppress(OSError):
        path.chmod(0o600)


def _tune(connection: sqlite3.Connection, _record: object) -> None:
    # What is deleted is overwritten, and with a run go the messages that were sent to it.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "secure_delete=ON",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def scrub(home: Path) -> None:
    """Empty the write-ahead log, where pages stand as they were before something was deleted.

    While somebody reads, it is left for the next time.
    """
    database = home / "engine.sqlite"
    if database.is_file():
        with closing(sqlite3.connect(database, timeout=5)) as connection, suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
