"""What is looked at before and after a call, and what becomes of a provider that did not keep to the policy."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from tests.unit.models.models_world import (
    KEY,
    LedgerInMemory,
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

from pointsman.domain.errors import OperatorMust, TryAgain
from pointsman.domain.ledger import Quarantined
from pointsman.domain.levels import Perimeter
from pointsman.domain.models import Model, Outage, Provider, ProviderKind, Reply
from pointsman.models.door import Door
from pointsman.models.guard import LOOK_SECONDS, QuarantineInMemory
from pointsman.ports.quarantine import Quarantine

OLLAMA, ANTHROPIC = ProviderKind.OLLAMA, ProviderKind.ANTHROPIC
CLOUD = {"remote_host": "https://ollama.com:443", "remote_model": "big"}


class SetClock(WallClock):
    """Time that stands until somebody moves it."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


@dataclass
class Place:
    """A door with one provider behind it, on one loop."""

    server: Server
    model: Model
    quarantine: Quarantine
    ledger: LedgerInMemory = field(default_factory=LedgerInMemory)
    clock: SetClock = field(default_factory=SetClock)
    loop: asyncio.Runner = field(default_factory=asyncio.Runner)
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.opened()

    def opened(self) -> None:
        """A door of a new process over the same quarantine."""
        where = self.model.provider
        self.door = Door({where.name: where}, self.ledger, self.clock, lambda _: KEY, quarantine=self.quarantine)

    def asks(self) -> Reply | Outage | OperatorMust:
        try:
            return self.loop.run(self.door.ask(ask(self.model)))
        except OperatorMust as error:
            return error

    def refused(self) -> OperatorMust:
        ended = self.asks()
        assert isinstance(ended, OperatorMust), ended
        return ended

    def held(self) -> list[tuple[str, str]]:
        return [(found.provider, found.code) for found in self.loop.run(self.quarantine.held())]


@contextmanager
def placed(
    kind: ProviderKind,
    answer: Callable[[Seen], Sent] | None = None,
    *,
    changed: Callable[[Provider], Provider] = lambda where: where,
    model_id: str = "acme-1",
    quarantine: Quarantine | None = None,
) -> Iterator[Place]:
    with serving(answer or (lambda _: saying(kind, "yes"))) as server:
        which = replace(model(changed(provider(kind, base_url(kind, server.origin)))), id=model_id)
        place = Place(server, which, quarantine or QuarantineInMemory())
        yield place
        place.loop.run(place.door.close())
        place.loop.close()


def in_region(region: str) -> Callable[[Provider], Provider]:
    return lambda where: replace(where, region=region)


def telling(**more: object) -> Callable[[Seen], Sent]:
    """An Anthropic answer whose usage says more."""

    def answer(_: Seen) -> Sent:
        data = json.loads(saying(ANTHROPIC, "yes").body)
        data["usage"] |= more
        return as_json(data)

    return answer


def test_a_local_ollama_is_looked_at_once_before_the_first_question_to_each_model() -> None:
    with placed(OLLAMA) as place:
        assert isinstance(place.asks(), Reply) and isinstance(place.asks(), Reply)
        assert [look.data for look in place.server.looks] == [{"model": "acme-1"}]
        assert len(place.server.seen) == 2
        place.model = replace(place.model, id="acme-2")
        place.asks()
        assert [look.data["model"] for look in place.server.looks] == ["acme-1", "acme-2"]


def test_a_look_holds_for_ten_minutes_since_an_alias_can_be_pointed_elsewhere() -> None:
    with placed(OLLAMA) as place:
        place.asks()
        place.clock.at += LOOK_SECONDS - 1
        place.asks()
        assert len(place.server.looks) == 1
        place.clock.at += 1
        place.server.show = lambda _: as_json(CLOUD)
        assert place.refused().code == "perimeter"
        assert (len(place.server.looks), len(place.server.seen)) == (2, 2)


@pytest.mark.parametrize("told", [CLOUD, {"remote_host": "https://ollama.com"}, {"remote_model": "big"}])
def test_s6_a_name_that_a_local_ollama_forwards_is_not_sent_a_byte_of_the_question(told: dict[str, str]) -> None:
    with placed(OLLAMA) as place:
        place.server.show = lambda _: as_json(told)
        error = place.refused()
        assert (error.code, place.server.seen) == ("perimeter", [])
        assert "forwards acme-1 to" in error.message
        assert place.held() == [("the-ollama", "perimeter")]
    (closed,) = place.ledger.closed
    assert (closed.state, closed.why, closed.cost_usd) == ("refused", "perimeter", 0.0)


def test_an_ollama_that_is_declared_public_may_forward_and_is_not_looked_at() -> None:
    with placed(OLLAMA, changed=lambda where: replace(where, perimeter=Perimeter.PUBLIC)) as place:
        place.server.show = lambda _: as_json(CLOUD)
        assert isinstance(place.asks(), Reply)
        assert place.server.looks == []


@pytest.mark.parametrize(
    ("show", "kind"),
    [
        (lambda _: as_json({"error": "x"}, 500), "server"),
        (lambda _: as_json({"error": "x"}, 503, retry_after="7"), "overloaded"),
        (lambda _: Sent(200, b"", reset=True), "connection"),
        (lambda _: Sent(200, b"<html>"), "server"),
        (lambda _: Sent(200, b"{}"), "server"),
    ],
    ids=["500", "503", "reset", "html", "nothing"],
)
def test_a_look_that_shows_nothing_is_an_outage_and_the_question_stays_here(
    show: Callable[[Seen], Sent], kind: str
) -> None:
    with placed(OLLAMA) as place:
        place.server.show = show
        ended = place.asks()
        assert isinstance(ended, Outage) and ended.kind == kind
        assert (place.server.seen, place.held()) == ([], [])
        assert place.ledger.closed[0].cost_usd == 0.0
        place.asks()
        assert len(place.server.looks) == 2


def test_a_model_that_is_not_there_is_told_to_the_operator_before_the_question() -> None:
    with placed(OLLAMA) as place:
        place.server.show = lambda _: as_json({"error": "model 'acme-1' not found"}, 404)
        assert (place.refused().code, place.server.seen) == ("unknown-model", [])


def test_a_retry_after_of_a_look_is_heard() -> None:
    with placed(OLLAMA) as place:
        place.server.show = lambda _: as_json({"error": "x"}, 429, retry_after="7")
        ended = place.asks()
        assert isinstance(ended, Outage) and (ended.kind, ended.retry_after) == ("rate-limit", 7.0)


def test_an_answer_that_a_local_ollama_had_made_elsewhere_is_refused() -> None:
    def elsewhere(_: Seen) -> Sent:
        return as_json(json.loads(saying(OLLAMA, "yes").body) | CLOUD)

    with placed(OLLAMA, elsewhere) as place:
        error = place.refused()
        assert (error.code, place.held()) == ("perimeter", [("the-ollama", "perimeter")])
    assert "https://ollama.com:443" in error.message
    assert place.ledger.closed[0].cost_usd > 0


def test_anthropic_is_asked_for_the_declared_region_and_must_say_that_it_kept_to_it() -> None:
    with placed(ANTHROPIC, telling(inference_geo="us"), changed=in_region("us")) as place:
        reply = place.asks()
        assert isinstance(reply, Reply) and reply.region == "us"
        assert place.server.seen[0].data["inference_geo"] == "us"
    assert place.ledger.closed[0].region == "us"


@pytest.mark.parametrize(
    ("told", "words"),
    [({"inference_geo": "global"}, "answered from global"), ({}, "did not say where it answered")],
)
def test_an_answer_from_another_region_or_from_nobody_knows_where_is_refused(
    told: dict[str, object], words: str
) -> None:
    with placed(ANTHROPIC, telling(**told), changed=in_region("us")) as place:
        error = place.refused()
        assert (error.code, place.held()) == ("region", [("the-anthropic", "region")])
    assert f"was asked to keep to us and {words}." in error.message
    assert place.ledger.closed[0].cost_usd > 0


def test_without_a_region_none_is_asked_for_and_what_is_told_is_recorded() -> None:
    with placed(ANTHROPIC, telling(inference_geo="global")) as place:
        reply = place.asks()
        assert isinstance(reply, Reply) and reply.region == "global"
        assert "inference_geo" not in place.server.seen[0].data


def test_a_gateway_in_the_own_account_is_not_asked_for_a_region_that_only_anthropic_knows() -> None:
    account = replace(provider(ANTHROPIC, "https://gateway"), perimeter=Perimeter.ACCOUNT, region="eu-central-1")
    assert account.asked_region == ""
    assert replace(account, perimeter=Perimeter.PUBLIC).asked_region == "eu-central-1"


def test_which_provider_served_behind_openrouter_is_recorded() -> None:
    kind = ProviderKind.OPENAI_COMPATIBLE

    def answer(_: Seen) -> Sent:
        return as_json(json.loads(saying(kind, "yes").body) | {"provider": "Acme Clouds"})

    with placed(kind, answer) as place:
        reply = place.asks()
    assert isinstance(reply, Reply)
    assert (reply.via, place.ledger.closed[0].via) == ("Acme Clouds", "Acme Clouds")


def test_who_answered_as_another_model_is_asked_nothing_more_by_any_process_until_it_is_lifted() -> None:
    with placed(ANTHROPIC, lambda _: saying(ANTHROPIC, "yes", served="cheaper-2")) as place:
        assert place.refused().code == "served-model"
        place.opened()
        error = place.refused()
        assert (error.code, len(place.server.seen), len(place.ledger.opened)) == ("quarantined", 1, 1)
        assert "is in quarantine since 2026-11-21T10:00:00+00:00: Provider the-anthropic was asked" in error.message
        assert "pointsman quarantine --lift the-anthropic" in error.hint
        assert "is in quarantine" in place.loop.run(place.door.probe(place.model))
        place.server.answer = lambda _: saying(ANTHROPIC, "yes")
        assert place.loop.run(place.quarantine.lift("the-anthropic"))
        assert isinstance(place.asks(), Reply)


class Locked(QuarantineInMemory):
    """Nothing can be written down."""

    async def hold(self, found: Quarantined) -> None:
        raise TryAgain("The database is locked.", code="ledger-busy")


def test_what_cannot_be_written_down_still_holds_in_this_process() -> None:
    with placed(ANTHROPIC, lambda _: saying(ANTHROPIC, "yes", served="cheaper-2"), quarantine=Locked()) as place:
        assert (place.refused().code, place.refused().code) == ("served-model", "quarantined")
        assert len(place.server.seen) == 1


def test_a_name_of_a_model_that_plays_with_the_terminal_is_shown_without_it() -> None:
    with placed(ANTHROPIC, lambda _: saying(ANTHROPIC, "yes", served="x\x1b[2Jy\nz")) as place:
        assert place.refused().message.endswith("answered with x?[2Jy?z.")
