"""A run that asked models and left no change has a note as well: what it sent where is told, whatever its end."""

import json
import time
from pathlib import Path

from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PLAN, RIGHT, Said, Stage, edit, replies, rows, staged, usual

REF = "refs/pointsman/audit"


def _on_the_ref(stage: Stage) -> list[str]:
    held = stage.git("ls-tree", "-r", "--name-only", REF).split()
    return sorted(Path(name).name for name in held if name.endswith(".intoto.jsonl"))


def _asked(stage: Stage, *words: str) -> Said:
    return stage.does("audit", *words, "--repo", str(stage.repository))


def _runs(stage: Stage, *words: str) -> list[dict[str, object]]:
    return rows(_asked(stage, "query", "--json", *words).json["rows"])


def test_a_run_that_failed_tells_what_it_sent_and_its_later_note_follows_and_counts_each_call_once(
    tmp_path: Path,
) -> None:
    with ScriptedServer(usual(coder=(Answer(status=500, text="out of order"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        out = stage.works_on_the_issue()
        assert (out.code, out.run["state"]) == (4, "failed"), out
        (failed,) = _on_the_ref(stage)
        assert failed.endswith(f"-failed-after-2-{out.run_id}.intoto.jsonl")
        page = stage.git("show", f"{REF}:.pointsman/audit/{failed.replace('.intoto.jsonl', '.md')}")
        assert f"# Run `{out.run_id}`: failed, no change came of it" in page and "`code: outage`" in page
        (row,) = _runs(stage, "--result", "failed")
        assert (row["run"], row["authors"]) == (out.run_id, [])
        sent = _runs(stage, "--rows", "calls")
        assert [call["model"] for call in sent] == ["planner", "coder"] and all(
            call["prompt_sha256"] for call in sent
        )
        verified = _asked(stage, "verify", "main")
        assert verified.code == 0, verified

        on = stage.does("resume", out.run_id, "--json")
        assert (on.code, on.run["result"]) == (0, "ready"), on
        branch = str(on.run["branch"])
        assert len(_on_the_ref(stage)) == 2 and failed in _on_the_ref(stage)
        verified = _asked(stage, "verify", f"main..{branch}", "--require-coverage")
        assert verified.code == 0, verified
        assert [row["result"] for row in _runs(stage, "--rev", branch)] == ["failed", "ready"]
        told = [str(call["model"]) for call in _runs(stage, "--rev", branch, "--rows", "calls")]
        assert sorted(told) == sorted(stage.asked()) == ["coder", "coder", "planner", "reviewer"]


def test_plans_and_stops_and_cancelled_runs_have_their_notes_in_one_chain(tmp_path: Path) -> None:
    question = {**PLAN, "steps": [], "questions": ["Which price?"]}
    planner = (replies(PLAN), replies(question), replies(PLAN))
    with ScriptedServer(usual(planner=planner, coder=(Answer(fault="hang"),))) as server:
        stage = staged(tmp_path, server)
        planned = stage.works_on_the_issue(goal="plan")
        stopped = stage.works_on_the_issue()
        assert (planned.run["result"], stopped.run["state"]) == ("planned", "stopped"), (planned, stopped)
        hanging = stage.begins("run", *stage.about(), with_policy=True)
        while "coder" not in stage.asked():
            time.sleep(0.05)
        (run_id,) = (str(row["run_id"]) for row in json.loads(stage.does("status", "--json").out))
        assert stage.does("cancel", run_id).code == 0
        hanging.communicate(timeout=240)
        ends = [(row["run"], row["result"], len(rows(row["calls"]))) for row in _runs(stage)]
        verified = _asked(stage, "verify", "main")
    assert ends == [(planned.run_id, "planned", 1), (stopped.run_id, "stopped", 1), (run_id, "cancelled", 2)]
    assert verified.code == 0, verified
    assert stage.branches() == []


def test_a_run_that_asked_nobody_leaves_no_note(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        stage.repository.joinpath(".pointsman.yml").write_text("code: coder\nqa: coder\n")
        stage.git("commit", "-qam", "Ask one model for both")
        out = stage.works_on_the_issue()
    assert (out.code, stage.asked()) != (0, []) and not stage.asked(), out
    assert REF not in stage.git("for-each-ref")


def test_a_run_that_waits_for_a_person_has_not_ended_and_leaves_one_note_in_the_end(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, tasks={"bugfix": {"plan": "approve"}})
        waits = stage.works_on_the_issue()
        assert (waits.run["state"], stage.does("resume").code) == ("waiting", 0), waits
        assert REF not in stage.git("for-each-ref")
        agreed = stage.does("approve", waits.run_id, str(waits.run["plan_hash"]), "--json")
    assert (agreed.run["result"], len(_on_the_ref(stage))) == ("ready", 1), agreed
