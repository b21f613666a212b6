"""`pointsman check` and `pointsman schema`, as people and commit hooks call them."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.policy.policy_world import POLICY

from pointsman.domain.errors import UsageMust
from pointsman.entrypoints.cli.asked import CheckAsked
from pointsman.entrypoints.cli.checking import check, schema

RIGHT = "plan: qwen-m\ncode: qwen-m\nqa: oss\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "policy.yml").write_text(POLICY, encoding="utf-8")
    (tmp_path / ".pointsman.yml").write_text(RIGHT, encoding="utf-8")
    return tmp_path


def checked(place: Path, *files: str, name: str = "acme/shop", as_json: bool = False) -> int:
    named = [place / file for file in files]
    policy = place / "policy.yml"
    return asyncio.run(check(CheckAsked(named, place, name=name, policy=policy, home=place, as_json=as_json)))


def test_without_a_file_the_routing_file_of_the_repository_is_checked(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(place) == 0
    assert "nothing is wrong with it" in capsys.readouterr().out
    (place / ".pointsman.yml").write_text(RIGHT.replace("oss", "os"), encoding="utf-8")
    assert checked(place) == 1
    said = capsys.readouterr().out
    assert '.pointsman.yml:3:5: the policy\'s catalogue has no "os" (did you mean "oss"?)' in said
    assert "1 mistake" in said


def test_every_mistake_of_every_file_is_told_and_warnings_alone_are_none(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "one.yml").write_text("plan: a\ncoed: b\nqaa: c\n", encoding="utf-8")
    assert checked(place, "one.yml", "policy.yml") == 1
    said = capsys.readouterr().out
    assert 'one.yml:2:1: unknown key "coed" (did you mean "code"?)' in said
    assert "one.yml:3:1: unknown key" in said
    assert 'policy.yml:17:9: nobody knows what "c9" costs' in said
    assert "policy.yml: 4 mistakes" in said
    (place / "policy.yml").write_text(re.sub(r"(context_window: \d+)}", r"\1, price: 0}", POLICY), encoding="utf-8")
    assert checked(place, "policy.yml") == 0
    assert "policy.yml: 1 warning" in capsys.readouterr().out


def test_a_policy_is_told_by_its_keys_and_checked_as_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "other.yml").write_text(POLICY.replace("kind: ollama", "kind: olama"), encoding="utf-8")
    assert checked(place, "other.yml") == 1
    assert 'other.yml:2:15: "olama" is not one of' in capsys.readouterr().out


def test_the_name_on_the_forge_decides_which_level_the_file_is_held_against(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / ".pointsman.yml").write_text("plan: opus\ncode: qwen-m\nqa: oss\n", encoding="utf-8")
    priced = POLICY.replace("id: c1, ", "id: c1, price: {input: 5, output: 25}, ")
    (place / "policy.yml").write_text(priced, encoding="utf-8")
    assert checked(place) == 0
    assert "acme/shop being internal" in capsys.readouterr().out
    assert checked(place, name="acme/vault-keys") == 1
    assert "secret text stays local" in capsys.readouterr().out
    assert checked(place, name="") == 1


def test_a_script_reads_places_messages_and_hints(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / ".pointsman.yml").write_text(RIGHT + "colour: red\n", encoding="utf-8")
    assert checked(place, as_json=True) == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert (file["kind"], file["right"], file["warnings"]) == ("routing", False, [])
    (mistake,) = file["mistakes"]
    assert (mistake["line"], mistake["column"]) == (4, 1)


def test_a_routing_file_that_is_a_link_is_a_mistake_since_nobody_follows_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / ".pointsman.yml").rename(place / "real.yml")
    (place / ".pointsman.yml").symlink_to(place / "real.yml")
    assert checked(place) == 1
    assert "this is a symbolic link" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_a_wrong_call(place: Path) -> None:
    with pytest.raises(UsageMust) as wrong:
        checked(place, "nowhere.yml")
    assert wrong.value.code == "no-file"


def test_the_schema_is_printed_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert asyncio.run(schema("routing")) == 0
    assert json.loads(capsys.readouterr().out)["title"].startswith("The routing file")


def test_a_check_loads_neither_the_engine_nor_a_forges_client(place: Path) -> None:
    slow = ("dbos", "sqlalchemy", "github", "httpx", "rich.table", "fastapi")
    words = ["check", "--repo", str(place), "--policy", str(place / "policy.yml"), "--name", "acme/shop"]
    told = f"import sys\nfrom pointsman.entrypoints.cli.app import app\ntry:\n app({words!r})\n"
    told += f"except SystemExit as end:\n print(end.code, [name for name in {slow!r} if name in sys.modules])\n"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=place)
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout
