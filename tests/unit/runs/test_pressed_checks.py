"""Checks that somebody wants made anew: one of ours by its run, or all of a head by what was reviewed there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.runs.desk_world import EVE, HERE, DeskWorld
from tests.unit.runs.served_world import ADA, SHOP, within
from tests.unit.runs.test_steering import known_review

from pointsman.domain.events import CheckAsked
from pointsman.domain.forge import Access
from pointsman.domain.ledger import RunView
from pointsman.domain.run import Actor

AT = "2026-11-21T09:00:00Z"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    """A town where change 13 was reviewed by the run r-1."""
    world = DeskWorld(tmp_path)
    known_review(world, world.world.workspace.keep({**world.tree, "new.py": "ONE = 1\n"}))
    view = RunView("r-1", SHOP.id, SHOP.name, "12", "Clamp", "done", "", "", AT, AT, change="13", result="reviewed")
    within(world.ledger.keep(view))
    yield world
    world.close()


def press(desk: DeskWorld, actor: Actor = ADA, *, run_id: str = "", head: str = "") -> str:
    pressed = CheckAsked(HERE, head or desk.forge.views["13"].head_commit, run_id, "rerun", actor)
    (outcome,) = desk.hear(pressed)
    return outcome


@pytest.mark.parametrize("run_id", ["r-1", ""], ids=["one check", "all checks of the head"])
def test_a_check_that_is_run_again_is_a_review_of_its_change(desk: DeskWorld, run_id: str) -> None:
    assert press(desk, run_id=run_id).startswith("run: ")
    (begun,) = [view for view in desk.runs_here() if view.run_id != "r-1"]
    assert begun.change == "13"


def test_a_check_of_others_or_of_a_head_that_was_never_reviewed_is_nothing_to_us(desk: DeskWorld) -> None:
    assert press(desk, head="another") == "ignored: a check that is not ours"
    assert press(desk, run_id="r-2") == "ignored: a check that is not ours"


def test_a_stranger_runs_no_check_again(desk: DeskWorld) -> None:
    """A13: the button is there for everybody who may look."""
    desk.forge.people[EVE.id] = Access.READ
    assert press(desk, EVE) == "refused: access"
