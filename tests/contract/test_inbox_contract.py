"""What the inbox and the memory promise, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contract.ledger_world import view

from pointsman.audit.ledger.inbox import SqlInbox
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.memory import SqlMemory
from pointsman.domain.errors import TryAgain
from pointsman.domain.events import Delivery

ONE = Delivery(
    "github", "00000000-0000-0000-0000-000000000001", "issues", b'{"a":"\xc3\xa4\x00"}', "2026-11-21T12:00:00Z"
)


@pytest.fixture
def inbox(url: str) -> Iterator[SqlInbox]:
    made = SqlInbox(url)
    yield made
    made.close()


def _named(number: int) -> Delivery:
    return replace(ONE, id=f"d-{number}")


def test_a_delivery_is_kept_byte_for_byte_until_it_is_dealt_with(inbox: SqlInbox) -> None:
    async def story() -> None:
        assert await inbox.take(ONE) is True
        assert (await inbox.waiting(), await inbox.delivery(ONE.id)) == ((ONE.id,), ONE)
        await inbox.finish(ONE.id, "run r-1")
        await inbox.finish(ONE.id, "something else")
        assert (await inbox.waiting(), await inbox.delivery(ONE.id)) == ((), None)
        assert await inbox.take(replace(ONE, body=b"{}")) is False, "dealt with, and still known"
        assert await inbox.waiting() == ()
        assert await inbox.known((ONE.id, "d-unknown")) == {ONE.id}

    asyncio.run(story())


def test_w3_one_id_taken_by_many_at_once_is_taken_by_exactly_one(inbox: SqlInbox, url: str) -> None:
    other = SqlInbox(url)

    async def story() -> list[bool]:
        takes = ((inbox if n % 2 else other).take(replace(ONE, received_at=str(n))) for n in range(60))
        return await asyncio.gather(*takes)

    taken = asyncio.run(story())
    other.close()
    assert taken.count(True) == 1
    assert asyncio.run(inbox.waiting()) == (ONE.id,)


def test_deliveries_wait_in_the_order_in_which_they_came(inbox: SqlInbox) -> None:
    async def story() -> None:
        assert all(await asyncio.gather(*(inbox.take(_named(n)) for n in range(250))))
        assert await inbox.waiting(3) == ("d-0", "d-1", "d-2")
        await inbox.finish("d-1", "ignored")
        assert await inbox.waiting(2) == ("d-0", "d-2")
        assert len(await inbox.waiting(1000)) == 249
        assert len(await inbox.known(tuple(f"d-{n}" for n in range(2000)))) == 250

    asyncio.run(story())


def test_what_was_taken_is_there_for_the_next_process(inbox: SqlInbox, url: str) -> None:
    asyncio.run(inbox.take(ONE))
    inbox.close()
    again = SqlInbox(url)
    assert asyncio.run(again.delivery(ONE.id)) == ONE
    again.close()


def test_a_ledger_that_is_older_than_the_inbox_gets_its_tables(url: str) -> None:
    ledger, inbox, memory = SqlLedger(url), SqlInbox(url), SqlMemory(url)
    asyncio.run(ledger.keep(view()))
    assert asyncio.run(inbox.take(ONE)) is True
    assert asyncio.run(memory.recall("1", "7", "paused")) == {}
    found = asyncio.run(ledger.run("r-1"))
    assert found is not None and found.title == view().title
    for each in (ledger, inbox, memory):
        each.close()


def test_a_database_that_is_locked_too_long_is_told_so_that_the_forge_keeps_the_delivery(
    tmp_path: Path,
) -> None:
    inbox = SqlInbox(f"sqlite:///{tmp_path}/ledger.db", patience=0.2)
    asyncio.run(inbox.open())
    rival = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    rival.execute("BEGIN EXCLUSIVE")

    async def locked() -> None:
        with pytest.raises(TryAgain) as told:
            await inbox.take(ONE)
        assert told.value.code == "inbox"
        rival.execute("ROLLBACK")
        assert await inbox.take(replace(ONE, id="d-later")) is True

    asyncio.run(locked())
    rival.close()
    inbox.close()


def test_a_database_that_cannot_be_written_is_told_so_that_the_forge_keeps_the_delivery(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    inbox = SqlInbox(f"sqlite:///{tmp_path}/ledger.db")
    with pytest.raises(TryAgain) as told:
        asyncio.run(inbox.take(ONE))
    assert (told.value.code, told.value.after) == ("inbox", 10.0)
    inbox.close()


def test_facts_are_kept_by_topic_and_kind_in_the_order_in_which_they_were_first_kept(url: str) -> None:
    memory = SqlMemory(url)

    async def story() -> None:
        await memory.remember("1", "7", "ignored", {"f-b": "ann", "f-a": "ben"})
        await memory.remember("1", "7", "ignored", {"f-c": "", "f-b": "cid"})
        await memory.remember("1", "7", "ignored", {"f-c": "", "f-b": "cid"})
        await memory.remember("1", "8", "ignored", {"f-b": "other topic"})
        await memory.remember("2", "7", "ignored", {"f-b": "other repository"})
        await memory.remember("1", "7", "paused", {"by": "ann"})
        assert list((await memory.recall("1", "7", "ignored")).items()) == [
            ("f-b", "cid"),
            ("f-a", "ben"),
            ("f-c", ""),
        ]
        await memory.forget("1", "7", "ignored")
        await memory.forget("1", "7", "ignored")
        assert await memory.recall("1", "7", "ignored") == {}
        assert await memory.recall("1", "8", "ignored") == {"f-b": "other topic"}
        assert await memory.recall("2", "7", "ignored") == {"f-b": "other repository"}
        assert await memory.recall("1", "7", "paused") == {"by": "ann"}

    asyncio.run(story())
    memory.close()
