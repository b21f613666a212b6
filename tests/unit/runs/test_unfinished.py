"""Whether a server has something to go on with is read from the engine's database, without the engine."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pointsman.runs.hearing.unfinished import is_unfinished


@pytest.mark.parametrize(
    ("status", "answer"),
    [("PENDING", True), ("ENQUEUED", True), ("SUCCESS", False), ("ERROR", False), ("CANCELLED", False)],
)
def test_what_has_begun_or_waits_to_begin_is_unfinished(tmp_path: Path, status: str, answer: bool) -> None:
    with closing(sqlite3.connect(tmp_path / "engine.sqlite")) as engine, engine:
        engine.execute("CREATE TABLE workflow_status (status TEXT)")
        engine.execute("INSERT INTO workflow_status VALUES (?)", (status,))
    assert is_unfinished(tmp_path) is answer


def test_a_home_in_which_nothing_ever_ran_has_nothing_to_go_on_with(tmp_path: Path) -> None:
    assert not is_unfinished(tmp_path)


def test_a_database_that_cannot_be_read_is_left_to_the_engine_to_tell(tmp_path: Path) -> None:
    (tmp_path / "engine.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 9)
    assert is_unfinished(tmp_path)
