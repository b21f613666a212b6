"""Commands that steer what goes on: approve, pause, cancel, ignore; and what follows from pushes and endings."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import says
from tests.unit.runs.desk_world import HERE, DeskWorld, labelled, pushed, said
from tests.unit.runs.served_world import ADA, BOT, PLAN, SHOP, change_view, within
from tests.unit.runs.test_conduct_of_a_review import REMARK

from pointsman.domain.events import ChangeClosed, ChangeLabelled, RepositoriesAdded, ThreadReplied
from pointsman.domain.forge import CheckState, Thread
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding, Review
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.course.course import first_view
from pointsman.runs.course.remembering import LastReview, facts_of
from pointsman.runs.hearing.starting import IGNORED


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    world = DeskWorld(tmp_path)
    yield world
    world.close()


def known_review(desk: DeskWorld, head: str) -> Finding:
    """Change 13 was reviewed at `head`, with one finding in a thread of its own."""
    found = Finding("f-1", "bounds.py", 5, "new", Severity.MAJOR, REMARK["quote"], REMARK["message"])
    review = Review("changes", "One thing.", (found,), (), "reviewer", 1, head)
    facts = facts_of(LastReview("main", head, review))
    within(desk.memory.remember(SHOP.id, "13", LAST_REVIEW, facts))
    desk.forge.views["13"] = change_view(head, "main")
    desk.forge.open_threads = [Thread("t-1", "77", "f-1", is_resolved=False, said=())]
    return found


def test_a_plan_waits_and_goes_on_by_its_hash_alone(desk: DeskWorld) -> None:
    """A13, and the hash in place of a bare yes."""
    desk.policy = desk.policy.replace('"internal": {', '"internal": {"approve_plan": true, ', 1)
    desk.policy = desk.policy.replace('"restricted": {', '"restricted": {"approve_plan": true, ', 1)
    desk.world.models.script[:0] = [says(data={"task": "bugfix", "reason": "It is one."}), says(data=PLAN)]
    outcomes, view = desk.until_waiting(labelled())
    assert outcomes[0].startswith("run: ") and view.state == "waiting", view
    assert desk.hear(said("/pointsman approve 00000000")) == ("refused: plan-hash",)
    approved = desk.hear(said(f"/pointsman approve {view.plan_hash[:12]}", at="2"))
    assert approved == (f"approved: {view.run_id}",)
    (act, *_) = [one for one in within(desk.ledger.acts(view.run_id)) if one.act == "approve"]
    assert (act.actor_id, act.detail) == (ADA.id, view.plan_hash)


def test_cancel_stops_what_waits_and_says_so(desk: DeskWorld) -> None:
    within(desk.memory.remember(SHOP.id, "12", "paused", {"by": "ada"}))
    _, view = desk.until_waiting(labelled())
    assert desk.hear(said("/pointsman cancel")) == (f"cancelled: {view.run_id}",)
    assert desk.runs_here()[0].state == "cancelled" and "cancelled" in desk.forge.statuses[view.run_id]
    assert desk.hear(said("/pointsman cancel", at="2")) == ("nothing to do",)


def test_a_pause_is_kept_until_somebody_goes_on(desk: DeskWorld) -> None:
    assert desk.hear(said("/pointsman pause")) == ("paused",)
    assert desk.hear(said("/pointsman resume", at="2"), said("/pointsman resume", at="3")) == (
        "resumed",
        "nothing to do",
    )


def test_an_ignored_finding_is_closed_and_remembered_and_a_claim_is_only_noted(desk: DeskWorld) -> None:
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    known_review(desk, head)
    claim = ThreadReplied(HERE, "13", "88", "77", "Fixed!", ADA, via_app=False)
    wont = ThreadReplied(HERE, "13", "89", "77", "Won't fix, the caller checks.", ADA, via_app=False)
    assert desk.hear(claim) == ("noted: f-1",)
    assert desk.hear(wont) == ("ignored: f-1",)
    assert desk.forge.resolved == ["t-1"] and desk.forge.replies["answer-89"][0] == "77"
    assert (desk.forge.calls["threads"], desk.forge.calls["look"]) == (2, 1), "each is asked for once in a delivery"
    assert list(within(desk.memory.recall(SHOP.id, "13", IGNORED))) == ["f-1"]
    assert desk.hear(said("/pointsman fix", number="13")) == ("refused: own-change",)


def test_a_push_makes_the_check_stale_and_is_reviewed_where_the_label_is_on(desk: DeskWorld) -> None:
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    known_review(desk, head)
    newer = desk.world.workspace.keep({**desk.tree, "new.py": "TWO = 2\n"})
    desk.forge.views["13"] = change_view(newer, "main")
    assert desk.hear(pushed(newer), pushed(newer, BOT)) == ("stale", "ignored: own")
    assert [states for (at, _), states in desk.forge.checks.items() if at == newer] == [[CheckState.STALE]]
    on = ChangeLabelled(HERE, "13", "pointsman:review", newer, ADA)
    assert desk.hear(on) == ("ignored: the label is gone",)
    desk.forge.views["13"] = replace(change_view(newer, "main"), labels=("pointsman:review",))
    looks = desk.forge.calls["look"]
    (begun,) = desk.hear(on)
    assert begun.startswith("run: ")
    assert desk.forge.calls["look"] - looks <= 2, "once in the delivery, and once at the end of a review"
    newest = desk.world.workspace.keep({**desk.tree, "new.py": "THREE = 3\n"})
    desk.forge.views["13"] = change_view(newest, "main")
    watched = pushed(newest, labels=("pointsman:review",))
    assert desk.hear(watched)[0].startswith("run: ")
    assert desk.hear(replace(watched, labels=()))[0] in {"stale", "ignored: not asked for"}


def test_a_closed_change_is_left_alone(desk: DeskWorld) -> None:
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    desk.forge.views["13"] = replace(change_view(head, "main"), state="closed")
    closed = ChangeClosed(HERE, "13", "topic", merged=True, actor=ADA)
    labelled_now = ChangeLabelled(HERE, "13", "pointsman:review", head, ADA)
    desk.forge.views["13"] = replace(desk.forge.views["13"], labels=("pointsman:review",))
    watched = pushed(head, labels=("pointsman:review",))
    assert desk.hear(closed, labelled_now) == ("merged", "ignored: closed")
    assert desk.hear(watched) == ("ignored: closed",)
    assert desk.runs_here() == () and desk.forge.replies == {}


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_who_asks_for_something_at_a_closed_change_is_told_what_helps(desk: DeskWorld, state: str) -> None:
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    made = replace(first_view("r-0", desk.spec(), "2026-11-20T10:00:00Z"), state="done", result="ready", change="13")
    within(desk.ledger.keep(replace(made, branch="pointsman/12-clamp")))
    desk.forge.views["13"] = replace(change_view(head, "main"), state=state)
    words = ("review", "full review", "fix", "ci")
    outcomes = desk.hear(*(said(f"/pointsman {word}", number="13", at=word) for word in words))
    assert outcomes == ("refused: closed",) * 4 and len(desk.runs_here()) == 1
    helps = {"closed": "open it again and comment `/pointsman {}`", "merged": "wants a change of its own"}[state]
    for word in words:
        assert helps.format(word) in desk.forge.replies[f"answer-{word}"][1]


def test_a_repository_is_offered_a_routing_file_once(tmp_path: Path) -> None:
    desk = DeskWorld(tmp_path, routing="")
    added = RepositoriesAdded((HERE,), ADA)
    # Two events: the very same one twice would be one that is said again.
    assert desk.hear(added, replace(added)) == ("onboarded", "onboarded")
    (order,) = desk.forge.changes.values()
    assert order.branch == "pointsman/configure" and "planner" in order.body
    assert desk.forge.calls["change"] == 1
    desk.close()
