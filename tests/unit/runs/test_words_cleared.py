"""When the words of a run go, the journal goes with them, and what later runs are decided by stays."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import says
from tests.unit.runs.served_world import ADA, BLOCK, FINE, PLAN, SHOP, Served, review_of

from pointsman.audit.texts.clearing import SqlClearing
from pointsman.audit.texts.key import TextKey
from pointsman.audit.texts.texts import SqlTexts
from pointsman.domain.errors import UsageMust
from pointsman.domain.levels import Phase
from pointsman.domain.run import Need
from pointsman.domain.texts import Erasure
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.again import Anew
from pointsman.runs.clearing import left_by
from pointsman.runs.remains import REMAINS, Remains
from pointsman.runs.tidying import Kept, clear, tidy

DAYS_LATER = "2026-12-21T10:00:01Z"
TOO_SOON = "2026-12-20T10:00:00Z"


class Keeping(Served):
    """The served world with a place where words are kept; no door is in it, so only journals are."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, [says(data=PLAN), says(BLOCK), says(data=FINE), review_of()])
        url = f"sqlite:///{home}/ledger.sqlite"
        self.texts, self.clearing = SqlTexts(url, lambda: TextKey(bytes(32))), SqlClearing(url)
        self.engine.adapters = replace(self.engine.adapters, texts=self.texts, clearing=self.clearing)
        self.kept = Kept(self.texts, self.clearing, lambda: self.engine)

    def close(self) -> None:
        super().close()
        self.texts.close()
        self.clearing.close()

    async def left(self) -> Remains:
        return await left_by(self.engine, self.clearing, "r-1")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Keeping]:
    made = Keeping(tmp_path)
    yield made
    made.close()


def in_files(world: Keeping) -> bool:
    """Whether the plan's words can be read in the engine's files."""
    files = sorted(world.home.glob("engine.sqlite*"))
    return any(b"use high in min" in path.read_bytes() for path in files)


def test_what_decides_about_later_runs_outlives_the_journal_and_nothing_is_done_again(world: Keeping) -> None:
    spec = world.spec()
    issue = replace(spec.issue, labels=("bug", "pointsman:restricted"))
    assert world.runs(replace(spec, issue=issue)).state == "done"

    async def story() -> None:
        before = await world.left()
        assert await world.memory.recall(SHOP.id, "13", LAST_REVIEW)
        assert (before.labels, before.about[:2]) == (issue.labels, ("build", issue.digest))
        assert before.authors and [model.name for model in before.wrote] == list(before.authors)
        await tidy(world.kept, TOO_SOON)
        assert await world.engine.end_of("r-1") is not None
        assert in_files(world)
        await asyncio.gather(*(tidy(world.kept, DAYS_LATER) for _ in range(3)))
        assert await world.left() == before
        assert await world.engine.end_of("r-1") is None
        assert not in_files(world)
        assert await world.memory.recall(SHOP.id, "13", LAST_REVIEW) == {}
        view = await world.view()
        assert (view.state, view.title, view.branch != "") == ("done", "", True)
        for act in (
            world.engine.resume("r-1"),
            world.engine.as_run("r-1"),
            world.engine.rerun("r-1", Phase.REVIEW, "r-2", Anew(ADA, spec.caps)),
        ):
            with pytest.raises(UsageMust, match="erased when its days were over") as caught:
                await act
            assert caught.value.code == "cleared"
        assert await world.ledger.run("r-2") is None

    asyncio.run(story())


def test_a_clearing_that_was_cut_off_after_its_first_step_is_done_to_its_end(world: Keeping) -> None:
    world.runs(world.spec())

    async def story() -> None:
        bones = await world.left()
        await world.clearing.leave("r-1", REMAINS.dump_json(bones).decode())
        assert await world.engine.end_of("r-1") is not None, "the journal is still there"
        gone = await clear(world.kept, ("r-1",), Erasure(TOO_SOON, "request", "ann (501)"))
        assert (gone, await world.left(), in_files(world)) == (("r-1",), bones, False)
        found = await world.clearing.of("r-1")
        assert found is not None
        assert (found.erasure.by, found.erasure.why) == ("ann (501)", "request")

    asyncio.run(story())


def test_a_run_that_goes_on_keeps_its_words_whoever_asks(world: Keeping) -> None:
    async def meanwhile(served: Served) -> None:
        assert await clear(world.kept, ("r-1",), Erasure(TOO_SOON, "request", "ann (501)")) == ()
        assert await world.clearing.of("r-1") is None
        plan_hash = (await served.view()).plan_hash
        await served.engine.approve("r-1", plan_hash)

    spec = world.spec()
    orders = {task: replace(order, plan=Need.APPROVE) for task, order in spec.orders.items()}
    assert world.runs(replace(spec, orders=orders), meanwhile=meanwhile).state == "done"
