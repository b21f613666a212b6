"""A served forge in memory with a real inbox, engine and worker: what is delivered, and what people then see."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.unit.phases.phase_world import Line
from tests.unit.runs.served_world import ADA, ISSUE, SHOP, Served, ServedForge
from tests.worlds.stage import SEATS, policy_of

from pointsman.audit.ledger.inbox import SqlInbox
from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.errors import OwnerMust, Stopped
from pointsman.domain.events import ChangePushed, Commented, Delivery, Event, Ignored, IssueLabelled, Origin
from pointsman.domain.forge import Access, Topic
from pointsman.domain.ledger import RunView
from pointsman.domain.models import Ask, Reply
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import Actor, Issue, Repository
from pointsman.ports.hooks import Attempt, Hooks
from pointsman.ports.inbox import Inbox
from pointsman.ports.workspace import Workspace
from pointsman.runs.hearing.deliveries import Desk
from pointsman.runs.intake import Law
from pointsman.runs.parts import Parts
from pointsman.runs.worker import Worker

HERE = Origin("github", SHOP.id, SHOP.name, "1")
EVE = Actor(666, "eve")
ROUTING = "plan: planner\ncode: coder\nqa: reviewer\n"
EARLY = "2026-11-21T09:59:00Z"


def _nobody(_: Ask) -> Reply:
    raise Stopped("No model is here.", code="budget")


@dataclass
class Town(ServedForge):
    """The forge with more than one person, and with notices and eyes."""

    people: dict[int, Access] = field(default_factory=lambda: {ADA.id: Access.WRITE})
    eyes: list[tuple[str, str]] = field(default_factory=list)
    labels_taken: list[str] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    labels_on: tuple[str, ...] = ("pointsman",)
    bugs: int = 0

    async def issue(self, repository: Repository, key: str) -> Issue:
        return replace(await super().issue(repository, key), labels=self.labels_on)

    async def access_of(self, repository: Repository, actor: Actor) -> Access:
        self._meets("access")
        return self.people.get(actor.id, Access.NONE)

    async def repository(self, origin: Origin) -> Repository:
        self._meets("repository")
        if origin.repository_id != SHOP.id:
            raise OwnerMust("The repository is not ours to serve.", code="repository-gone")
        return SHOP

    async def acknowledge(self, topic: Topic, comment: str = "", label: str = "") -> None:
        if self.bugs:
            self.bugs -= 1
            raise ZeroDivisionError
        self.eyes.append((topic.key, comment))
        self.labels_taken += [label] if label else []

    async def ensure_notice(self, repository: Repository, title: str, body: str) -> None:
        self.notices.append((title, body))


@dataclass
class Post(Hooks):
    """What the forge remembers of its tries."""

    tries: list[Attempt] = field(default_factory=list)
    again: list[str] = field(default_factory=list)

    async def attempts(self, since: str) -> tuple[Attempt, ...]:
        return tuple(one for one in self.tries if one.at >= since)

    async def deliver_again(self, attempt: Attempt) -> None:
        self.again.append(attempt.id)


class DeskWorld(Served):
    """One installation that serves the town. `routing` is the file of the default branch; empty means none."""

    def __init__(self, home: Path, script: list[Line] | None = None, *, routing: str = ROUTING) -> None:
        super().__init__(home, script or [_nobody] * 99)
        self.forge: Town = Town()
        self.tree = {**self.world.tree, **({".pointsman.yml": routing} if routing else {})}
        self.world.workspace.commits["main"] = self.tree
        self.inbox = SqlInbox(f"sqlite:///{home}/ledger.sqlite")
        self.post = Post()
        self.events: dict[str, Event | Ignored] = {}
        self.policy = policy_of(SEATS, "http://127.0.0.1:9")
        self.outcomes: dict[str, str] = {}

    def parts(self) -> Parts:
        async def workspace_for(_: Repository) -> Workspace:
            return self.world.workspace

        async def verified(_: Repository, base: str, head: str) -> NoteReport:
            return NoteReport((), (), (), (), "")

        return Parts(
            engine=lambda: self.engine,
            inbox=Ear(self.inbox, self.outcomes),
            memory=self.memory,
            ledger=self.ledger,
            clock=self.clock,
            law=self.law,
            translate=lambda delivery, me: self.events[delivery.id],
            talk_for=lambda _: self.forge,
            forge_for=lambda _: self.forge,
            workspace_for=workspace_for,
            hooks_for=lambda _: self.post,
            verified=verified,
            marks=self.marks,
            forges=("github",),
        )

    def law(self) -> Law:
        found = load_policy(self.policy.encode(), "policy.yml")
        assert isinstance(found, PolicyFile), found
        return Law(found, self.policy.encode(), lambda *_: None)

    def close(self) -> None:
        super().close()
        self.inbox.close()

    def hear(self, *events: Event | Ignored, at: str = EARLY) -> tuple[str, ...]:
        """Serve, deliver the events, wait until all are dealt with, and stop. What came of each."""
        return asyncio.run(self._hear(events, at))

    async def _hear(self, events: tuple[Event | Ignored, ...], at: str) -> tuple[str, ...]:
        ids = await self._served(events, self._is_done, at)
        return tuple(self.outcomes[one] for one in ids)

    async def _served(
        self,
        events: tuple[Event | Ignored, ...],
        until: Callable[[list[str]], Awaitable[bool]],
        at: str = EARLY,
    ) -> list[str]:
        worker = Worker(self.parts())
        serving = asyncio.create_task(worker.run())
        try:
            ids = [await self.deliver(event, at) for event in events]
            worker.wake()
            await self._until(lambda: until(ids))
            return ids
        finally:
            await worker.stop()
            await serving

    def cut_off(self, event: Event, when: Callable[[], bool]) -> str:
        """Serve, deliver one event, and stop at a moment in the middle of it. The id of its delivery."""

        async def there() -> bool:
            return when()

        return asyncio.run(self._served((event,), lambda _: there()))[0]

    def taken_up(self, delivery_id: str) -> str:
        """Start the engine alone, which goes on with a delivery that was cut off, to its end. What came of it."""
        asyncio.run(self._taken_up(delivery_id))
        return self.outcomes[delivery_id]

    async def _taken_up(self, delivery_id: str) -> None:
        await self.engine.start(Desk(self.parts(), self.engine).deal_with)
        try:
            await self._until(lambda: self._is_done([delivery_id]))
        finally:
            await self.engine.stop()

    def until_waiting(self, event: Event) -> tuple[tuple[str, ...], RunView]:
        """The same for one event, until the run that it begins waits for somebody."""
        return asyncio.run(self._until_waiting(event))

    async def _until_waiting(self, event: Event) -> tuple[tuple[str, ...], RunView]:
        worker = Worker(self.parts())
        serving = asyncio.create_task(worker.run())
        try:
            one = await self.deliver(event)
            await self._until(self._waits)
            return (self.outcomes[one],), (await self.ledger.runs(SHOP.id))[0]
        finally:
            await worker.stop()
            await serving

    async def _waits(self) -> bool:
        return any(view.state == "waiting" for view in await self.ledger.runs(SHOP.id))

    async def deliver(self, event: Event | Ignored, at: str = EARLY) -> str:
        """Keep one delivery in the inbox."""
        delivery_id = f"guid-{len(self.events)}"
        self.events[delivery_id] = event
        assert await self.inbox.take(Delivery("github", delivery_id, "any", b"{}", at))
        return delivery_id

    async def _is_done(self, ids: list[str]) -> bool:
        return all(one in self.outcomes for one in ids)

    def runs_here(self) -> tuple[RunView, ...]:
        """Every run that was begun."""
        return asyncio.run(self.ledger.runs(SHOP.id))


@dataclass
class Ear(Inbox):
    """The inbox, with what came of each delivery."""

    inbox: SqlInbox
    outcomes: dict[str, str]

    async def take(self, delivery: Delivery) -> bool:
        return await self.inbox.take(delivery)

    async def waiting(self, limit: int = 100) -> tuple[str, ...]:
        return await self.inbox.waiting(limit)

    async def delivery(self, delivery_id: str) -> Delivery | None:
        return await self.inbox.delivery(delivery_id)

    async def finish(self, delivery_id: str, outcome: str) -> None:
        await self.inbox.finish(delivery_id, outcome)
        self.outcomes[delivery_id] = outcome

    async def known(self, delivery_ids: tuple[str, ...]) -> frozenset[str]:
        return await self.inbox.known(delivery_ids)


def labelled(actor: Actor = ADA, *, label: str = "pointsman", digest: str = ISSUE.digest) -> IssueLabelled:
    """Somebody put a label on the issue."""
    return IssueLabelled(HERE, ISSUE.key, label, actor, digest)


def said(
    body: str, actor: Actor = ADA, *, number: str = ISSUE.key, via_app: bool = False, at: str = "1"
) -> Commented:
    """Somebody commented on the issue, or on the change with another number."""
    return Commented(HERE, number, number != ISSUE.key, at, body, actor, via_app, ISSUE.digest)


def pushed(head: str, actor: Actor = ADA, *, labels: tuple[str, ...] = ()) -> ChangePushed:
    """Somebody pushed to change 13."""
    return ChangePushed(HERE, "13", "before", head, "topic", labels, actor)
