"""What every kind of provider must do behind the door, whatever it speaks."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

import pytest
from tests.unit.models.models_world import (
    KEY,
    LedgerInMemory,
    ProviderChanges,
    Seen,
    Sent,
    Server,
    WallClock,
    as_json,
    ask,
    base_url,
    model,
    provider,
    saying,
    serving,
)

from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Ask, Ending, Model, Outage, OutputStyle, Provider, ProviderKind, Reply, Shape
from pointsman.models.door import Door

HTTP = tuple(kind for kind in ProviderKind if kind is not ProviderKind.SCRIPTED)
SHAPE = Shape(
    "verdict",
    {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"], "additionalProperties": False},
)


@dataclass
class Stage:
    """A door with one provider behind it."""

    door: Door
    ledger: LedgerInMemory
    model: Model
    server: Server | None = None

    def asks(self, question: Ask) -> Reply | Outage:
        async def once() -> Reply | Outage:
            try:
                return await self.door.ask(question)
            finally:
                await self.door.close()

        return asyncio.run(once())

    def refusal(self, family: type[PointsmanError], question: Ask) -> PointsmanError:
        with pytest.raises(family) as raised:
            self.asks(question)
        return raised.value

    def probes(self) -> str:
        async def once() -> str:
            try:
                return await self.door.probe(self.model)
            finally:
                await self.door.close()

        return asyncio.run(once())


def _stage(where: Provider, ledger: LedgerInMemory | None = None) -> Stage:
    ledger = ledger or LedgerInMemory()
    return Stage(Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get), ledger, model(where))


@contextmanager
def staged(kind: ProviderKind, answer: Callable[[Seen], Sent], **changes: Unpack[ProviderChanges]) -> Iterator[Stage]:
    with serving(answer) as server:
        stage = _stage(provider(kind, base_url(kind, server.origin), **changes))
        stage.server = server
        yield stage


def scripted(tmp_path: Path, script: object) -> Stage:
    path = tmp_path / "script.json"
    path.write_text(json.dumps(script))
    return _stage(provider(ProviderKind.SCRIPTED, str(path)))


@contextmanager
def saying_stage(kind: ProviderKind, text: str, tmp_path: Path) -> Iterator[Stage]:
    if kind is ProviderKind.SCRIPTED:
        yield scripted(tmp_path, {"*": {"plan": [{"text": text, "usage": {"input": 50, "output": 7}}]}})
    else:
        with staged(kind, lambda _: saying(kind, text)) as stage:
            yield stage


every_kind = pytest.mark.parametrize("kind", list(ProviderKind))
every_http = pytest.mark.parametrize("kind", HTTP)


@every_kind
def test_an_answer_comes_back_with_its_tokens_cost_and_digests(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "yes", tmp_path) as stage:
        reply = stage.asks(ask(stage.model))
    assert isinstance(reply, Reply)
    assert (reply.text, reply.ending, reply.served, reply.model) == ("yes", Ending.COMPLETE, "acme-1", "worker")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.estimated) == (50, 7, False)
    assert reply.cost_usd == pytest.approx((50 * 2 + 7 * 8) / 1e6)
    (opened,), (closed,) = stage.ledger.opened, stage.ledger.closed
    assert (opened.state, opened.sent_sha256, opened.reserved_usd > closed.cost_usd) == (
        "sent",
        reply.sent_sha256,
        True,
    )
    assert (closed.state, closed.received_sha256, closed.cost_usd) == (
        "answered",
        reply.received_sha256,
        reply.cost_usd,
    )
    assert len(reply.sent_sha256) == len(reply.received_sha256) == 64


@every_http
def test_the_recorded_digests_are_those_that_the_server_computes(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes \u2714")) as stage:
        reply = stage.asks(ask(stage.model, "Grüße, 世界"))
        assert isinstance(reply, Reply) and stage.server
        (seen,), (sent,) = stage.server.seen, stage.server.sent
    assert seen.sha256 == reply.sent_sha256 == stage.ledger.opened[0].sent_sha256
    assert hashlib.sha256(sent).hexdigest() == reply.received_sha256


@every_http
def test_the_record_is_written_before_the_first_byte_leaves(kind: ProviderKind) -> None:
    known: list[int] = []
    ledger = LedgerInMemory()

    def answer(_: Seen) -> Sent:
        known.append(len(ledger.opened))
        return saying(kind, "yes")

    with staged(kind, answer) as stage:
        stage.door = Door({stage.model.provider.name: stage.model.provider}, ledger, WallClock(), lambda _: KEY)
        stage.asks(ask(stage.model))
    assert known == [1]


@every_http
def test_nothing_leaves_when_the_budget_has_no_room(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes")) as stage:
        stage.ledger.room_usd = 0.001
        with pytest.raises(Stopped):
            stage.asks(ask(stage.model))
        assert stage.server and stage.server.seen == []


@every_http
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, "rate-limit"),
        (500, "server"),
        (502, "server"),
        (503, "overloaded"),
        (529, "overloaded"),
        (504, "timeout"),
    ],
)
def test_a_provider_out_of_order_is_an_outage_asked_only_once(kind: ProviderKind, status: int, expected: str) -> None:
    with staged(kind, lambda _: as_json({"error": {"message": "busy"}}, status, retry_after="7")) as stage:
        outage = stage.asks(ask(stage.model))
        assert isinstance(outage, Outage) and stage.server
        assert len(stage.server.seen) == 1
    assert (outage.kind, outage.retry_after) == (expected, 7.0)
    assert (stage.ledger.closed[0].state, stage.ledger.closed[0].cost_usd) == ("outage", 0.0)


@every_http
def test_a_port_where_nobody_listens_is_an_outage_that_costs_nothing(kind: ProviderKind) -> None:
    with serving(lambda _: saying(kind, "yes")) as server:
        origin = server.origin
    stage = _stage(provider(kind, base_url(kind, origin)))
    outage = stage.asks(ask(stage.model))
    assert isinstance(outage, Outage) and outage.kind == "connection"
    assert stage.ledger.closed[0].cost_usd == 0.0


@every_http
def test_a_connection_that_breaks_after_the_prompt_left_is_booked_in_full(kind: ProviderKind) -> None:
    with staged(kind, lambda _: Sent(200, b"", reset=True)) as stage:
        outage = stage.asks(ask(stage.model))
        assert stage.server and len(stage.server.seen) == 1
    assert isinstance(outage, Outage) and outage.kind == "connection"
    assert stage.ledger.closed[0].cost_usd == stage.ledger.opened[0].reserved_usd > 0


@every_http
@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[1]"])
def test_an_answer_that_cannot_be_read_is_booked_in_full_since_it_was_made(kind: ProviderKind, body: bytes) -> None:
    with staged(kind, lambda _: Sent(200, body)) as stage:
        outage = stage.asks(ask(stage.model))
    assert isinstance(outage, Outage) and outage.kind == "server"
    assert stage.ledger.closed[0].cost_usd == stage.ledger.opened[0].reserved_usd > 0


@every_http
@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_is_named_by_its_place_and_never_shown(kind: ProviderKind, status: int) -> None:
    with staged(
        kind, lambda _: as_json({"error": {"message": f"bad key {KEY}"}}, status), key="env:THE_KEY"
    ) as stage:
        raised = stage.refusal(OperatorMust, ask(stage.model))
    assert raised.code == "bad-key"
    assert "env:THE_KEY" in str(raised) and KEY not in str(raised)
    assert stage.ledger.closed[0].state == "refused"


@every_http
def test_a_missing_key_stops_the_call_before_it_is_recorded(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes"), key="env:OTHER") as stage:
        raised = stage.refusal(OperatorMust, ask(stage.model))
        assert stage.server and stage.server.seen == []
    assert (raised.code, stage.ledger.opened, "env:OTHER" in str(raised)) == ("bad-key", [], True)


@every_http
def test_an_unknown_model_is_told_to_the_operator(kind: ProviderKind) -> None:
    with staged(kind, lambda _: as_json({"error": "model not found"}, 404)) as stage:
        raised = stage.refusal(OperatorMust, ask(stage.model))
    assert raised.code == "unknown-model" and "acme-1" in str(raised)


@every_http
@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 8192 tokens",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "the request exceeds the available context size",
        "the input length exceeds the context length",
    ],
)
def test_a_prompt_that_the_server_finds_too_long_is_told_to_the_owner(kind: ProviderKind, words: str) -> None:
    with staged(kind, lambda _: as_json({"error": {"message": words}}, 400)) as stage:
        raised = stage.refusal(OwnerMust, ask(stage.model))
    assert raised.code == "context-window"


@every_http
def test_a_bad_request_is_told_without_echo_of_prompt_or_key(kind: ProviderKind) -> None:
    secret = "the plans of the new reactor are in the blue folder"
    answer = as_json({"error": {"message": f"max_tokens is wrong; key {KEY}; input was: {secret}"}}, 400)
    with staged(kind, lambda _: answer) as stage:
        raised = stage.refusal(OperatorMust, ask(stage.model, f"Note that {secret}."))
    assert raised.code == "bad-request" and "max_tokens is wrong" in str(raised)
    assert "reactor are in the blue" not in str(raised) and KEY not in str(raised)


@every_http
def test_another_model_than_the_one_asked_for_fails_the_call_and_its_cost_is_booked(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes", served="cheaper-2")) as stage:
        raised = stage.refusal(OperatorMust, ask(stage.model))
    closed = stage.ledger.closed[0]
    assert raised.code == "served-model" and "cheaper-2" in str(raised)
    assert (closed.state, closed.served, closed.cost_usd > 0) == ("refused", "cheaper-2", True)


@every_http
def test_a_200_that_is_not_json_is_an_outage(kind: ProviderKind) -> None:
    with staged(kind, lambda _: Sent(200, b"<html>maintenance</html>")) as stage:
        outage = stage.asks(ask(stage.model))
    assert isinstance(outage, Outage) and outage.kind == "server"


@every_kind
def test_an_empty_answer_is_called_empty(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "", tmp_path) as stage:
        reply = stage.asks(ask(stage.model))
    assert isinstance(reply, Reply) and (reply.ending, reply.data) == (Ending.EMPTY, None)


@every_kind
@pytest.mark.parametrize("style", list(OutputStyle))
def test_data_is_found_in_whatever_style_it_was_asked_for(
    kind: ProviderKind, style: OutputStyle, tmp_path: Path
) -> None:
    with saying_stage(kind, 'Sure!\n```json\n{"ok": true,}\n```', tmp_path) as stage:
        reply = stage.asks(ask(model(stage.model.provider, output=style), shape=SHAPE))
    assert isinstance(reply, Reply) and (reply.data, reply.salvaged) == ({"ok": True}, True)


@every_kind
def test_a_model_without_a_price_is_refused_before_anything_leaves(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "yes", tmp_path) as stage:
        raised = stage.refusal(OperatorMust, ask(model(stage.model.provider, price=None)))
    assert (raised.code, stage.ledger.opened) == ("unknown-price", [])
    assert stage.server is None or stage.server.seen == []


@every_kind
def test_a_prompt_over_the_window_is_refused_before_anything_leaves(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "yes", tmp_path) as stage:
        raised = stage.refusal(OwnerMust, ask(model(stage.model.provider, context_window=2000), "word " * 2000))
    assert (raised.code, stage.ledger.opened) == ("context-window", [])
    assert stage.server is None or stage.server.seen == []


@every_kind
def test_a_provider_that_is_not_registered_or_has_moved_is_refused(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "yes", tmp_path) as stage:
        here = stage.model.provider
        unknown = stage.refusal(OperatorMust, ask(model(provider(kind, here.base_url, name="stranger"))))
        moved = stage.refusal(OperatorMust, ask(model(provider(kind, here.base_url, perimeter=Perimeter.ACCOUNT))))
    assert (unknown.code, moved.code) == ("unknown-provider", "provider-changed")
    assert stage.ledger.opened == []


@every_kind
def test_a_model_that_the_provider_may_not_serve_is_refused(kind: ProviderKind, tmp_path: Path) -> None:
    with saying_stage(kind, "yes", tmp_path) as stage:
        where = provider(kind, stage.model.provider.base_url, serves=("other-*",))
        stage.door = Door({where.name: where}, stage.ledger, WallClock(), lambda _: KEY)
        raised = stage.refusal(OperatorMust, ask(model(where)))
    assert raised.code == "not-served"


@every_http
def test_a_repeat_of_a_call_is_the_next_attempt_with_the_same_bytes(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes")) as stage:
        first, second = stage.asks(ask(stage.model)), stage.asks(ask(stage.model))
    assert isinstance(first, Reply) and isinstance(second, Reply)
    assert first.sent_sha256 == second.sent_sha256
    assert [record.attempt for record in stage.ledger.closed] == [1, 2]


@every_http
def test_the_door_works_on_one_loop_after_another(kind: ProviderKind) -> None:
    with staged(kind, lambda _: saying(kind, "yes")) as stage:
        for _ in range(2):
            assert isinstance(asyncio.run(stage.door.ask(ask(stage.model))), Reply)
        asyncio.run(stage.door.close())


@every_http
def test_a_cancelled_call_is_booked_as_reserved_and_says_so(kind: ProviderKind) -> None:
    async def cancelled(stage: Stage) -> None:
        task = asyncio.create_task(stage.door.ask(ask(stage.model)))
        assert stage.server
        await asyncio.to_thread(stage.server.arrived.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await stage.door.close()

    with staged(kind, lambda _: Sent(200, b"", hang=30)) as stage:
        asyncio.run(cancelled(stage))
    closed = stage.ledger.closed[0]
    assert (closed.state, closed.why, closed.cost_usd) == (
        "refused",
        "cancelled",
        stage.ledger.opened[0].reserved_usd,
    )


@every_http
def test_calls_side_by_side_keep_their_permits_apart(kind: ProviderKind) -> None:
    async def many(stage: Stage) -> list[Reply | Outage]:
        asked = [ask(stage.model, f"number {n}", call_id=f"r-1:plan:{n}") for n in range(12)]
        try:
            return await asyncio.gather(*(stage.door.ask(one) for one in asked))
        finally:
            await stage.door.close()

    with staged(kind, lambda seen: saying(kind, seen.sha256)) as stage:
        replies = asyncio.run(many(stage))
    assert all(isinstance(reply, Reply) and reply.text == reply.sent_sha256 for reply in replies)


@every_http
def test_a_probe_says_nothing_when_the_model_is_there(kind: ProviderKind) -> None:
    listed = {"data": [{"id": "acme-1"}], "models": [{"name": "acme-1:latest"}]}
    with staged(kind, lambda _: as_json(listed)) as stage:
        assert stage.probes() == ""
        assert stage.server and all(b"Say" not in seen.body for seen in stage.server.seen)
    assert stage.ledger.opened == []


@every_http
def test_a_probe_says_in_one_sentence_what_is_in_the_way(kind: ProviderKind) -> None:
    with staged(kind, lambda _: as_json({"error": "x"}, 401)) as stage:
        assert "refused the credential" in stage.probes()
    with serving(lambda _: saying(kind, "yes")) as server:
        origin = server.origin
    assert "does not answer" in _stage(provider(kind, base_url(kind, origin))).probes()
