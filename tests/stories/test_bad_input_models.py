"""Models that cannot be asked or that answer badly: one message, the right exit code, and `resume` goes on."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.worlds.mishaps import in_policy, told_once, undisturbed
from tests.worlds.profile import part_of
from tests.worlds.repositories import link_out
from tests.worlds.script import Answer, always
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PLAN, SEATS, Stage, edit, replies, staged, usual

KEY = "a-key-of-a-story"


def last_run(stage: Stage) -> str:
    listed = json.loads(stage.does("runs", "--json").out)
    return str(listed[0]["run_id"])


def _made(path: str) -> str:
    return f"{path}\n```\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n```\n"


@pytest.fixture
def right() -> Iterator[ScriptedServer]:
    with ScriptedServer(usual()) as playing:
        yield playing


def test_a_wrong_key_names_the_provider_and_its_place_and_the_run_goes_on_with_the_right_one(
    tmp_path: Path, right: ScriptedServer
) -> None:
    with ScriptedServer(replace(usual(), key="another")) as closed:
        seats = (*SEATS[:2], replace(SEATS[2], kind="anthropic", url=closed.url), SEATS[3])
        stage = staged(tmp_path, right, seats=seats)
        with undisturbed(stage):
            said = stage.does("run", *stage.about(), with_policy=True)
        port = closed.port
    assert (said.code, told_once(said)) == (3, "bad-key"), said
    assert "Provider reviewer-host refused the credential (401); the key is looked for at env:STORY_KEY." in said.told
    run_id, paid = last_run(stage), stage.asked()
    assert f"pointsman resume {run_id} --home {stage.home}" in said.told
    assert paid == ["planner", "coder"]
    with ScriptedServer(replace(usual(), key=KEY), port=port):
        again = stage.does("resume", run_id, "--json")
    assert (again.code, again.run["result"]) == (0, "ready"), again
    assert stage.asked() == paid


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(fault="hang"), "timeout (3 seconds)"),
        (Answer(status=502, text="busy"), "server (502)"),
        (Answer(raw="<html>hello</html>"), "reviewer-host"),
    ],
)
def test_an_endpoint_that_does_not_answer_is_an_outage_and_resume_asks_only_what_is_missing(
    tmp_path: Path, answer: Answer, words: str
) -> None:
    with ScriptedServer(usual(reviewer=(answer, replies({"summary": "Right.", "findings": []})))) as server:
        stage = staged(tmp_path, server)
        in_policy(stage, '"local",\n   "timeout_seconds": 60', '"local", "timeout_seconds": 3')
        with undisturbed(stage):
            said = stage.does("run", *stage.about(), with_policy=True)
        assert (said.code, told_once(said)) == (4, "outage"), said
        assert words in said.told
        again = stage.does("resume", last_run(stage), "--json")
        assert (again.code, again.run["result"]) == (0, "ready"), again
        assert stage.asked() == ["planner", "coder", "reviewer", "reviewer"]


def test_nobody_at_the_address_is_told_with_the_address(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
    with undisturbed(stage):
        said = stage.does("run", *stage.about(), with_policy=True)
    assert (said.code, told_once(said)) == (4, "outage"), said
    assert f"Provider planner-host at {server.url} did not answer: connection" in said.told


@pytest.mark.parametrize(
    ("answer", "words"),
    part_of(
        [
            ("la la la", "No edit was found in the reply"),
            ("", "the reply was empty"),
            (Answer(text=edit("1")[:40], ending="cut"), "the reply was cut off at the length limit"),
            (_made(".git/hooks/post-commit"), "leads into git's own files"),
            (_made(".pointsman.yml"), "protected"),
            (_made(".github/workflows/ci.yml"), "protected"),
            (_made("../outside.py"), "`..`"),
            (_made("shop/secret.py"), "is a link"),
            (_made("vault/secret.txt"), "vault"),
        ],
        4,
    ),
)
def test_an_answer_that_is_no_edit_or_a_forbidden_one_leaves_no_change(
    tmp_path: Path, answer: Answer | str, words: str
) -> None:
    with ScriptedServer(usual(coder=(answer,))) as server:
        stage = staged(tmp_path, server, story=link_out(tmp_path))
        with undisturbed(stage):
            said = stage.does("run", *stage.about(), with_policy=True)
    assert (said.code, told_once(said)) == (1, "no-change"), said
    assert words in said.told
    assert stage.branches() == []


@pytest.mark.parametrize("answer", ["la la la", "", Answer(text=replies(PLAN)[:40], ending="cut")])
def test_a_plan_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, answer: Answer | str) -> None:
    with ScriptedServer(usual(planner=(answer,))) as server:
        stage = staged(tmp_path, server)
        said = stage.does("run", *stage.about(), with_policy=True)
    assert said.code == 1, said
    assert told_once(said)
    assert "planner gave no readable plan in two turns" in said.told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import time; time.sleep(1000)", "did not end in time"),
        ("import sys; [sys.stdout.write('x' * (1 << 20)) for _ in range(1024)]", "wrote more than it may"),
    ],
)
def test_tests_that_hang_or_print_without_end_prove_nothing(tmp_path: Path, line: str, words: str) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, sandbox={"timeout_seconds": 3, "memory_mb": 512})
        tests = stage.repository / "tests/test_prices.py"
        tests.write_text(
            tests.read_text(encoding="utf-8").replace("class ", f"{line}\n\n\nclass ", 1), encoding="utf-8"
        )
        stage.git("commit", "--quiet", "--all", "-m", "Test strangely")
        said = stage.works_on_the_issue()
    assert (said.code, said.run["result"]) == (1, "needs-person"), said
    assert said.json["evidence"] != "passed"
    assert words in said.told


def test_no_key_is_ever_written_down(tmp_path: Path) -> None:
    wrong = Answer(status=401, text=f"the key {KEY} is wrong, x-api-key: {KEY}")
    for script in (usual(), usual(reviewer=(wrong,)), always(Answer(status=400, text=f"bad key {KEY}"))):
        with ScriptedServer(script) as server:
            folder = tmp_path / str(server.port)
            folder.mkdir()
            seats = tuple(replace(seat, kind="anthropic") for seat in SEATS)
            stage = staged(folder, server, seats=seats)
            said = stage.does("run", *stage.about(), with_policy=True)
            shown = stage.does("show", last_run(stage), "--json")
        kept = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
        assert KEY not in said.out + said.err + shown.out + shown.err
        assert KEY.encode() not in kept
