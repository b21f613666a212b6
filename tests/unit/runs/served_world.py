"""A small forge that is served, for runs: its issue, changes and threads are in memory; the engine is real."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from tests.unit.phases.phase_world import Line, World, says

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.marks import SqlMarks
from pointsman.audit.ledger.memory import SqlMemory
from pointsman.audit.ledger.notes import SqlNotes
from pointsman.domain.errors import OwnerMust, PointsmanError
from pointsman.domain.events import Origin
from pointsman.domain.forge import (
    Access,
    Change,
    ChangeCommit,
    ChangeOrder,
    ChangeView,
    CheckOrder,
    CheckState,
    ReviewPost,
    Thread,
    Topic,
)
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import TaskClass
from pointsman.domain.models import Model, Reply
from pointsman.domain.run import Actor, Issue, Repository, RunSpec
from pointsman.domain.work import CommitText, NoteFiles
from pointsman.ports.bundle import Ports
from pointsman.ports.clock import Clock
from pointsman.ports.forge import Forge
from pointsman.ports.notes import Late
from pointsman.ports.talk import Talk
from pointsman.runs.adapters import Adapters, Queue
from pointsman.runs.engine import Engine

T = TypeVar("T")

ADA = Actor(7, "ada")
BOT = Actor(99, "pointsman[bot]", is_bot=True)
SHOP = Repository("github", "100", "acme/bounds", "https://forge.example/acme/bounds.git", "main")
ISSUE = Issue("12", "clamp ignores its upper bound", "clamp(5, 0, 3) in bounds.py gives 0 instead of 3.", "digest")
PLAN = {
    "goal": "clamp honours its upper bound",
    "criteria": ["clamp(5, 0, 3) gives 3"],
    "steps": ["use high in min"],
    "read": [],
    "change": ["bounds.py"],
    "create": [],
    "tests": [],
    "risks": [],
    "questions": [],
}
BLOCK = """bounds.py
<<<<<<< SEARCH
    return max(low, min(value, low))
=======
    return max(low, min(value, high))
>>>>>>> REPLACE
"""
FINE = {"summary": "It honours both bounds.", "findings": [], "still_open": []}


class QuickClock(Clock):
    """A clock whose pauses take no time and are remembered; when it `stands`, they never end."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.at = "2026-11-21T10:00:00Z"
        self.stands = False

    def now(self) -> str:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(1e6 if self.stands else 0)


@dataclass
class ServedForge(Forge, Talk):
    """One repository with one issue and its changes. `mishaps` are raised by the named calls, one each time.

    With `loses` the effect of a call happens before its mishap is raised.
    """

    issue_now: Issue = ISSUE
    access: Access = Access.WRITE
    answers_of_access: list[Access] = field(default_factory=list)
    views: dict[str, ChangeView] = field(default_factory=dict)
    open_threads: list[Thread] = field(default_factory=list)
    mishaps: dict[str, list[PointsmanError]] = field(default_factory=dict)
    loses: bool = False
    said: list[tuple[str, str, bool]] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)
    changes: dict[str, ChangeOrder] = field(default_factory=dict)
    reviews: dict[tuple[str, str], ReviewPost] = field(default_factory=dict)
    checks: dict[tuple[str, str], list[CheckState]] = field(default_factory=dict)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)
    replies: dict[str, tuple[str, str]] = field(default_factory=dict)
    resolved: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    calls: Counter[str] = field(default_factory=Counter)

    def _meets(self, name: str) -> None:
        self.calls[name] += 1
        waiting = self.mishaps.get(name, [])
        if waiting:
            raise waiting.pop(0)

    async def _does(self, name: str, act: Callable[[], T]) -> T:
        if self.loses:
            done = act()
            self._meets(name)
            return done
        self._meets(name)
        return act()

    async def access_of(self, repository: Repository, actor: Actor) -> Access:
        return await self._does(
            "access", lambda: self.answers_of_access.pop(0) if self.answers_of_access else self.access
        )

    async def issue(self, repository: Repository, key: str) -> Issue:
        return await self._does("issue", lambda: self.issue_now)

    async def ensure_status(self, topic: Topic, run_id: str, body: str, *, passing: bool = False) -> str:
        def act() -> str:
            self.said.append((topic.key, body, passing))
            self.statuses[run_id] = body
            return ""

        return await self._does("passing" if passing else "status", act)

    async def touches(self, topic: Topic, path: str) -> bool:
        return await self._does("touches", lambda: path in self.touched)

    async def branch_for(self, run_id: str, repository: Repository, wish: str) -> str:
        return await self._does("branch", lambda: wish)

    async def ensure_change(self, order: ChangeOrder) -> Change:
        def act() -> Change:
            known = self.changes.get(order.branch)
            head = known.head_commit if known else self._head_of(order.number)
            if head not in (order.head_commit, order.expected_head):
                raise OwnerMust(f"The branch {order.branch} has moved.", code="branch-moved")
            self.changes[order.branch] = order
            number = order.number or "13"
            seen = self.views.get(number) or change_view(order.head_commit, order.base_commit, branch=order.branch)
            self.views[number] = replace(seen, head_commit=order.head_commit)
            return Change(order.repository, order.branch, order.head_commit, f"page/{number}", number)

        return await self._does("change", act)

    def _head_of(self, number: str) -> str:
        return self.views[number].head_commit if number else ""

    async def ensure_review(self, change: Change, post: ReviewPost) -> None:
        def act() -> None:
            self.reviews[(change.number, post.run_id)] = post

        await self._does("review", act)

    async def ensure_check(self, change: Change, check: CheckOrder) -> None:
        def act() -> None:
            self.checks.setdefault((change.head_commit, check.run_id), []).append(check.state)
            self.titles[(change.head_commit, check.run_id)] = check.title

        await self._does("check", act)

    async def identity(self) -> Actor:
        return BOT

    async def repository(self, origin: Origin) -> Repository:
        return SHOP

    async def change(self, topic: Topic) -> ChangeView | None:
        return await self._does("look", lambda: self.views.get(topic.key))

    async def threads(self, topic: Topic) -> tuple[Thread, ...]:
        return await self._does("threads", lambda: tuple(self.open_threads))

    async def acknowledge(self, topic: Topic, comment: str = "", label: str = "") -> None:
        return None

    async def ensure_reply(self, topic: Topic, key: str, body: str, *, thread: str = "") -> None:
        def act() -> None:
            self.replies[key] = (thread, body)

        await self._does("reply", act)

    async def resolve(self, topic: Topic, thread: Thread) -> None:
        await self._does("resolve", lambda: self.resolved.append(thread.id))

    async def ensure_notice(self, repository: Repository, title: str, body: str) -> None:
        return None

    @property
    def told(self) -> list[str]:
        """The last status texts, one for each run."""
        return list(self.statuses.values())


@dataclass
class OnePlace:
    """Turns with one place; `log` says when it was taken and given back, `queues` in which lanes."""

    log: list[str] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)

    @asynccontextmanager
    async def place(self, repository_id: str, queue: Queue) -> AsyncIterator[None]:
        self.log.append("taken")
        self.queues.append(queue)
        try:
            yield
        finally:
            self.log.append("given back")


class Served:
    """One home, one forge, models that follow a script, and the engine that runs on them."""

    def __init__(self, home: Path, script: list[Line]) -> None:
        url = f"sqlite:///{home}/ledger.sqlite"
        self.home = home
        self.world = World(script)
        self.forge = ServedForge()
        self.clock = QuickClock()
        self.turns = OnePlace()
        self.memory = SqlMemory(url)
        self.ledger = SqlLedger(url)
        self.notes = SqlNotes(url)
        self.on_ref: list[tuple[int, Mapping[str, bytes], CommitText]] = []
        self.marks = SqlMarks(url)
        self.engine = Engine(
            home,
            Adapters(
                self._ports,
                lambda _: self.forge,
                self.ledger,
                self.notes,
                self._append,
                self.clock,
                lambda _: self.forge,
                self.memory,
                self.turns,
                marks=self.marks,
            ),
        )

    async def _append(self, repository: Repository, note: NoteFiles, late: Late) -> str:
        self.forge._meets("note-ref")
        held = frozenset(path for _, files, _ in self.on_ref for path in files)
        for one in (*await late(held), note):
            self.on_ref.append((len(self.forge.changes), one.files, one.text))
        return "on-the-ref"

    async def _ports(self, spec: RunSpec, models: tuple[Model, ...]) -> Ports:
        return replace(self.world.ports, clock=self.clock)

    def spec(self) -> RunSpec:
        """An order about the issue, sorted as a bug already, on the forge."""
        return replace(self.world.spec(), repository=SHOP, requester=ADA, issue=ISSUE, hinted=TaskClass.BUGFIX)

    def runs(
        self,
        spec: RunSpec,
        *,
        meanwhile: Callable[["Served"], Awaitable[None]] | None = None,
        run_id: str = "r-1",
    ) -> RunView:
        """Start the engine, run the order to its end, and stop; `meanwhile` is awaited once the run waits."""
        return asyncio.run(self._run(spec, meanwhile, run_id))

    async def _run(
        self, spec: RunSpec, meanwhile: Callable[["Served"], Awaitable[None]] | None, run_id: str
    ) -> RunView:
        await self.engine.start()
        try:
            await self.engine.submit(run_id, spec)
            if meanwhile is not None:
                await self.until("waiting")
                await meanwhile(self)
            await self._until(lambda: self.engine.ended(run_id))
            return await self.view(run_id)
        finally:
            await self.engine.stop()

    async def until(self, state: str) -> None:
        """Wait until the run is in this state."""

        async def there() -> bool:
            return (await self.view()).state == state

        await self._until(there)

    async def until_told(self, word: str) -> None:
        """Wait until the run's status text holds the word."""

        async def there() -> bool:
            return any(word in body for body in self.forge.told)

        await self._until(there)

    async def _until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        for _ in range(12000):
            if await holds():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the moment did not come")

    async def view(self, run_id: str = "r-1") -> RunView:
        """The run's row."""
        found = await self.ledger.run(run_id)
        assert found is not None
        return found

    def close(self) -> None:
        self.ledger.close()
        self.notes.close()
        self.memory.close()
        self.marks.close()


def review_of(*findings: dict[str, str], **more: object) -> Reply:
    """What a reviewer answers."""
    return says(data={"summary": "Looked at.", "findings": list(findings), "still_open": [], **more})


def change_view(head: str, base: str, branch: str = "pointsman/12-clamp") -> ChangeView:
    """An open change of ours."""
    return ChangeView(
        number="13",
        title="Honour the bound",
        body="",
        author=BOT,
        state="open",
        is_draft=True,
        is_fork=False,
        branch=branch,
        head_commit=head,
        base_branch="main",
        base_commit=base,
        labels=(),
        page="",
        commits=(ChangeCommit(head, "Mend it\n\n\nskip-checks: true", BOT),),
    )


def within(coroutine: Coroutine[object, object, T]) -> T:
    """What a coroutine gives."""
    return asyncio.run(coroutine)
