"""Claude and GPT in a cloud account: the exact requests, the names they answer under, and keys that change."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.models.models_world import (
    KEY,
    LedgerInMemory,
    Seen,
    WallClock,
    as_json,
    ask,
    base_url,
    model,
    provider,
    saying,
    serving,
)

from pointsman.domain.models import Model, Outage, Price, ProviderKind, Reply
from pointsman.entrypoints.settings import credential
from pointsman.models.door import Door
from pointsman.models.identity import is_same
from pointsman.models.prices import price_of

BEDROCK, VERTEX = ProviderKind.ANTHROPIC_BEDROCK, ProviderKind.ANTHROPIC_VERTEX
AZURE = ProviderKind.AZURE_OPENAI


def asked(which: Model, key: str = KEY) -> Reply | Outage:
    async def once() -> Reply | Outage:
        where = which.provider
        door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: key)
        try:
            return await door.ask(ask(which))
        finally:
            await door.close()

    return asyncio.run(once())


def request(kind: ProviderKind, model_id: str, *, served: str, answers_as: str = "") -> Seen:
    """The one request that reached the cloud, of a call that was answered."""
    with serving(lambda _: saying(kind, "yes", served=served)) as server:
        where = provider(kind, base_url(kind, server.origin))
        reply = asked(model(where, id=model_id, answers_as=answers_as))
        assert isinstance(reply, Reply) and reply.served == served
        (seen,) = server.seen
        return seen


MESSAGES = {
    "max_tokens": 1000,
    "system": [{"type": "text", "text": "You answer briefly.", "cache_control": {"type": "ephemeral"}}],
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Say yes."}]}],
}


def test_bedrock_is_asked_by_invoke_with_a_bearer_key_and_no_model_in_the_body() -> None:
    model_id = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    seen = request(BEDROCK, model_id, served="claude-sonnet-4-5-20250929")
    assert (seen.method, seen.path) == ("POST", f"/model/{model_id}/invoke")
    assert seen.data == {"anthropic_version": "bedrock-2023-05-31"} | MESSAGES
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert not {"x-api-key", "anthropic-version", "x-amz-date"} & set(seen.headers)


def test_vertex_is_asked_by_raw_predict_in_project_and_location_with_a_token() -> None:
    seen = request(VERTEX, "claude-sonnet-4-5@20250929", served="claude-sonnet-4-5-20250929")
    place = "/v1/projects/acme-ai/locations/eu-west-1/publishers/anthropic/models"
    assert seen.path == f"{place}/claude-sonnet-4-5@20250929:rawPredict"
    assert seen.data == {"anthropic_version": "vertex-2023-10-16"} | MESSAGES
    assert seen.headers["authorization"] == f"Bearer {KEY}"


def test_azure_is_asked_at_its_v1_path_for_a_deployment_with_the_key_in_its_own_header() -> None:
    seen = request(AZURE, "our-deployment", served="gpt-6.1-terra-2026-09-01", answers_as="gpt-6.1-terra")
    assert (seen.method, seen.path) == ("POST", "/openai/v1/chat/completions")
    assert (seen.data["model"], seen.data["max_completion_tokens"]) == ("our-deployment", 1000)
    assert (seen.headers["api-key"], "authorization" in seen.headers) == (KEY, False)


def test_the_address_of_an_azure_resource_may_be_written_with_its_v1_path() -> None:
    with serving(lambda _: saying(AZURE, "yes")) as server:
        asked(model(provider(AZURE, f"{server.origin}/openai/v1")))
        assert [seen.path for seen in server.seen] == ["/openai/v1/chat/completions"]


@pytest.mark.parametrize("model_id", ["../other", "a/b", "a?b=c", "..", "x#y", "x%2Fy"])
def test_a_model_id_stays_one_part_of_the_path(model_id: str) -> None:
    with serving(lambda _: saying(VERTEX, "yes", served=model_id)) as server:
        asked(model(provider(VERTEX, server.origin), id=model_id))
        (seen,) = server.seen
    prefix = "/v1/projects/acme-ai/locations/eu-west-1/publishers/anthropic/models/"
    assert seen.path.startswith(prefix) and seen.path.endswith(":rawPredict")
    assert "/" not in seen.path.removeprefix(prefix) and "?" not in seen.path


@pytest.mark.parametrize(
    ("asked_for", "served", "kind", "same"),
    [
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022", BEDROCK, True),
        ("eu.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219", BEDROCK, True),
        ("us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0", "claude-3-7-sonnet-20250219", BEDROCK, True),
        ("global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6", BEDROCK, True),
        ("global.anthropic.claude-opus-5-5", "claude-opus-5-5", BEDROCK, True),
        ("eu.anthropic.claude-opus-5-5", "claude-opus-5-5-20260901", BEDROCK, True),
        ("eu.anthropic.claude-opus-5-5", "eu.anthropic.claude-opus-5-5", BEDROCK, True),
        ("eu.anthropic.claude-opus-5-5", "anthropic.claude-opus-5-5", BEDROCK, True),
        ("eu.anthropic.claude-opus-5-5", "us.anthropic.claude-opus-5-5", BEDROCK, False),
        ("eu.anthropic.claude-opus-5-5", "claude-opus-5", BEDROCK, False),
        ("eu.anthropic.claude-opus-5-5", "claude-haiku-5-5", BEDROCK, False),
        ("eu.anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20240620", BEDROCK, False),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5", BEDROCK, False),
        ("eu.anthropic.claude-opus-5-5", "", BEDROCK, False),
        ("eu.anthropic.claude-opus-5-5", "claude-opus-5-5", ProviderKind.ANTHROPIC, False),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929", VERTEX, True),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5@20250929", VERTEX, True),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-v2-20241022", VERTEX, True),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet-20241022", VERTEX, True),
        ("claude-opus-5-5", "claude-opus-5-5", VERTEX, True),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250930", VERTEX, False),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5", VERTEX, False),
        ("gpt-6.1-terra", "gpt-6.1-terra-2026-09-01", AZURE, True),
        ("gpt-6.1-terra", "gpt-6-luna", AZURE, False),
    ],
)
def test_a_cloud_answers_under_anthropics_own_id_and_under_no_other(
    asked_for: str, served: str, kind: ProviderKind, same: bool
) -> None:
    assert is_same(asked_for, served, kind) is same


def test_a_token_in_a_file_is_read_anew_for_each_call(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch(0o600)
    with serving(lambda _: saying(VERTEX, "yes")) as server:
        where = replace(provider(VERTEX, server.origin), key=f"file:{token}")

        async def twice() -> None:
            door = Door({where.name: where}, LedgerInMemory(), WallClock(), credential)
            for word in ("first", "second"):
                token.write_text(f"{word}\n", encoding="utf-8")
                await door.ask(ask(model(where)))
            await door.close()

        asyncio.run(twice())
        assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer first", "Bearer second"]


def test_a_probe_of_a_cloud_holds_nothing_of_ours_and_tells_a_wrong_key() -> None:
    for kind, path in ((BEDROCK, "/model/anthropic.claude-x-v1:0/count-tokens"), (VERTEX, "count-tokens:rawPredict")):
        with serving(lambda _: as_json({"inputTokens": 8})) as server:
            where = provider(kind, server.origin)
            door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: KEY)
            which = model(where, id="eu.anthropic.claude-x-v1:0")
            assert asyncio.run(door.probe(which)) == ""
            assert server.seen[0].path.endswith(path)
            assert b"Hello" in server.seen[0].body or b"input" in server.seen[0].body
            server.answer = lambda _: as_json({"message": "no"}, 403)
            assert "refused the credential (403)" in asyncio.run(door.probe(which))


def test_prices_of_clouds_are_their_own_and_a_region_costs_more_than_the_list_says() -> None:
    regional = price_of(BEDROCK, "whatever", "eu.anthropic.claude-opus-5-5")
    anywhere = price_of(BEDROCK, "whatever", "global.anthropic.claude-opus-5-5")
    assert regional and anywhere and regional.input_usd == pytest.approx(anywhere.input_usd * 1.1)
    assert price_of(VERTEX, "whatever", "claude-opus-5-5") == Price(4, 20, 0.2, 5)
    assert price_of(AZURE, "whatever", "gpt-6.1-terra") is not None
    assert price_of(AZURE, "whatever", "our-deployment") is None
