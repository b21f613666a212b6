"""The commands that make a run go: build, plan, review, rerun, approve, resume; each follows it to its end."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pointsman.conversation.refusals import not_acted_on
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.ledger import RunView, Spent
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.notes import PersonAct
from pointsman.domain.run import Refuse, Repository, RunSpec, account_of
from pointsman.entrypoints.cli.asked import IssueAsked
from pointsman.entrypoints.cli.before import Before
from pointsman.entrypoints.cli.following import follow, tell_end
from pointsman.entrypoints.cli.outcome import Interrupted
from pointsman.entrypoints.machine import new_id
from pointsman.entrypoints.on_disk import not_committed, parting, repository_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation, LoadedPolicy, price_of, read_policy
from pointsman.runs.again import Again, Anew, may_again
from pointsman.runs.course.course import refused
from pointsman.runs.hearing.capped import tell_operator
from pointsman.runs.intake import Law, Order, admit
from pointsman.runs.tidying import tidy

_GOES_ON = frozenset({"queued", "running", "waiting"})


@dataclass(frozen=True)
class Place:
    """Where a command works: the installation's folder, its policy file, and for whom it prints."""

    home: Path | None
    policy: Path | None
    as_json: bool


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    goal: Literal["build", "plan", "review"]
    repo: Path
    issue: Path | None
    routing: Path | None
    branch: str = ""
    base: str = ""
    task: str = ""


def wish_of(goal: Literal["build", "plan"], asked: IssueAsked) -> tuple[Wish, Place]:
    """What the options of `run` and `plan` ask for, and where."""
    wish = Wish(goal, asked.repo, asked.issue, asked.routing, task=asked.task)
    return wish, Place(asked.home, asked.policy, asked.as_json)


async def build(wish: Wish, place: Place) -> int:
    """Admit a run and follow it: the commands `run`, `plan` and `review`."""
    task = task_class(wish.task)
    settings = read_settings(place.home, place.policy)
    policy = read_policy(place.policy, settings.home)
    async with opened(Installation(settings)) as installation:
        repository = await repository_at(wish.repo)
        spec = await admitted(installation, policy, repository, wish)
        await installation.require_key()
        await _mention_uncommitted(repository)
        run_id = new_id()
        await installation.engine.start()
        await tidy(installation.kept, installation.clock.now())
        await installation.ledger.act(run_id, _act(installation, "request", wish.goal))
        if task is not None:
            await installation.ledger.act(run_id, _act(installation, "override", f"--task {task}"))
        await installation.engine.submit(run_id, spec)
        return await _to_its_end(installation, run_id, place)


async def rerun(run_id: str, phase: str, model: str, place: Place) -> int:
    """Fork a run at a phase, with another model when one is named and policy allows it."""
    wanted = _phase(phase)
    settings = read_settings(place.home, place.policy)
    policy = read_policy(place.policy, settings.home)
    async with opened(Installation(settings)) as installation:
        await installation.engine.start()
        spec = await installation.engine.as_run(run_id)
        await installation.require_key()
        anew = await _anew(installation, Again(spec, wanted, model, settings.actor), policy)
        next_id = new_id()
        await installation.ledger.act(next_id, _act(installation, "rerun", f"{phase} of {run_id} {model}".strip()))
        await installation.engine.rerun(run_id, wanted, next_id, anew)
        return await _to_its_end(installation, next_id, place, Before())


async def approve(run_id: str, plan_hash: str, place: Place) -> int:
    """Approve the plan of a waiting run by its hash. Raises UsageMust when it waits for another one or for none."""
    settings = read_settings(place.home)
    async with opened(Installation(settings)) as installation:
        view = await _known(installation, run_id)
        if view.state != "waiting":
            raise UsageMust(f"Run {run_id} does not wait for an approval; it is {view.state}.", code="not-waiting")
        if len(plan_hash) < 8 or not view.plan_hash.startswith(plan_hash.lower()):
            raise OwnerMust(
                f"Run {run_id} waits for the plan {view.plan_hash[:12]}, not for {plan_hash[:12]}.",
                code="plan-hash",
                hint=f"Read the plan with `pointsman show {run_id}` and approve the hash that stands there.",
            )
        before = await _before(installation, view)
        await installation.engine.start()
        await installation.ledger.act(run_id, _act(installation, "approve", view.plan_hash))
        await installation.engine.approve(run_id, view.plan_hash)
        return await _to_its_end(installation, run_id, place, before)


async def resume(run_id: str, place: Place) -> int:
    """Go on with one run, or with every run that was cut off."""
    settings = read_settings(place.home)
    async with opened(Installation(settings)) as installation:
        views = (await _known(installation, run_id),) if run_id else await installation.ledger.runs()
        before = {
            view.run_id: await _before(installation, view) for view in views if run_id or view.state in _GOES_ON
        }
        await installation.engine.start()
        if run_id and not await installation.engine.resume(run_id):
            raise UsageMust(f"Run {run_id} has ended; there is nothing to go on with.", code="ended")
        chosen = (run_id,) if run_id else await installation.engine.unfinished()
        if not chosen and not place.as_json:
            sys.stdout.write("No run was cut off.\n")
        codes = [await _to_its_end(installation, each, place, before.get(each)) for each in chosen]
        return max(codes, default=0)


@asynccontextmanager
async def opened(installation: Installation) -> AsyncIterator[Installation]:
    """The installation, closed whatever happens; the engine stops, and what still runs goes on at the next start.

    Raises Interrupted when Ctrl-C or SIGTERM came meanwhile.
    """
    task = _ends_by_sigterm()
    try:
        yield installation
    except asyncio.CancelledError:
        if not task.cancelling():
            raise
        raise Interrupted(installation.settings.home_option) from None
    finally:
        await installation.engine.stop()
        await installation.close()


def _ends_by_sigterm() -> "asyncio.Task[object]":
    """Let SIGTERM do what Ctrl-C does to the task that runs here; a second one ends the process at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    return task


async def admitted(installation: Installation, policy: LoadedPolicy, repository: Repository, wish: Wish) -> RunSpec:
    """The frozen order of a wish. Raises OwnerMust with the rule that refused it, or with what is missing."""
    base = await parting(repository, wish.base, wish.branch) if wish.goal == "review" else ""
    order = Order(
        goal=wish.goal,
        repository=repository,
        actor=installation.settings.actor,
        at=installation.clock.now(),
        issue=str(wish.issue) if wish.issue else "",
        routing=_routing(wish.routing),
        branch=wish.branch,
        base=base,
        task=task_class(wish.task),
        spent=await _spent(installation, repository),
        assisted=await installation.assistants(repository, base, wish.branch) if wish.goal == "review" else (),
    )
    workspace = await installation.workspace(repository)
    law = Law(policy.policy, policy.data, price_of, await installation.figures())
    decision = await admit(order, law, forge=installation.forge(repository), workspace=workspace)
    if isinstance(decision, Refuse):
        if decision.once:
            await tell_operator(installation.memory, decision, repository.name)
        raise refused(decision)
    if decision.idle:
        sys.stderr.write(f"{not_acted_on(decision.idle)}\n")
    return decision.spec


async def _spent(installation: Installation, repository: Repository) -> Spent:
    who = account_of(repository, installation.settings.actor)
    return await installation.ledger.spent(repository.id, who, installation.clock.now())


def _routing(path: Path | None) -> tuple[str, bytes] | None:
    if path is None:
        return None
    try:
        return str(path), path.read_bytes()
    except OSError as error:
        raise UsageMust(f"The routing file {path} cannot be read: {error.strerror}.", code="no-routing") from error


async def _mention_uncommitted(repository: Repository) -> None:
    found = await not_committed(repository)
    if found:
        names = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        sys.stderr.write(f"Not committed, so not seen by this run: {names}. Commit what belongs to it.\n")


async def _anew(installation: Installation, again: Again, policy: LoadedPolicy) -> Anew:
    """What a rerun is begun with. Raises OwnerMust with the rule that refused it."""
    repository = again.spec.repository
    law = Law(policy.policy, policy.data, price_of)
    workspace = await installation.workspace(repository)
    found = await may_again(again, law, workspace, await _spent(installation, repository))
    if isinstance(found, Refuse):
        raise refused(found)
    return found


def _phase(word: str) -> Phase:
    try:
        return Phase(word)
    except ValueError as error:
        raise UsageMust(f"{word!r} is no phase.", code="phase", hint="It is one of: " + ", ".join(Phase)) from error


def task_class(word: str) -> TaskClass | None:
    """The class of task that somebody named, None for an empty word. Raises UsageMust for another word."""
    try:
        return TaskClass(word.lower()) if word else None
    except ValueError as error:
        hint = "It is one of: " + ", ".join(TaskClass)
        raise UsageMust(f"{word!r} is no class of task.", code="task-class", hint=hint) from error


def _act(
    installation: Installation, act: Literal["request", "approve", "rerun", "override"], detail: str
) -> PersonAct:
    actor = installation.settings.actor
    return PersonAct(actor.id, actor.login, act, detail, installation.clock.now())


async def _known(installation: Installation, run_id: str) -> RunView:
    view = await installation.ledger.run(run_id)
    if view is None:
        raise UsageMust(f"There is no run {run_id}.", code="no-run", hint="`pointsman runs` lists them.")
    return view


async def _before(installation: Installation, view: RunView) -> Before:
    """Looked up before the engine starts, which goes on at once with what was cut off."""
    return Before(await installation.ledger.calls(view.run_id))


async def _to_its_end(installation: Installation, run_id: str, place: Place, before: Before | None = None) -> int:
    await follow(installation, run_id, quiet=place.as_json, before=before)
    code = await tell_end(installation, run_id, as_json=place.as_json)
    await tidy(installation.kept, installation.clock.now())
    return code
