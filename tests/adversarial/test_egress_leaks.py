"""No byte goes where policy did not send it: cases S6, C2 to C6 of the security list, for each client."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.unit.models.models_world import (
    KEY,
    LedgerInMemory,
    Seen,
    Sent,
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
from pointsman.domain.levels import Perimeter, Phase
from pointsman.domain.models import Outage, Permit, Provider, ProviderKind, Reply
from pointsman.models.adapter import Adapter, Question
from pointsman.models.anthropic import Anthropic
from pointsman.models.anthropic_clouds import Bedrock, Vertex
from pointsman.models.azure_openai import AzureOpenAI
from pointsman.models.door import Door
from pointsman.models.ollama import Ollama
from pointsman.models.openai import OpenAI
from pointsman.models.over_httpx import GovernedHttpx
from pointsman.models.over_httpx2 import governed_client
from pointsman.models.pool import trusted
from pointsman.models.transport import Exchange, Gate, permitted

ROOT = Path(__file__).resolve().parents[2]
KINDS = tuple(kind for kind in ProviderKind if kind is not ProviderKind.SCRIPTED)
every = pytest.mark.parametrize("kind", KINDS)


def asked(where: Provider, ledger: LedgerInMemory) -> Reply | Outage | PointsmanError:
    async def once() -> Reply | Outage | PointsmanError:
        door = Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get)
        try:
            return await door.ask(ask(model(where)))
        except PointsmanError as error:
            return error
        finally:
            await door.close()

    return asyncio.run(once())


def in_a_process(kind: ProviderKind, origin: str, poison: dict[str, str]) -> str:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"} | poison
    command = [sys.executable, "-m", "tests.adversarial.egress_probe", kind.value, origin]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Say yes" not in done.stderr + done.stdout and KEY not in done.stderr + done.stdout
    return done.stdout.strip()


@every
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_s6_a_redirect_is_refused_and_nothing_reaches_its_target(kind: ProviderKind, status: int) -> None:
    with (
        serving(lambda _: saying(kind, "yes")) as stranger,
        serving(lambda seen: Sent(status, b"", (("location", stranger.origin + seen.path),))) as ours,
    ):
        ended = asked(provider(kind, base_url(kind, ours.origin)), LedgerInMemory())
    assert isinstance(ended, OperatorMust) and ended.code == "redirect"
    assert (len(ours.seen), stranger.seen) == (1, [])


@every
def test_s6_nothing_in_the_environment_moves_a_request_or_adds_to_it(kind: ProviderKind) -> None:
    with serving(lambda _: saying(kind, "yes")) as stranger, serving(lambda _: saying(kind, "yes")) as ours:
        proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        addresses = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_HOST", "OPENAI_API_BASE")
        clouds = ("ANTHROPIC_BEDROCK_BASE_URL", "ANTHROPIC_VERTEX_BASE_URL", "AZURE_OPENAI_ENDPOINT")
        keys = ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY")
        tokens = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
        names = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_PROFILE", "AWS_REGION", "CLOUD_ML_REGION")
        projects = ("ANTHROPIC_VERTEX_PROJECT_ID", "OPENAI_API_VERSION", "GOOGLE_CLOUD_PROJECT")
        poison = dict.fromkeys((*proxies, *addresses, *clouds), stranger.origin)
        poison |= dict.fromkeys((*keys, *tokens, *names, *projects), "poison-value")
        poison |= {"OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug"}
        poison |= dict.fromkeys(("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"), "x-poison: poison-value")
        printed = in_a_process(kind, ours.origin, poison)
    assert stranger.seen == []
    (seen,), (sent,) = ours.seen, ours.sent
    assert printed == f"{seen.sha256} {hashlib.sha256(sent).hexdigest()}"
    assert "poison" not in str(seen.headers) and b"poison" not in seen.body
    held = [seen.headers[name] for name in ("x-api-key", "api-key", "authorization") if name in seen.headers]
    credential = "".join(held).removeprefix("Bearer ")
    assert credential == ("" if kind is ProviderKind.OLLAMA else KEY)


@every
@pytest.mark.parametrize(
    "answer",
    [
        lambda _: as_json({"error": "x"}, 500),
        lambda _: as_json({"error": "x"}, 429, x_should_retry="true"),
        lambda _: Sent(200, b"", reset=True),
    ],
    ids=["500", "429 that asks for a retry", "reset"],
)
def test_s6_no_client_tries_again_behind_our_back(kind: ProviderKind, answer: Callable[[Seen], Sent]) -> None:
    with serving(answer) as ours:
        ended = asked(provider(kind, base_url(kind, ours.origin)), LedgerInMemory())
    assert isinstance(ended, Outage) and len(ours.seen) == 1


@every
def test_s6_a_request_without_a_permit_is_stopped_as_ours_whatever_the_client_wraps_it_in(kind: ProviderKind) -> None:
    makers: dict[ProviderKind, Callable[[Provider], Adapter]] = {
        ProviderKind.ANTHROPIC: Anthropic,
        ProviderKind.ANTHROPIC_BEDROCK: Bedrock,
        ProviderKind.ANTHROPIC_VERTEX: Vertex,
        ProviderKind.AZURE_OPENAI: AzureOpenAI,
        ProviderKind.OLLAMA: Ollama,
    }

    async def unpermitted(origin: str) -> None:
        adapter = makers.get(kind, OpenAI)(provider(kind, origin))
        try:
            await adapter.send(Question("POST", "/v1/messages", b'{"secret": 1}'))
        finally:
            await adapter.close()

    with serving(lambda _: saying(kind, "yes")) as ours, pytest.raises(OperatorMust) as raised:
        asyncio.run(unpermitted(ours.origin))
    assert (raised.value.code, ours.seen) == ("egress", [])


@every
def test_r8_a_call_whose_text_stays_inside_goes_to_no_provider_outside_whatever_was_decided(
    kind: ProviderKind,
) -> None:
    ledger = LedgerInMemory()

    async def once(where: Provider) -> None:
        door = Door({where.name: where}, ledger, WallClock(), {"env:THE_KEY": KEY}.get)
        try:
            await door.ask(ask(model(where), within=(Perimeter.LOCAL,)))
        finally:
            await door.close()

    with serving(lambda _: saying(kind, "yes")) as ours, pytest.raises(OwnerMust) as raised:
        asyncio.run(once(provider(kind, base_url(kind, ours.origin), perimeter=Perimeter.PUBLIC)))
    assert (raised.value.code, ours.seen, ledger.opened) == ("perimeter", [], [])


def _exchange(
    where: Provider, origin: str, body: bytes, *, within: tuple[Perimeter, ...] = tuple(Perimeter), **changes: str
) -> Exchange:
    named = {"provider": where.name, "origin": origin} | changes
    permit = Permit("r", "r:plan:0", Phase.PLAN, named["provider"], named["origin"], "acme-1", 1.0, within)
    return Exchange(permit, "POST", "/chat", body)


async def _over(library: str, where: Provider, url: str, bodies: tuple[bytes, ...]) -> None:
    gate = Gate(where)
    if library == "httpx2":
        async with governed_client(gate, trusted(), 5.0) as client:
            for body in bodies:
                await client.post(url, content=body)
        return
    async with httpx.AsyncClient(transport=GovernedHttpx(gate, trusted()), trust_env=False) as older:
        for body in bodies:
            await older.post(url, content=body)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_s6_a_permit_is_for_one_request_with_its_very_bytes_path_provider_and_address(library: str) -> None:
    with serving(lambda _: as_json({})) as ours, serving(lambda _: as_json({})) as stranger:
        where = provider(ProviderKind.OPENAI, ours.origin)
        url, body = f"{ours.origin}/chat", b"{}"

        def stopped(exchange: Exchange, url: str, *bodies: bytes) -> str:
            with permitted(exchange), pytest.raises(OperatorMust) as raised:
                asyncio.run(_over(library, where, url, bodies))
            assert raised.value.code == "egress"
            return raised.value.message

        assert "bytes" in stopped(_exchange(where, ours.origin, body), url, b'{"more": 1}')
        assert "another request" in stopped(_exchange(where, ours.origin, body), f"{ours.origin}/files", body)
        assert "another provider" in stopped(_exchange(where, ours.origin, body, provider="b"), url, body)
        assert "stays elsewhere" in stopped(_exchange(where, ours.origin, body, within=(Perimeter.LOCAL,)), url, body)
        assert "stays elsewhere" in stopped(_exchange(where, ours.origin, body, within=()), url, body)
        assert "another address" in stopped(_exchange(where, stranger.origin, body), url, body)
        assert "another address" in stopped(_exchange(where, ours.origin, body), f"{stranger.origin}/chat", body)
        assert ours.seen == []
        assert "used up" in stopped(_exchange(where, ours.origin, body), url, body, body)
        assert (len(ours.seen), stranger.seen) == (1, [])


@every
def test_s6_an_answer_that_is_compressed_although_nobody_asked_is_refused(kind: ProviderKind) -> None:
    with serving(lambda _: Sent(200, b"\x1f\x8b", (("content-encoding", "gzip"),))) as ours:
        ended = asked(provider(kind, base_url(kind, ours.origin)), LedgerInMemory())
    assert isinstance(ended, OperatorMust) and ended.code == "bad-reply"
    assert ours.seen[0].headers["accept-encoding"] == "identity"


@every
def test_an_answer_without_end_is_cut_off_at_32_mib(kind: ProviderKind) -> None:
    with serving(lambda _: Sent(200, b" " * (32 * 1024 * 1024 + 1))) as ours:
        ended = asked(provider(kind, base_url(kind, ours.origin)), LedgerInMemory())
    assert isinstance(ended, OperatorMust) and ended.code == "reply-too-large"


@pytest.mark.parametrize("name", ["gpt-oss:120b-cloud", "kimi:cloud", "Big-Cloud"])
def test_s6_a_local_ollama_is_not_asked_for_a_model_that_it_forwards(name: str) -> None:
    with serving(lambda _: saying(ProviderKind.OLLAMA, "yes")) as ours:
        where = provider(ProviderKind.OLLAMA, ours.origin)
        door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: None)
        with pytest.raises(OperatorMust) as raised:
            asyncio.run(door.ask(ask(model(where, id=name))))
    assert (raised.value.code, ours.seen) == ("perimeter", [])


def test_s6_a_probe_finds_out_that_a_local_ollama_forwards_a_model() -> None:
    with serving(lambda _: as_json({"models": [{"name": "acme-1:latest"}]})) as ours:
        ours.show = lambda _: as_json({"remote_host": "https://ollama.com"})
        where = provider(ProviderKind.OLLAMA, ours.origin)
        door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: None)
        assert "forwards acme-1 to https://ollama.com" in asyncio.run(door.probe(model(where)))


@pytest.mark.parametrize("url", ["ftp://host/x", "http://user:word@host/", "host:80", "http://host/?to=b", "http://"])
def test_s6_a_base_url_that_could_mean_two_places_is_refused(url: str) -> None:
    where = provider(ProviderKind.OPENAI, url, perimeter=Perimeter.PUBLIC)
    ended = asked(where, LedgerInMemory())
    assert isinstance(ended, OperatorMust) and ended.code == "bad-provider"


def test_c2_calls_side_by_side_cannot_spend_more_than_the_budget() -> None:
    kind = ProviderKind.OPENAI
    ledger = LedgerInMemory(room_usd=0.02)

    async def many(where: Provider) -> list[object]:
        door = Door({where.name: where}, ledger, WallClock(), lambda _: KEY)
        asked = [door.ask(ask(model(where), call_id=f"r-1:plan:{n}")) for n in range(10)]
        try:
            return list(await asyncio.gather(*asked, return_exceptions=True))
        finally:
            await door.close()

    with serving(lambda _: saying(kind, "yes")) as ours:
        ended = asyncio.run(many(provider(kind, base_url(kind, ours.origin))))
    # Each call reserves a little over 0.008 dollars.
    assert sum(isinstance(one, Reply) for one in ended) == len(ours.seen) == 2
    assert sum(isinstance(one, Stopped) for one in ended) == 8


@every
@pytest.mark.parametrize("usage", [None, (-5, 3), (3, -5), (10**12, 3), (3, 10**12)])
def test_c4_usage_that_is_missing_or_absurd_is_booked_as_reserved(
    kind: ProviderKind, usage: tuple[int, int] | None
) -> None:
    ledger = LedgerInMemory()
    with serving(lambda _: saying(kind, "yes", usage=usage)) as ours:
        reply = asked(provider(kind, base_url(kind, ours.origin)), ledger)
    assert isinstance(reply, Reply) and reply.usage.estimated and reply.usage.output_tokens == 1000
    assert 0 < ledger.closed[0].cost_usd <= ledger.opened[0].reserved_usd


@every
def test_c5_a_model_whose_price_nobody_knows_is_refused(kind: ProviderKind) -> None:
    with serving(lambda _: saying(kind, "yes")) as ours:
        where = provider(kind, base_url(kind, ours.origin))
        door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: KEY)
        with pytest.raises(OperatorMust) as raised:
            asyncio.run(door.ask(ask(model(where, price=None))))
    assert (raised.value.code, ours.seen) == ("unknown-price", [])


@every
@pytest.mark.parametrize("answer", [Sent(200, b" " * 500, drip=0.1), Sent(200, b"", hang=60)], ids=["drip", "hang"])
def test_c6_an_answer_that_trickles_or_never_comes_ends_at_the_wall_and_is_booked(
    kind: ProviderKind, answer: Sent
) -> None:
    ledger = LedgerInMemory()
    with serving(lambda _: answer) as ours:
        ended = asked(provider(kind, base_url(kind, ours.origin), timeout_seconds=0.6), ledger)
    assert isinstance(ended, Outage) and ended.kind == "timeout"
    assert ledger.closed[0].cost_usd == ledger.opened[0].reserved_usd > 0
