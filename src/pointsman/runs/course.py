"""The course of one run: what it has found so far, and how people see it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import TypeAdapter

from pointsman.conversation.replies import status_text
from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Topic
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import Phase
from pointsman.domain.models import Model, Reply
from pointsman.domain.outcome import Earlier, Hop
from pointsman.domain.run import Refuse, Repository, Route, RunSpec
from pointsman.policy.touched import sensitivity_at
from pointsman.ports.bundle import Ports
from pointsman.ports.clock import Clock
from pointsman.ports.forge import Forge
from pointsman.ports.ledger import Ledger
from pointsman.runs.durable import DurableModels, DurableSandbox, DurableWorkspace
from pointsman.runs.journal import durable

_ROUTE: TypeAdapter[Route | None] = TypeAdapter(Route | None)


class RunLedger(Ledger, Protocol):
    """The ledger with what only the durable run asks of it."""

    async def override(self, run_id: str, phase: Phase, model_name: str, payload: str) -> None:
        """Remember, before a rerun begins, which route a phase of it takes."""

    async def overrides(self, run_id: str) -> dict[str, str]:
        """The routes that were chosen by hand: phase to JSON."""

    async def answer_of(self, call_id: str) -> Reply | None:
        """What was answered to a call that is settled, as long as its run goes on."""

    async def note_head(self, repository_id: str) -> str:
        """Digest of the newest note of a repository; empty before the first."""

    async def set_note_head(
        self, repository_id: str, digest: str, run_id: str, *, previous: str | None = None
    ) -> None:
        """Move the chain's head, kept outside git. Raises TryAgain(note-head) when it is not at `previous`."""

    async def give_back_note_head(self, repository_id: str, digest: str, run_id: str) -> None:
        """Forget a note that came to no branch, as long as no other follows it."""


@dataclass(frozen=True)
class Adapters:
    """What a run is handed by the one file that names adapters.

    `ports_for` is told the order and every model that the run may ask: the door knows no other provider than theirs.
    """

    ports_for: Callable[[RunSpec, tuple[Model, ...]], Awaitable[Ports]]
    forge_for: Callable[[Repository], Forge]
    ledger: RunLedger
    clock: Clock


@dataclass
class Course:
    """One run on its way. Every field but `spec` and `earlier` is fixed; those grow by what phases return."""

    run_id: str
    spec: RunSpec
    ports: Ports
    models: DurableModels
    forge: Forge
    ledger: RunLedger
    view: RunView
    earlier: Earlier = field(default_factory=Earlier)

    @classmethod
    async def open(cls, run_id: str, spec: RunSpec, adapters: Adapters) -> "Course":
        """The course of a run at its start or, after a crash, at its replay."""
        chosen = (await adapters.ledger.overrides(run_id)).values()
        routes = [*_routes(spec), *(_ROUTE.validate_json(text) for text in chosen)]
        real = await adapters.ports_for(spec, tuple(m for r in routes if r is not None for m in models_of(r)))
        models = DurableModels(real.models, run_id, adapters.ledger.answer_of)

        def hidden(path: str) -> bool:
            return sensitivity_at(spec, path).rank > spec.sensitivity.rank

        async def is_closed(commit: str) -> bool:
            return any(hidden(entry.path) for entry in await real.workspace.files(commit))

        ports = replace(
            real,
            models=models,
            workspace=DurableWorkspace(real.workspace, (f"Pointsman-Run: {run_id}",), hidden),
            sandbox=DurableSandbox(real.sandbox, spec.base_commit, is_closed),
        )
        view = await adapters.ledger.run(run_id) or first_view(run_id, spec, adapters.clock.now())
        return cls(run_id, spec, ports, models, adapters.forge_for(spec.repository), adapters.ledger, view)

    async def begin(self, phase: Phase) -> None:
        """Say that a phase begins; here a rerun takes the model that a person named for it.

        The step is where `rerun` forks the run, so the override is read inside it.
        """

        async def chosen() -> Route | None:
            text = (await self.ledger.overrides(self.run_id)).get(str(phase))
            return _ROUTE.validate_json(text) if text else None

        route = await durable(f"begin:{phase}", _ROUTE, chosen)
        if route is not None and not (self.spec.overrides and phase in self.spec.overrides):
            before = self.spec.route(phase)
            self.spec = replace(self.spec, overrides={**(self.spec.overrides or {}), phase: route})
            name = before.primary.name if isinstance(before, Route) else "none"
            self._hop(Hop(str(phase), "override", name, route.primary.name, "named by a person"))
        planned = self.spec.route(phase) if phase in self.spec.order.routes else None
        model = planned.primary.name if isinstance(planned, Route) else ""
        await self.show(replace(self.view, state="running", phase=str(phase), model=model))

    def route(self, phase: Phase) -> Route:
        """The route of a phase. Raises OwnerMust with the rule that refused it."""
        found = self.spec.route(phase)
        if isinstance(found, Refuse):
            raise refused(found)
        return found

    def candidates(self, phase: Phase) -> dict[str, Model]:
        """Every model that may answer in a phase, by name."""
        return {model.name: model for model in models_of(self.route(phase))}

    def learn(self, earlier: Earlier) -> None:
        """Take over what a phase found; fallbacks that happened on the way come with it."""
        self.earlier = earlier
        while self.models.hops:
            self._hop(self.models.hops.pop(0))

    def _hop(self, hop: Hop) -> None:
        self.earlier = replace(self.earlier, hops=(*self.earlier.hops, hop))

    def climbed(self, from_model: str, to_model: str, why: str) -> None:
        """Remember that a stronger model took over the coding."""
        self._hop(Hop(str(Phase.CODE), "escalation", from_model, to_model, why))

    async def show(self, view: RunView) -> None:
        """Edit the one row that people see."""
        self.view = view
        await self.ledger.keep(view)

    async def tell(self, view: RunView, publicly: str = "") -> None:
        """The same, and say it on the forge with the figures of the calls so far.

        `publicly` is said there in place of the row's message, where that is for the operator alone.
        """
        await self.show(view)
        summed = await self.ledger.run(self.run_id) or view
        said = status_text(replace(summed, message=publicly or view.message))
        await self.forge.ensure_status(self.topic, self.run_id, said)

    @property
    def topic(self) -> Topic:
        """Where people read about this run: its issue, or the change that it is about."""
        return Topic(self.spec.repository, self.spec.issue.key)


def models_of(route: Route) -> tuple[Model, ...]:
    """Every model of a route."""
    return (route.primary, *route.fallback, *route.escalate)


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
    )


def refused(refusal: Refuse) -> OwnerMust:
    """A refusal as the error that ends a run."""
    mend = f"{refusal.mend[:1].upper()}{refusal.mend[1:].rstrip('.')}." if refusal.mend else ""
    return OwnerMust(refusal.reason, code=refusal.rule, hint=mend)
