"""The process is killed in the middle of a step: of a model's answer, of a test run, of git's work."""

from pathlib import Path

from tests.crash.killing import Moment, journal, killed, rows_of, runs_in
from tests.crash.wreck import ONE_DIALECT, Left, asked_once, left_by, litter
from tests.worlds.repositories import TESTS, buggy_package, commit, write
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, RIGHT, Stage, edit, replies, staged, usual


def test_a_process_killed_while_a_model_answers_asks_again_and_no_finished_call_is_repeated(tmp_path: Path) -> None:
    mishaps = (Answer("half of this comes", fault="stall"), Answer(fault="hang"))
    script = usual(
        planner=(*mishaps, replies(PLAN)), coder=(*mishaps, edit(RIGHT)), reviewer=(*mishaps, replies(APPROVAL))
    )
    with ScriptedServer(script) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        before = stage.print()
        for requests in (1, 2, 4, 5, 7, 8):
            assert killed(stage, *_on(stage), when=_asked(stage, requests))
        end = stage.does("resume", "--json")

        assert (end.code, end.run["result"]) == (0, "ready"), end
        assert stage.asked() == ["planner"] * 3 + ["coder"] * 3 + ["reviewer"] * 3
        _plainly_left(stage, left_by(stage, end.run_id))
        asked_once(stage, end.run_id, since=0, repeated=6)
        sums = rows_of(stage.home, "SELECT state, count(*) FROM calls GROUP BY state ORDER BY state")
        assert sums == [("answered", 3), ("sent", 6)]
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


def test_a_process_killed_during_tests_and_during_gits_work_leaves_nothing_running_and_nothing_lying_about(
    tmp_path: Path,
) -> None:
    story = buggy_package(tmp_path)
    write(story.repository, "tests/test_prices.py", TESTS.replace("import unittest\n", _SLOWLY, 1))
    commit(story.repository, "Test slowly")
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=story, seats=ONE_DIALECT)
        before = stage.print()
        kills = [name for name, moment in _moments(stage) if killed(stage, *_on(stage), when=moment, every=0.001)]
        stage.does("resume")
        run_id = next(step.run_id for step in journal(stage.home))

        assert {"base is tested", "candidate is tested", "self-test", "edit"} <= set(kills)
        assert stage.asked() == ["planner", "coder", "reviewer"]
        _plainly_left(stage, left_by(stage, run_id))
        asked_once(stage, run_id, since=0, repeated=0)
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


_SLOWLY = "import time\nimport unittest\n\ntime.sleep(0.5)\n"


def _moments(stage: Stage) -> list[tuple[str, Moment]]:
    """What is looked for, in the order of a run; short ones may be over before anybody looks."""
    return [
        ("mirror is made", lambda _: _there(stage.home, "mirrors/job-*/*.git")),
        ("mirror is filled", lambda _: _there(stage.home, "mirrors/*.git/objects/pack/*")),
        ("self-test", lambda _: _there(stage.home, "sandbox/job-*/room")),
        ("base is tested", lambda pid: _sandboxed(stage) == 0 and runs_in(pid, "unittest")),
        ("edit", lambda _: _there(stage.home, "mirrors/*.git/indexes/job-*")),
        ("candidate is tested", lambda pid: _sandboxed(stage) == 1 and runs_in(pid, "unittest")),
        ("note", lambda _: _sandboxed(stage) == 2 and _there(stage.home, "mirrors/*.git/indexes/job-*")),
        ("push", lambda _: _there(stage.repository, ".git/objects/pack/tmp_*")),
        ("branch", lambda _: stage.repository.joinpath(".git/refs/heads/pointsman").is_dir()),
        ("page", lambda _: _there(stage.home, "changes/*/*.md")),
        ("check", lambda _: _there(stage.home, "changes/*/*.check.json")),
    ]


def _on(stage: Stage) -> tuple[str, ...]:
    """Go on, or begin when nothing has begun."""
    return ("resume", "--json") if journal(stage.home) else ("run", *stage.about(), "--json")


def _there(folder: Path, pattern: str) -> bool:
    return any(True for _ in folder.glob(pattern))


def _sandboxed(stage: Stage) -> int:
    return sum(step.name == "sandbox" for step in journal(stage.home))


def _asked(stage: Stage, requests: int) -> Moment:
    return lambda _: len(stage.asked()) >= requests


def _plainly_left(stage: Stage, left: Left) -> None:
    """What an uncrashed run leaves whose models do it right at once."""
    assert (left.commits, left.result, left.verdict, left.evidence) == (1, "ready", "approve", "passed")
    assert (left.findings, left.calls, len(stage.branches())) == ((), 3, 1)
    assert stage.git("show", f"{stage.branches()[0]}:shop/prices.py") == stage.story.fixed.strip()
