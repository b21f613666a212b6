"""The check on a change around the work: running from its start, and closed at its end, with a verdict or without."""

from typing import Literal

from pydantic import TypeAdapter

from pointsman.conversation.checks import (
    Ender,
    check_cancelled,
    check_fault,
    check_running,
    check_stale,
    check_without_verdict,
)
from pointsman.domain.errors import OperatorMust, PointsmanError, TryAgain
from pointsman.domain.forge import Change, CheckOrder, Topic
from pointsman.domain.run import RunSpec
from pointsman.runs.adapters import Adapters
from pointsman.runs.course.course import Course
from pointsman.runs.journal import NOTHING

Moved = Literal["", "head", "base"]
_MOVED: TypeAdapter[Moved] = TypeAdapter(Moved)


def change_of(spec: RunSpec) -> Change | None:
    """The change that an order is about, at the head that it was given for; None for an order about an issue."""
    if spec.change is None:
        return None
    head = spec.head_commit or spec.base_commit
    return Change(spec.repository, spec.change.branch, head, page="", number=spec.change.number)


async def open_check(course: Course, change: Change) -> None:
    """Say on the head of a change that it is being looked at."""
    course.change = change
    order = check_running(course.run_id, course.spec)
    await course.insist("check-running", NOTHING, lambda: course.forge.ensure_check(change, order))


async def give_verdict(course: Course, change: Change, verdict: CheckOrder) -> None:
    """The verdict on the head that it is about. An older head is left alone; one that goes elsewhere now is stale."""
    moved = await course.insist("moved", _MOVED, lambda: _moved(course))
    if moved != "head":
        order = check_stale(course.run_id, change.head_commit) if moved == "base" else verdict
        await course.insist("check", NOTHING, lambda: course.forge.ensure_check(change, order))


async def close_check(course: Course, error: PointsmanError) -> None:
    """Say on the head why no verdict came. A fault of ours is no failure of theirs; an older head is left alone."""
    if course.change is None or await _moved(course) == "head":
        return
    await course.forge.ensure_check(course.change, _without_verdict(course.run_id, error))


async def cancel_check(adapters: Adapters, run_id: str, spec: RunSpec, by: Ender = "person") -> None:
    """Say on the head of the change what ended its run; nothing for a run about an issue.

    Raises TryAgain when the forge has no time; it may then be called again.
    """
    change = change_of(spec)
    if change is not None and spec.goal == "review":
        await adapters.forge_for(spec.repository).ensure_check(change, check_cancelled(run_id, by))


async def _moved(course: Course) -> Moved:
    """What is another by now than this run is about: the head, or for a review where the change parted from its base.

    Whoever opened a change may name another branch for it, into which the same head brings other lines (A10).
    """
    talk_for, change, spec = course.adapters.talk_for, course.change, course.spec
    if talk_for is None or change is None or not change.number:
        return ""
    seen = await talk_for(spec.repository).change(Topic(change.repository, change.number))
    if seen is None or seen.head_commit != change.head_commit:
        return "head"
    return "base" if spec.goal == "review" and seen.base_commit != spec.base_commit else ""


def _without_verdict(run_id: str, error: PointsmanError) -> CheckOrder:
    if isinstance(error, OperatorMust | TryAgain):
        return check_fault(run_id, error.code)
    return check_without_verdict(run_id, error.code)
