"""Answers in a wanted form, from models that nearly gave it; calls that were written as text."""

import json
from typing import Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.models.models_world import ModelChanges, ask, model, provider

from pointsman.domain.models import Ask, Message, OutputStyle, ProviderKind, Shape, ToolCall, ToolSpec, ToolStyle
from pointsman.models.structured import example, framed, salvage, shape_text
from pointsman.models.tools import lift

REVIEW = Shape(
    "review",
    {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["approve", "changes"], "description": "What you think of it."},
            "line": {"type": "integer"},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["verdict", "line", "notes"],
    },
)
WANTED = {"verdict": "approve", "line": 3, "notes": ["a", "b"]}
CLEAN = json.dumps(WANTED)
READ = ToolSpec(
    "read_file",
    "Read a file.",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)


@pytest.mark.parametrize(
    "text",
    [
        CLEAN,
        f"```json\n{CLEAN}\n```",
        f"Here you go:\n```\n{CLEAN}\n```\nI hope that helps.",
        f"The verdict is {CLEAN} as you can see.",
        f'<think>Is it {{so}}? {{"verdict": 1}}</think>\n{CLEAN}',
        f"I think so, then\n</think>{CLEAN}",
        json.dumps({"name": "review", "arguments": WANTED}),
        json.dumps({"name": "review", "parameters": WANTED}),
        json.dumps({"type": "function", "function": {"name": "review", "arguments": CLEAN}}),
        json.dumps({"tool_calls": [{"function": {"name": "review", "arguments": CLEAN}}]}),
        f"<tool_call>\n{json.dumps({'name': 'review', 'arguments': WANTED})}\n</tool_call>",
        json.dumps({"response": WANTED}),
        json.dumps({"type": "object", "properties": WANTED}),
        json.dumps([WANTED]),
        json.dumps(CLEAN),
        '{"verdict": "approve", "line": 3, "notes": ["a", "b",],}',
        "{'verdict': 'approve', 'line': 3, 'notes': ['a', 'b']}",
        '{"verdict": "approve", // fine\n "line": 3, "notes": ["a", "b"]}',
        '{"verdict": " Approve ", "line": "3", "notes": ["a", "b"]}',
        '{"verdict": "approve", "line": 3.0, "notes": ["a", "b"]}',
        f'First {{"verdict": "changes", "line": 1, "notes": []}}, no, rather {CLEAN}',
        f"for (i) {{ x }} and {{y}}: {CLEAN}",
    ],
)
def test_the_answer_is_found_however_it_is_dressed(text: str) -> None:
    assert salvage(text, REVIEW) == WANTED


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I approve.",
        CLEAN[:-8],
        '{"verdict": "maybe", "line": 3, "notes": []}',
        '{"verdict": "approve", "notes": []}',
        '{"verdict": "approve", "line": "three", "notes": []}',
        '{"verdict": "approve", "line": true, "notes": []}',
        '{"verdict": "approve", "line": NaN, "notes": []}',
        '{"verdict": "approve", "line": 3, "notes": {"a": 1}}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "{" * 300_000,
        '{"verdict": ' + "(" * 5000 + "}",
    ],
)
def test_what_is_no_answer_of_the_form_is_none(text: str) -> None:
    assert salvage(text, REVIEW) is None


def test_one_text_where_a_list_of_texts_is_wanted_becomes_a_list_of_one() -> None:
    found = salvage('{"verdict": "approve", "line": 3, "notes": "a"}', REVIEW)
    assert found == {"verdict": "approve", "line": 3, "notes": ["a"]}


def test_a_backslash_that_json_forbids_is_kept_as_a_backslash() -> None:
    found = salvage(r'{"verdict": "approve", "line": 3, "notes": ["\d+ \n"]}', REVIEW)
    assert found == {"verdict": "approve", "line": 3, "notes": ["\\d+ \n"]}


def test_the_example_of_the_prompt_given_back_is_no_answer() -> None:
    sample = json.dumps(example(REVIEW.schema, REVIEW.schema))
    assert sample in shape_text(REVIEW)
    assert salvage(sample, REVIEW) is None
    assert salvage(f"{sample}\n{CLEAN}", REVIEW) == WANTED


def test_definitions_and_choices_of_a_schema_are_followed() -> None:
    shape = Shape(
        "list",
        {
            "$defs": {"Item": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
                "extra": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
            },
            "required": ["items"],
            "additionalProperties": False,
        },
    )
    assert salvage('{"items": [{"n": "1"}], "extra": null, "more": 1}', shape) == {"items": [{"n": 1}], "extra": None}
    assert salvage('{"items": [{"m": 1}]}', shape) is None
    assert "- n (integer)" in shape_text(shape)


def test_a_schema_that_refers_to_itself_ends() -> None:
    shape = Shape("x", {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}})
    assert salvage('{"a": 1}', shape) is None
    assert shape_text(shape)


@given(st.text(alphabet="{}[]\",:'\\ab1 \n<think>/", max_size=300))
def test_no_text_makes_salvage_or_lift_raise(text: str) -> None:
    assert salvage(text, REVIEW) == salvage(text, REVIEW)
    assert all(call.name == "read_file" for call in lift(text, (READ,)))


@given(
    st.fixed_dictionaries(
        {"verdict": st.sampled_from(["approve", "changes"]), "line": st.integers(), "notes": st.lists(st.text())}
    ),
    st.sampled_from(["", "Well. ", "```json\n"]),
)
def test_whatever_was_written_as_json_is_read_back(data: dict[str, object], lead: str) -> None:
    found = salvage(lead + json.dumps(data), REVIEW)
    assert found == data or data == example(REVIEW.schema, REVIEW.schema)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "read_file", "arguments": {"path": "a.py"}}',
        'I look at it.\n```json\n{"name": "read_file", "arguments": {"path": "a.py"}}\n```',
        '<tool_call>{"name": "read_file", "arguments": {"path": "a.py"}}</tool_call>',
        '{"tool_calls": [{"function": {"name": "read_file", "arguments": "{\\"path\\": \\"a.py\\"}"}}]}',
        '{"action": "read_file", "action_input": {"path": "a.py"}}',
        "<tool_call><function=read_file><parameter=path>\na.py\n</parameter></function></tool_call>",
        "{'tool': 'read_file', 'args': {'path': 'a.py'}}",
    ],
)
def test_a_call_that_was_written_as_text_is_lifted(text: str) -> None:
    assert lift(text, (READ,)) == (ToolCall("text-0", "read_file", {"path": "a.py"}),)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "delete_all", "arguments": {"path": "a.py"}}',
        '{"name": "read_file", "arguments": {"file": "a.py"}}',
        '<think>{"name": "read_file", "arguments": {"path": "a.py"}}</think> Done.',
        "Call read_file on a.py.",
    ],
)
def test_what_was_not_offered_or_does_not_fit_is_not_lifted(text: str) -> None:
    assert lift(text, (READ,)) == ()


def test_two_calls_are_lifted_in_order_and_the_same_one_once() -> None:
    one, two = ({"name": "read_file", "arguments": {"path": path}} for path in ("a", "b"))
    lifted = lift("\n".join(map(json.dumps, (one, two, one))), (READ,))
    assert [(call.id, call.arguments["path"]) for call in lifted] == [("text-0", "a"), ("text-1", "b")]


def _ask(**changes: Unpack[ModelChanges]) -> Ask:
    return ask(model(provider(ProviderKind.OPENAI, "http://127.0.0.1:1"), **changes), shape=REVIEW, tools=(READ,))


def test_tools_and_history_are_told_in_words_to_a_model_that_takes_none_by_its_api() -> None:
    call = ToolCall("c1", "read_file", {"path": "a.py"})
    history = (Message("user", "Go."), Message("assistant", "", (call,)), Message("tool", "text of a", call_id="c1"))
    question = ask(
        model(provider(ProviderKind.OPENAI, "http://127.0.0.1:1"), tools=ToolStyle.TEXT, output=OutputStyle.NATIVE),
        shape=REVIEW,
        tools=(READ,),
        messages=history,
    )
    frame = framed(question)
    assert (frame.tools, frame.schema, frame.forced) == ((), None, None)
    assert "- read_file: Read a file. Arguments: path (string)." in frame.system
    assert "When you need no more tools" in frame.system
    assert frame.messages[1].text == '{"name": "read_file", "arguments": {"path": "a.py"}}'
    assert frame.messages[2] == Message("user", "Result of read_file:\ntext of a")


def test_a_schema_goes_to_the_api_where_it_takes_one_and_into_the_prompt_where_not() -> None:
    native = _ask(tools=ToolStyle.NATIVE, output=OutputStyle.NATIVE)
    assert framed(native).schema == REVIEW
    beside = framed(native, schema_beside_tools=False)
    assert beside.schema is None and "exactly one JSON object" in beside.system
    forced = _ask(tools=ToolStyle.NATIVE, output=OutputStyle.TOOL)
    assert framed(forced).forced == REVIEW
    assert framed(forced, forces_tools=False).schema == REVIEW


FINDINGS = Shape(
    "review",
    {
        "type": "object",
        "properties": {
            "summary": {"type": "string"},
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "quote": {"type": "string"},
                        "severity": {"type": "string", "enum": ["major", "minor"]},
                        "criterion": {"type": "string"},
                    },
                    "required": ["quote", "severity", "criterion"],
                },
            },
        },
        "required": ["summary", "findings"],
    },
)


def test_a_slip_in_one_finding_does_not_cost_the_whole_review() -> None:
    said = {"summary": "One thing.", "findings": [{"quote": "x = 1", "severity": "High"}]}
    assert salvage(json.dumps(said), FINDINGS) == {
        "summary": "One thing.",
        "findings": [{"quote": "x = 1", "severity": "High", "criterion": ""}],
    }


@pytest.mark.parametrize("said", [{"findings": []}, {"summary": "x"}, {"summary": "x", "findings": [{"quote": "y"}]}])
def test_the_answer_itself_must_have_its_form(said: dict[str, object]) -> None:
    assert salvage(json.dumps(said), FINDINGS) is None
