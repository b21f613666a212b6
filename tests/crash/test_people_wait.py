"""Crashes around what people do: asking for a run, approving a plan, running a phase again, pushing."""

import itertools
from pathlib import Path

from tests.crash.killing import Step, gate, gate_before_the_engine, journal, killed, recorded, rows_of
from tests.crash.wreck import ONE_DIALECT, asked_once, left_by, litter
from tests.worlds.profile import is_nightly
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, Stage, edit, fields, staged, usual


def test_an_approval_is_heard_whenever_the_process_is_killed_after_it_was_written_down(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT, tasks={"bugfix": {"plan": "approve"}})
        before = stage.print()
        waits = stage.works_on_the_issue()
        assert (waits.run["state"], stage.does("resume", "--json").run["state"]) == ("waiting", "waiting"), waits
        words = ("approve", waits.run_id, str(waits.run["plan_hash"]))
        assert killed(stage, *words, when=lambda _: bool(_acts(stage, "approve")))
        kills = _killed_on(stage, waits.run_id)
        end = stage.does("resume", "--json")

        assert kills * STRIDE >= 16
        assert end.told == "No run was cut off." or end.code == 0, end
        left = left_by(stage, waits.run_id)
        assert (left.commits, left.result, left.calls) == (1, "ready", 3)
        asked_once(stage, waits.run_id, since=0, repeated=0)
        assert len(_acts(stage, "approve")) == 1
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


STRIDE = 2 if is_nightly() else 6


def _killed_on(stage: Stage, run_id: str) -> int:
    """Kill each further process when it has done some steps more than the one before, until one comes to the end."""
    others = tuple({step.run_id for step in journal(stage.home)} - {run_id})
    first = len(recorded(stage.home, run_id))
    for kills in itertools.count():
        with gate(stage.home, first + STRIDE * kills, spared=others) as held:
            if not killed(stage, "resume", "--json", when=held):
                return kills
    return 0


def _acts(stage: Stage, act: str) -> list[tuple[object, ...]]:
    return rows_of(stage.home, f"SELECT * FROM acts WHERE act = '{act}'")


def test_a_run_or_a_rerun_killed_before_the_engine_had_it_is_closed_and_says_so(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        first = stage.works_on_the_issue()
        before, requests = stage.print(), len(server.seen)
        for words in (("run", *stage.about()), ("rerun", first.run_id, "code")):
            with gate_before_the_engine(stage.home) as held:
                assert killed(stage, *words, when=held)
        assert stage.does("resume").told == "No run was cut off."
        rows = rows_of(stage.home, "SELECT state, error_code FROM runs ORDER BY state")

    assert rows == [("done", ""), ("failed", "given-up"), ("failed", "given-up")]
    assert (len(server.seen), before.disturbed_by(stage.print())) == (requests, ())


def test_a_rerun_killed_again_and_again_repeats_nothing_of_the_run_before(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        first = stage.works_on_the_issue()
        before, requests = stage.print(), len(server.seen)
        again = ("rerun", first.run_id, "review", "--json")
        assert killed(stage, *again, when=lambda _: len(_begun(stage)) == 2, every=0.001)
        (new,) = _begun(stage) - {first.run_id}
        kills = _killed_on(stage, new)

        assert kills * STRIDE >= 6
        left, was = left_by(stage, new), left_by(stage, first.run_id)
        assert (left.tree, left.verdict, left.calls, len(stage.branches())) == (was.tree, was.verdict, 3, 2)
        assert stage.asked()[requests:] == ["reviewer"]
        assert _names(first.run_id, stage) == _names(new, stage)
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


def _begun(stage: Stage) -> set[str]:
    return {step.run_id for step in journal(stage.home)}


def _names(run_id: str, stage: Stage) -> list[str]:
    return [step.name for step in recorded(stage.home, run_id)]


def test_the_next_run_of_another_issue_goes_on_with_the_one_that_was_cut_off(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        assert killed(stage, "run", *stage.about(), when=lambda _: "coder" in stage.asked())
        cut_off = journal(stage.home)[0].run_id
        other = stage.folder / "other.md"
        other.write_text("# Percent, please\n\nLabels: bug\n\nTake percent off in `discounted`.\n", encoding="utf-8")
        said = stage.does("run", "--repo", str(stage.repository), "--issue", str(other), "--json", with_policy=True)
        stage.does("resume")

        assert (said.code, said.run["result"]) == (0, "ready"), said
        left = [left_by(stage, run_id) for run_id in (cut_off, said.run_id)]
        assert [(one.tree, one.result, one.calls) for one in left] == [(left[0].tree, "ready", 3)] * 2
        assert len(stage.asked()) == 7
        previous = rows_of(stage.home, "SELECT previous FROM note_heads ORDER BY seq")
        assert previous == [("",), *rows_of(stage.home, "SELECT digest FROM note_heads ORDER BY seq LIMIT 1")]


def test_a_note_whose_push_is_refused_leaves_no_gap_and_its_run_signs_anew_behind_the_others(tmp_path: Path) -> None:
    """Where notes are in the tree alone; on the ref they stay, since nothing is ever taken from there."""
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT, audit={"mirror": False})
        stage.git("branch", "pointsman")  # git cannot hold this name and those below it
        refused = stage.works_on_the_issue()
        assert (refused.code, refused.run["state"], refused.run["error_code"]) == (1, "refused", "branch-in-the-way")
        ((ended, holder),) = rows_of(stage.home, "SELECT digest, run_id FROM note_heads")
        assert holder == f"{refused.run_id}:refused", "its own place was given back; that of its end stays"
        stage.git("branch", "-D", "pointsman")
        second = stage.works_on_the_issue()
        first = stage.does("resume", refused.run_id, "--json")

        assert (second.code, first.code, first.run_id) == (0, 0, refused.run_id), (second, first)
        notes = [fields(said.json["note"]) for said in (second, first)]
        assert [note["previous"] for note in notes] == [ended, notes[0]["digest"]]
        assert [step.name for step in _asks(stage)] == [
            "ask:plan:planner",
            "ask:code:coder",
            "ask:review:reviewer",
        ] * 2
        assert len(stage.asked()) == 6
        for said in (second, first):
            left_by(stage, said.run_id)


def _asks(stage: Stage) -> list[Step]:
    return [step for step in journal(stage.home) if step.name.startswith("ask:")]
