"""The course of one run: what it has found so far, and how people see it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from dbos import DBOS
from pydantic import TypeAdapter

from pointsman.conversation.replies import paused, status_text, waits_for
from pointsman.domain.errors import OwnerMust, Stopped, TryAgain
from pointsman.domain.forge import Change, Topic
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import Phase
from pointsman.domain.moments import later, seconds_between
from pointsman.domain.outcome import Earlier, Hop, Review, Try
from pointsman.domain.run import LOCAL, Refuse, Route, RunSpec
from pointsman.domain.texts import KeptRun
from pointsman.domain.trailers import run_trailer
from pointsman.policy.touched import sensitivity_at, weigh
from pointsman.policy.waiting import Pause
from pointsman.ports.bundle import Ports
from pointsman.ports.forge import Forge
from pointsman.ports.signer import Signer
from pointsman.runs.adapters import Adapters, RunLedger
from pointsman.runs.again import Anew
from pointsman.runs.course.asking import DurableModels
from pointsman.runs.durable import CommitEnds, DurableSandbox, DurableSigner, DurableWorkspace
from pointsman.runs.journal import FLAG, NOTHING, TEXT, durable, insisted
from pointsman.runs.metering import Meter
from pointsman.runs.place import Place, first_queue

RESUME = "resume"
"""The topic of the message that a paused run waits for; it then looks again whether it is paused."""

PAUSED = "paused"
"""The kind of memory under which a pause of an issue or change is kept."""

ANEW = "order"
"""Kept beside the phases that were given another model: what else differs from the run that was forked."""

PAUSE_DAYS = 30

LONG_SECONDS = 15.0
"""A wait for a model that is longer gives the run's place to others."""

_DAY_SECONDS = 86_400.0
_ROUTE: TypeAdapter[Route | None] = TypeAdapter(Route | None)
_ANEW: TypeAdapter[Anew] = TypeAdapter(Anew)
T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """What happened on the way, with the number (within its phase) of the question that it followed or led to."""

    what: Try | Review | Hop
    number: int


@dataclass
class Course:
    """One run on its way. `spec` and `earlier` grow by what phases return; `change` is what carries our check.

    `seen` is everything that figures are counted from; of a run that was forked, also what it did not do itself.
    `memory_at` reads the repository's memory file as it is, which no model is shown. `signer` signs beside
    the journal. `has_note` is whether a note of this run has its place in the chain.
    """

    run_id: str
    spec: RunSpec
    ports: Ports
    models: DurableModels
    adapters: Adapters
    forge: Forge
    place: Place
    view: RunView
    signer: Signer
    earlier: Earlier = field(default_factory=Earlier)
    change: Change | None = None
    seen: list[Seen] = field(default_factory=list)
    has_note: bool = False
    memory_at: Callable[[str], Awaitable[tuple[str | None, int]]] | None = None
    _counted: dict[Phase, int] = field(default_factory=dict)

    @classmethod
    async def open(cls, run_id: str, spec: RunSpec, adapters: Adapters) -> "Course":
        """The course of a run at its start or, after a crash, at its replay."""
        kept = await adapters.ledger.overrides(run_id)
        spec = _asked_anew(spec, kept.pop(ANEW, ""))
        if adapters.texts is not None:
            await adapters.texts.begin(kept_run(run_id, spec))
        chosen = kept.values()
        routes = [*_routes(spec), *(_ROUTE.validate_json(text) for text in chosen)]
        real = await adapters.ports_for(spec, tuple(m for r in routes if r is not None for m in r.models))
        served = spec.repository.forge != LOCAL
        meter = Meter(spec.allowance)
        models = DurableModels(real.models, run_id, adapters.ledger.answer_of, served, meter=meter)

        def hidden(path: str) -> bool:
            return sensitivity_at(spec, path).rank > spec.sensitivity.rank

        async def is_closed(commit: str) -> bool:
            return any(hidden(entry.path) for entry in await real.workspace.files(commit))

        workspace = DurableWorkspace(real.workspace, commit_ends(run_id, spec), hidden)
        ports = replace(
            real,
            models=models,
            workspace=workspace,
            sandbox=DurableSandbox(real.sandbox, spec.base_commit, is_closed, meter=meter),
            signer=DurableSigner(real.signer),
        )
        view = await adapters.ledger.run(run_id) or first_view(run_id, spec, adapters.clock.now())
        place = Place(adapters.turns, spec.repository.id, first_queue(spec))
        course = cls(
            run_id, spec, ports, models, adapters, adapters.forge_for(spec.repository), place, view, real.signer
        )
        models.rest = course.rest
        course.memory_at = workspace.memory
        return course

    @property
    def ledger(self) -> RunLedger:
        """What the installation remembers of its runs."""
        return self.adapters.ledger

    async def begin(self, phase: Phase) -> None:
        """Say that a phase begins; here a rerun takes the model that a person named for it.

        The step is where `rerun` forks the run, so the override is read inside it. People are told in passing: when
        the forge has no time for it, the next phase tells them. A paused run waits here.
        """
        await self._while_paused()

        async def chosen() -> Route | None:
            text = (await self.ledger.overrides(self.run_id)).get(str(phase))
            found = _ROUTE.validate_json(text) if text else None
            await self.show(self._at(phase, found))
            with suppress(TryAgain):
                await self.say("", passing=True)
            return found

        route = await durable(f"begin:{phase}", _ROUTE, chosen)
        if route is not None and not (self.spec.overrides and phase in self.spec.overrides):
            before = self.spec.route(phase)
            self.spec = replace(self.spec, overrides={**(self.spec.overrides or {}), phase: route})
            name = before.primary.name if isinstance(before, Route) else "none"
            self._hop(Hop(str(phase), "override", name, route.primary.name, "named by a person"))
        # The step has shown it. A replay shows nothing anew: a run that waits for a person waits all the while.
        self.view = self._at(phase, None)

    def _at(self, phase: Phase, named: Route | None) -> RunView:
        """The row of the run in a phase, with the model that answers in it."""
        planned = named or (self.spec.route(phase) if phase in self.spec.order.routes else None)
        model = planned.primary.name if isinstance(planned, Route) else ""
        return replace(self.view, state="running", phase=str(phase), model=model, message="")

    async def _while_paused(self) -> None:
        """Wait, without a place, until nobody wants a pause any more. Raises Stopped after a month."""
        if not await self._is_paused():
            return
        await self.place.leave()
        await self.tell(replace(self.view, state="waiting", message=paused()))
        for _ in range(PAUSE_DAYS):
            await DBOS.recv_async(RESUME, timeout_seconds=_DAY_SECONDS)
            if not await self._is_paused():
                await self.place.take()
                return
        raise Stopped(f"It was paused, and nobody went on with it within {PAUSE_DAYS} days.", code="paused")

    async def rest(self, pause: Pause) -> None:
        """Wait for a model that is out, and say so; a long wait is told for sure, and holds no place.

        Until when is written down, so that a process that dies meanwhile is followed by one that waits for the rest.
        """
        clock = self.ports.clock
        is_long = pause.seconds > LONG_SECONDS

        async def told() -> str:
            until = later(clock.now(), pause.seconds + 1)
            await self.show(replace(self.view, message=waits_for(pause.model, pause.kind, until)))
            with suppress(TryAgain):
                await self.say(self.view.message, passing=not is_long)
            return until

        def left() -> float:
            return seconds_between(clock.now(), until)

        async def slept() -> None:
            await clock.sleep(min(max(left(), 0.0), pause.seconds + 1))

        until = await durable(f"wait:{self.view.phase}", TEXT, told)
        gives_back = self.place.is_held and left() > LONG_SECONDS
        if gives_back:
            await self.place.leave()
        await durable("pause", NOTHING, slept, preemptible=True)
        if gives_back:
            await self.place.take()
        await self.show(replace(self.view, message=""))

    async def _is_paused(self) -> bool:
        memory = self.adapters.memory
        if memory is None or self.spec.repository.forge == LOCAL:
            return False
        topic = self.topic

        async def asked() -> bool:
            return bool(await memory.recall(topic.repository.id, topic.key, PAUSED))

        return await durable("paused", FLAG, asked)

    def route(self, phase: Phase) -> Route:
        """The route of a phase. Raises OwnerMust with the rule that refused it."""
        found = self.spec.route(phase)
        if isinstance(found, Refuse):
            raise refused(found)
        return found

    def is_closed(self, path: str) -> bool:
        """Whether a path is more closed than the models of this run were chosen for."""
        return sensitivity_at(self.spec, path).rank > self.spec.sensitivity.rank

    def require_open(self, paths: tuple[str, ...]) -> None:
        """Nothing, or OwnerMust with its rule when one of the paths is more closed than the models of this run."""
        too_closed = weigh(self.spec, paths)
        if isinstance(too_closed, Refuse):
            raise refused(too_closed)

    def learn(self, earlier: Earlier) -> None:
        """Take over what a phase found; fallbacks that happened on the way come with it."""
        self.earlier = earlier
        while self.models.hops:
            self._hop(self.models.hops.pop(0))

    def _hop(self, hop: Hop) -> None:
        self.earlier = replace(self.earlier, hops=(*self.earlier.hops, hop))
        asked = self.models.counted.get(Phase(hop.phase), 0)
        self.seen.append(Seen(hop, asked - 1 if hop.kind == "fallback" else asked))

    def saw(self, phase: Phase, what: Try | Review) -> None:
        """Remember what came of a phase, if a model was asked for it at all."""
        asked = self.models.counted.get(phase, 0)
        if asked > self._counted.get(phase, 0):
            self.seen.append(Seen(what, asked - 1))
        self._counted[phase] = asked

    def climbed(self, from_model: str, to_model: str, why: str) -> None:
        """Remember that a stronger model took over the coding."""
        self._hop(Hop(str(Phase.CODE), "escalation", from_model, to_model, why))

    async def show(self, view: RunView) -> None:
        """Edit the one row that people see."""
        self.view = replace(view, updated_at=self.adapters.clock.now())
        await self.ledger.keep(self.view)

    async def tell(self, view: RunView, publicly: str = "") -> None:
        """The same, and say it on the forge, as often as it takes.

        `publicly` is said there in place of the row's message, where that is for the operator alone.
        """
        await self.show(view)
        await self.insist("status", NOTHING, lambda: self.say(publicly or view.message))

    async def say(self, message: str, *, passing: bool = False) -> None:
        """Say on the forge how the run stands, with the figures of the calls so far.

        What was asked in a thread is answered there once, and nowhere else.
        """
        thread, talk_for = self.spec.thread, self.adapters.talk_for
        if thread and passing:
            return
        summed = await self.ledger.run(self.run_id) or self.view
        calls = await self.ledger.calls(self.run_id)
        hops = (*self.earlier.hops, *self.models.hops)
        said = status_text(replace(summed, message=message), calls, hops, forge=self.spec.repository.forge)
        if thread and talk_for is not None:
            talk = talk_for(self.spec.repository)
            await talk.ensure_reply(self.topic, f"answer-{self.run_id}", said, thread=thread)
        else:
            await self.forge.ensure_status(self.topic, self.run_id, said, passing=passing)

    async def insist(self, name: str, kind: TypeAdapter[T], act: Callable[[], Awaitable[T]]) -> T:
        """Ask something of the forge as a durable step, again and again while it has no time for us."""
        return await insisted(name, kind, act, clock=self.ports.clock)

    async def finish(self, result: str, *, message: str = "", publicly: str = "", exit_code: int = 0) -> None:
        """The good end: what came of it, in the row and on the forge, where `publicly` says more."""
        plan_hash = self.earlier.plan.digest if self.earlier.plan else ""
        view = replace(self.view, state="done", phase="", model="", result=result, plan_hash=plan_hash)
        await self.tell(replace(view, message=message, exit_code=exit_code), publicly)

    @property
    def topic(self) -> Topic:
        """Where people read about this run: its issue, or the change that it is about."""
        return topic_of(self.spec)


def anew_text(anew: Anew) -> str:
    """What a run that is done again is begun with, as it is kept."""
    return _ANEW.dump_json(anew).decode()


def _asked_anew(spec: RunSpec, kept: str) -> RunSpec:
    """The order of a run that is done again: who asked for that pays for it, under the caps of that day."""
    if not kept:
        return spec
    anew = _ANEW.validate_json(kept)
    paths = tuple(dict.fromkeys((*spec.paths, *anew.paths)))
    return replace(spec, requester=anew.requester, caps=anew.caps, paths=paths)


def topic_of(spec: RunSpec) -> Topic:
    """Where people read about a run: the change that it is about, else its issue."""
    return Topic(spec.repository, spec.change.number if spec.change else spec.issue.key)


def commit_ends(run_id: str, spec: RunSpec) -> CommitEnds:
    """How the messages of a run's commits end: with the run, and on what is pushed with a word to the forge's CI."""
    asked_for = spec.ci == "on-request" and spec.repository.forge != LOCAL
    return CommitEnds(run_trailer(run_id), code=asked_for and spec.audit_mode != "in-tree", note=asked_for)


def kept_run(run_id: str, spec: RunSpec) -> KeptRun:
    """How long the texts of a run are kept."""
    repository = spec.repository
    return KeptRun(run_id, repository.id, repository.name, spec.sensitivity, spec.keep_days)


def _routes(spec: RunSpec) -> list[Route]:
    return [r for order in spec.orders.values() for r in order.routes.values() if isinstance(r, Route)]


def first_view(run_id: str, spec: RunSpec, now: str) -> RunView:
    """The row of a run before anything has happened."""
    return RunView(
        run_id=run_id,
        repository_id=spec.repository.id,
        repository=spec.repository.name,
        issue=spec.issue.key,
        title=spec.issue.title,
        state="queued",
        phase="",
        model="",
        started_at=now,
        updated_at=now,
        change=spec.change.number if spec.change else "",
        task=str(spec.hinted or ""),
    )


def refused(refusal: Refuse) -> OwnerMust:
    """A refusal as the error that ends a run."""
    mend = f"{refusal.mend[:1].upper()}{refusal.mend[1:].rstrip('.')}." if refusal.mend else ""
    return OwnerMust(refusal.reason, code=refusal.rule, hint=mend)
