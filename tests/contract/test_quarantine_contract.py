"""What every quarantine promises: in memory, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contract.ledger_world import NOON, Postgres

from pointsman.audit.ledger.quarantine import SqlQuarantine
from pointsman.domain.ledger import Quarantined
from pointsman.models.guard import QuarantineInMemory
from pointsman.ports.quarantine import Quarantine

FIRST = Quarantined("far", "served-model", "It answered as another.", NOON, "r-1")
OTHER = Quarantined("box", "perimeter", "It forwards.", NOON)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def quarantine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Quarantine]:
    if request.param == "memory":
        yield QuarantineInMemory()
        return
    url = f"sqlite:///{tmp_path}/state/ledger.db"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        assert isinstance(server, Postgres)
        url = server.url()
    made = SqlQuarantine(url)
    yield made
    made.close()


def test_who_is_held_stays_held_with_what_was_found_first_until_somebody_lifts_it(quarantine: Quarantine) -> None:
    async def story() -> None:
        assert await quarantine.held() == ()
        await quarantine.hold(FIRST)
        await quarantine.hold(Quarantined("far", "region", "Later.", "2026-11-22T12:00:00Z", "r-2"))
        await quarantine.hold(OTHER)
        assert await quarantine.held() == (OTHER, FIRST)
        assert await quarantine.lift("far")
        assert not await quarantine.lift("far")
        assert await quarantine.held() == (OTHER,)

    asyncio.run(story())


def test_many_that_find_out_at_once_hold_a_provider_once(quarantine: Quarantine) -> None:
    async def story() -> None:
        await asyncio.gather(*(quarantine.hold(FIRST) for _ in range(10)))
        assert await quarantine.held() == (FIRST,)

    asyncio.run(story())


def test_a_quarantine_outlives_the_process_that_knew_why(url: str) -> None:
    before = SqlQuarantine(url)
    asyncio.run(before.hold(FIRST))
    before.close()
    after = SqlQuarantine(url)
    assert asyncio.run(after.held()) == (FIRST,)
    after.close()
