"""The check on a change around the work: running from its start, and closed when the work ends without a verdict."""

from pointsman.conversation.checks import check_cancelled, check_fault, check_running, check_without_verdict
from pointsman.domain.errors import OperatorMust, PointsmanError, TryAgain
from pointsman.domain.forge import Change, CheckOrder, Topic
from pointsman.domain.run import RunSpec
from pointsman.runs.adapters import Adapters
from pointsman.runs.course import Course
from pointsman.runs.journal import NOTHING


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


async def close_check(course: Course, error: PointsmanError) -> None:
    """Say on the head why no verdict came. A fault of ours is no failure of theirs; an older head is left alone."""
    if course.change is None or await head_moved(course):
        return
    await course.forge.ensure_check(course.change, _without_verdict(course.run_id, error))


async def cancel_check(adapters: Adapters, run_id: str, spec: RunSpec) -> None:
    """Say on the head of the change that its run was cancelled; nothing for a run about an issue.

    Raises TryAgain when the forge has no time; it may then be called again.
    """
    change = change_of(spec)
    if change is not None and spec.goal == "review":
        await adapters.forge_for(spec.repository).ensure_check(change, check_cancelled(run_id))


async def head_moved(course: Course) -> bool:
    """Whether the change has another head by now than the one that this run is about."""
    talk_for, change = course.adapters.talk_for, course.change
    if talk_for is None or change is None or not change.number:
        return False
    seen = await talk_for(course.spec.repository).change(Topic(change.repository, change.number))
    return seen is None or seen.head_commit != change.head_commit


def _without_verdict(run_id: str, error: PointsmanError) -> CheckOrder:
    if isinstance(error, OperatorMust | TryAgain):
        return check_fault(run_id, error.code)
    return check_without_verdict(run_id, error.code)
