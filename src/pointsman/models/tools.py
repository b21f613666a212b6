"""Tools as text: describing them in the prompt, telling their history, lifting calls that were written as text."""

import json
import re
from collections.abc import Iterator, Mapping

from pointsman.domain.json import JsonObject
from pointsman.domain.models import Message, ToolCall, ToolSpec
from pointsman.models.fitting import Misfit, fit
from pointsman.models.found_json import found, strict, without_thoughts

_NAMES = ("name", "tool", "tool_name", "action", "function_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "tool_input")
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)</function>", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)


def tools_text(tools: tuple[ToolSpec, ...]) -> str:
    """The tools in words, for models that take none by their API."""
    lines = [f"- {tool.name}: {tool.description} Arguments: {_arguments_text(tool.arguments)}." for tool in tools]
    return (
        "You can use tools. To use one, answer with exactly one JSON object and nothing else:\n"
        '{"name": "<tool>", "arguments": {...}}\n'
        "You are then given its result. Tools:\n" + "\n".join(lines)
    )


def _arguments_text(schema: JsonObject) -> str:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping) or not properties:
        return "none"
    needed = required if isinstance(required, list) else []
    parts = []
    for name, inner in properties.items():
        kind = inner.get("type", "any") if isinstance(inner, Mapping) else "any"
        parts.append(f"{name} ({kind}{'' if name in needed else ', may be left out'})")
    return ", ".join(parts)


def told(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The same conversation with calls and results as plain text."""
    names = {call.id: call.name for message in messages for call in message.calls}
    return tuple(_told(message, names) for message in messages)


def _told(message: Message, names: Mapping[str, str]) -> Message:
    if message.role == "tool":
        return Message("user", f"Result of {names.get(message.call_id, 'the tool')}:\n{message.text}")
    if message.calls:
        written = [
            json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
            for call in message.calls
        ]
        return Message(message.role, "\n".join(part for part in (message.text, *written) if part))
    return message


def lift(text: str, tools: tuple[ToolSpec, ...]) -> tuple[ToolCall, ...]:
    """The calls of offered tools that a model wrote as text, in order; nothing that was not offered is lifted."""
    offered = {tool.name: tool for tool in tools}
    lifted: list[ToolCall] = []
    for name, arguments in _written(without_thoughts(text)):
        tool = offered.get(name)
        fitted = _fitted(arguments, tool) if tool else None
        if fitted is not None and (name, fitted) not in [(call.name, call.arguments) for call in lifted]:
            lifted.append(ToolCall(f"text-{len(lifted)}", name, fitted))
    return tuple(lifted)


def _written(text: str) -> Iterator[tuple[str, object]]:
    for hit in _FUNCTION.finditer(text):
        pairs = {str(name): str(value) for name, value in _PARAMETER.findall(hit.group(2))}
        yield hit.group(1), pairs or strict(hit.group(2).strip())
    for value in found(text):
        yield from _calls_in(value, 0)


def _calls_in(value: object, depth: int) -> Iterator[tuple[str, object]]:
    if depth > 3:
        return
    if isinstance(value, list):
        for one in value[:16]:
            yield from _calls_in(one, depth + 1)
    elif isinstance(value, dict):
        name = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), None)
        held = next((value[key] for key in _ARGUMENTS if key in value), None)
        if isinstance(name, str) and (held is not None or len(value) == 1):
            yield name, {} if held is None else held
            return
        for key in ("tool_calls", "function", "tool_call", "function_call", "tools"):
            yield from _calls_in(value.get(key), depth + 1)


def _fitted(arguments: object, tool: ToolSpec) -> JsonObject | None:
    if isinstance(arguments, str):
        arguments = strict(arguments)
    try:
        data = fit(arguments, {"type": "object", **tool.arguments}, tool.arguments)
    except Misfit:
        return None
    return data if isinstance(data, dict) else None
