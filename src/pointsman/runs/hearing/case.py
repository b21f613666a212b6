"""One event at hand: where it happened, who is behind it, and how they are answered."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import TypeAdapter

from pointsman.conversation.refusals import refusal
from pointsman.domain.events import Delivery
from pointsman.domain.forge import Access, ChangeView, Thread, Topic
from pointsman.domain.ledger import RunView
from pointsman.domain.run import Actor, Refuse, Repository
from pointsman.ports.forge import Forge
from pointsman.ports.talk import Talk
from pointsman.runs.engine import Engine
from pointsman.runs.intake import Law
from pointsman.runs.journal import FLAG, NOTHING, insisted
from pointsman.runs.parts import Parts, run_id_of

ACTIVE = frozenset({"queued", "running", "waiting"})
_NEWEST = 200
_VIEWS: TypeAdapter[tuple[RunView, ...]] = TypeAdapter(tuple[RunView, ...])
_FACTS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])
_ACCESS: TypeAdapter[Access] = TypeAdapter(Access)
_CHANGE: TypeAdapter[ChangeView | None] = TypeAdapter(ChangeView | None)
_THREADS: TypeAdapter[tuple[Thread, ...]] = TypeAdapter(tuple[Thread, ...])
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """What is known of an event once the forge was asked about it.

    Everything that decides what is done next is read in a durable step, so that a replay goes the same way. A change
    and its threads cost several requests, so they are asked for once, also by cases that were made from this one.

    `number` is that of the issue or change, empty where there is none. `comment` is what was said, `thread` the first
    comment of the thread it was said in, `label` the one-shot label, `digest` that of the text that people saw.
    """

    parts: Parts
    engine: Engine
    delivery: Delivery
    repository: Repository
    bot: Actor
    actor: Actor
    number: str = ""
    comment: str = ""
    thread: str = ""
    label: str = ""
    digest: str = ""
    _changes: dict[str, ChangeView | None] = field(default_factory=dict, repr=False, compare=False)
    _threads: dict[str, tuple[Thread, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def topic(self) -> Topic:
        """Where it is talked about."""
        return Topic(self.repository, self.number)

    @property
    def talk(self) -> Talk:
        """The forge as the worker asks it."""
        return self.parts.talk_for(self.repository.forge)

    @property
    def forge(self) -> Forge:
        """The forge as a run asks it."""
        return self.parts.forge_for(self.repository)

    def run_id(self, intent: str) -> str:
        """The id of the run that this event begins."""
        return run_id_of(self.delivery.id, f"{self.repository.id} {intent}")

    async def step(self, name: str, kind: TypeAdapter[T], act: Callable[[], Awaitable[T]]) -> T:
        """A durable step, done again as long as it raises TryAgain, a bounded number of times."""
        return await insisted(name, kind, lambda: _outside(act), clock=self.parts.clock)

    async def do(self, name: str, act: Callable[[], Awaitable[None]]) -> None:
        """The same for what is done for its effect alone."""
        await self.step(name, NOTHING, act)

    async def reply(self, body: str, *, key: str = "") -> None:
        """Answer once: below the thread where it was asked in one, under the same key in the same comment."""
        name = key or f"answer-{self.comment or self.delivery.id}"
        await self.do("reply", lambda: self.talk.ensure_reply(self.topic, name, body, thread=self.thread))

    async def refuse(self, no: Refuse, *, key: str = "") -> str:
        """Say no, with the rule and what to do; returns the outcome."""
        await self.reply(refusal(no.rule, no.reason, no.mend), key=key)
        return f"refused: {no.rule}"

    async def law(self) -> Law:
        """The policy as it is now; reading it may take a while the first time."""
        return await asyncio.to_thread(self.parts.law)

    async def runs_here(self) -> tuple[RunView, ...]:
        """The runs of this issue or change, newest first, as they were when first looked at."""
        return await self.step("runs", _VIEWS, self.runs_now)

    async def runs_now(self) -> tuple[RunView, ...]:
        """The same as they are now; for use inside a step."""
        views = await self.runs_in_repository()
        return tuple(view for view in views if self.number in (view.issue, view.change))

    async def runs_in_repository(self) -> tuple[RunView, ...]:
        """The newest runs of the whole repository, as they are now; for use inside a step."""
        return await self.parts.ledger.runs(self.repository.id, _NEWEST)

    async def change(self) -> ChangeView | None:
        """The change that this is about, as it was when first looked at; None at an issue."""
        if self.number not in self._changes:
            self._changes[self.number] = await self.step("change", _CHANGE, lambda: self.talk.change(self.topic))
        return self._changes[self.number]

    async def threads(self) -> tuple[Thread, ...]:
        """The threads of our reviews here, as they were when first looked at."""
        if self.number not in self._threads:
            self._threads[self.number] = await self.step("threads", _THREADS, lambda: self.talk.threads(self.topic))
        return self._threads[self.number]

    async def may_write(self, actor: Actor) -> bool:
        """Whether somebody may write here now; doubt is no, and the bot itself settles nothing."""
        if actor.id <= 0 or actor.is_bot:
            return False
        access = await self.step("access", _ACCESS, lambda: self.forge.access_of(self.repository, actor))
        return access is Access.WRITE

    async def owns(self, change: ChangeView) -> bool:
        """Whether the change is one that a run of ours made; a branch of the same name in other hands is not."""
        if change.is_fork or change.author.id != self.bot.id:
            return False

        async def asked() -> bool:
            views = await self.runs_in_repository()
            return change.branch in {view.branch for view in views if view.result in ("ready", "needs-person")}

        return await self.step("owns", FLAG, asked)

    async def recall(self, kind: str) -> dict[str, str]:
        """What is remembered of this issue or change, as it was when first looked at."""
        return await self.step(
            "recall", _FACTS, lambda: self.parts.memory.recall(self.repository.id, self.number, kind)
        )

    async def remember(self, kind: str, facts: dict[str, str]) -> None:
        """Remember something of this issue or change."""
        await self.do("remember", lambda: self.parts.memory.remember(self.repository.id, self.number, kind, facts))

    async def forget(self, kind: str) -> None:
        """Forget everything of a kind."""
        await self.do("forget", lambda: self.parts.memory.forget(self.repository.id, self.number, kind))


async def _outside(act: Callable[[], Awaitable[T]]) -> T:
    """Run in a context of its own, so that the engine's database is asked as by anybody and not as by this step."""

    async def acted() -> T:
        return await act()

    return await asyncio.get_running_loop().create_task(acted(), context=Context())
