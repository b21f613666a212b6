"""What every store of notes promises, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.contract.ledger_world import view

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.notes import SqlNotes
from pointsman.domain.notes import KeptNote

FIRST = KeptNote(
    repository_id="local:1",
    repository="clock",
    run_id="r-1",
    change="",
    branch="pointsman/7-clock",
    name="2026-11-21-clock-r-1",
    page="# Run\n",
    envelope=b'{"payload":"e30="}\n\xff',
    digest="a" * 64,
    previous="",
    key_id="k" * 64,
    written_at="2026-11-21T12:00:00Z",
)
SECOND = replace(
    FIRST, run_id="r-2", change="13", digest="b" * 64, previous="a" * 64, written_at="2026-11-22T09:00:00Z"
)
ELSEWHERE = replace(FIRST, repository_id="local:2", digest="c" * 64)


@pytest.fixture
def stores(url: str) -> Iterator[tuple[SqlLedger, SqlNotes]]:
    ledger, notes = SqlLedger(url), SqlNotes(url)
    yield ledger, notes
    ledger.close()
    notes.close()


def test_notes_are_kept_whole_in_their_order_once_and_never_edited(stores: tuple[SqlLedger, SqlNotes]) -> None:
    ledger, notes = stores

    async def story() -> None:
        assert await notes.notes() == ()
        assert await notes.note_of("r-1") is None
        for note in (FIRST, SECOND, ELSEWHERE, replace(FIRST, page="# Another page\n")):
            await ledger.take_place(note)
        assert await notes.notes() == (FIRST, SECOND, ELSEWHERE)
        assert await notes.notes("local:1") == (FIRST, SECOND)
        assert await notes.notes("local:1", since="2026-11-22") == (SECOND,)
        assert await notes.note_of("r-2") == SECOND
        await ledger.keep(replace(view(), change="12"))
        assert [note.change for note in await notes.notes("local:1")] == ["12", "13"]

    asyncio.run(story())


def test_a_note_whose_place_is_given_back_or_signed_anew_is_kept_no_longer(
    stores: tuple[SqlLedger, SqlNotes],
) -> None:
    ledger, notes = stores

    async def claim(note: KeptNote) -> None:
        await ledger.take_place(note)

    async def story() -> None:
        anew = replace(FIRST, digest="d" * 64)
        await claim(FIRST)
        await claim(anew)
        assert await notes.notes("local:1") == (anew,)
        follows = replace(SECOND, previous=anew.digest)
        await claim(follows)
        await ledger.give_back_note_head("local:1", anew.digest, "r-1")
        assert await notes.notes("local:1") == (anew, follows)
        await ledger.give_back_note_head("local:1", follows.digest, "r-2")
        assert await notes.notes("local:1") == (anew,)

    asyncio.run(story())
