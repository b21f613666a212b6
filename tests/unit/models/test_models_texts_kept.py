"""What goes over the wire is what is kept, under the digests that the ledger holds."""

import asyncio
import hashlib
from pathlib import Path

from tests.unit.models.models_world import KEY, LedgerInMemory, Sent, WallClock, ask, model, provider, saying, serving

from pointsman.audit.texts.key import TextKey
from pointsman.audit.texts.texts import SqlTexts
from pointsman.domain.errors import OperatorMust
from pointsman.domain.levels import Sensitivity
from pointsman.domain.models import Outage, ProviderKind, Reply
from pointsman.domain.texts import KeptRun, SentText
from pointsman.models.door import Door

KIND = ProviderKind.OPENAI_COMPATIBLE


class FullStore(SqlTexts):
    """A store on a disk without room."""

    def __init__(self) -> None:
        self.tried: list[SentText] = []

    async def keep(self, texts: tuple[tuple[SentText, bytes], ...]) -> None:
        self.tried += [text for text, _ in texts]
        raise OperatorMust("no room", code="disk-full")


def test_both_sides_of_a_call_are_kept_byte_for_byte_and_an_outage_leaves_its_prompt(tmp_path: Path) -> None:
    async def story() -> None:
        ledger, texts = LedgerInMemory(), SqlTexts(f"sqlite:///{tmp_path}/l.db", lambda: TextKey(bytes(32)))
        with serving(lambda _: saying(KIND, "yes \u2714")) as server:
            where = provider(KIND, f"{server.origin}/v1")
            door = Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get).keeping(texts)
            question = ask(model(where), "Grüße, 世界")
            await texts.begin(KeptRun(question.run_id, "repo", "acme/x", Sensitivity.INTERNAL, 7))
            reply = await door.ask(question)
            assert isinstance(reply, Reply)
            (prompt,), (answer,) = await texts.find(reply.sent_sha256), await texts.find(reply.received_sha256)
            assert (prompt.kind, answer.kind, prompt.call_id) == ("prompt", "answer", question.call_id)
            assert await texts.read(prompt) == server.seen[0].body
            assert await texts.read(answer) == server.sent[0]
            assert KEY.encode() not in await texts.read(prompt)
            server.answer = lambda _: Sent(503, b"not now")
            assert isinstance(await door.ask(ask(model(where), "Is anybody there?")), Outage)
        (unanswered,) = await texts.find(ledger.closed[-1].sent_sha256)
        assert b"Is anybody there?" in await texts.read(unanswered)
        await door.close()
        texts.close()

    asyncio.run(story())


def test_a_store_without_room_stops_nobody_and_the_digests_stay_in_the_ledger(tmp_path: Path) -> None:
    async def story() -> None:
        ledger, full = LedgerInMemory(), FullStore()
        with serving(lambda _: saying(KIND, "yes")) as server:
            where = provider(KIND, f"{server.origin}/v1")
            door = Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get).keeping(full)
            reply = await door.ask(ask(model(where)))
            await door.close()
        assert isinstance(reply, Reply)
        assert [text.sha256 for text in full.tried] == [reply.sent_sha256, reply.received_sha256]
        assert hashlib.sha256(server.seen[0].body).hexdigest() == ledger.closed[0].sent_sha256

    asyncio.run(story())
