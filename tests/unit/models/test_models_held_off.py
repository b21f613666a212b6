"""The door before a provider that does not answer: what counts, what does not, and that nothing leaves meanwhile."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from tests.contract.breakers_world import BreakersInMemory, SetClock
from tests.unit.models.models_world import (
    KEY,
    LedgerInMemory,
    Sent,
    Server,
    as_json,
    ask,
    base_url,
    model,
    provider,
    saying,
    serving,
)

from pointsman.domain.breaker import IN_A_ROW, Breaker, Failed, Trying
from pointsman.domain.errors import OperatorMust, PointsmanError, TryAgain
from pointsman.domain.models import Ask, Model, Outage, ProviderKind, Reply
from pointsman.models.door import Door
from pointsman.ports.breakers import Breakers

OLLAMA = ProviderKind.OLLAMA
YES = saying(OLLAMA, "yes")


@dataclass
class Room:
    """One door, one provider of two models, and the breakers between them."""

    server: Server
    door: Door
    model: Model
    other: Model
    ledger: LedgerInMemory
    breakers: BreakersInMemory
    clock: SetClock

    def asks(self, question: Ask | None = None) -> Reply | Outage:
        async def once() -> Reply | Outage:
            try:
                return await self.door.ask(question or ask(self.model))
            finally:
                await self.door.close()

        return asyncio.run(once())

    def probes(self) -> str:
        async def once() -> str:
            try:
                return await self.door.probe(self.model)
            finally:
                await self.door.close()

        return asyncio.run(once())

    def meets(self, answer: Sent, times: int = IN_A_ROW) -> None:
        """The provider answers like this, so many times."""
        self.server.answer = lambda _: answer
        for _ in range(times):
            self.asks()

    @property
    def open(self) -> list[str]:
        """What is held off: the ids of models, and `*` for the whole provider."""
        return [breaker.model or "*" for breaker in asyncio.run(self.breakers.standing())]


@contextmanager
def _room(breakers: Breakers | None = None, *, seconds: float = 20.0) -> Iterator[Room]:
    clock, ledger = SetClock(), LedgerInMemory()
    kept = BreakersInMemory(clock)
    with serving(lambda _: YES) as server:
        where = provider(OLLAMA, base_url(OLLAMA, server.origin), timeout_seconds=seconds)
        door = Door({where.name: where}, ledger, clock, {"env:THE_KEY": KEY}.get, breakers=breakers or kept)
        yield Room(server, door, model(where), model(where, id="acme-2"), ledger, kept, clock)


@pytest.fixture
def room() -> Iterator[Room]:
    with _room() as made:
        yield made


@pytest.mark.parametrize(
    ("answer", "kind", "held"),
    [
        (Sent(408, b""), "timeout", "*"),
        (Sent(429, b""), "rate-limit", "acme-1"),
        (Sent(500, b""), "server", "*"),
        (Sent(502, b""), "server", "*"),
        (Sent(503, b""), "overloaded", "acme-1"),
        (Sent(504, b""), "timeout", "*"),
        (Sent(529, b""), "overloaded", "acme-1"),
        (Sent(200, b"", reset=True), "connection", "*"),
    ],
)
def test_law_3_each_kind_of_outage_counts_for_the_model_or_for_the_whole_provider(
    room: Room, answer: Sent, kind: str, held: str
) -> None:
    room.meets(answer)
    assert room.open == [held]
    outage = room.asks()
    assert isinstance(outage, Outage)
    assert (outage.kind, outage.held, len(room.server.seen)) == (kind, True, IN_A_ROW)


def test_law_3_no_answer_in_time_counts_for_the_whole_provider() -> None:
    with _room() as warm:
        warm.asks()
    with _room(seconds=0.5) as room:
        room.meets(Sent(200, b"", hang=5.0))
        assert room.open == ["*"]
        assert isinstance(room.asks(), Outage)


def test_law_3_nobody_at_the_address_counts_for_the_whole_provider(room: Room) -> None:
    where = provider(OLLAMA, "http://127.0.0.1:1")
    room.door = Door({where.name: where}, room.ledger, room.clock, lambda _: KEY, breakers=room.breakers)
    for _ in range(IN_A_ROW):
        room.asks(ask(model(where)))
    outage = room.asks(ask(model(where)))
    assert isinstance(outage, Outage)
    assert (outage.held, outage.kind, room.open) == (True, "connection", ["*"])


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
def test_law_3_a_refusal_is_no_outage_however_often_it_is_said(room: Room, status: int) -> None:
    room.server.answer = lambda _: as_json({"error": "no"}, status=status)
    for _ in range(IN_A_ROW + 2):
        with pytest.raises(PointsmanError):
            room.asks()
    assert (room.open, len(room.server.seen)) == ([], IN_A_ROW + 2)


def test_law_3_an_answer_of_another_model_is_no_outage(room: Room) -> None:
    room.server.answer = lambda _: saying(OLLAMA, "yes", served="somebody-else")
    for _ in range(IN_A_ROW):
        with pytest.raises(OperatorMust):
            room.asks()
    assert room.open == []


def test_what_our_own_rules_refuse_says_nothing_of_the_provider(room: Room) -> None:
    room.meets(Sent(500, b""))
    room.clock.passes(30)
    room.ledger.room_usd = 0.0
    for _ in range(2):
        with pytest.raises(PointsmanError, match="budget"):
            room.asks()
    room.ledger.room_usd = 1.0
    room.server.answer = lambda _: YES
    assert isinstance(room.asks(), Reply), "the trial is free again"
    assert room.open == []


def test_a_call_that_is_cancelled_counts_for_nothing_and_gives_its_trial_back(room: Room) -> None:
    room.meets(Sent(500, b""))
    room.clock.passes(30)
    room.server.answer = lambda _: Sent(200, b"", hang=20.0)

    async def cut_off() -> None:
        room.server.arrived.clear()
        going = asyncio.create_task(room.door.ask(ask(room.model)))
        await asyncio.to_thread(room.server.arrived.wait, 5)
        going.cancel()
        with pytest.raises(asyncio.CancelledError):
            await going
        await room.door.close()

    before = asyncio.run(room.breakers.standing())
    asyncio.run(cut_off())
    assert asyncio.run(room.breakers.standing()) == before
    room.server.answer = lambda _: YES
    assert isinstance(room.asks(), Reply)


def test_what_is_held_off_costs_nothing_leaves_no_byte_and_says_since_when_why_and_until_when(room: Room) -> None:
    room.meets(Sent(500, b""))
    calls = (len(room.server.seen), len(room.ledger.opened), len(room.ledger.closed))
    outage = room.asks(ask(room.other))
    assert isinstance(outage, Outage)
    assert outage.message == (
        "Nothing was sent to provider the-ollama: out of order since 2026-11-21 12:00:00 UTC (server), and tried "
        "again not before 12:00:30 UTC."
    )
    assert outage.retry_after == 30.0
    assert (len(room.server.seen), len(room.ledger.opened), len(room.ledger.closed)) == calls


def test_after_the_cool_down_one_call_is_sent_and_its_answer_lets_all_through(room: Room) -> None:
    room.meets(Sent(500, b""))
    room.clock.passes(30)
    room.server.answer = lambda _: YES
    assert isinstance(room.asks(), Reply)
    assert isinstance(room.asks(), Reply)
    assert (room.open, len(room.server.seen)) == ([], IN_A_ROW + 2)


def test_retry_after_is_kept_to_the_second(room: Room) -> None:
    room.meets(as_json({}, status=429, retry_after="40"), times=1)
    room.clock.passes(39)
    assert isinstance(room.asks(), Outage)
    assert len(room.server.seen) == 1
    room.clock.passes(1)
    room.server.answer = lambda _: YES
    assert isinstance(room.asks(), Reply)


def test_a_pressing_call_is_sent_before_the_cool_down_is_over(room: Room) -> None:
    room.meets(Sent(500, b""))
    room.server.answer = lambda _: YES
    assert isinstance(room.asks(), Outage)
    assert isinstance(room.asks(_pressing(room)), Reply)
    assert isinstance(room.asks(), Reply)


def _pressing(room: Room) -> Ask:
    return replace(ask(room.model), pressing=True)


def test_a_probe_that_is_answered_lets_the_next_call_through(room: Room) -> None:
    room.meets(Sent(500, b""))
    assert room.probes() != ""
    assert room.open == ["*"]
    room.server.answer = lambda seen: (
        as_json({"models": [{"name": "acme-1", "model": "acme-1"}]}) if seen.method == "GET" else as_json({})
    )
    assert (room.probes(), room.open) == ("", [])


class _Lost(BreakersInMemory):
    async def tell(self, trying: Trying, end: object) -> None:
        raise TryAgain("The database is busy.")

    async def standing(self) -> tuple[Breaker, ...]:
        return ()


def test_an_answer_that_was_paid_for_is_not_lost_with_the_knowledge_that_the_provider_answers() -> None:
    with _room(_Lost()) as room:
        assert isinstance(room.asks(), Reply)
        assert [record.state for record in room.ledger.closed] == ["answered"]


def test_a_failed_call_knows_what_the_provider_asked_for(room: Room) -> None:
    assert Failed("server").retry_after == 0.0
    room.meets(as_json({}, status=500, retry_after="5"), times=1)
    assert room.open == ["*"], "a provider that says how long is believed at once"
