"""When the words of ended runs are due, and what stays, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from tests.contract.ledger_world import ANSWER, CAPS, call

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.memory import SqlMemory
from pointsman.audit.texts.clearing import SqlClearing
from pointsman.audit.texts.key import TextKey
from pointsman.audit.texts.texts import SqlTexts
from pointsman.domain.ledger import RunStateName, RunView
from pointsman.domain.levels import Sensitivity
from pointsman.domain.texts import Erasure, KeptRun
from pointsman.ports.clearing import EndedRuns

NOW = "2026-11-30T12:00:00Z"


@dataclass
class Books:
    ledger: SqlLedger
    texts: SqlTexts
    clearing: SqlClearing
    memory: SqlMemory

    async def ends(
        self, run_id: str, state: RunStateName, at: str, days: int | None, repository: str = "one"
    ) -> None:
        """A run that came to this state then, with its days; None is one of an earlier release."""
        view = RunView(run_id, repository, "acme/x", "7", "A title", state, "", "", at, at, message="A question.")
        await self.ledger.keep(view)
        if days is not None:
            await self.texts.begin(KeptRun(run_id, repository, "acme/x", Sensitivity.INTERNAL, days))


@pytest.fixture
def books(url: str) -> Iterator[Books]:
    made = Books(SqlLedger(url), SqlTexts(url, lambda: TextKey(bytes(32))), SqlClearing(url), SqlMemory(url))
    yield made
    for book in (made.ledger, made.texts, made.clearing, made.memory):
        book.close()


def test_a_run_is_due_when_its_days_are_over_and_one_that_can_be_resumed_a_day_later_at_the_soonest(
    books: Books,
) -> None:
    async def story() -> None:
        just, hours, week, month = NOW, "2026-11-30T02:00:00Z", "2026-11-23T12:00:00Z", "2026-10-31T12:00:00Z"
        await books.ends("none-done", "done", just, 0)
        await books.ends("none-failed", "failed", hours, 0)
        await books.ends("none-failed-long-ago", "failed", week, 0)
        await books.ends("week-done", "done", week, 7)
        await books.ends("week-not-over", "done", hours, 7)
        await books.ends("old-release", "cancelled", month, None)
        await books.ends("old-release-young", "done", week, None)
        for number, state in enumerate[RunStateName](("queued", "running", "waiting")):
            await books.ends(f"at-work-{number}", state, month, 0)
        due = ("old-release", "none-failed-long-ago", "week-done", "none-done")
        assert await books.clearing.due(NOW, 10) == due
        assert await books.clearing.due(NOW, 2) == due[:2]

    asyncio.run(story())


def test_a_cleared_run_keeps_its_figures_and_what_remains_and_is_never_due_again(books: Books) -> None:
    async def story() -> None:
        await books.ends("r-1", "failed", "2026-01-01T00:00:00Z", 7)
        record = call("r-1:code:0")
        await books.ledger.open_call(record, CAPS, "one")
        await books.ledger.close_call(
            replace(record, state="answered", cost_usd=0.07, received_sha256="e" * 64), ANSWER
        )
        assert await books.clearing.of("r-1") is None
        await books.clearing.leave("r-1", "bones")
        await books.clearing.leave("r-1", "other bones")
        assert await books.clearing.due(NOW, 10) == ("r-1",), "begun is not done"
        by_ann = Erasure(NOW, "request", "ann (501)")
        for erasure in (by_ann, replace(by_ann, by="bob")):
            await books.clearing.clear("r-1", erasure)
        cleared = await books.clearing.of("r-1")
        assert cleared is not None
        assert (cleared.remains, cleared.erasure) == ("bones", by_ann)
        assert await books.clearing.due(NOW, 10) == await books.clearing.ended(EndedRuns(run_id="r-1")) == ()
        view = await books.ledger.run("r-1")
        assert view is not None
        assert (view.title, view.message, view.state, view.calls, view.cost_usd) == ("", "", "failed", 1, 0.07)
        assert await books.ledger.answer_of("r-1:code:0") is None
        assert [one.call_id for one in await books.ledger.calls_with("eeee")] == ["r-1:code:0"]
        assert await books.ledger.calls_with("%") == ()

    asyncio.run(story())


def test_what_is_remembered_of_a_change_goes_with_the_days_of_its_last_run_and_after_one_day_at_the_soonest(
    books: Books,
) -> None:
    hours, week = "2026-11-30T02:00:00Z", "2026-11-23T12:00:00Z"

    async def ends(change: str, at: str, days: int, state: RunStateName = "done") -> None:
        run_id = f"r-{change}-{at}"
        await books.ledger.keep(RunView(run_id, "one", "acme/x", "7", "", state, "", "", at, at, change=change))
        await books.texts.begin(KeptRun(run_id, "one", "acme/x", Sensitivity.INTERNAL, days))
        await books.memory.remember("one", change, "review", {"last": "what was found"})

    async def story() -> None:
        await ends("over", week, 7)
        await ends("young", week, 8)
        await ends("none", week, 0)
        await ends("none-young", hours, 0)
        await ends("again", week, 7)
        await ends("again", hours, 7)
        await ends("at-work", week, 0, "waiting")
        await books.memory.remember("one", "over", "ignored", {"f-1": "ann"})
        await books.memory.remember("two", "over", "review", {"last": "of another repository"})
        for _ in range(2):
            await books.clearing.forget("review", NOW)
        topics = ("over", "young", "none", "none-young", "again", "at-work")
        left = [topic for topic in topics if await books.memory.recall("one", topic, "review")]
        assert left == ["young", "none-young", "again", "at-work"]
        assert await books.memory.recall("one", "over", "ignored")
        assert await books.memory.recall("two", "over", "review")

    asyncio.run(story())


def test_ended_runs_are_found_by_repository_and_day(books: Books) -> None:
    async def story() -> None:
        await books.ends("r-1", "done", "2026-11-01T00:00:00Z", 90)
        await books.ends("r-2", "stopped", "2026-11-20T00:00:00Z", 90, "two")
        await books.ends("r-3", "running", "2026-11-01T00:00:00Z", 90)
        assert await books.clearing.ended(EndedRuns(repository_id="two")) == ("r-2",)
        assert await books.clearing.ended(EndedRuns(before="2026-11-10T00:00:00Z")) == ("r-1",)
        assert await books.clearing.ended(EndedRuns()) == ("r-1", "r-2")
        assert await books.clearing.repositories("acme/x") == ("one", "two")
        rule = await books.clearing.rule("r-2")
        assert rule is not None
        assert (rule.keep_days, rule.sensitivity) == (90, Sensitivity.INTERNAL)
        assert await books.clearing.rule("r-9") is None

    asyncio.run(story())
