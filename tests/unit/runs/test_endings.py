"""What becomes of changes and findings after the run is kept: merged as reviewed or not, taken back, settled."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.desk_world import HERE, DeskWorld, said
from tests.unit.runs.served_world import ADA, SHOP, change_view, within
from tests.unit.runs.test_steering import known_review

from pointsman.domain.events import ChangeClosed, ChangeOpened, Event, ThreadReplied, TrunkPushed
from pointsman.domain.levels import Severity
from pointsman.domain.marks import Account, ChangeMark, FindingMark, PairMark, RunMarks, Span
from pointsman.domain.run import Actor

LANDED, EVE = "a" * 40, Actor(666, "eve")
CLOSED = ChangeClosed(HERE, "13", "pointsman/12-clamp", merged=True, actor=ADA, landed=LANDED)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    world = DeskWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def head(desk: DeskWorld) -> str:
    """Change 13 of ours was approved at this head, with one finding in a thread."""
    found = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    known_review(desk, found)
    made = ChangeMark("13", "main", found, "c" * 40, "d" * 64, is_approved=True)
    finding = FindingMark("f-1", "reviewer", "coder", Severity.MINOR)
    left = RunMarks("r-1", SHOP.id, "2026-11-21T09:00:00Z", "bugfix", "13", (), (finding,), made)
    within(desk.marks.keep(left))
    return found


def account(desk: DeskWorld) -> Account:
    return within(desk.marks.account(Span()))


def closed(desk: DeskWorld, event: ChangeClosed = CLOSED) -> None:
    state = "merged" if event.merged else "closed"
    desk.forge.views["13"] = replace(desk.forge.views["13"], state=state)
    assert desk.hear(event) == (state,)


def test_a_change_that_was_merged_as_it_was_approved_is_trusted(desk: DeskWorld, head: str) -> None:
    closed(desk)
    (change,) = within(desk.marks.changes(SHOP.id))
    assert (change.end.state, change.end.landed, change.is_trusted) == ("merged", LANDED, True)
    assert (account(desk).merged, account(desk).trusted) == (1, 1)


def test_lines_that_came_after_the_review_make_the_merge_an_untrusted_one(desk: DeskWorld, head: str) -> None:
    desk.forge.views["13"] = change_view("another-head", "main")
    closed(desk)
    assert (account(desk).merged, account(desk).trusted) == (1, 0)


def test_a_change_that_was_closed_unmerged_is_neither(desk: DeskWorld, head: str) -> None:
    closed(desk, replace(CLOSED, merged=False, landed=""))
    found = account(desk)
    assert (found.merged, found.trusted, found.closed) == (0, 0, 1)


def test_a_change_that_is_opened_again_has_not_ended(desk: DeskWorld, head: str) -> None:
    closed(desk, replace(CLOSED, merged=False, landed=""))
    opened = ChangeOpened(HERE, "13", head, (), ADA)
    desk.hear(opened)
    assert account(desk).closed == 1, "the webhook of an earlier opening came late"
    desk.forge.views["13"] = replace(desk.forge.views["13"], state="open")
    desk.hear(opened)
    assert account(desk).closed == 0
    closed(desk)
    assert (account(desk).merged, account(desk).trusted) == (1, 1)


@pytest.mark.parametrize(
    "event",
    [
        TrunkPushed(HERE, "e" * 40, ADA, reverts=("b" * 40, LANDED)),
        TrunkPushed(HERE, "e" * 40, ADA, reverts=("c" * 40,)),
        ChangeClosed(HERE, "14", "revert-13", merged=True, actor=ADA, reverts=("13",)),
    ],
    ids=["by the commit of the merge", "by its own commit", "by its number"],
)
def test_a_change_that_was_taken_back_is_not_trusted_any_more(desk: DeskWorld, head: str, event: Event) -> None:
    closed(desk)
    desk.forge.views["14"] = replace(change_view("e" * 40, "main"), number="14", state="merged")
    desk.hear(event)
    found = account(desk)
    assert (found.merged, found.trusted, found.reverted) == (1, 0, 1)


def test_taking_back_something_else_leaves_it_trusted(desk: DeskWorld, head: str) -> None:
    closed(desk)
    desk.hear(TrunkPushed(HERE, "e" * 40, ADA, reverts=("f" * 40, "12")))
    assert account(desk).trusted == 1


def test_an_ignored_finding_and_one_that_is_said_to_be_fixed_count_for_the_pair(desk: DeskWorld, head: str) -> None:
    desk.hear(ThreadReplied(HERE, "13", "88", "77", "Fixed!", ADA, via_app=False))
    assert account(desk).pairs == (PairMark("coder", "reviewer", raised=1, upheld=1, ignored=0),)
    desk.hear(said("/pointsman ignore f-1", number="13"))
    assert account(desk).pairs == (PairMark("coder", "reviewer", raised=1, upheld=0, ignored=1),)


@pytest.mark.parametrize(("actor", "upheld"), [(ADA, 1), (EVE, 0)])
def test_a_thread_that_somebody_who_may_write_resolved_is_upheld_at_the_end(
    desk: DeskWorld, head: str, actor: Actor, upheld: int
) -> None:
    desk.forge.open_threads = [replace(desk.forge.open_threads[0], is_resolved=True, resolved_by=actor)]
    closed(desk)
    assert account(desk).pairs == (PairMark("coder", "reviewer", raised=1, upheld=upheld, ignored=0),)


def test_an_ignored_finding_whose_thread_is_resolved_stays_ignored(desk: DeskWorld, head: str) -> None:
    desk.hear(said("/pointsman ignore f-1", number="13"))
    desk.forge.open_threads = [replace(desk.forge.open_threads[0], is_resolved=True, resolved_by=ADA)]
    closed(desk)
    assert [pair.ignored for pair in account(desk).pairs] == [1]
