"""What every store of prompts and answers promises, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from tests.contract.ledger_world import NOON

from pointsman.audit.texts.key import TextKey
from pointsman.audit.texts.texts import SqlTexts
from pointsman.domain.errors import OperatorMust
from pointsman.domain.levels import Phase, Sensitivity
from pointsman.domain.texts import Erasure, KeptRun, Look, SentText, TextKind, TextSum, Which

CANARY = b"canary-in-the-coal-mine"
PROMPT = b'{"messages":[{"role":"user","content":"' + CANARY * 50 + b'"}]}'
ANSWER = b'{"choices":[]} \x00\xff'
KEY = TextKey(bytes(range(32)))
RUN = KeptRun("r-1", "repo-1", "acme/clock", Sensitivity.INTERNAL, 30)
LATER = "2026-12-24T12:00:00Z"


def sent(data: bytes, kind: TextKind = "prompt", run_id: str = "r-1", number: int = 0, at: str = NOON) -> SentText:
    digest = hashlib.sha256(data).hexdigest()
    return SentText(kind, digest, run_id, f"{run_id}:plan:{number}", 1, Phase.PLAN, "small", at)


@pytest.fixture
def kept(url: str) -> Iterator[SqlTexts]:
    made = SqlTexts(url, lambda: KEY, most_bytes=4000)
    yield made
    made.close()


def test_a_text_is_found_by_the_beginning_of_its_digest_and_read_as_it_was_sent(kept: SqlTexts) -> None:
    async def story() -> None:
        await kept.begin(RUN)
        await kept.begin(replace(RUN, keep_days=0))
        both = ((sent(PROMPT), PROMPT), (sent(ANSWER, "answer"), ANSWER))
        await kept.keep(both)
        await kept.keep(both)
        (found,) = await kept.find(sent(PROMPT).sha256[:8])
        assert (found.kind, found.run_id, found.repository_id) == ("prompt", "r-1", "repo-1")
        assert (found.phase, found.size, found.erase_after) == (Phase.PLAN, len(PROMPT), "2026-12-21T12:00:00Z")
        assert await kept.read(found) == PROMPT
        (answer,) = await kept.find(sent(ANSWER).sha256)
        assert await kept.read(answer) == ANSWER
        assert await kept.find("0" * 8) == await kept.find("%") == ()
        assert await kept.sum(Which(run_id="r-1")) == TextSum(2, len(PROMPT) + len(ANSWER), ("r-1",))

    asyncio.run(story())


def test_nothing_is_kept_of_a_run_that_keeps_none_nor_of_one_that_never_said(kept: SqlTexts) -> None:
    async def story() -> None:
        await kept.begin(replace(RUN, sensitivity=Sensitivity.SECRET, keep_days=0))
        await kept.keep(((sent(PROMPT), PROMPT),))
        await kept.keep(((sent(PROMPT, run_id="r-2"), PROMPT),))
        await kept.keep(())
        assert await kept.find(sent(PROMPT).sha256) == ()

    asyncio.run(story())


def test_what_is_too_long_leaves_its_digest_and_the_reason(kept: SqlTexts) -> None:
    async def story() -> None:
        await kept.begin(RUN)
        long = PROMPT * 4
        await kept.keep(((sent(long), long),))
        (found,) = await kept.find(sent(long).sha256)
        assert (found.erased_why, found.size) == ("too-large", len(long))

    asyncio.run(story())


def test_erasing_takes_what_is_named_and_leaves_a_stone_without_the_text(kept: SqlTexts) -> None:
    async def story() -> None:
        for number, run_id in enumerate(("r-1", "r-2", "r-3")):
            await kept.begin(replace(RUN, run_id=run_id, repository_id=f"repo-{number}"))
            data = PROMPT + run_id.encode()
            await kept.keep(((sent(data, run_id=run_id, at=f"2026-11-{21 + number}T12:00:00Z"), data),))
        asked = Erasure(LATER, "request", "ann (501)")
        assert await kept.erase(Which(run_id="r-1", repository_id="repo-1"), asked) == 0
        assert await kept.erase(Which(run_id="r-1"), asked) == 1
        assert await kept.erase(Which(run_id="r-1"), replace(asked, by="bob")) == 0
        (stone,) = await kept.find(sent(PROMPT + b"r-1").sha256)
        assert (stone.erased_at, stone.erased_by, stone.erased_why) == (LATER, "ann (501)", "request")
        with pytest.raises(OperatorMust, match="erased"):
            await kept.read(stone)
        assert (await kept.sum(Which(before="2026-11-23T00:00:00Z"))).runs == ("r-2",)
        by_time = Erasure(LATER, "time")
        assert await kept.erase(Which(due="2026-12-22T12:00:00Z"), by_time, limit=1) == 1
        assert await kept.erase(Which(due="2026-12-22T12:00:00Z"), by_time, limit=1) == 0
        assert (await kept.sum(Which(due=LATER))).runs == ("r-3",)
        with pytest.raises(ValueError, match="nothing says"):
            await kept.erase(Which(), asked)

    asyncio.run(story())


def test_many_that_sweep_at_once_erase_each_text_once(kept: SqlTexts) -> None:
    async def story() -> None:
        await kept.begin(RUN)
        for number in range(6):
            data = PROMPT + bytes([number])
            await kept.keep(((sent(data, number=number), data),))
        counts = await asyncio.gather(*(kept.erase(Which(due=LATER), Erasure(LATER, "time"), 4) for _ in range(4)))
        assert sum(counts) == 6

    asyncio.run(story())


def test_each_look_is_remembered(kept: SqlTexts) -> None:
    async def story() -> None:
        first = Look(NOON, 501, "ann", "5" * 64, "text")
        await kept.look(first)
        await kept.look(replace(first, login="bob", shown="erased"))
        assert [look.login for look in await kept.looks()] == ["bob", "ann"]
        assert await kept.looks(1) == (replace(first, login="bob", shown="erased"),)

    asyncio.run(story())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE texts SET ciphertext = substr(ciphertext, 1, length(ciphertext) - 1) WHERE seq = 1", "cut"),
        ("UPDATE texts SET run_id = 'r-9' WHERE seq = 1", "changed"),
        ("UPDATE texts SET kind = 'answer', call_id = 'other' WHERE seq = 1", "changed"),
        (
            "UPDATE texts SET nonce = (SELECT nonce FROM texts WHERE seq = 2), "
            "ciphertext = (SELECT ciphertext FROM texts WHERE seq = 2) WHERE seq = 1",
            "changed",
        ),
        ("UPDATE texts SET nonce = substr(nonce, 1, 4) WHERE seq = 1", "changed"),
        ("UPDATE texts SET key_id = 'another' WHERE seq = 1", "encrypted under the key another"),
    ],
)
def test_a_row_that_was_tampered_with_is_not_shown(kept: SqlTexts, url: str, change: str, says: str) -> None:
    async def story() -> None:
        await kept.begin(RUN)
        await kept.keep(((sent(PROMPT), PROMPT), (sent(ANSWER, number=1), ANSWER)))
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text(change))
        engine.dispose()
        (found,) = [one for one in await kept.find(sent(PROMPT).sha256) if one.seq == 1]
        with pytest.raises(OperatorMust, match=says):
            await kept.read(found)

    asyncio.run(story())


def test_without_its_key_a_text_cannot_be_read_and_erasing_still_works(url: str) -> None:
    def lost() -> TextKey:
        raise OperatorMust("gone", code="text-key")

    async def story() -> None:
        before, other, after = (SqlTexts(url, key) for key in (lambda: KEY, lambda: TextKey(bytes(32)), lost))
        await before.begin(RUN)
        await before.keep(((sent(PROMPT), PROMPT),))
        (found,) = await after.find(sent(PROMPT).sha256)
        for store in (other, after):
            with pytest.raises(OperatorMust) as caught:
                await store.read(found)
            assert caught.value.code == "text-key"
        assert await after.erase(Which(run_id="r-1"), Erasure(LATER, "request", "ann")) == 1
        for store in (before, other, after):
            store.close()

    asyncio.run(story())


def test_the_files_of_the_database_hold_neither_a_text_nor_after_erasing_its_ciphertext(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    store = SqlTexts(f"sqlite:///{database}", lambda: KEY)

    def every_byte() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))

    async def story() -> None:
        await store.begin(RUN)
        await store.keep(((sent(PROMPT), PROMPT),))
        assert CANARY not in every_byte()
        (sealed,) = sqlite3.connect(database).execute("SELECT ciphertext FROM texts").fetchone()
        assert sealed[:24] in every_byte()
        assert await store.erase(Which(run_id="r-1"), Erasure(LATER, "time")) == 1
        assert sealed[:24] not in every_byte()
        assert sealed[-24:] not in every_byte()

    asyncio.run(story())
    store.close()
