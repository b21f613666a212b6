"""The very bodies that go over the wire, and how answers with their oddities are read."""

import json
from dataclasses import replace

import pytest
from tests.unit.models.models_world import ask, model, provider

from pointsman.domain.levels import Perimeter
from pointsman.domain.models import (
    Ask,
    Ending,
    Image,
    Message,
    OutputStyle,
    Price,
    Provider,
    ProviderKind,
    Shape,
    ToolCall,
    ToolSpec,
    ToolStyle,
    Usage,
)
from pointsman.models import anthropic_wire, ollama_wire, openai_wire
from pointsman.models.adapter import Answer, Trouble
from pointsman.models.costs import cost_usd, estimated_tokens, reserved_usd
from pointsman.models.encoding import encoded
from pointsman.models.identity import is_same
from pointsman.models.judging import seconds_of
from pointsman.models.prices import price_of

SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}},
    "required": ["ok"],
    "additionalProperties": False,
}
SHAPE = Shape("verdict", SCHEMA)
READ = ToolSpec("read", "Read.", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]})
CALL = ToolCall("c1", "read", {"path": "é"})
LOOP = (Message("user", "Go."), Message("assistant", "", (CALL,)), Message("tool", "text", call_id="c1"))
FUNCTION = {"type": "function", "function": {"name": "read", "description": "Read.", "parameters": READ.arguments}}


def asking(kind: ProviderKind, *, where: Provider | None = None, effort: str = "", output: str = "native") -> Ask:
    which = model(
        where or provider(kind, "http://127.0.0.1:1"),
        tools=ToolStyle.NATIVE,
        output=OutputStyle(output),
        effort=effort,
    )
    return ask(which, messages=LOOP, tools=(READ,), shape=SHAPE, temperature=0.0)


def test_the_body_for_openai_is_exactly_this() -> None:
    assert openai_wire.body_of(asking(ProviderKind.OPENAI, effort="low")) == {
        "model": "acme-1",
        "messages": [
            {"role": "system", "content": "You answer briefly."},
            {"role": "user", "content": "Go."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path":"é"}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "text"},
        ],
        "max_completion_tokens": 1000,
        "tools": [FUNCTION],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "schema": SCHEMA, "strict": True},
        },
        "temperature": 0.0,
        "reasoning_effort": "low",
    }


def test_turns_that_are_kept_give_the_same_body_while_the_conversation_grows_shrinks_or_changes() -> None:
    question, kept = asking(ProviderKind.OPENAI), openai_wire.growing()
    other = (*LOOP[:1], Message("user", "Half a pair: \ud800."))
    for turns in (LOOP[:1], LOOP, (*LOOP, Message("user", "More.")), other, LOOP, ()):
        now = replace(question, messages=turns)
        assert json.loads(openai_wire.encoded_body(now, kept)) == openai_wire.body_of(now)


def test_a_compatible_server_gets_max_tokens_and_a_forced_tool_by_its_name() -> None:
    question = ask(
        model(provider(ProviderKind.OPENAI_COMPATIBLE, "http://127.0.0.1:1/v1"), output=OutputStyle.TOOL), shape=SHAPE
    )
    body = openai_wire.body_of(question)
    assert (body["max_tokens"], "max_completion_tokens" in body) == (1000, False)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "verdict"}}
    answer = {
        "model": "m",
        "choices": [{"message": {"tool_calls": [{"function": {"name": "verdict", "arguments": '{"ok": true}'}}]}}],
    }
    read = openai_wire.reply_of(json.dumps(answer).encode(), "verdict")
    assert isinstance(read, Answer) and (read.shaped, read.calls, read.usage) == ('{"ok": true}', (), None)


def test_openrouter_is_told_to_keep_nothing_and_extras_cannot_change_what_is_ours() -> None:
    where = provider(
        ProviderKind.OPENAI_COMPATIBLE,
        "https://openrouter.ai/api/v1",
        extras={
            "data_collection": "allow",
            "provider": {"zdr": False, "only": ["acme"]},
            "Model": "other",
            "top_k": 1,
        },
    )
    body = openai_wire.body_of(asking(ProviderKind.OPENAI_COMPATIBLE, where=where))
    assert body["provider"] == {
        "data_collection": "deny",
        "zdr": True,
        "allow_fallbacks": False,
        "require_parameters": True,
        "max_price": {"prompt": 2.0, "completion": 8.0},
        "only": ["acme"],
    }
    assert (body["model"], body["top_k"], "Model" in body) == ("acme-1", 1, False)


def test_the_body_for_anthropic_is_exactly_this() -> None:
    cached = {"type": "ephemeral"}
    assert anthropic_wire.body_of(asking(ProviderKind.ANTHROPIC, effort="high")) == {
        "model": "acme-1",
        "max_tokens": 1000,
        "system": [{"type": "text", "text": "You answer briefly.", "cache_control": cached}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Go."}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "é"}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "text", "cache_control": cached}],
            },
        ],
        "tools": [{"name": "read", "description": "Read.", "input_schema": READ.arguments}],
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": SCHEMA}},
        "temperature": 0.0,
    }


def test_a_tool_that_claude_was_trained_on_goes_by_its_type_to_anthropic_alone_and_by_its_schema_elsewhere() -> None:
    trained = replace(READ, trained="text_editor_20250728")
    home = provider(ProviderKind.ANTHROPIC, "http://127.0.0.1:1")
    gateway = replace(home, perimeter=Perimeter.ACCOUNT)
    cloud = provider(ProviderKind.ANTHROPIC_BEDROCK, "http://127.0.0.1:1")

    def tools(where: Provider) -> object:
        return anthropic_wire.body_of(ask(model(where, tools=ToolStyle.NATIVE), tools=(trained,)))["tools"]

    assert tools(home) == [{"type": "text_editor_20250728", "name": "read"}]
    plain = [{"name": "read", "description": "Read.", "input_schema": READ.arguments}]
    assert tools(gateway) == plain and tools(cloud) == plain


def test_claude_thinks_where_no_tool_is_offered_and_then_has_no_temperature() -> None:
    question = ask(model(provider(ProviderKind.ANTHROPIC, "http://127.0.0.1:1"), effort="low"), temperature=0.0)
    body = anthropic_wire.body_of(question)
    assert (body["thinking"], body["output_config"], "temperature" in body) == (
        {"type": "adaptive"},
        {"effort": "low"},
        False,
    )


def test_anthropic_counts_its_cache_beside_the_input_and_we_within() -> None:
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 20,
    }
    body = {"model": "m", "content": [{"type": "text", "text": "x"}], "stop_reason": "max_tokens", "usage": usage}
    read = anthropic_wire.reply_of(json.dumps(body).encode())
    assert isinstance(read, Answer) and read.ending is Ending.CUT
    assert read.usage == Usage(130, 5, cache_read_tokens=100, cache_write_tokens=20)
    assert cost_usd(Price(10.0, 50.0, 1.0, 12.5), read.usage) == pytest.approx((100 + 100 + 250 + 250) / 1e6)


def test_the_body_for_ollama_is_exactly_this() -> None:
    question = asking(ProviderKind.OLLAMA, effort="off", output="tool")
    body = ollama_wire.body_of(question, 5000)
    assert body.pop("messages")[1:] == [
        {"role": "user", "content": "Go."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"name": "read", "arguments": {"path": "é"}}}],
        },
        {"role": "tool", "content": "text", "tool_name": "read"},
    ]
    assert body == {
        "model": "acme-1",
        "stream": False,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 8192, "num_predict": 1000, "temperature": 0.0},
        "tools": [FUNCTION],
        "think": False,
    }


def test_ollama_gets_the_window_that_the_call_needs_or_the_one_that_the_catalogue_names() -> None:
    which = model(provider(ProviderKind.OLLAMA, "http://127.0.0.1:1"), context_window=10_000)
    assert [ollama_wire.window_of(which, estimate, 1000) for estimate in (10, 4000, 9000)] == [4096, 8192, 10_000]
    assert ollama_wire.window_of(model(which.provider, num_ctx=2048), 9000, 1000) == 2048


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"code": 429, "message": "slow down"}}, 429),
        ({"error": {"code": 401, "message": "who"}}, 401),
        ({"error": "broken"}, 502),
        ({"choices": []}, 502),
        ({"choices": [{"error": {"code": 503}}]}, 503),
        ([], 502),
    ],
)
def test_an_error_in_a_body_with_status_200_is_read_as_the_error_that_it_is(body: object, status: int) -> None:
    read = openai_wire.reply_of(json.dumps(body).encode())
    assert isinstance(read, Trouble) and read.status == status


@pytest.mark.parametrize(
    ("asked", "served", "kind", "same"),
    [
        ("claude-opus-4-5", "claude-opus-4-5-20251101", ProviderKind.ANTHROPIC, True),
        ("gpt-5", "gpt-5-2025-08-07", ProviderKind.OPENAI, True),
        ("claude-x-latest", "claude-x-20250101", ProviderKind.ANTHROPIC, True),
        ("gpt-5", "gpt-5-mini", ProviderKind.OPENAI, False),
        ("gpt-5", "gpt-5-mini-2025-08-07", ProviderKind.OPENAI, False),
        ("claude-opus-4-5-20251101", "claude-opus-4-5", ProviderKind.ANTHROPIC, False),
        ("qwen", "qwen:latest", ProviderKind.OLLAMA, True),
        ("qwen", "qwen:latest", ProviderKind.OPENAI, False),
        ("qwen:7b", "qwen:14b", ProviderKind.OLLAMA, False),
        ("qwen", "/models/qwen.gguf", ProviderKind.OPENAI_COMPATIBLE, False),
        ("qwen", "", ProviderKind.OPENAI_COMPATIBLE, False),
    ],
)
def test_a_dated_name_is_the_same_model_and_another_name_is_another(
    asked: str, served: str, kind: ProviderKind, same: bool
) -> None:
    assert is_same(asked, served, kind) is same


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("1e9", 3600.0),
        ("nan", 0.0),
        ("soon", 0.0),
        ("", 0.0),
        ("Sat, 21 Nov 2026 10:00:30 GMT", 30.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float) -> None:
    assert seconds_of(header, "2026-11-21T10:00:00Z") == seconds


def test_half_a_surrogate_pair_still_makes_a_body_that_is_json() -> None:
    assert json.loads(encoded({"a": "x\ud800", "b": "é"})) == {"a": "x\ud800", "b": "é"}


def test_the_estimate_lies_above_what_prose_and_code_take_and_the_reservation_above_the_cost() -> None:
    question = ask(
        model(provider(ProviderKind.OPENAI, "http://127.0.0.1:1")), "def add(a, b):\n    return a + b\n" * 100
    )
    # Public tokenisers make twelve tokens of each repetition.
    assert estimated_tokens(question) > 1200
    price = Price(2.0, 8.0)
    assert reserved_usd(price, 1000, 100) >= cost_usd(price, Usage(1000, 100, cache_write_tokens=1000))


@pytest.mark.parametrize(
    ("kind", "id", "width", "height", "most"),
    [
        # 512 pixels and less are one tile; the picture of 1280 by 800 is scaled to 1229 by 768, six tiles.
        (ProviderKind.OPENAI, "gpt-4o-mini-2024-07-18", 400, 400, 8_500),
        (ProviderKind.OPENAI, "gpt-4o-mini", 1280, 800, 36_835),
        (ProviderKind.OPENAI_COMPATIBLE, "openai/gpt-4o-mini", 1280, 800, 36_835),
        (ProviderKind.OPENAI, "gpt-4.1-nano", 1280, 800, 2_460),
        (ProviderKind.ANTHROPIC, "claude-sonnet-4-5", 2000, 200, 576),
    ],
)
def test_no_provider_counts_more_for_a_picture_than_was_reserved(
    kind: ProviderKind, id: str, width: int, height: int, most: int
) -> None:
    which = replace(model(provider(kind, "http://127.0.0.1:1")), id=id, images=True)
    plain = ask(which)
    shown = replace(plain, messages=(replace(plain.messages[0], images=(Image("0" * 64, width, height),)),))
    assert estimated_tokens(shown) - estimated_tokens(plain) >= most


def test_the_schema_that_a_trained_tool_brings_is_reserved_too() -> None:
    which = model(provider(ProviderKind.ANTHROPIC, "http://127.0.0.1:1"))
    tool = ToolSpec("str_replace_based_edit_tool", "Edit.", {}, trained="text_editor_20250728")
    assert estimated_tokens(replace(ask(which), tools=(tool,))) - estimated_tokens(ask(which)) > 700 + 346


def test_prices_come_from_the_snapshot_and_an_unknown_model_has_none() -> None:
    known = price_of(ProviderKind.ANTHROPIC, "whatever", "claude-opus-4-5")
    assert known == Price(5.0, 25.0, 0.5, 6.25)
    assert price_of(ProviderKind.OPENAI_COMPATIBLE, "openrouter", "anthropic/claude-sonnet-4.5") is not None
    assert price_of(ProviderKind.OPENAI, "openai", "gpt-99-none") is None
    assert price_of(ProviderKind.OPENAI_COMPATIBLE, "our-own-vllm", "qwen3") is None
    assert price_of(ProviderKind.OLLAMA, "ollama", "qwen2.5-coder") is None


def test_a_tiered_price_counts_at_its_dearest() -> None:
    tiered = price_of(ProviderKind.OPENAI_COMPATIBLE, "google", "gemini-2.5-pro")
    assert tiered is not None and (tiered.input_usd, tiered.output_usd) == (2.5, 15.0)
