"""The main job from outside: an issue file in, a branch with code, evidence, review and note out."""

import json
from pathlib import Path

from tests.worlds.repositories import FIXED, buggy_package, commit, dirty
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import fields, rows, staged, usual

BRANCH = "pointsman/discount-discounts-take-off-euros-instead-of-perc"


def test_an_issue_becomes_a_branch_with_a_fix_and_a_note_and_nothing_else_is_touched(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=dirty(tmp_path))
        before = stage.print()
        said = stage.works_on_the_issue()

    assert (said.code, said.run["state"], said.run["result"]) == (0, "done", "ready"), said
    assert "Not committed, so not seen by this run" in said.err
    assert stage.branches() == [BRANCH] == [said.run["branch"]]
    assert before.disturbed_by(stage.print()) == ()
    assert stage.git("show", f"{BRANCH}:shop/prices.py") == FIXED.strip()
    assert stage.git("diff", "--name-only", "main", f"{BRANCH}~1") == "shop/prices.py"
    recorded = stage.git("diff", "--name-only", f"{BRANCH}~1", BRANCH).split()
    assert recorded
    assert all(name.startswith(".pointsman/") for name in recorded)

    whole = said.json
    made = rows(whole["tries"])
    assert [(one["rung"], one["model"], one["cause"], one["kind"], one["evidence"]) for one in made] == [
        (0, "coder", "first", None, "passed")
    ]
    assert made[0]["commit"] == stage.git("rev-parse", f"{BRANCH}~1")
    assert fields(whole["note"])["commit"] == stage.git("rev-parse", BRANCH)
    assert (whole["evidence"], whole["review"], whole["findings"], whole["dropped"]) == ("passed", "approve", [], [])
    assert stage.asked() == ["planner", "coder", "reviewer"]


def test_the_second_run_on_an_issue_gets_a_branch_of_its_own_and_its_note_follows_the_first(tmp_path: Path) -> None:
    story = buggy_package(tmp_path)
    for number in range(30):
        commit(story.repository, f"History {number}")
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=story)
        first = stage.does("run", *stage.about(), with_policy=True)
        second = stage.works_on_the_issue()
        listed = stage.does("runs", "--json")
        shown = stage.does("show", second.run_id)

    assert first.code == 0, first
    assert "The tests pass and the reviewer found nothing in the way." in first.told
    assert "code ended: coder, 1 call" in first.told
    assert stage.branches() == [BRANCH, f"{BRANCH}-2"]
    notes = (fields(second.json["note"]), stage.note(BRANCH))
    assert str(notes[0]["previous"]) != ""
    assert [row["branch"] for row in rows(json.loads(listed.out))] == [f"{BRANCH}-2", BRANCH]
    assert shown.told.count("Record how this change was made") == 1
    assert "History" not in shown.out
    for branch in stage.branches():
        verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}")
        assert verified.code == 0, verified
