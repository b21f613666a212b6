"""The chat completions format of OpenAI and of the servers that speak it: asks to bodies, bodies to answers."""

import json
from typing import Any
from urllib.parse import urlsplit

from pointsman.domain.models import (
    Ask,
    Ending,
    Message,
    ProviderKind,
    Shape,
    ToolCall,
    ToolSpec,
    Usage,
)
from pointsman.models.adapter import Answer, Trouble, extras_of
from pointsman.models.encoding import GrowingTurns, encoded
from pointsman.models.picturing import data_uri
from pointsman.models.structured import Framed, framed

# These stand below `provider`; the server's own defaults allow data collection (OpenRouter, "Provider Routing").
_OPENROUTER = (
    "order",
    "only",
    "ignore",
    "allow_fallbacks",
    "require_parameters",
    "data_collection",
    "zdr",
    "sort",
    "quantizations",
    "max_price",
)
_OPENROUTER_DENY = {"data_collection": "deny", "zdr": True, "allow_fallbacks": False, "require_parameters": True}
_ENDINGS = {
    "stop": Ending.COMPLETE,
    "length": Ending.CUT,
    "tool_calls": Ending.TOOLS,
    "function_call": Ending.TOOLS,
    "content_filter": Ending.REFUSED,
}


def body_of(ask: Ask) -> dict[str, Any]:
    """The body of POST /chat/completions (OpenAI API reference, "Create chat completion")."""
    frame = framed(ask)
    return {"messages": [*_system(frame), *map(_message, frame.messages)]} | _beside(ask, frame)


def encoded_body(ask: Ask, kept: GrowingTurns) -> bytes:
    """The same body as bytes, with the turns that `kept` knows from the last one."""
    frame = framed(ask)
    return kept.body(_system(frame), frame.messages, _beside(ask, frame))


def growing() -> GrowingTurns:
    """What keeps the turns of this format."""
    return GrowingTurns(_message)


def _system(frame: Framed) -> list[dict[str, Any]]:
    return [{"role": "system", "content": frame.system}] if frame.system else []


def _beside(ask: Ask, frame: Framed) -> dict[str, Any]:
    """All that a body holds beside its messages."""
    official = ask.model.provider.kind in (ProviderKind.OPENAI, ProviderKind.AZURE_OPENAI)
    body: dict[str, Any] = {"model": ask.model.id}
    body["max_completion_tokens" if official else "max_tokens"] = ask.max_output_tokens
    tools = [_tool(tool) for tool in frame.tools]
    if frame.forced:
        tools.append(_tool(_answer_tool(frame.forced)))
        one = {"type": "function", "function": {"name": frame.forced.name}}
        body["tool_choice"] = "required" if frame.tools else one
    if tools:
        body["tools"] = tools
    if frame.schema:
        body["response_format"] = {"type": "json_schema", "json_schema": _format(frame.schema, official)}
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if ask.model.effort:
        body["reasoning_effort"] = ask.model.effort
    return _extras(ask) | body


def _format(shape: Shape, official: bool) -> dict[str, Any]:
    form: dict[str, Any] = {"name": shape.name, "schema": shape.schema}
    return form | {"strict": True} if official and _is_strict(shape.schema) else form


def _is_strict(schema: object) -> bool:
    """Whether OpenAI takes the schema as strict: closed objects whose every property is required."""
    if isinstance(schema, list):
        return all(_is_strict(one) for one in schema)
    if not isinstance(schema, dict):
        return True
    if "properties" in schema:
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema["properties"]) != set(schema.get("required", [])):
            return False
    return all(_is_strict(inner) for inner in schema.values() if isinstance(inner, dict | list))


def _answer_tool(shape: Shape) -> ToolSpec:
    return ToolSpec(shape.name, "Give the answer.", shape.schema)


def _extras(ask: Ask) -> dict[str, Any]:
    provider = ask.model.provider
    extras = extras_of(provider)
    if is_openrouter(provider.base_url):
        flat = {name: extras.pop(name) for name in _OPENROUTER if name in extras}
        nested = extras.pop("provider", {})
        extras["provider"] = (nested if isinstance(nested, dict) else {}) | flat | _OPENROUTER_DENY | _max_price(ask)
    return extras


def is_openrouter(base_url: str) -> bool:
    """Whether an address is OpenRouter's, which passes each request on to another provider."""
    host = urlsplit(base_url).hostname or ""
    return host == "openrouter.ai" or host.endswith(".openrouter.ai")


def _max_price(ask: Ask) -> dict[str, Any]:
    """In dollars per million tokens, so that no dearer provider serves than was reserved for."""
    price = ask.model.price
    return {"max_price": {"prompt": price.input_usd, "completion": price.output_usd}} if price else {}


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    if message.images:
        pictures = [{"type": "image_url", "image_url": {"url": data_uri(image)}} for image in message.images]
        return {"role": message.role, "content": [*pictures, {"type": "text", "text": message.text}]}
    if not message.calls:
        return {"role": message.role, "content": message.text}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": encoded(call.arguments).decode()},
        }
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.arguments},
    }


def reply_of(body: bytes, forced: str = "") -> Answer | Trouble:
    """An answer, or the error that stands in a body with status 200. `forced` names the tool that is the answer."""
    data = parsed(body)
    if data is None:
        return Trouble(502, "the answer is not a JSON object")
    if data.get("error"):
        return _trouble(data["error"])
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict):
        return Trouble(502, "the answer has no choices")
    if first.get("error"):
        return _trouble(first["error"])
    message = first.get("message")
    message = message if isinstance(message, dict) else {}
    calls, shaped = _calls(message.get("tool_calls"), forced)
    text = _text(message.get("content"))
    refusal = message.get("refusal")
    ending = Ending.REFUSED if refusal else _ENDINGS.get(str(first.get("finish_reason")), Ending.COMPLETE)
    if ending in (Ending.COMPLETE, Ending.TOOLS):
        ending = Ending.TOOLS if calls else Ending.COMPLETE if text.strip() or shaped is not None else Ending.EMPTY
    served = data.get("model")
    return Answer(
        text or (refusal if isinstance(refusal, str) else ""),
        calls,
        served if isinstance(served, str) else "",
        ending,
        _usage(data.get("usage")),
        shaped,
        via=via if isinstance(via := data.get("provider"), str) else "",
    )


def parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, or None."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def _trouble(error: object) -> Trouble:
    if not isinstance(error, dict):
        return Trouble(502, str(error))
    code = error.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return Trouble(status, str(error.get("message", "")))


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _calls(written: object, forced: str) -> tuple[tuple[ToolCall, ...], object]:
    calls: list[ToolCall] = []
    shaped: object = None
    for number, one in enumerate(written if isinstance(written, list) else []):
        function = one.get("function") if isinstance(one, dict) else None
        if not isinstance(function, dict):
            continue
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            arguments = parsed(arguments.encode()) if function.get("name") != forced else arguments
        if function.get("name") == forced:
            shaped = arguments
        else:
            held = arguments if isinstance(arguments, dict) else {}
            calls.append(ToolCall(str(one.get("id") or f"call-{number}"), str(function.get("name", "")), held))
    return tuple(calls), shaped


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    asked, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(asked) is not int or type(written) is not int:
        return None
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else 0
    return Usage(asked, written, cache_read_tokens=cached if isinstance(cached, int) else 0)


def detail_of(body: bytes) -> str:
    """The server's own words in an error body: `error.message` with its code, or `message`, or `detail`."""
    data = parsed(body) or {}
    error = data.get("error")
    if isinstance(error, dict):
        return " ".join(str(error[key]) for key in ("code", "type", "message") if error.get(key))
    return str(error or data.get("message") or data.get("detail") or "")


def names_in(body: bytes) -> set[str]:
    """The model ids of GET /models."""
    listed = (parsed(body) or {}).get("data")
    return {str(one.get("id")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()
