"""Code: one try of one model to turn the plan into a patch, in the form of edit that suits the model."""

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Earlier, NoPatch, Patch, Plan
from pointsman.domain.run import RunSpec
from pointsman.domain.work import Source
from pointsman.phases.asking import Asking, route_of
from pointsman.phases.blocks import by_blocks
from pointsman.phases.coding import Attempt, Task, rules_for
from pointsman.phases.context import ROOMS, ranked, sources
from pointsman.phases.paths import OWN_FILES, is_code, is_guarded, is_test, matches
from pointsman.phases.tool_loop import by_tools
from pointsman.phases.whole import by_whole_files, fits_whole
from pointsman.ports.bundle import Ports

__all__ = ["Attempt", "code"]


async def code(spec: RunSpec, earlier: Earlier, ports: Ports, *, attempt: Attempt) -> Patch | NoPatch:
    """One try on one rung: the rungs are the route's primary and its escalations.

    Every try starts from the issue, the plan and what was wrong before, never from another model's chat. Raises
    OwnerMust when there is no plan, no such rung, or the files do not fit the model's window; TryAgain when the model
    is out; and what the door raises.
    """
    if earlier.plan is None:
        raise OwnerMust("There is no plan to code from.", code="no-plan", hint="Rerun the phase plan.")
    asking = _asking(spec, ports, attempt.rung)
    task = await _task(asking, earlier, earlier.plan, attempt)
    if asking.model.edits is EditStyle.TOOLS:
        return await by_tools(task)
    if not task.targets and not task.create:
        return NoPatch("empty", "no file was found that this issue is about", asking.model.name)
    if asking.model.edits is EditStyle.WHOLE and fits_whole(task):
        return await by_whole_files(task)
    return await by_blocks(task)


def _asking(spec: RunSpec, ports: Ports, rung: int) -> Asking:
    route = route_of(spec, Phase.CODE)
    ladder = (route.primary, *route.escalate)
    if rung >= len(ladder):
        raise OwnerMust(
            f"The route of phase code has {len(ladder)} models, and all of them were tried.",
            code="ladder-ended",
            hint="Name a further model under `escalate`, or rerun the phase with --model.",
        )
    fallback = route.fallback if rung == 0 else ()
    return Asking(spec, ports, Phase.CODE, ladder[rung], fallback, route.limits)


async def _task(asking: Asking, earlier: Earlier, plan: Plan, attempt: Attempt) -> Task:
    spec, workspace, room = asking.spec, asking.ports.workspace, ROOMS[asking.model.tier]
    paths = tuple(entry.path for entry in await workspace.files(attempt.onto))
    known = frozenset(paths)
    wanted = _wanted(spec, plan, known, asking.model.tier)
    targets = tuple(path for path in wanted if path in known)
    create = tuple(path for path in wanted if path not in known)
    about = await ranked(workspace, attempt.onto, _about(spec, plan), room.whole + 5)
    if not wanted:
        targets = _likely(spec, plan, about, room.whole)
    rest = (*plan.read, *about)
    further = tuple(path for path in dict.fromkeys(rest) if path in known and path not in targets)
    return Task(
        asking=asking,
        earlier=earlier,
        plan=plan,
        attempt=attempt,
        targets=await sources(workspace, attempt.onto, targets),
        create=create,
        further=_short_enough(await sources(workspace, attempt.onto, further[: room.whole]), room.file_chars),
        rules=rules_for(spec, plan, asking.model.tier, paths),
    )


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


def _short_enough(found: tuple[Source, ...], limit: int) -> tuple[Source, ...]:
    return tuple(source for source in found if len(source.text) <= limit)
