"""The phases in their order: triage, plan, approval, the proving of a change, record, publish."""

import json
import logging
from dataclasses import dataclass, replace

from dbos import DBOS
from dbos import error as engine_error
from pydantic import TypeAdapter

from pointsman.conversation.replies import out_of_reach, plan_for_approval, plan_part, run_failed
from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped, TryAgain
from pointsman.domain.ledger import RunStateName
from pointsman.domain.levels import NoteResult, Phase
from pointsman.domain.outcome import Earlier, Note, Plan
from pointsman.domain.run import LOCAL, Issue, Need, RunSpec
from pointsman.phases.plan import plan
from pointsman.policy.touched import approval_wanted, risk_with, written
from pointsman.runs.course.answering import answer_question
from pointsman.runs.course.checks import close_check
from pointsman.runs.course.course import Course
from pointsman.runs.course.fixing import fix
from pointsman.runs.course.marking import keep_marks
from pointsman.runs.course.proving import prove
from pointsman.runs.course.publish import publish
from pointsman.runs.course.reviewing import review_asked
from pointsman.runs.course.unpushed_note import note_of_end
from pointsman.runs.journal import patiently
from pointsman.runs.sorting import named_by, sort

APPROVAL = "approve"
APPROVAL_DAYS = 14
_ISSUE: TypeAdapter[Issue] = TypeAdapter(Issue)
_RESULT: TypeAdapter[NoteResult] = TypeAdapter(NoteResult)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class End:
    """What a run leaves behind: the order as it came to be, its outcomes, and the note if there is one."""

    spec: RunSpec
    earlier: Earlier
    note: Note | None


async def conduct(course: Course) -> End:
    """Take a run from its order to its end.

    The end, good or bad, stands in the run's row; nothing is raised but what a cancel raises.
    """
    note = None
    try:
        note = await _worked(course)
    except PointsmanError as error:
        await _ended(course, error)
    except engine_error.DBOSWorkflowCancelledError:
        await _noted(course, "cancelled")
        raise
    except Exception:
        logger.exception("a run failed by a bug", extra={"run": course.run_id})
        await _ended(course, OperatorMust("A fault of Pointsman itself stopped the run.", code="bug"))
    finally:
        await course.place.leave()
        await _let_go(course)
    await _marked(course)
    note = note or await _noted(course, _RESULT.validate_python(course.view.result or course.view.state))
    return End(course.spec, course.earlier, note)


async def _let_go(course: Course) -> None:
    """The best state needs no name of its own any more: what was handed over stands on a branch."""
    try:
        await course.ports.workspace.hold(course.run_id, "")
    except PointsmanError as error:
        logger.warning("the best state of a run keeps its name", extra={"run": course.run_id, "code": error.code})


async def _noted(course: Course, result: NoteResult) -> Note | None:
    """The note of a run that comes to its end without one. What stands in its way changes nothing of the end."""
    try:
        return await note_of_end(course, result)
    except PointsmanError as error:
        logger.warning("a run ended without its note", extra={"run": course.run_id, "code": error.code})
    except Exception:
        logger.exception("the note of an end failed by a bug", extra={"run": course.run_id})
    return None


async def _marked(course: Course) -> None:
    """Keep what figures are counted from. Whatever goes wrong with that, the run came to what it came to."""
    try:
        await keep_marks(course)
    except Exception:
        logger.exception("what a run showed could not be kept", extra={"run": course.run_id})


async def _worked(course: Course) -> Note | None:
    """What the order asks for. Answers wait for nobody; everything else takes its turn."""
    if course.spec.goal == "ask":
        await answer_question(course)
        return None
    await course.place.take()
    match course.spec.goal:
        case "review":
            return await review_asked(course)
        case "fix":
            return await fix(course)
        case _:
            return await _build(course)


async def _build(course: Course) -> Note | None:
    await _triaged(course)
    await _same_text(course)
    made = await _planned(course)
    if course.spec.goal == "plan":
        await course.finish("planned", publicly=plan_part(made))
        return None
    await _approved(course, made)
    proved = await prove(course)
    await _same_text(course)
    return await publish(course, proved)


async def _triaged(course: Course) -> None:
    await course.begin(Phase.TRIAGE)
    spec = course.spec
    files = await course.ports.workspace.files(spec.base_commit)
    named = named_by(spec.issue, (entry.path for entry in files), course.is_closed)
    found = await sort(spec, course.ports, named)
    course.learn(replace(course.earlier, triage=found))
    course.spec = spec.triaged(found.task, found.risk)
    course.view = replace(course.view, task=str(found.task))
    await course.place.move(course.spec.order.lane)
    for phase in _still_to_come(course):
        course.route(phase)


def _still_to_come(course: Course) -> tuple[Phase, ...]:
    """The phases that will ask a model: a refusal of one of them ends the run before any money is spent on it."""
    plan_phase = () if course.spec.order.plan is Need.SKIP and course.spec.goal == "build" else (Phase.PLAN,)
    return (*plan_phase, Phase.CODE, Phase.REVIEW) if course.spec.goal == "build" else plan_phase


async def _same_text(course: Course) -> None:
    """What was asked for is what is worked on: the text that triggered the run must still be the issue's text."""
    asked = course.spec.issue
    now = await course.insist(
        "issue", _ISSUE, lambda: course.forge.issue(course.spec.repository, asked.url or asked.key)
    )
    if now.digest != asked.digest:
        raise Stopped(
            f"The text of issue {asked.key} changed after the run was asked for: its digest was {asked.digest[:12]} "
            f"and is now {now.digest[:12]}.",
            code="text-changed",
            hint="Read the new text and start the run again.",
        )


async def _planned(course: Course) -> Plan:
    await course.begin(Phase.PLAN)
    made = await plan(course.spec, course.earlier, course.ports)
    course.learn(replace(course.earlier, plan=made))
    if made.questions and not made.steps:
        raise Stopped(
            "The plan needs an answer that only a person can give: " + " ".join(made.questions),
            code="question",
            hint="Add the answer to the issue's text and start the run again.",
        )
    course.require_open((*made.change, *made.create))
    course.spec = course.spec.risen(risk_with(course.spec, written(made)))
    return made


async def _approved(course: Course, made: Plan) -> None:
    """Wait, for days if need be, until somebody with write access has said yes to this very plan."""
    why = approval_wanted(course.spec, made)
    if not why:
        return
    asked = plan_for_approval(made, why)
    view = replace(course.view, state="waiting", plan_hash=made.digest, message=asked)
    await course.place.leave()
    while True:
        await course.tell(view)
        said = await DBOS.recv_async(APPROVAL, timeout_seconds=APPROVAL_DAYS * 86_400)
        if said is None:
            raise Stopped(f"Nobody approved the plan within {APPROVAL_DAYS} days.", code="approval")
        if json.loads(str(said))["hash"] == made.digest:
            await course.place.take()
            await course.show(replace(view, state="running", message=""))
            return


async def _ended(course: Course, error: PointsmanError) -> None:
    """The end before the work was done. What is said of it stays out of the journal, which ends with what failed."""
    state: RunStateName = "failed"
    exit_code = 3
    match error:
        case OwnerMust():
            state, exit_code = "refused", 1
        case Stopped():
            state, exit_code = "stopped", 1
        case TryAgain():
            exit_code = 4
        case _:
            pass
    view = replace(course.view, state=state, message=str(error), error_code=error.code, exit_code=exit_code)
    await course.show(view)
    said = _publicly(course, error)
    try:
        await patiently(lambda: course.say(said), course.ports.clock.sleep)
        await patiently(lambda: close_check(course, error), course.ports.clock.sleep)
    except PointsmanError as lost:
        logger.warning("the end of a run could not be told", extra={"run": course.run_id, "code": lost.code})


def _publicly(course: Course, error: PointsmanError) -> str:
    """What people on the forge read of it: where providers are, and what they said, is for the operator alone."""
    is_served = course.spec.repository.forge != LOCAL
    if is_served and error.code == "outage":
        return out_of_reach(course.run_id, course.view.phase)
    if isinstance(error, OperatorMust) or (is_served and isinstance(error, TryAgain)):
        return run_failed(course.run_id, error.code, course.view.phase if is_served else "")
    return str(error)
