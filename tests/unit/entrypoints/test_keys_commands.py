"""The commands about keys, as they are typed."""

import json
from pathlib import Path

import pytest
from tests.unit.audit.facts import World
from typer.testing import CliRunner

from pointsman.audit.keys.keyring import trusted_from
from pointsman.entrypoints.cli.app import app


class Typed:
    """The commands of one home."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str, code: int = 0) -> str:
        runner = CliRunner(env={"COLUMNS": "140"})
        done = runner.invoke(app, ["keys", *words, "--home", str(self.home)])
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.output

    def json(self, *words: str) -> object:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    for name in ("POINTSMAN_SIGNING_KEY", "POINTSMAN_SIGNING_KEY_FILE", "POINTSMAN_SIGNING_KEY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return Typed(tmp_path / "home")


def test_a_key_is_listed_rotated_revoked_and_handed_out(keys: Typed) -> None:
    assert "No key has signed here yet" in keys("list")
    first = json.loads(keys("export"))["keys"][0]["id"]
    assert "signs from now on, in servers that run as well" in keys("rotate", "--why", "the year is over")
    assert keys("list").splitlines()[1].split()[:2] == [first[:16], "retired"]
    assert trusted_from((keys("export", "--pem").encode(),)).keys.keys() > {first}
    assert "0 of its notes are in the ledger and hold" in keys("revoke", first[:10], "--why", "the disk was stolen")
    listed = keys("list")
    assert all(words in listed for words in ("revoked", "the disk was stolen", "active"))
    assert first not in trusted_from((keys("export", "--pem").encode(),)).keys
    assert trusted_from((keys("export").encode(),)).revoked == {first}


def test_the_same_for_scripts(keys: Typed) -> None:
    assert keys.json("list") == []
    made = keys.json("rotate")
    assert isinstance(made, dict)
    assert [key["state"] for key in made["keys"]] == ["active"]
    revoked = keys.json("revoke", str(made["id"]), "--why", "leaked")
    assert isinstance(revoked, dict)
    assert (revoked["state"], revoked["reason"], revoked["vouched"]) == ("revoked", "leaked", [])
    assert keys.json("export") == json.loads(keys("export"))


def test_when_no_key_is_left_to_sign_with_it_is_said(keys: Typed) -> None:
    made = keys.json("rotate")
    assert isinstance(made, dict)
    assert "No key is left to sign with" in keys("revoke", str(made["id"]), "--why", "leaked")


def test_a_key_that_nobody_knows_is_not_revoked(keys: Typed) -> None:
    assert "unknown-key" in keys("revoke", "abcd", "--why", "leaked", code=2)


def test_two_keys_that_are_given_at_once_are_refused(keys: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POINTSMAN_SIGNING_KEY_FILE", "/nowhere/key.pem")
    monkeypatch.setenv("POINTSMAN_SIGNING_KEY", "-----BEGIN PRIVATE KEY-----")
    assert "Two signing keys are given" in keys("rotate", code=3)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A repository with a note on a branch, whose key lies beside the note."""
    world = World.made(tmp_path_factory.mktemp("trusting"))
    world.git("switch", "--quiet", "--create", "pointsman/one")
    world.note("one")
    return world


def verified(world: World, *words: str) -> tuple[int, str]:
    about = ["--repo", str(world.folder), "--home", str(world.folder.parent / "nobody"), "main..pointsman/one"]
    done = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["audit", "verify", *about, *words])
    return done.exit_code, done.output


def test_a_key_that_lies_beside_a_note_is_believed_only_from_a_branch_that_one_trusts(world: World) -> None:
    code, said = verified(world)
    assert (code, "Keys in the repository are there for convenience" in " ".join(said.split())) == (2, True)
    code, said = verified(world, "--trust-default-branch")
    assert (code, "There is no key on main" in said) == (2, True), "the key of the change itself is not believed"
    keys = world.folder.parent / "keys of theirs"
    keys.mkdir()
    (keys / "one.pem").write_bytes(world.signer.public_key())
    assert verified(world, "--key", str(keys))[0] == 0
    world.git("switch", "--quiet", "main")
    world.commit({f".pointsman/keys/{world.signer.key_id()}.pem": world.signer.public_key()}, "Trust the bot")
    code, said = verified(world, "--trust-default-branch")
    assert (code, "whoever may write there decides who is believed" in " ".join(said.split())) == (0, True), said
