"""What `pointsman doctor` says of the keys, and what keeps the server from starting."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pointsman.domain.errors import OperatorMust
from pointsman.entrypoints.books import Books
from pointsman.entrypoints.cli.app import app
from pointsman.entrypoints.machine import SystemClock
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import load_server

KEYS = ("signing key", "text key")
NONE = "none yet; one is made with the first run"


def doctor(home: Path, *words: str) -> tuple[int, dict[str, tuple[bool, str]], str]:
    """Its exit code, what it says of each thing, and the text that people read."""
    said = CliRunner().invoke(app, ["doctor", "--home", str(home), *words])
    rows = json.loads(said.stdout) if "--json" in words else []
    return said.exit_code, {row["about"]: (row["good"], row["found"]) for row in rows}, " ".join(said.output.split())


def test_doctor_says_of_each_key_whether_it_is_of_use_and_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows, _ = doctor(tmp_path, "--json")
    assert [rows[key] for key in KEYS] == [(True, NONE), (True, NONE)]
    assert not (tmp_path / "keys").exists()

    books = Books(f"sqlite:///{tmp_path / 'ledger.sqlite'}", read_settings(tmp_path), SystemClock())
    signs, encrypts = books.keys.signer.key_id(), books.text_key.opened().key_id
    books.close()
    _, rows, _ = doctor(tmp_path, "--json")
    assert rows["signing key"] == (True, f"{signs[:16]} signs; no code in the sandbox can read it")
    assert rows["text key"] == (True, f"{encrypts} encrypts prompts and answers")

    (tmp_path / "keys/signing.pem").chmod(0o644)
    monkeypatch.setenv("POINTSMAN_TEXT_KEY", "env:NO_SUCH_KEY")
    code, rows, _ = doctor(tmp_path, "--json")
    assert [rows[key][0] for key in KEYS] == [False, False]
    assert "read by others" in rows["signing key"][1] and "env:NO_SUCH_KEY" in rows["text key"][1]
    code, _, told = doctor(tmp_path)
    assert code == 3
    assert "Nothing can be signed" in told and "No text can be kept" in told


@pytest.mark.parametrize("given", ["env:NO_SUCH_KEY", "file:{home}/open.key", "file:{home}/none.key", "ab" * 31])
def test_a_server_whose_texts_could_not_be_kept_refuses_to_start_and_tells_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    (tmp_path / "open.key").write_text("cd" * 32)
    (tmp_path / "open.key").chmod(0o644)
    monkeypatch.setenv("POINTSMAN_TEXT_KEY", given.format(home=tmp_path))
    with pytest.raises(OperatorMust) as refused:
        load_server(read_settings(tmp_path), None)
    assert refused.value.code == "text-key"
    assert "POINTSMAN_TEXT_KEY" in str(refused.value)
    assert "abab" not in str(refused.value) and "cdcd" not in str(refused.value)


def test_the_text_key_itself_may_be_given_and_the_file_of_one_is_among_what_no_job_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "given.key").write_text("ab" * 32)
    (tmp_path / "given.key").chmod(0o600)
    found = []
    for value in ("ab" * 32, f"file:{tmp_path}/given.key"):
        monkeypatch.setenv("POINTSMAN_TEXT_KEY", value)
        books = Books("sqlite://", read_settings(tmp_path), SystemClock())
        found.append((books.text_key.opened().key_id, set(books.secret_files())))
        books.close()
    (direct, _), (by_file, secret) = found
    assert direct == by_file
    assert {tmp_path / "given.key", tmp_path / "keys/texts.key"} <= secret
