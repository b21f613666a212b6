"""Code: one try of one model to turn the plan into a patch, in the form of edit that suits the model."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import REFUSALS_OF_A_FORM, Ask, EditStyle, Model
from pointsman.domain.outcome import Earlier, NoPatch, Patch, Plan, confirmed_tests
from pointsman.domain.run import RunSpec
from pointsman.domain.work import EditRules
from pointsman.phases.asking import Asking, coder_on
from pointsman.phases.paths import OWN_FILES, is_code, is_guarded, is_test, matches, named_in
from pointsman.phases.shown.context import Look, Wanted, advice_on, ranked, room_of, sources, survey, words_in
from pointsman.phases.writing import blocks, functions, tool_loop, whole
from pointsman.phases.writing.coding import Attempt, Made, Relief, Tally, Task, rules_for
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
    asking = coder_on(spec, ports, attempt.rung)
    if attempt.sample:
        # Candidates are drawn only of what costs nothing, in an outage as well.
        asking = replace(asking, fallback=tuple(model for model in asking.fallback if model.is_free))
    task = await _task(asking, earlier, earlier.plan, attempt)
    try:
        task = await _with_stand_ins(task)
        while isinstance(made := await _made(task), Relief):
            task = await _taken_over(task, made)
        return made
    except OwnerMust as error:
        if error.code != _TOO_LONG:
            raise
        return NoPatch("window", f"{error.message} {_largest(task)}".rstrip(), task.asking.model.name)


@dataclass(frozen=True, slots=True)
class _Form:
    """A form of writing code for one try: what is asked first in it, and what it comes to."""

    question: Callable[[], Ask]
    made: Callable[[], Awaitable[Made]]


async def _made(task: Task) -> Made:
    form = await _form(task)
    if form is None:
        return NoPatch("empty", "no file was found that this issue is about", task.asking.model.name)
    return await form.made()


async def _form(task: Task) -> _Form | None:
    """The form that suits the model, another one where too many of its edits were refused; None without a file."""
    style = task.asking.model.edits
    if style.is_loop:
        return _Form(partial(tool_loop.question, task), partial(tool_loop.by_tools, task))
    if not task.targets and not task.create:
        return None
    if style is EditStyle.WHOLE or task.refusals >= REFUSALS_OF_A_FORM:
        if whole.fits_whole(task):
            return _Form(partial(whole.question, task), partial(whole.by_whole_files, task))
        if (one := await functions.function_of(task)) is not None:
            return _Form(partial(functions.question, task, *one), partial(functions.by_function, task, *one))
    return _Form(partial(blocks.question, task), partial(blocks.by_blocks, task))


async def _with_stand_ins(task: Task) -> Task:
    """The task with the first questions of those that may stand in, where they are asked otherwise than its model.

    Each is made for the window and the form of that model; whoever cannot hold its own is not asked.
    """
    asking, own, unfit = task.asking, list[Ask](), list[str]()
    for model in (one for one in asking.fallback if _manner(one) != _manner(asking.model)):
        theirs = await _task_of(task, replace(asking, model=model, fallback=()))
        try:
            form = await _form(theirs)
            own += [form.question()] if form is not None else []
        except OwnerMust as error:
            if error.code != _TOO_LONG:
                raise
        unfit += [] if any(ask.model is model for ask in own) else [model.name]
    fallback = tuple(model for model in asking.fallback if model.name not in unfit)
    return replace(task, asking=replace(asking, fallback=fallback), own=tuple(own), unfit=tuple(unfit))


def _manner(model: Model) -> tuple[object, ...]:
    """All of a model that tells how its question is built."""
    return (model.edits, model.tier, model.window, model.max_output, model.effort)


async def _taken_over(task: Task, relief: Relief) -> Task:
    """The try of the model that answered in place of another one: from its start, with the answer that is there."""
    names = [model.name for model in task.asking.fallback]
    place = names.index(relief.reply.model)
    standing_in, *rest = task.asking.fallback[place:]
    theirs = await _task_of(task, replace(task.asking, model=standing_in, fallback=tuple(rest)))
    tally = Tally(calls=task.tally.calls - 1, given=relief.reply)
    return replace(await _with_stand_ins(theirs), tally=tally)


async def _task_of(task: Task, asking: Asking) -> Task:
    """The same work for another model."""
    return await _task(asking, task.earlier, task.plan, task.attempt)


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
    """Where a coder may write: never into the tests by which a review, or the issue, was shown to be right.

    Those of the review that a fix works on are among them.
    """
    rules = rules_for(asking.spec, plan, asking.model.tier, paths)
    before = asking.spec.prior.open if asking.spec.prior else ()
    shown = [one.proof.path for one in before if one.proof and one.is_confirmed]
    shown += [proof.path for proof in confirmed_tests(earlier.reviews)]
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
