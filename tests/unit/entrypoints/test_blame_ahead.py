"""Git begins to blame before the program is read: a guess that saves time and changes no answer."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from tests.unit.audit.blame_world import BotWorld, Step, numbered
from typer.models import OptionInfo

from pointsman.domain.blame import Asked
from pointsman.domain.errors import OwnerMust
from pointsman.entrypoints.blame_ahead import begin_blame, foreseen
from pointsman.entrypoints.cli.audit_blame import line_json, lines_text
from pointsman.entrypoints.cli.blame_asked import BlameAsked
from pointsman.workspaces import ahead
from pointsman.workspaces.blame import GitHistory
from pointsman.workspaces.git import Asked as Order
from pointsman.workspaces.git_words import blame_args

NEVER_NEEDED = ("sqlalchemy", "rich", "securesystemslib", "rfc8785", "pointsman.domain.run", "pointsman.audit.ledger")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> BotWorld:
    where = tmp_path_factory.mktemp("ahead")
    world = BotWorld.made(where / "shop")
    world.commit({"shop.py": numbered("ada 1", "ada 2"), "odd:3": "one line\n"})
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot 1", "bot ü", "ada 2")}))
    (where / "public.pem").write_bytes(world.signer.public_key())
    return world


def words(world: BotWorld, *more: str) -> list[str]:
    return [*more, "--repo", str(world.folder)]


def command(world: BotWorld, path: str, first: int = 1, last: int = 0) -> list[str]:
    args = blame_args(world.rev("main"), path, first, last, copies=False)
    return Order(Path(os.path.realpath(world.folder)) / ".git", args).argv()


def test_every_option_of_the_command_is_known_to_who_guesses_its_words() -> None:
    hints = get_type_hints(BlameAsked, include_extras=True)
    for one in fields(BlameAsked):
        for option in (each for each in get_args(hints[one.name]) if isinstance(each, OptionInfo)):
            for name in option.param_decls or ():
                given = [name] if get_args(hints[one.name])[0] is bool else [name, "value"]
                found = foreseen(["shop.py", *given])
                assert found is not None and name in found[1], name


def test_words_that_are_not_understood_are_left_to_the_command() -> None:
    assert foreseen(["shop.py", "--rev=v1", "-C"]) == ("shop.py", {"--rev": "v1", "-C": ""})
    for odd in (["--help"], ["a", "b"], [], ["a", "--rev"], ["a", "--", "b"], ["a", "--strict=1"], ["-Cx", "a"]):
        assert foreseen(odd) is None


@pytest.mark.parametrize(("file", "asked"), [
    ("shop.py", Asked("shop.py")), ("shop.py:2", Asked("shop.py", 2, 2)), ("shop.py:2-3", Asked("shop.py", 2, 3)),
])  # fmt: skip
def test_what_was_begun_is_what_is_asked_for_in_earnest(world: BotWorld, file: str, asked: Asked) -> None:
    argv = command(world, asked.path, asked.first, asked.last)
    begin_blame(words(world, file))
    begun = ahead.take(argv)
    assert begun is not None and begun.answer(1 << 20) is not None
    history = GitHistory(str(world.folder))
    plain = asyncio.run(history.lines(world.rev(), asked))
    begin_blame(words(world, file, "--rev", "main"))
    assert asyncio.run(history.lines(world.rev(), asked)) == plain
    assert ahead.take(argv) is None


def test_a_wrong_guess_is_taken_by_nobody_and_ended(world: BotWorld) -> None:
    begin_blame(words(world, "odd:3"))
    begin_blame(words(world, "shop.py", "--rev", "main~1"))
    assert len(asyncio.run(GitHistory(str(world.folder)).lines(world.rev(), Asked("shop.py")))) == 4
    left = command(world, "odd", 3, 3)
    ahead.end_all()
    assert ahead.take(left) is None
    for nothing in ("--help", "no such file", "\0"):
        begin_blame(words(world, "shop.py", "--rev", nothing))
    begin_blame(["shop.py", "--repo", str(world.folder.parent)])
    assert ahead.take(command(world, "shop.py")) is None


def test_only_a_blame_is_begun_ahead() -> None:
    program = "import sys; from pointsman.entrypoints.cli import main; main()"
    for other in (["audit", "verify", "--help"], ["audit", "--help"], ["runs", "--help"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", program, *other], capture_output=True, text=True, check=True
        )
        assert "pointsman.entrypoints.cli.app" in done.stderr and "blame_ahead" not in done.stderr


def test_an_answer_that_was_cut_off_or_failed_is_none(world: BotWorld) -> None:
    begin_blame(words(world, "shop.py"))
    begun = ahead.take(command(world, "shop.py"))
    assert begun is not None and begun.answer(10) is None
    begin_blame(words(world, "none.py"))
    failed = ahead.take(command(world, "none.py"))
    assert failed is not None and failed.answer(1 << 20) is None
    begin_blame(words(world, "none.py"))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(GitHistory(str(world.folder)).lines(world.rev(), Asked("none.py")))
    assert refused.value.code == "unknown-revision"


def test_lines_are_told_as_json_tells_each_of_them(world: BotWorld) -> None:
    found = world.blame("shop.py")
    assert list(lines_text(found)) == [json.dumps(line_json(line)) + "\n" for line in found.lines]


def test_a_blame_without_trouble_reads_nothing_that_it_does_not_need(world: BotWorld) -> None:
    told = "from pointsman.entrypoints.cli import main; main()"
    asked = words(world, "shop.py", "--key", str(world.folder.parent / "public.pem"), "--format", "lines")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", told, "audit", "blame", *asked],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [json.loads(row)["by"] for row in done.stdout.splitlines()] == ["person", "model", "model", "person"]
    read = [row.rpartition("|")[2].strip() for row in done.stderr.splitlines()]
    assert "pointsman.audit.blaming.blame" in read
    assert [name for name in read if name.startswith(NEVER_NEEDED)] == []
