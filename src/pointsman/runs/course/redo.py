"""Where a run that failed is taken up again: at the step that failed, by what its journal holds."""

from collections.abc import Iterable
from typing import TypedDict

from pydantic import TypeAdapter, ValidationError

from pointsman.domain.models import Outage, Reply
from pointsman.runs.course.authority import ASKED_ACCESS
from pointsman.runs.course.publish import GIVEN_BACK
from pointsman.runs.journal import Written

_ANSWER: TypeAdapter[Reply | Outage] = TypeAdapter(Reply | Outage)


class Step(TypedDict):
    """One step of a run, as far as it is looked at; `output` is what the journal holds."""

    function_id: int
    function_name: str
    output: object


def redo_from(steps: Iterable[Step]) -> int:
    """The step to take a failed run up at: the first of the last failures in a row, else the last step.

    A run that gave its place in the chain of notes back signs anew, from the question who may push on.
    """
    start = 1
    latest = list(steps)[::-1]
    if latest and latest[0]["function_name"] == GIVEN_BACK:
        return next(step["function_id"] for step in latest if step["function_name"] == ASKED_ACCESS)
    for step in latest:
        if start == 1:
            start = step["function_id"]
        if not _failed(step):
            break
        start = step["function_id"]
    return start


def _failed(step: Step) -> bool:
    try:
        written = Written.model_validate_json(str(step["output"]))
        if written.problem is not None:
            return True
        return step["function_name"].startswith("ask:") and isinstance(
            _ANSWER.validate_json(written.value or "null"), Outage
        )
    except ValidationError:
        return False
