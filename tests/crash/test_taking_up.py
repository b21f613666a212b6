"""Runs are taken up again: after a failure, by another release, by a replay of the whole journal; or given up."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.killing import journal, killed, recorded, rows_of, tampered
from tests.crash.wreck import ONE_DIALECT, left_by, winding
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, RIGHT, Said, Stage, edit, environment, fields, replies, staged, usual

import pointsman

_UNDO_THE_END = (
    "UPDATE workflow_status SET status = 'PENDING', owner_xid = NULL, completed_at = NULL",
    "DELETE FROM workflow_output",
)


@pytest.mark.parametrize("model", ["planner", "coder", "reviewer"])
def test_resume_after_an_outage_asks_the_failed_call_again_and_no_other(tmp_path: Path, model: str) -> None:
    right = {"planner": replies(PLAN), "coder": edit(RIGHT), "reviewer": replies(APPROVAL)}
    answers: tuple[Answer | str, ...] = (Answer(status=500, text="out of order"), right[model])
    script = usual(**{model: answers})
    with ScriptedServer(script) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        out = stage.works_on_the_issue()
        before = recorded(stage.home, out.run_id)
        on = stage.does("resume", out.run_id, "--json")

    assert (out.code, on.code, on.run["result"]) == (4, 0, "ready"), (out, on)
    order = ["planner", "coder", "reviewer"]
    assert stage.asked() == sorted([*order, model], key=order.index)
    assert recorded(stage.home, out.run_id)[: len(before) - 1] == before[:-1]


def test_a_whole_course_played_again_from_its_journal_does_nothing_and_comes_to_the_same_end(tmp_path: Path) -> None:
    with ScriptedServer(winding()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        run_id = stage.works_on_the_issue().run_id
        left, steps, end = left_by(stage, run_id), journal(stage.home), stage.does("show", run_id, "--json").json
        before, requests = stage.print(), len(server.seen)
        tampered(stage.home, *_UNDO_THE_END)
        again = stage.does("resume", "--json")

        assert again.code == 0, again
        assert (journal(stage.home), left_by(stage, run_id)) == (steps, left)
        assert _timeless(stage.does("show", run_id, "--json").json) == _timeless(end)
        assert (len(server.seen), before.disturbed_by(stage.print())) == (requests, ())


def _timeless(whole: dict[str, object]) -> str:
    run = {key: value for key, value in fields(whole["run"]).items() if key != "updated_at"}
    return json.dumps({**whole, "run": run}, sort_keys=True)


def test_a_run_that_was_started_too_often_ends_and_can_still_be_resumed_by_a_person(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        assert killed(stage, "run", *stage.about(), when=lambda _: "coder" in stage.asked())
        tampered(stage.home, "UPDATE workflow_status SET recovery_attempts = 201")
        given_up = stage.does("resume", "--json")
        asked = stage.asked()
        on = stage.does("resume", str(rows_of(stage.home, "SELECT run_id FROM runs")[0][0]), "--json")

    assert (given_up.code, given_up.run["state"], given_up.run["error_code"]) == (3, "failed", "given-up"), given_up
    assert asked == ["planner", "coder"]
    assert (on.code, on.run["result"]) == (0, "ready"), on


def test_another_release_takes_up_a_run_that_this_one_began(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        assert killed(stage, "run", *stage.about(), when=lambda _: "coder" in stage.asked())
        on = _another_release(stage, "resume", "--json", "--home", str(stage.home))

    assert (on.code, on.run["result"]) == (0, "ready"), on
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]


def _another_release(stage: Stage, *words: str) -> Said:
    """The program with another version and a workflow whose source differs, as after an upgrade."""
    room = stage.folder / "release"
    shutil.copytree(Path(str(pointsman.__file__)).parent, room / "pointsman", ignore=shutil.ignore_patterns("*.pyc"))
    for name, old, new in (
        ("__init__.py", f'"{pointsman.__version__}"', '"99.0.0"'),
        (
            "runs/engine.py",
            "    async def run(spec: str) -> str:\n",
            "    async def run(spec: str) -> str:\n        spec = spec.strip()\n",
        ),
    ):
        path = room / "pointsman" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    started = "import sys; sys.path.insert(0, sys.argv.pop(1)); from pointsman.entrypoints.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", started, str(room), *words],
        env=environment(stage.folder),
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Said(done.returncode, done.stdout, done.stderr)
