"""Doing a phase again: what came before is not repeated, what a person chose is said, and separation still holds."""

from dataclasses import replace
from pathlib import Path

from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, SEATS, Stage, edit, finding, replies, rows, staged, usual

ROUTES = "plan: planner\ncode: coder\nqa: {model: reviewer, fallback: [senior]}\n"


def test_the_code_is_done_again_by_another_model_without_a_second_plan_and_the_note_says_who_chose(
    tmp_path: Path,
) -> None:
    wrong = tuple(edit(f"price - percent * {factor}") for factor in (3, 4))
    with ScriptedServer(usual(coder=wrong)) as server:
        stage = staged(tmp_path, server)
        first = stage.works_on_the_issue()
        assert (first.code, first.run["result"]) == (1, "needs-person"), first
        before = len(server.seen)
        again = stage.does("rerun", first.run_id, "code", "--model", "senior", "--json", with_policy=True)
        asked = [seen.model for seen in server.seen[before:]]

    assert (again.code, again.run["result"], again.run["parent"]) == (0, "ready", first.run_id), again
    assert asked == ["senior", "reviewer"]
    branch = str(again.run["branch"])
    assert stage.branches() == [str(first.run["branch"]), branch]
    assert [(hop["kind"], hop["from_model"], hop["to_model"]) for hop in rows(again.json["hops"])] == [
        ("override", "coder", "senior")
    ]
    note = stage.note(branch)
    assert "override from `coder` to `senior`: `named by a person`" in note
    assert "request: `build`" in note
    assert f"rerun: `code of {first.run_id} senior`" in note
    verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}")
    assert verified.code == 0, verified


def test_the_review_is_done_again_on_the_same_commit_and_nothing_else_is_asked(tmp_path: Path) -> None:
    with ScriptedServer(usual(reviewer=(replies(APPROVAL),))) as server:
        stage = staged(tmp_path, server)
        first = stage.works_on_the_issue()
        before = len(server.seen)
        again = stage.does("rerun", first.run_id, "review", "--json", with_policy=True)
        asked = [seen.model for seen in server.seen[before:]]

    assert (again.code, asked) == (0, ["reviewer"]), again
    assert rows(again.json["tries"]) == rows(first.json["tries"])


def test_who_reviews_goes_by_the_model_that_really_wrote(tmp_path: Path) -> None:
    """A person lets a model of the reviewer's family write; the review goes to the next one on its route."""
    seats = (*SEATS[:4], replace(SEATS[4], family="gamma"))
    with ScriptedServer(usual(senior=(replies(APPROVAL),))) as server:
        stage = staged(tmp_path, server, seats=seats)
        first = stage.works_on_the_issue(*stage.routed(ROUTES))
        before = len(server.seen)
        again = stage.does("rerun", first.run_id, "code", "--model", "spare", "--json", with_policy=True)
        asked = [seen.model for seen in server.seen[before:]]
        near = stage.does("rerun", first.run_id, "review", "--model", "coder", "--json", with_policy=True)

    assert first.code == 0, first
    assert (again.code, asked) == (0, ["spare", "senior"]), again
    assert (near.code, near.out) == (1, ""), near
    assert "same family" in near.told


def test_models_that_a_person_chose_stay_chosen_when_the_run_is_done_again_once_more(tmp_path: Path) -> None:
    """Whoever asks again is judged with them, so they are who is asked."""
    with ScriptedServer(usual(senior=(replies(APPROVAL),))) as server:
        stage = staged(tmp_path, server)
        first = stage.works_on_the_issue()
        second = stage.does("rerun", first.run_id, "review", "--model", "senior", "--json", with_policy=True)
        before = len(server.seen)
        third = stage.does("rerun", second.run_id, "code", "--model", "spare", "--json", with_policy=True)
        asked = [seen.model for seen in server.seen[before:]]

    assert (first.code, second.code, third.code) == (0, 0, 0), third
    assert asked == ["spare", "senior"]


def test_what_cannot_be_done_again_is_said_with_what_could_be(tmp_path: Path) -> None:
    with ScriptedServer(usual(reviewer=(replies({"summary": "", "findings": [finding("x", "y")]}),))) as server:
        stage = staged(tmp_path, server)
        run_id = stage.works_on_the_issue(goal="plan").run_id
        answers = _refused(stage, run_id)

    assert answers == {
        "code": (2, f"Run {run_id} never came to code; there is nothing to do again."),
        "dance": (2, "'dance' is no phase."),
        "nobody": (2, "There is no run r-00000000."),
        "model": (1, "plan cannot go to plannr: the policy's catalogue has no such model; did you mean planner?"),
    }


def _refused(stage: Stage, run_id: str) -> dict[str, tuple[int, str]]:
    said = {
        "code": stage.does("rerun", run_id, "code", with_policy=True),
        "dance": stage.does("rerun", run_id, "dance", with_policy=True),
        "nobody": stage.does("rerun", "r-00000000", "plan", with_policy=True),
        "model": stage.does("rerun", run_id, "plan", "--model", "plannr", with_policy=True),
    }
    return {name: (one.code, one.err.splitlines()[0]) for name, one in said.items()}
