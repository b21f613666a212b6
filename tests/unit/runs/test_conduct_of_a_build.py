"""A build on a served forge: what is said along the way, what is pushed, and that nothing is done twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from tests.unit.phases.phase_world import says
from tests.unit.phases.test_review_findings import SHOWN
from tests.unit.runs.served_world import BLOCK, FINE, ISSUE, PLAN, SHOP, Served, review_of, within

from pointsman.domain.errors import OperatorMust, OwnerMust, TryAgain
from pointsman.domain.forge import Access, ChangeOrder, CheckState
from pointsman.domain.levels import Lane, Phase, TaskClass
from pointsman.domain.models import Ask, Reply
from pointsman.domain.run import Need, RunSpec
from pointsman.runs.adapters import SORTING
from pointsman.runs.course.remembering import last_review

SCRIPT = (says(data=PLAN), says(BLOCK), says(data=FINE))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = Served(tmp_path, list(SCRIPT))
    yield world
    world.close()


def test_each_phase_is_told_in_passing_and_the_end_for_good(served: Served) -> None:
    view = served.runs(served.spec())
    assert (view.state, view.result, view.change) == ("done", "ready", "13"), view
    passing = [body for _, body, is_passing in served.forge.said if is_passing]
    assert [phase for phase in Phase for body in passing if f"Phase: {phase}" in body] == list(Phase)
    assert {key for key, _, _ in served.forge.said} == {"12"}
    assert len(served.forge.statuses) == 1 and not served.forge.said[-1][2]


def test_what_a_busy_forge_does_not_take_in_passing_is_told_at_the_next_phase(served: Served) -> None:
    served.forge.mishaps["passing"] = [TryAgain("Too fast.", after=60.0) for _ in range(3)]
    assert served.runs(served.spec()).result == "ready"
    assert served.clock.slept == []
    assert len([one for one in served.forge.said if one[2]]) == 3


def test_every_write_is_tried_again_after_the_time_the_forge_asks_for_and_seen_once(served: Served) -> None:
    served.forge.loses = True
    names = ("branch", "access", "issue", "change", "review", "check", "status")
    served.forge.mishaps = {name: [TryAgain("Too fast.", after=42.0)] for name in names}
    assert served.runs(served.spec()).result == "ready"
    assert served.clock.slept == [42.0] * len(names)
    forge = served.forge
    assert (len(forge.statuses), len(forge.changes), len(forge.reviews)) == (1, 1, 1)
    assert [states[-1] for states in forge.checks.values()] == [CheckState.PASSED]


def test_a_forge_that_never_has_time_fails_the_run_which_says_so_in_its_row(served: Served) -> None:
    served.forge.mishaps = {name: [TryAgain("Down.", code="unreachable")] * 20 for name in ("change", "status")}
    view = served.runs(served.spec())
    assert (view.state, view.error_code, view.exit_code) == ("failed", "unreachable", 4)
    assert served.clock.slept == [1.0, 5.0, 30.0, 120.0, 600.0] * 2


def test_the_review_is_remembered_under_the_number_of_the_change(served: Served) -> None:
    served.runs(served.spec())
    kept = within(last_review(served.memory, SHOP.id, "13"))
    (order,) = served.forge.changes.values()
    assert kept is not None
    assert (kept.base, kept.head, kept.review.verdict) == (served.world.base, order.head_commit, "approve")
    assert order.body.startswith("Fixes #12")


def test_the_note_is_kept_by_the_installation_as_it_was_signed(served: Served) -> None:
    served.runs(served.spec())
    (kept,) = within(served.notes.notes(SHOP.id))
    signed = served.world.signer.signed[-1]
    assert (kept.run_id, kept.change, kept.branch, kept.written_at) == ("r-1", "13", signed.branch, signed.written_at)
    assert (kept.digest, kept.page) == (within(served.ledger.note_head(SHOP.id)), "# Note\n")
    assert signed.ended == "solved"
    assert [edit.calls for edit in signed.earlier.patch.edits] == [("r-1:code:0",)] if signed.earlier.patch else False


def test_a_text_that_changed_while_the_work_went_on_is_not_pushed(served: Served) -> None:
    def coded(_: Ask) -> Reply:
        served.forge.issue_now = replace(ISSUE, digest="another")
        return says(BLOCK)

    served.world.models.script[1] = coded
    view = served.runs(served.spec())
    assert (view.state, view.error_code, served.forge.changes) == ("stopped", "text-changed", {})


def test_somebody_who_lost_access_meanwhile_pushes_nothing(served: Served) -> None:
    """A2"""
    served.forge.access = Access.READ
    view = served.runs(served.spec())
    assert (view.state, view.error_code, served.forge.changes, served.forge.reviews) == ("refused", "access", {}, {})


def test_a_branch_with_commits_of_others_is_left_alone_and_the_place_in_the_chain_given_back(served: Served) -> None:
    wish = "pointsman/12-clamp-ignores-its-upper-bound"
    theirs = ChangeOrder("r-0", SHOP, wish, "", "b", "their-head", "", "")
    served.forge.changes[wish] = theirs
    view = served.runs(served.spec())
    assert (view.state, view.error_code, served.forge.changes[wish]) == ("stopped", "hands-off", theirs)
    assert within(served.ledger.note_head(SHOP.id)) == "" and within(served.notes.notes()) == ()


@pytest.mark.parametrize(("ci", "mode", "skips"), [("on-request", "in-tree", True), ("at-once", "in-tree", False)])
def test_the_pushed_head_says_that_checks_are_skipped_until_somebody_asks(
    tmp_path: Path, ci: Literal["on-request", "at-once"], mode: Literal["in-tree"], skips: bool
) -> None:
    world = Served(tmp_path, list(SCRIPT))
    world.runs(replace(world.spec(), ci=ci, audit_mode=mode))
    ((_, _, note),) = world.world.workspace.recorded
    (code,) = [order.text for order in world.world.workspace.orders]
    assert (note.trailers[-1] == "skip-checks: true", note.trailers[0] == "") == (skips, skips)
    assert code.trailers[-1] == "Pointsman-Run: r-1"
    world.close()


def test_without_a_note_in_the_tree_the_code_itself_says_that_checks_are_skipped(served: Served) -> None:
    served.runs(replace(served.spec(), ci="on-request", audit_mode="comment-only"))
    assert served.world.workspace.recorded == []
    assert served.world.workspace.orders[-1].text.trailers[-2:] == ("Pointsman-Run: r-1", "skip-checks: true")


def test_a_paused_run_waits_without_a_place_until_somebody_goes_on(served: Served) -> None:
    async def go_on(world: Served) -> None:
        assert world.turns.log == ["taken", "given back"]
        await world.until_told("resume")
        await world.engine.look_again("r-1")
        await world.memory.forget(SHOP.id, "12", "paused")
        await world.engine.look_again("r-1")

    within(served.memory.remember(SHOP.id, "12", "paused", {"by": "ada"}))
    view = served.runs(served.spec(), meanwhile=go_on)
    assert (view.result, view.message) == ("ready", "")
    assert served.turns.log == ["taken", "given back", "taken", "given back"]


def test_a_run_that_waits_for_an_approval_holds_no_place(served: Served) -> None:
    async def approve(world: Served) -> None:
        assert world.turns.log == ["taken", "given back"]
        await world.engine.approve("r-1", (await world.view()).plan_hash)

    order = served.spec().orders
    asked = {task: replace(one, plan=Need.APPROVE) for task, one in order.items()}
    assert served.runs(replace(served.spec(), orders=asked), meanwhile=approve).result == "ready"
    assert served.turns.log == ["taken", "given back"] * 2


def _lanes(spec: RunSpec) -> RunSpec:
    """The same order with docs in a faster lane and everything else in the slowest."""
    lanes = {task: Lane.INTERACTIVE if task is TaskClass.DOCS else Lane.BATCH for task in TaskClass}
    return replace(spec, orders={task: replace(one, lane=lanes[task]) for task, one in spec.orders.items()})


def test_a_run_whose_class_labels_say_waits_in_its_lane_from_the_start(served: Served) -> None:
    assert served.runs(replace(_lanes(served.spec()), hinted=TaskClass.DOCS)).result == "ready"
    assert (served.turns.log, served.turns.queues) == (["taken", "given back"], [Lane.INTERACTIVE])


def test_a_run_that_must_be_sorted_moves_to_its_lane_once_it_is(tmp_path: Path) -> None:
    world = Served(tmp_path, [says(data={"task": "docs", "why": "a typo"}), *SCRIPT])
    assert world.runs(replace(_lanes(world.spec()), hinted=None)).result == "ready"
    assert (world.turns.log, world.turns.queues) == (["taken", "given back"] * 2, [SORTING, Lane.INTERACTIVE])
    world.close()


def test_a_run_that_waited_for_a_person_comes_back_into_its_own_lane(tmp_path: Path) -> None:
    async def approve(world: Served) -> None:
        await world.engine.approve("r-1", (await world.view()).plan_hash)

    world = Served(tmp_path, [says(data={"task": "docs", "why": "a typo"}), *SCRIPT])
    spec = _lanes(replace(world.spec(), hinted=None))
    asked = {task: replace(one, plan=Need.APPROVE) for task, one in spec.orders.items()}
    assert world.runs(replace(spec, orders=asked), meanwhile=approve).result == "ready"
    assert world.turns.queues == [SORTING, Lane.INTERACTIVE, Lane.INTERACTIVE]
    world.close()


def test_a_class_of_task_may_go_round_less_often_than_the_reviews_own_order(tmp_path: Path) -> None:
    wrong = review_of(
        {
            "path": "bounds.py",
            "quote": "    return max(low, min(value, high))",
            "severity": "major",
            "kind": "bug",
            "message": "Not yet.",
            "failing_input": "clamp(1, 2, 3)",
            "suggestion": "",
        }
    )
    world = Served(tmp_path, [says(data=PLAN), says(BLOCK), wrong, says(SHOWN), *[says(BLOCK), wrong] * 3])
    spec = world.spec()
    once = {task: replace(one, rounds=1) for task, one in spec.orders.items()}
    view = world.runs(replace(spec, orders=once, review=replace(spec.review, rounds=3)))
    assert (view.result, len(world.world.models.asks)) == ("needs-person", 4), view
    world.close()


def test_a_plan_that_was_asked_for_is_said_where_it_was_asked_for(served: Served) -> None:
    view = served.runs(replace(served.spec(), goal="plan"))
    assert (view.result, served.forge.changes) == ("planned", {})
    assert "use high in min" in served.forge.told[-1]


def test_a_fault_of_ours_after_the_push_leaves_a_check_without_a_verdict_and_a_neutral_text(served: Served) -> None:
    served.forge.mishaps["review"] = [OperatorMust("The key was refused by host x.", code="credentials")]
    view = served.runs(served.spec())
    assert (view.state, view.error_code) == ("failed", "credentials")
    assert list(served.forge.checks.values()) == [[CheckState.FAULT]]
    assert "host x" not in served.forge.told[-1] and "credentials" in served.forge.told[-1]


def test_a_refused_push_is_told_as_it_is(served: Served) -> None:
    served.forge.mishaps["change"] = [OwnerMust("A rule of the repository refuses it.", code="push-refused")]
    view = served.runs(served.spec())
    assert (view.state, "A rule of the repository refuses it." in served.forge.told[-1]) == ("refused", True)
