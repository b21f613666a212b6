"""A day's money is used up: who is told, how often, what stays quiet, and that the next day goes on by itself."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.ledger_world import CAPS, answered, call
from tests.unit.runs.desk_world import EVE, DeskWorld, labelled, pushed, said
from tests.unit.runs.served_world import ADA, ISSUE, SHOP, change_view
from tests.worlds.stage import SEATS, policy_of

from pointsman.domain.forge import Access
from pointsman.domain.run import Actor
from pointsman.runs.hearing.capped import used_up_today
from pointsman.runs.hearing.wishes import WATCHED

NOW = "2026-11-21T10:00:00Z"
DEAR = tuple(replace(seat, price=1.0) for seat in SEATS)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    world = DeskWorld(tmp_path)
    world.forge.people[EVE.id] = Access.WRITE
    yield world
    world.close()


def _caps(desk: DeskWorld, **changed: float) -> None:
    caps = {"run_usd": 1, "repository_day_usd": 10, "installation_day_usd": 10} | changed
    desk.policy = policy_of(DEAR, "http://127.0.0.1:9", caps=caps)


def _spent(desk: DeskWorld, usd: float, actor: Actor = ADA) -> None:
    """Somebody's run paid that much this morning."""
    record = replace(call(f"earlier-{usd}", at=NOW), requester=f"github:{actor.id}")

    async def paid() -> None:
        opened = await desk.ledger.open_call(record, CAPS, SHOP.id)
        await desk.ledger.close_call(answered(opened, usd))

    asyncio.run(paid())


def test_a_used_up_cap_refuses_before_anything_is_fetched_and_is_told_once_on_each_topic(desk: DeskWorld) -> None:
    _caps(desk)
    _spent(desk, 10.0)
    outcomes = desk.hear(labelled(), said("/pointsman build"), said("/pointsman plan", at="2"), labelled(EVE))
    assert set(outcomes) == {"refused: cap"}
    # Fetched once, to know which label starts a run; nothing of the issue, and no commit to work on.
    assert (desk.runs_here(), desk.world.workspace.fetched) == ((), ["main"])
    ((_, told),) = desk.forge.replies.values()
    for words in ("whole installation", "$10.00 of $10.00", "00:00 UTC on 2026-11-22", "caps.installation_day_usd"):
        assert words in told


def test_a_push_to_a_watched_change_is_refused_in_silence(desk: DeskWorld) -> None:
    _caps(desk)
    _spent(desk, 10.0)
    who = {"id": str(ADA.id), "login": ADA.login, "why": "asked"}
    asyncio.run(desk.memory.remember(SHOP.id, "13", WATCHED, who))
    head = desk.world.workspace.keep({**desk.tree, "bounds.py": "x = 1\n"})
    desk.forge.views["13"] = replace(change_view(head, desk.world.base), author=ADA)
    assert desk.hear(pushed(head)) == ("refused: cap",)
    assert desk.forge.replies == {}


def test_the_cap_of_a_requester_is_told_to_that_one_alone_and_others_go_on(desk: DeskWorld) -> None:
    _caps(desk, requester_day_usd=2)
    _spent(desk, 2.0)
    outcomes = desk.hear(said("/pointsman build"), said("/pointsman build", EVE, at="2"))
    assert [one.partition(":")[0] for one in outcomes] == ["refused", "run"]
    assert [key for key in desk.forge.replies if key.startswith("cap-")] == ["cap-requester-7-2026-11-21"]


def test_the_next_day_begins_by_itself(desk: DeskWorld) -> None:
    _caps(desk)
    _spent(desk, 10.0)
    assert desk.hear(labelled()) == ("refused: cap",)
    desk.clock.at = "2026-11-22T00:00:00Z"
    assert desk.hear(labelled())[0].startswith("run: ")


def test_the_operator_reads_of_a_cap_once_a_day_in_the_log_and_whenever_status_is_asked(
    desk: DeskWorld, caplog: pytest.LogCaptureFixture
) -> None:
    _caps(desk)
    _spent(desk, 10.0)
    with caplog.at_level(logging.WARNING, logger="pointsman.runs.hearing.capped"):
        desk.hear(labelled(), said("/pointsman build"), said("/pointsman ask Why?", number="13", at="2"))
    logged = [record for record in caplog.records if record.message == "a cap of the day is used up"]
    assert len(logged) == 1
    assert asyncio.run(used_up_today(desk.memory, NOW)) == (
        "the budget of the whole installation for today is used up: $10.00 of $10.00 are spent",
    )
    assert asyncio.run(used_up_today(desk.memory, "2026-11-22T00:00:00Z")) == ()


def test_models_that_cost_nothing_work_on_when_the_money_is_gone(desk: DeskWorld) -> None:
    policy = json.loads(policy_of(SEATS, "http://127.0.0.1:9"))
    desk.policy = json.dumps(policy)
    _spent(desk, 10.0)
    assert desk.hear(labelled())[0].startswith("run: ")
    assert ISSUE.key in {view.issue for view in desk.runs_here()}
