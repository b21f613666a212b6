"""Prompts and answers of every wire format, as people read them."""

import json

import pytest

from pointsman.models.shown import turns_of

PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
CALL = {"id": "1", "function": {"name": "read", "arguments": '{"path": "a"}'}}
ASKED = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("body", "turns"),
    [
        ({"system": "Be kind.", "messages": ASKED}, [("system", "Be kind."), ("user", "Hello")]),
        ({"system": [{"type": "text", "text": "Be kind."}], "messages": []}, [("system", "Be kind.")]),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "See"}, PICTURE]}]},
            [("user", "See\n(A picture.)")],
        ),
        (
            {"choices": [{"message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}]},
            [("assistant", '(Tool read: {"path": "a"})')],
        ),
        ({"message": {"role": "assistant", "content": "Yes."}, "done": True}, [("assistant", "Yes.")]),
        (
            {"role": "assistant", "content": [{"type": "tool_use", "name": "read", "input": {"path": "a"}}]},
            [("assistant", '(Tool read: {"path": "a"})')],
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "content": "It is empty."}]}]},
            [("user", "(Result: It is empty.)")],
        ),
        ({"error": "no"}, [("", '{\n "error": "no"\n}')]),
        (["odd"], [("", '[\n "odd"\n]')]),
        ({"messages": ["odd", 1], "choices": "odd", "message": 3}, [("", None)]),
    ],
)
def test_each_turn_is_told_with_who_said_it(body: object, turns: list[tuple[str, str | None]]) -> None:
    told = turns_of(json.dumps(body).encode())
    assert [role for role, _ in told] == [role for role, _ in turns]
    assert all(words in (None, said) for (_, said), (_, words) in zip(told, turns, strict=True)), told


def test_what_is_no_json_is_told_as_it_is_and_a_bomb_of_brackets_stops_nothing() -> None:
    assert turns_of(b"\xffplain") == (("", "\ufffdplain"),)
    assert turns_of(b"[" * 200_000)[0][1].startswith("[[[")
