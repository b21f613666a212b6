"""Prompts and answers as they went over the wire, told turn by turn for people; whichever format it was."""

import json
from collections.abc import Iterator

from pointsman.domain.json import JsonObject

Turn = tuple[str, str]
"""Who says it (`system`, `user`, `assistant`, `tool`) and what."""


def turns_of(data: bytes) -> tuple[Turn, ...]:
    """What was said, turn by turn. What is in no format that is known comes as one turn without a name, as it is."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return (("", data.decode("utf-8", errors="replace")),)
    turns = tuple(_turns(found)) if isinstance(found, dict) else ()
    return turns or (("", json.dumps(found, indent=1, ensure_ascii=False)),)


def _turns(body: JsonObject) -> Iterator[Turn]:
    for name in ("system", "instructions"):
        if body.get(name):
            yield "system", _words(body[name])
    for listed in (body.get("messages"), body.get("input")):
        for message in listed if isinstance(listed, list) else ():
            yield from _turn(message)
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            yield from _turn(choice.get("message"))
    yield from _turn(body.get("message"))
    if "messages" not in body and body.get("content"):
        yield str(body.get("role") or "assistant"), _words(body["content"])


def _turn(message: object) -> Iterator[Turn]:
    if not isinstance(message, dict):
        return
    calls = message.get("tool_calls")
    asked = [_called(call) for call in calls] if isinstance(calls, list) else []
    said = _words(message.get("content"))
    yield str(message.get("role") or ""), "\n".join(part for part in (said, *asked) if part)


def _words(content: object) -> str:
    """The words of a content: a text, or a list of parts of which each is a text, a picture, a tool or its result."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(_words(part) if isinstance(part, str) else _part(part) for part in content)
    return "" if content is None else _as_json(content)


def _part(part: object) -> str:
    if not isinstance(part, dict):
        return _as_json(part)
    match part.get("type"):
        case "text" | "input_text" | "output_text":
            return str(part.get("text", ""))
        case "image" | "image_url" | "input_image":
            return "(A picture.)"
        case "tool_use":
            return f"(Tool {part.get('name')}: {_as_json(part.get('input'))})"
        case "tool_result":
            return f"(Result: {_words(part.get('content'))})"
        case _:
            return _as_json(part)


def _called(call: object) -> str:
    held = call.get("function") if isinstance(call, dict) else None
    if not isinstance(held, dict):
        return _as_json(call)
    arguments = held.get("arguments")
    return f"(Tool {held.get('name')}: {arguments if isinstance(arguments, str) else _as_json(arguments)})"


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
