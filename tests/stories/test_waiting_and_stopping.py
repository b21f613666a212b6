"""Runs that wait for a person, are stopped by one, or go on after an outage; each from a process of its own."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, Stage, edit, finding, replies, rows, staged, usual
from tests.worlds.warm import Typed

APPROVE = {"bugfix": {"plan": "approve"}}


def test_a_plan_waits_for_its_approval_beyond_the_end_of_the_process_and_the_note_says_who_gave_it(
    tmp_path: Path,
) -> None:
    remark = {"summary": "", "findings": [finding(f"    return {RIGHT}", "Half a cent is lost.", severity="minor")]}
    with ScriptedServer(usual(reviewer=(replies(remark),))) as server:
        stage = staged(tmp_path, server, tasks=APPROVE)
        waits = stage.works_on_the_issue()
        run_id, plan_hash = waits.run_id, str(waits.run["plan_hash"])
        assert (waits.code, waits.run["state"], stage.asked()) == (0, "waiting", ["planner"]), waits
        listed = stage.does("status", "--json")
        shown = stage.does("show", run_id)
        page = stage.status_page(run_id)
        wrong = stage.does("approve", run_id, "0123456789abcdef")
        before = stage.print()
        agreed = stage.does("approve", run_id, plan_hash[:8], "--json")
        twice = stage.does("approve", run_id, plan_hash)
        again = stage.does("rerun", run_id, "code", "--json", with_policy=True)

    assert [row["run_id"] for row in json.loads(listed.out)] == [run_id]
    assert "Multiply by the part that is left." in shown.out
    assert f"pointsman approve {run_id} {plan_hash[:12]} --home {stage.home}\n" in shown.out
    assert "Multiply by the part that is left." in page
    assert f"`pointsman approve {run_id} {plan_hash}`" in page
    assert "1 model call, " in page
    assert (wrong.code, wrong.out) == (1, "")
    assert f"waits for the plan {plan_hash[:12]}, not for 0123456789ab" in wrong.err
    assert (agreed.code, agreed.run["result"], agreed.run_id) == (0, "ready", run_id), agreed
    assert "3 model calls, " in stage.status_page(run_id)
    assert before.disturbed_by(stage.print()) == ()
    assert (twice.code, "it is done" in twice.err) == (2, True), twice
    assert again.code == 0, again
    for branch in stage.branches():
        assert f"approve: `{plan_hash}`" in stage.note(branch)


def test_a_run_whose_model_hangs_is_cancelled_from_another_process_and_nothing_is_left(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"),))) as server:
        stage = staged(tmp_path, server)
        before = stage.print()
        with _running(stage, "run", *stage.about()) as hanging:
            _until(lambda: "coder" in stage.asked())
            run_id = str(json.loads(stage.does("status", "--json").out)[0]["run_id"])
            other = stage.does("run", *stage.about(), with_policy=True)
            cancelled = stage.does("cancel", run_id)
            out, err = hanging.communicate(timeout=240)
        shown = stage.does("show", run_id, "--json")
        gone = stage.does("cancel", run_id)
        resumed = stage.does("resume")

    assert (other.code, other.out) == (4, "")
    assert "Another pointsman runs with the home" in other.err
    assert "Wait until it is done, or give this one a home of its own with --home." in other.err
    assert cancelled.code == 0, cancelled
    assert (
        cancelled.out.strip()
        == stage.status_page(run_id)
        == f"The run `{run_id}` was cancelled. Nothing had been pushed."
    )
    assert hanging.returncode == 1, (out, err)
    assert "cancelled" in out + err
    assert shown.run["state"] == "cancelled"
    assert (gone.code, "it is cancelled" in gone.err) == (2, True)
    assert (resumed.code, resumed.out) == (0, "No run was cut off.\n")
    assert (stage.branches(), before.disturbed_by(stage.print())) == ([], ())


def test_a_run_that_an_outage_ended_goes_on_where_it_was_without_a_second_plan(tmp_path: Path) -> None:
    coder = (Answer(status=500, text="out of order"), edit(RIGHT))
    with ScriptedServer(usual(coder=coder)) as server:
        stage = staged(tmp_path, server)
        out = stage.works_on_the_issue()
        shown = stage.does("show", out.run_id)
        on = stage.does("resume", out.run_id, "--json")
        over = stage.does("resume", out.run_id)

    assert (out.code, out.run["state"]) == (4, "failed"), out
    assert "then resume the run" in str(out.run["message"])
    assert f"pointsman resume {out.run_id} --home {stage.home}\n" in shown.out
    assert f"pointsman rerun {out.run_id} code --model NAME --home {stage.home}\n" in shown.out
    assert f"pointsman show {out.run_id}" not in shown.out
    assert "The run failed; nothing was pushed." in shown.out
    assert (on.code, on.run_id, on.run["result"]) == (0, out.run_id, "ready"), on
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]
    assert (over.code, "there is nothing to go on with" in over.err) == (2, True)


def test_a_killed_run_is_taken_up_by_resume_and_no_finished_call_is_asked_again(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        with _running(stage, "run", *stage.about()) as hanging:
            _until(lambda: "coder" in stage.asked())
            hanging.kill()
            hanging.communicate()
        on = stage.does("resume", "--json")

    assert (on.code, on.run["result"]) == (0, "ready"), on
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]
    assert len(rows(on.json["tries"])) == 1


@contextmanager
def _running(stage: Stage, *words: str) -> Iterator[Typed]:
    """A command that goes on beside the story, and is surely gone after it."""
    process = stage.begins(*words, with_policy=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _until(happened: Callable[[], bool], seconds: float = 180.0) -> None:
    waited = 0.0
    while not happened():
        if waited > seconds:
            pytest.fail("it did not happen")
        time.sleep(0.05)
        waited += 0.05
