"""A fix: the findings of a review become one more commit of the change, and each is answered in its thread."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import FIXED, says
from tests.unit.runs.served_world import BLOCK, BOT, SHOP, Served, change_view, review_of, within

from pointsman.domain.errors import TryAgain
from pointsman.domain.forge import Access, ChangeView, Said, Thread
from pointsman.domain.levels import Sensitivity, Severity
from pointsman.domain.models import Ask, Reply
from pointsman.domain.outcome import Finding, Proof, Verdict
from pointsman.domain.run import ChangeRef, Issue, PathRule, PriorReview, RunSpec
from pointsman.runs.course.fixing import plan_from
from pointsman.runs.course.remembering import last_review

LINE = "    return max(low, min(value, low))"
BOUND = Finding("f-bound", "bounds.py", 2, "new", Severity.MAJOR, LINE, "The upper bound is ignored.")
NAME = Finding("f-name", "bounds.py", 5, "new", Severity.MINOR, "def twice(value):", "A poor name.")
ISSUE = Issue("13", "Address the review", "bounds.py:2: The upper bound is ignored.", "digest")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = Served(tmp_path, [says(BLOCK), review_of()])
    yield world
    world.close()


def asked(world: Served) -> RunSpec:
    """An order to fix both findings on change 13, whose head is the world's base."""
    head, base = world.world.base, world.world.workspace.keep({"README.md": ""})
    world.forge.views["13"] = change_view(head, base)
    world.forge.open_threads = [thread(BOUND), thread(NAME), thread(replace(BOUND, id="f-other"))]
    return replace(
        world.spec(),
        goal="fix",
        issue=ISSUE,
        change=ChangeRef("13", "pointsman/12-clamp"),
        prior=PriorReview(base, head, (BOUND, NAME), ()),
    )


def thread(finding: Finding) -> Thread:
    first = Said(f"t-{finding.id}", BOT, finding.message, "2026-11-21T09:00:00Z")
    return Thread(f"thread-{finding.id}", first.id, finding.id, is_resolved=False, said=(first,))


def test_a_fix_is_one_commit_and_a_note_onto_the_head_of_the_change(served: Served) -> None:
    spec = asked(served)
    view = served.runs(spec)
    assert (view.state, view.change, view.branch) == ("done", "13", "pointsman/12-clamp"), view
    (order,) = served.forge.changes.values()
    assert (order.number, order.expected_head, order.base_commit) == ("13", spec.base_commit, spec.base_commit)
    assert order.trailers == ("Assisted-by: Pointsman (mid)", "Pointsman-Run: r-1")
    assert served.world.workspace.commits[order.head_commit]["bounds.py"] == FIXED
    ((head, states),) = served.forge.checks.items()
    assert head == (order.head_commit, "r-1") and len(states) == 1
    assert len(served.world.models.asks) == 2, "no triage and no plan is asked for"


def test_each_finding_is_answered_in_its_thread_and_resolved_when_it_is_fixed(served: Served) -> None:
    served.runs(asked(served))
    (order,) = served.forge.changes.values()
    fixed, left = served.forge.replies["fate-f-bound-r-1"], served.forge.replies["fate-f-name-r-1"]
    assert (fixed[0], order.head_commit[:7] in fixed[1]) == ("t-f-bound", True)
    assert (left[0], "ot fixed" in left[1]) == ("t-f-name", True)
    assert (served.forge.resolved, len(served.forge.replies)) == (["thread-f-bound"], 2)
    kept = within(last_review(served.memory, SHOP.id, "13"))
    assert kept is not None and kept.head == order.head_commit
    assert [finding.id for finding in kept.review.findings] == ["f-name"]
    assert "1 of 2 findings fixed" in served.forge.told[-1]


def test_answers_are_given_once_however_often_the_forge_loses_its_own(served: Served) -> None:
    served.forge.loses = True
    names = ("look", "threads", "reply", "resolve", "change", "check")
    served.forge.mishaps = {name: [TryAgain("Lost.", after=9.0)] for name in names}
    assert served.runs(asked(served)).state == "done"
    assert served.clock.slept == [9.0] * len(names)
    assert len(served.forge.replies) == 2


@pytest.mark.parametrize(
    ("moves", "code"),
    [
        (lambda seen: replace(seen, head_commit="their-head"), "head-moved"),
        (lambda seen: replace(seen, state="closed"), "change-closed"),
        (lambda seen: replace(seen, is_fork=True), "fork"),
    ],
)
def test_what_became_of_the_change_is_asked_right_before_the_push(
    served: Served, moves: Callable[[ChangeView], ChangeView], code: str
) -> None:
    """A12, G10"""
    spec = asked(served)

    def meanwhile(_: Ask) -> Reply:
        served.forge.views["13"] = moves(served.forge.views["13"])
        return review_of()

    served.world.models.script[1] = meanwhile
    view = served.runs(spec)
    assert (view.error_code, served.forge.changes, served.forge.resolved) == (code, {}, [])


SHOWS = "from bounds import clamp\n\n\ndef test_shown():\n    assert clamp(9, 0, 4) == 4\n"
PROOF = Proof("confirmed", "it fails", "tests/test_review_bound.py", SHOWS, "reviewer", "E   AssertionError")
HALF = BLOCK.replace("high))\n>>>", "3))\n>>>")


def with_a_test(world: Served) -> RunSpec:
    """The same order, where a test had shown the first finding that lies in no commit yet."""
    spec = asked(world)
    return replace(
        spec, prior=PriorReview(world.world.base, spec.base_commit, (replace(BOUND, proof=PROOF), NAME), ())
    )


def test_a_test_that_an_earlier_review_confirmed_joins_the_fix_and_is_tried_with_all_the_others(
    served: Served,
) -> None:
    view = served.runs(with_a_test(served))
    assert view.state == "done", view
    (order,), (facts,) = served.forge.changes.values(), served.world.signer.signed
    patch, evidence = facts.earlier.patch, facts.earlier.evidence
    assert patch is not None and evidence is not None
    assert served.world.workspace.commits[order.head_commit][PROOF.path] == SHOWS
    assert [edit.path for edit in patch.edits] == ["bounds.py", PROOF.path]
    assert [one for one in served.world.workspace.orders if "Tested-by: Pointsman (reviewer)" in one.text.trailers]
    assert PROOF.path in served.world.workspace.orders[0].rules.protected, "no coder writes there"
    assert evidence.verdict is Verdict.PASSED and {result.commit for result in evidence.candidate} == {patch.commit}
    assert f"{PROOF.path}::test_shown" in evidence.candidate[0].passed
    assert served.forge.resolved == ["thread-f-bound"]


def test_a_fix_that_does_not_satisfy_that_test_goes_back_to_code_and_is_not_called_fixed(served: Served) -> None:
    """The repository's own tests let it pass; the reviewer says nothing."""
    served.world.models.script[:] = [
        says(HALF),
        review_of(),
        says(BLOCK.replace("low))\n===", "3))\n===")),
        review_of(),
    ]
    assert served.runs(with_a_test(served)).state == "done"
    tries = served.world.signer.signed[0].earlier.tries
    assert [made.cause for made in tries] == ["first", "review"] and served.forge.resolved == ["thread-f-bound"]
    assert PROOF.path in served.world.models.asks[2].messages[0].text, "the coder is shown the test"


def test_a_requester_who_lost_access_pushes_nothing(served: Served) -> None:
    """A2"""
    spec = asked(served)
    served.forge.access = Access.READ
    assert (served.runs(spec).error_code, served.forge.changes) == ("access", {})


def test_when_nothing_came_of_it_every_finding_is_told_so_and_nothing_is_pushed(tmp_path: Path) -> None:
    world = Served(tmp_path, [says("I cannot.") for _ in range(12)])
    view = world.runs(asked(world))
    assert (view.state, view.error_code, world.forge.changes) == ("stopped", "no-change", {})
    assert all("ot fixed" in body for _, body in world.forge.replies.values()) and len(world.forge.replies) == 2
    world.close()


def test_without_a_review_there_is_nothing_to_fix(served: Served) -> None:
    assert served.runs(replace(asked(served), prior=None)).error_code == "nothing-to-fix"
    assert served.world.models.asks == []


def test_a_finding_opens_no_path_whose_plan_a_person_approves(served: Served) -> None:
    rule = PathRule("bounds.py", Sensitivity.INTERNAL, approve_plan=True)
    made = plan_from(replace(asked(served), paths=(rule,)), ("bounds.py", "tests/test_bounds.py"))
    assert (made.change, made.tests, made.read) == (
        (),
        ("tests/test_bounds.py",),
        ("bounds.py", "tests/test_bounds.py"),
    )
    view = served.runs(replace(asked(served), paths=(rule,)))
    assert (view.error_code, served.forge.changes) == ("path-approval", {})
