"""The review of a change: its check before and after, what is posted, and what is remembered for the next push."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import FIXED, OUT, says
from tests.unit.runs.served_world import SHOP, Served, change_view, review_of, within

from pointsman.domain.forge import CheckState
from pointsman.domain.levels import Sensitivity
from pointsman.domain.models import Ask, Reply
from pointsman.domain.run import ChangeRef, PathRule, PriorReview, RunSpec
from pointsman.runs.course.checks import cancel_check
from pointsman.runs.course.remembering import last_review

ODD = FIXED.replace("return value * 2", "return value * 3")
REMARK = {
    "path": "bounds.py",
    "quote": "    return value * 3",
    "severity": "major",
    "kind": "bug",
    "message": "twice triples.",
    "failing_input": "twice(2) gives 6",
    "suggestion": "",
}

TRIPLES = "```python\nfrom bounds import twice\n\n\ndef test_twice():\n    assert twice(2) == 4\n```\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = Served(tmp_path, [])
    yield world
    world.close()


def asked(world: Served, files: dict[str, str]) -> RunSpec:
    """An order to review change 13, whose head holds these files."""
    head = world.world.workspace.keep({**world.world.tree, **files})
    world.forge.views["13"] = change_view(head, world.world.base)
    return replace(world.spec(), goal="review", head_commit=head, change=ChangeRef("13", "topic"))


def states(world: Served) -> list[CheckState]:
    (found,) = world.forge.checks.values()
    return found


def test_a_good_change_gets_a_running_check_then_a_review_and_a_passed_one(served: Served) -> None:
    served.world.models.script.append(review_of())
    spec = asked(served, {"bounds.py": FIXED})
    view = served.runs(spec)
    assert (view.result, view.exit_code, view.change) == ("reviewed", 0, "13")
    assert states(served) == [CheckState.RUNNING, CheckState.PASSED]
    assert list(served.forge.reviews) == [("13", "r-1")] and served.forge.changes == {}
    assert {key for key, _, _ in served.forge.said} == {"13"}
    kept = within(last_review(served.memory, SHOP.id, "13"))
    assert kept is not None and (kept.base, kept.head) == (spec.base_commit, spec.head_commit)


def test_a_finding_fails_the_check_and_stands_in_the_review(served: Served) -> None:
    served.world.models.script += [review_of(REMARK), says(TRIPLES)]
    view = served.runs(asked(served, {"bounds.py": ODD}))
    (post,) = served.forge.reviews.values()
    assert (view.exit_code, states(served)[-1]) == (1, CheckState.FAILED)
    assert [remark.finding.path for remark in post.remarks] == ["bounds.py"]


def test_a_head_that_moved_meanwhile_is_reviewed_where_it_was_and_its_check_is_left_alone(served: Served) -> None:
    spec = asked(served, {"bounds.py": FIXED})

    def pushed(_: Ask) -> Reply:
        served.forge.views["13"] = change_view("another-head", served.world.base)
        return review_of()

    served.world.models.script.append(pushed)
    view = served.runs(spec)
    assert view.result == "reviewed" and states(served) == [CheckState.RUNNING]
    ((_, post),) = served.forge.reviews.items()
    assert post.review.commit == spec.head_commit


def test_a10_a_change_that_is_given_another_base_while_it_is_reviewed_has_no_verdict_for_that(served: Served) -> None:
    """A10: the run read what the head brings into the branch that it was to go into, and nothing else."""
    spec = asked(served, {"bounds.py": FIXED})

    def retargeted(_: Ask) -> Reply:
        served.forge.views["13"] = change_view(spec.head_commit, "another-base")
        return review_of()

    served.world.models.script.append(retargeted)
    assert served.runs(spec).result == "reviewed"
    assert states(served) == [CheckState.RUNNING, CheckState.STALE]


def test_a_further_look_does_not_say_again_what_stands_in_a_thread(served: Served) -> None:
    served.world.models.script += [review_of(REMARK), says(TRIPLES)]
    first = asked(served, {"bounds.py": ODD})
    served.runs(first)
    kept = within(last_review(served.memory, SHOP.id, "13"))
    assert kept is not None
    prior = PriorReview("another-base", "another-head", kept.review.findings, ())
    again = Served(served.home / "again", [review_of(REMARK, still_open=[kept.review.findings[0].id])])
    spec = replace(asked(again, {"bounds.py": ODD}), prior=prior)
    again.world.workspace.commits |= {"another-base": dict(again.world.tree), "another-head": dict(again.world.tree)}
    view = again.runs(spec)
    assert (view.exit_code, states(again)[-1], again.forge.reviews) == (1, CheckState.FAILED, {})
    again.close()


def test_an_outage_leaves_a_check_without_a_verdict(served: Served) -> None:
    served.world.models.script.extend([OUT] * 20)
    view = served.runs(asked(served, {"bounds.py": FIXED}))
    assert (view.state, view.error_code) == ("failed", "outage")
    assert states(served) == [CheckState.RUNNING, CheckState.FAULT]


def test_a_change_that_is_too_closed_is_refused_before_anything_is_sent_and_a_person_is_asked(served: Served) -> None:
    rule = PathRule("bounds.py", Sensitivity.SECRET)
    view = served.runs(replace(asked(served, {"bounds.py": FIXED}), paths=(rule,)))
    assert (view.state, view.error_code) == ("refused", "path-sensitivity")
    assert states(served) == [CheckState.RUNNING, CheckState.NEEDS_PERSON]
    assert served.world.models.asks == [] and served.forge.reviews == {}


def test_a_cancelled_review_says_so_on_the_check_of_its_head(served: Served) -> None:
    spec = asked(served, {"bounds.py": FIXED})
    within(cancel_check(served.engine.adapters, "r-1", spec))
    within(cancel_check(served.engine.adapters, "r-2", served.spec()))
    assert served.forge.checks == {(spec.head_commit, "r-1"): [CheckState.CANCELLED]}
