"""Code: one try of one model to turn the plan into a patch, in the form of edit that suits the model."""

from dataclasses import replace

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Earlier, NoPatch, Patch, Plan, confirmed_tests
from pointsman.domain.run import RunSpec
from pointsman.domain.work import EditRules
from pointsman.phases.asking import Asking, route_of
from pointsman.phases.paths import OWN_FILES, is_code, is_guarded, is_test, matches, named_in
from pointsman.phases.shown.context import Look, Wanted, advice_on, ranked, room_of, sources, survey, words_in
from pointsman.phases.writing.blocks import by_blocks
from pointsman.phases.writing.coding import Attempt, Task, rules_for
from pointsman.phases.writing.functions import by_function, function_of
from pointsman.phases.writing.tool_loop import by_tools
from pointsman.phases.writing.whole import by_whole_files, fits_whole
from pointsman.ports.bundle import Ports

__all__ = ["Attempt", "code"]

_TOO_LONG = "context-window"


async def code(spec: RunSpec, earlier: Earlier, ports: Ports, *, attempt: Attempt) -> Patch | NoPatch:
    """One try on one rung: the rungs are the route's primary and its escalations.

    Every try starts from the issue, the plan and what was wrong before, never from another model's chat. What does
    not fit the model's window is no patch of it: a model with a larger one may be next. Raises OwnerMust when there
    is no plan or no such rung; TryAgain when the model is out; and what the door raises.
    """
    if earlier.plan is None:
        raise OwnerMust("There is no plan to code from.", code="no-plan", hint="Rerun the phase plan.")
    asking = _asking(spec, ports, attempt)
    task = await _task(asking, earlier, earlier.plan, attempt)
    try:
        return await _made(task)
    except OwnerMust as error:
        if error.code != _TOO_LONG:
            raise
        return NoPatch("window", f"{error.message} {_largest(task)}".rstrip(), asking.model.name)


async def _made(task: Task) -> Patch | NoPatch:
    asking = task.asking
    if asking.model.edits.is_loop:
        return await by_tools(task)
    if not task.targets and not task.create:
        return NoPatch("empty", "no file was found that this issue is about", asking.model.name)
    if asking.model.edits is EditStyle.WHOLE and fits_whole(task):
        return await by_whole_files(task)
    if asking.model.edits is EditStyle.WHOLE and (one := await function_of(task)) is not None:
        return await by_function(task, *one)
    return await by_blocks(task)


def _largest(task: Task) -> str:
    """The file that takes most of the window, and what helps."""
    if not task.targets:
        return ""
    largest = max(task.targets, key=lambda source: len(source.text))
    lines = largest.text.count("\n") + 1
    return (
        f"The largest file to change is {largest.path}, with {lines} lines: name a model with a larger window for "
        "`code` or under `escalate`."
    )


def _asking(spec: RunSpec, ports: Ports, attempt: Attempt) -> Asking:
    route, rung = route_of(spec, Phase.CODE), attempt.rung
    ladder = (route.primary, *route.escalate)
    if rung >= len(ladder):
        raise OwnerMust(
            f"The route of phase code has {len(ladder)} models, and all of them were tried.",
            code="ladder-ended",
            hint="Name a further model under `escalate`, or rerun the phase with --model.",
        )
    fallback = route.fallback if rung == 0 else ()
    if attempt.sample:
        # Candidates are drawn only of what costs nothing, in an outage as well.
        fallback = tuple(model for model in fallback if model.is_free)
    return Asking(spec, ports, Phase.CODE, ladder[rung], fallback, route.limits)


async def _task(asking: Asking, earlier: Earlier, plan: Plan, attempt: Attempt) -> Task:
    spec, workspace, room = asking.spec, asking.ports.workspace, room_of(asking)
    paths = tuple(entry.path for entry in await workspace.files(attempt.onto))
    known = frozenset(paths)
    wanted = _wanted(spec, plan, known, asking.model.tier)
    targets = tuple(path for path in wanted if path in known)
    create = tuple(path for path in wanted if path not in known)
    if not wanted:
        about = await ranked(workspace, attempt.onto, _about(spec, plan), room.whole + 5)
        targets = _likely(spec, plan, about, room.whole)
    failing = tuple(path for path in named_in(attempt.feedback, paths) if is_test(path))
    seen = await survey(asking, attempt.onto, Wanted(_about(spec, plan), plan.read, targets, failing))
    touched = (*targets, *create)
    eyes = Look(workspace, attempt.onto, words_in(_about(spec, plan)), {})
    return Task(
        asking=asking,
        earlier=earlier,
        plan=plan,
        attempt=attempt,
        targets=await sources(workspace, attempt.onto, targets),
        create=create,
        further=seen.extracts,
        rules=_rules(asking, earlier, plan, paths),
        advice=await advice_on(asking, touched),
        looks=tuple([look for path in targets if (look := await eyes.closely(path, room.file_chars))]),
    )


def _rules(asking: Asking, earlier: Earlier, plan: Plan, paths: tuple[str, ...]) -> EditRules:
    """Where a coder may write: never into the tests by which a review, or the issue, was shown to be right."""
    rules = rules_for(asking.spec, plan, asking.model.tier, paths)
    shown = [proof.path for proof in confirmed_tests(earlier.reviews)]
    shown += [earlier.shown.path] if earlier.shown else []
    return replace(rules, protected=(*rules.protected, *shown))


def _wanted(spec: RunSpec, plan: Plan, known: frozenset[str], tier: str) -> tuple[str, ...]:
    """The files a plan wants written; a small model is not asked to write existing tests again beside the code."""
    wanted = tuple(dict.fromkeys((*plan.change, *plan.create, *plan.tests)))
    if tier != "small" or spec.task is TaskClass.TESTS:
        return wanted
    return tuple(path for path in wanted if not (path in known and is_test(path))) or wanted


def _about(spec: RunSpec, plan: Plan) -> str:
    return "\n".join((spec.issue.title, plan.goal, *plan.steps, spec.issue.body))


def _likely(spec: RunSpec, plan: Plan, about: tuple[str, ...], most: int) -> tuple[str, ...]:
    """The files to change when no plan names any: those the issue names, else the first source file found."""
    protected = (*OWN_FILES, *spec.protected)
    open_to_edit = [path for path in about if not matches(path, protected)]
    named = tuple(path for path in open_to_edit if path in plan.read)
    if named:
        ranked_named = tuple(path for path in named if not is_test(path)) or named
        return ranked_named[:most]
    likely = [path for path in open_to_edit if is_code(path) and not is_guarded(path)]
    return tuple((likely or open_to_edit)[:1])
