"""The log of a home: bugs with their places, libraries' complaints, and no word of what somebody wrote."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from pointsman.entrypoints.cli.outcome import exit_code_after
from pointsman.entrypoints.logs import NAME, LogFile, log_to


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    log_to(tmp_path)
    yield tmp_path
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, LogFile)]:
        root.removeHandler(handler)
    logging.captureWarnings(False)


def _breaks() -> int:
    raise ValueError("the prompt of somebody")


def test_a_bug_is_told_with_the_file_that_holds_its_traceback(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_after(_breaks) == 3
    assert f"{home / NAME} holds the traceback" in capsys.readouterr().err
    log = (home / NAME).read_text(encoding="utf-8")
    assert "builtins.ValueError" in log
    assert "in _breaks" in log
    assert "the prompt of somebody" not in log
    assert (home / NAME).stat().st_mode & 0o777 == 0o600


def test_an_engine_that_took_the_terminal_before_is_led_into_the_log(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = logging.getLogger("dbos")
    engine.handlers[:], engine.propagate = [logging.StreamHandler()], False
    log_to(home)
    engine.warning("Something happened")
    assert "Something happened" in (home / NAME).read_text(encoding="utf-8")
    assert capsys.readouterr().err == ""


def test_a_library_that_quotes_a_statement_is_cut_short(home: Path) -> None:
    logging.getLogger("dbos").warning("Database connection failed: locked [SQL: INSERT] [parameters: a secret]")
    log = (home / NAME).read_text(encoding="utf-8")
    assert "Database connection failed: locked" in log
    assert "a secret" not in log


def test_a_log_that_cannot_be_written_stops_nobody(home: Path) -> None:
    (home / NAME).mkdir()
    logging.getLogger("pointsman").warning("something happened")
    assert (home / NAME).is_dir()


def test_our_own_messages_come_with_their_data_and_those_of_libraries_without(home: Path) -> None:
    why = "Another process runs.\nWait until it is done, ghp_0123456789abcdefghijABCDEFGHIJ012345."
    data = {"code": "busy", "why": why, "run": ""}
    logging.getLogger("pointsman.runs.worker").warning("the worker has to wait", extra=data)
    logging.getLogger("dbos").warning("a step failed", extra={"input": "what somebody wrote"})
    log = (home / NAME).read_text(encoding="utf-8")
    assert "the worker has to wait code=busy why=Another process runs. Wait until it is done, [masked]" in log
    assert "run=" not in log and "what somebody wrote" not in log
