"""The two databases that what is kept must work on: SQLite in a file, and a PostgreSQL of each module's own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.ledger_world import Postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A real server, started and stopped here."""
    server = Postgres()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/ledger.db"
    server = request.getfixturevalue("postgres")
    assert isinstance(server, Postgres)
    return server.url()
