"""The command that says what wrote each line: what people read, what scripts read, and what it refuses."""

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.unit.audit.blame_world import BotWorld, Step, numbered
from tests.unit.audit.facts import digest

from pointsman.audit.signer import KeySigner
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.entrypoints.cli.audit_blame import blame
from pointsman.entrypoints.cli.blame_asked import BlameAsked

PROGRAM = Path(sys.executable).with_name("pointsman")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> BotWorld:
    """A shop with every awkward file in it, and one run."""
    where = tmp_path_factory.mktemp("blame")
    world = BotWorld.made(where / "shop")
    world.commit(
        {
            "shop.py": numbered("ada 1", "ada 2"),
            "crlf.txt": b"one\r\ntwo\r\n",
            "größe/ü 1.py": "eins\n",
            "empty.py": b"",
            "half.py": "no newline at the end",
            "picture.png": b"\x89PNG\0\0",
            "odd:3": "a name like a range\n",
            "\x1b[31mred.py": "red\n",
            "bot\n.py": "a name of two lines\n",
        }
    )
    (world.folder / "link.py").symlink_to("shop.py")
    world.commit({})
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot 1", "bot 2", "ada 2"), "crlf.txt": b"one\r\nbot\r\n"}))
    world.commit({"shop.py": numbered("ada 1", "bot 1", "bot 2", "mended")}, who=("Bob\x1b[2J", "b@b"))
    world.git("update-index", "--add", "--cacheinfo", f"160000,{world.rev()},module")
    world.git("commit", "--quiet", "-m", "Take a module in")
    (where / "public.pem").write_bytes(world.signer.public_key())
    return world


def asked(
    world: BotWorld, file: str, revision: str = "HEAD", form: Literal["table", "json", "lines"] = "table"
) -> BlameAsked:
    where = world.folder.parent
    return BlameAsked(file, revision, form=form, repo=world.folder, key=[where / "public.pem"], home=where / "home")


def told(capsys: pytest.CaptureFixture[str], wanted: BlameAsked) -> str:
    assert asyncio.run(blame(wanted)) == 0
    return capsys.readouterr().out


def rows(world: BotWorld, capsys: pytest.CaptureFixture[str], file: str) -> list[dict[str, object]]:
    return [json.loads(row) for row in told(capsys, asked(world, file, form="lines")).splitlines()]


def test_people_read_ranges_of_one_origin_within_a_hundred_columns(
    world: BotWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    page = told(capsys, asked(world, "shop.py"))
    assert [row.split("  ")[0].strip() for row in page.splitlines()] == ["lines", "1", "2-3", "4"]
    assert max(map(len, page.splitlines())) <= 100
    assert "\x1b" not in page
    (row,) = (row for row in page.splitlines() if "2-3" in row)
    assert [cell.strip() for cell in row.split("  ") if cell.strip()][2:] == [
        "bigger", "r-1", digest("r-1 0")[:8], "reviewer: approve",
    ]  # fmt: skip


def test_scripts_read_every_line_with_all_that_is_known(world: BotWorld, capsys: pytest.CaptureFixture[str]) -> None:
    whole = json.loads(told(capsys, replace(asked(world, "shop.py"), as_json=True)))
    assert (whole["file"], whole["notes"], whole["wrong"], len(whole["lines"])) == ("shop.py", 1, [], 4)
    line = whole["lines"][2]
    assert line["commit"] == world.rev("main~3")
    names = ("line", "line_then", "by", "models", "run", "phase", "believed", "text")
    assert [line[name] for name in names] == [3, 3, "model", ["bigger"], "r-1", "code", True, "bot 2"]
    assert line["prompts"] == [digest("r-1 0")]
    assert line["reviews"] == [{"model": "reviewer", "round": 1, "verdict": "approve"}]
    assert rows(world, capsys, "shop.py") == whole["lines"]


@pytest.mark.parametrize(
    ("span", "lines"), [("2", [2]), ("2-3", [2, 3]), ("3-", [3, 4]), ("-2", [1, 2]), ("1-4", [1, 2, 3, 4])]
)
def test_lines_are_asked_for_by_number(
    world: BotWorld, capsys: pytest.CaptureFixture[str], span: str, lines: list[int]
) -> None:
    assert [row["line"] for row in rows(world, capsys, f"shop.py:{span}")] == lines


@pytest.mark.parametrize("span", ["0", "5", "3-9", "3-2", "999999999"])
def test_lines_that_are_not_there_are_refused_with_how_many_there_are(world: BotWorld, span: str) -> None:
    with pytest.raises(UsageMust) as refused:
        asyncio.run(blame(asked(world, f"shop.py:{span}")))
    assert refused.value.code == "no-such-line"
    assert "it has 4" in refused.value.hint


@pytest.mark.parametrize(
    ("file", "code", "words"),
    [
        ("none.py", "no-such-file", "There is no file none.py at"),
        ("none.py:3", "no-such-file", "There is no file none.py at"),
        ("größe", "no-such-file", "a folder"),
        ("link.py", "no-such-file", "a symbolic link"),
        ("module", "no-such-file", "a submodule"),
        ("picture.png", "not-a-text", "a binary file"),
    ],
)
def test_what_has_no_lines_is_refused_by_what_it_is(world: BotWorld, file: str, code: str, words: str) -> None:
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(blame(asked(world, file)))
    assert (refused.value.code, words in refused.value.message) == (code, True)


def test_a_file_that_came_later_is_not_there_yet_at_an_older_revision(world: BotWorld) -> None:
    with pytest.raises(OwnerMust) as unknown:
        asyncio.run(blame(asked(world, "shop.py", revision="nowhere")))
    assert unknown.value.code == "unknown-revision"
    world.git("branch", "--force", "root", world.git("rev-list", "--max-parents=0", "main"))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(blame(asked(world, "link.py", revision="root")))
    assert "There is no file link.py" in refused.value.message


def test_awkward_files_are_told_like_any_other(world: BotWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is empty" in told(capsys, asked(world, "empty.py"))
    assert [(row["text"], row["by"]) for row in rows(world, capsys, "crlf.txt")] == [
        ("one\r", "person"),
        ("bot\r", "model"),
    ]
    for file, path in (("größe/ü 1.py:1", "größe/ü 1.py"), ("odd:3", "odd:3"), ("bot\n.py", "bot\n.py")):
        assert [(row["path"], row["by"]) for row in rows(world, capsys, file)] == [(path, "person")]
    assert [row["text"] for row in rows(world, capsys, "half.py")] == ["no newline at the end"]
    assert rows(world, capsys, "\x1b[31mred.py")[0]["person"] == "Ada"


def test_without_a_key_nothing_is_believed_and_strictly_it_fails(
    world: BotWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    page = told(capsys, replace(asked(world, "shop.py"), key=None))
    assert "unknown [1]" in page and "No trusted key signed this" in page
    assert not (world.folder.parent / "home").exists()
    assert asyncio.run(blame(replace(asked(world, "shop.py"), key=None, strict=True))) == 1
    assert asyncio.run(blame(replace(asked(world, "shop.py"), strict=True))) == 0


def test_the_key_of_the_installation_is_trusted_where_none_is_given(
    world: BotWorld, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stranger, own = tmp_path / "stranger", tmp_path / "own"
    KeySigner(stranger / "keys" / "signing.pem").public_key()
    assert "No trusted key" in told(capsys, replace(asked(world, "shop.py"), key=None, home=stranger))
    shutil.copytree(world.folder.parent / "shop-keys", own / "keys")
    (own / "keys" / "key.pem").rename(own / "keys" / "signing.pem")
    assert "bigger" in told(capsys, replace(asked(world, "shop.py"), key=None, home=own))


def test_the_program_answers_on_a_clone_with_the_public_key_alone(world: BotWorld, tmp_path: Path) -> None:
    world.git("clone", "--quiet", "--bare", str(world.folder), str(tmp_path / "clone.git"))
    key = str(world.folder.parent / "public.pem")
    command = [str(PROGRAM), "audit", "blame", "--home", str(tmp_path / "home")]
    done = subprocess.run(
        [*command, "shop.py:2", "--repo", str(tmp_path / "clone.git"), "--key", key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "bigger" in done.stdout and "reviewer: approve" in done.stdout
    gone = subprocess.run(
        [PROGRAM, "audit", "blame", "none.py", "--repo", str(world.folder)], capture_output=True, text=True
    )
    assert gone.returncode == 2 and "docs/errors.md#no-such-file" in gone.stderr
