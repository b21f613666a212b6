"""Bringing a model to answer in a wanted form, and reading the answer of one that nearly did."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pointsman.domain.json import JsonObject
from pointsman.domain.models import Ask, Message, OutputStyle, Shape, ToolSpec, ToolStyle
from pointsman.models.fitting import Misfit, fit
from pointsman.models.found_json import found, strict
from pointsman.models.tools import told, tools_text

_CALL_ARGUMENTS = ("arguments", "parameters", "args", "input")


@dataclass(frozen=True, slots=True)
class Framed:
    """An ask as a wire format takes it: what goes into the prompt is in the prompt, the rest is named.

    `schema` is for the API's own structured output, `forced` for a tool that the answer must be given through.
    """

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    schema: Shape | None
    forced: Shape | None


def framed(ask: Ask, *, forces_tools: bool = True, schema_beside_tools: bool = True) -> Framed:
    """Sort what `ask` wants into prompt and API, by what the model and its wire format can do."""
    native = ask.tools if ask.model.tools is ToolStyle.NATIVE else ()
    textual = ask.tools if ask.model.tools is ToolStyle.TEXT else ()
    schema, forced, parts = None, None, [ask.system]
    if textual:
        parts.append(tools_text(textual))
    if ask.shape:
        way = _way(ask, bool(textual), forces_tools=forces_tools, schema_beside_tools=schema_beside_tools)
        schema = ask.shape if way is OutputStyle.NATIVE else None
        forced = ask.shape if way is OutputStyle.TOOL else None
        if way is OutputStyle.PROMPTED:
            parts.append(shape_text(ask.shape, after_tools=bool(ask.tools)))
    messages = ask.messages if ask.model.tools is ToolStyle.NATIVE else told(ask.messages)
    return Framed("\n\n".join(part for part in parts if part), messages, native, schema, forced)


def _way(ask: Ask, textual: bool, *, forces_tools: bool, schema_beside_tools: bool) -> OutputStyle:
    way = ask.model.output
    if way is OutputStyle.TOOL and not forces_tools:
        way = OutputStyle.NATIVE
    beside = bool(ask.tools) and ask.model.tools is ToolStyle.NATIVE
    # A decoder that is held to the schema cannot write a tool call as text.
    if way is not OutputStyle.PROMPTED and (textual or (beside and not schema_beside_tools)):
        return OutputStyle.PROMPTED
    return way


def shape_text(shape: Shape, *, after_tools: bool = False) -> str:
    """The form of an answer in words and by a made-up example, short enough for a small model."""
    lead = "When you need no more tools, answer" if after_tools else "Answer"
    fields = "\n".join(_fields(shape.schema, shape.schema, 0))
    sample = json.dumps(example(shape.schema, shape.schema), ensure_ascii=False)
    return (
        f"{lead} with exactly one JSON object and nothing else: no Markdown, no explanation before or after.\n"
        f"Fields:\n{fields}\nThe form (the values here are made up):\n{sample}"
    )


def _resolved(schema: object, root: JsonObject) -> Mapping[str, object]:
    for _ in range(8):
        if not isinstance(schema, Mapping):
            return {}
        if "$ref" in schema:
            definitions = root.get("$defs")
            name = str(schema["$ref"]).rpartition("/")[2]
            schema = definitions.get(name, {}) if isinstance(definitions, Mapping) else {}
            continue
        choices = schema.get("anyOf") or schema.get("oneOf")
        if not isinstance(choices, list) or not choices:
            return schema
        schema = next((one for one in choices if isinstance(one, Mapping) and one.get("type") != "null"), {})
    return {}


def _fields(schema: object, root: JsonObject, level: int) -> Iterator[str]:
    here = _resolved(schema, root)
    properties, required = here.get("properties"), here.get("required")
    if not isinstance(properties, Mapping) or level > 4:
        return
    needed = required if isinstance(required, list) else []
    for name, inner in properties.items():
        part = _resolved(inner, root)
        about = str(part.get("description") or (inner.get("description", "") if isinstance(inner, Mapping) else ""))
        must = "" if name in needed else ", may be left out"
        yield f"{'  ' * level}- {name} ({_kind(part, root)}{must})" + (f": {about}" if about else "")
        yield from _fields(part.get("items", {}) if part.get("type") == "array" else part, root, level + 1)


def _kind(part: Mapping[str, object], root: JsonObject) -> str:
    options = [part["const"]] if "const" in part else part.get("enum")
    if isinstance(options, list):
        return "one of " + ", ".join(json.dumps(option) for option in options)
    if part.get("type") == "array":
        return f"list of {_kind(_resolved(part.get('items', {}), root), root)}"
    return str(part.get("type", "object" if "properties" in part else "any"))


def example(schema: object, root: JsonObject, depth: int = 0) -> object:
    """A tiny made-up value of the form."""
    part = _resolved(schema, root)
    options = [part["const"]] if "const" in part else part.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    properties = part.get("properties")
    if isinstance(properties, Mapping):
        return {str(name): example(inner, root, depth + 1) for name, inner in properties.items()} if depth < 6 else {}
    if part.get("type") == "array":
        return [example(part.get("items", {}), root, depth + 1)] if depth < 6 else []
    samples: dict[str, object] = {"integer": 1, "number": 0.5, "boolean": True, "null": None, "object": {}}
    return samples.get(str(part.get("type")), "...")


def salvage(text: str, shape: Shape) -> JsonObject | None:
    """The answer of form `shape` that stands in `text`, or None when there is none.

    Looks through fences, prose, thoughts, wrappers and calls written as text. When several fit, the last one counts:
    models correct themselves downwards. The example of the prompt, copied, is no answer unless it is the only one
    possible. Deterministic; never raises for any text.
    """
    sample = example(shape.schema, shape.schema)
    chosen: JsonObject | None = None
    for value in found(text):
        data = shaped(value, shape)
        if data is not None and (data != sample or not _says_something(sample)):
            chosen = data
    return chosen


def _says_something(sample: object) -> bool:
    """Whether the example holds a made-up text, so that nobody gives it as an answer by chance."""
    return "..." in json.dumps(sample)


def clean(text: str, shape: Shape) -> JsonObject | None:
    """The answer when the whole text is one JSON object of the form, without any repair."""
    value = strict(text)
    data = _fitted(value, shape)
    return data if data == value else None


def shaped(value: object, shape: Shape, depth: int = 0) -> JsonObject | None:
    """`value` in the form, unwrapped where a model wrapped it: in a call, a list of one, a string, a single key."""
    data = _fitted(value, shape)
    if data is not None or depth > 6:
        return data
    for inner in _inside(value, shape):
        data = shaped(inner, shape, depth + 1)
        if data is not None:
            return data
    return None


def _fitted(value: object, shape: Shape) -> JsonObject | None:
    if not isinstance(value, dict):
        return None
    try:
        data = fit(value, shape.schema, shape.schema)
    except Misfit:
        return None
    return data if isinstance(data, dict) else None


def _inside(value: object, shape: Shape) -> Iterator[object]:
    if isinstance(value, str):
        yield from found(value)
    elif isinstance(value, list):
        yield from value[:1] if len(value) == 1 else ()
    elif isinstance(value, dict):
        for key in (*_CALL_ARGUMENTS, shape.name, "function", "tool_calls", "properties"):
            if key in value:
                yield value[key]
        if len(value) == 1:
            yield from value.values()
