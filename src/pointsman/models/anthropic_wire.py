"""The Messages format of Anthropic: asks to bodies, bodies to answers."""

from typing import Any

from pointsman.domain.levels import Perimeter
from pointsman.domain.models import (
    Ask,
    Ending,
    Image,
    Message,
    ProviderKind,
    ToolCall,
    ToolSpec,
    Usage,
)
from pointsman.models.adapter import Answer, Trouble, extras_of
from pointsman.models.openai_wire import parsed
from pointsman.models.picturing import encoded_picture
from pointsman.models.structured import framed

_CACHE = {"type": "ephemeral"}
_ENDINGS = {
    "end_turn": Ending.COMPLETE,
    "stop_sequence": Ending.COMPLETE,
    "max_tokens": Ending.CUT,
    "model_context_window_exceeded": Ending.CUT,
    "tool_use": Ending.TOOLS,
    "refusal": Ending.REFUSED,
}
_STATUS = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "api_error": 500,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "timeout_error": 504,
}


def body_of(ask: Ask) -> dict[str, Any]:
    """The body of POST /v1/messages (Anthropic API reference, "Create a Message").

    Thinking is left out beside tools: a tool turn would have to carry the signed thoughts of the one before it, and
    thinking does not go with a forced tool or a chosen temperature. Effort alone does. A declared region goes as
    `inference_geo`, which only Anthropic's own API knows (Anthropic documentation, "Data residency").
    """
    frame = framed(ask)
    where = ask.model.provider
    body: dict[str, Any] = {"model": ask.model.id, "max_tokens": ask.max_output_tokens}
    if where.asked_region:
        body["inference_geo"] = where.asked_region
    if frame.system:
        body["system"] = [{"type": "text", "text": frame.system, "cache_control": _CACHE}]
    body["messages"] = _turns(frame.messages)
    # Clouds and gateways take another set of trained tools than Anthropic's own API; a schema holds everywhere.
    trains = where.kind is ProviderKind.ANTHROPIC and where.perimeter is Perimeter.PUBLIC
    tools = [_trained(tool) if trains and tool.trained else _tool(tool) for tool in frame.tools]
    if frame.forced:
        tools.append(_tool(ToolSpec(frame.forced.name, "Give the answer.", frame.forced.schema)))
        body["tool_choice"] = {"type": "any"} if frame.tools else {"type": "tool", "name": frame.forced.name}
    if tools:
        body["tools"] = tools
    output: dict[str, Any] = {"effort": ask.model.effort} if ask.model.effort else {}
    if frame.schema:
        output["format"] = {"type": "json_schema", "schema": frame.schema.schema}
    if output:
        body["output_config"] = output
    if ask.model.effort and not tools:
        body["thinking"] = {"type": "adaptive"}
    elif ask.temperature is not None:
        body["temperature"] = ask.temperature
    return extras_of(where) | body


def cloud_body_of(ask: Ask, version: str) -> dict[str, Any]:
    """The same body as clouds take it: the model stands in the path, the version of the format in the body."""
    body = body_of(ask)
    del body["model"]
    return {"anthropic_version": version} | body


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.arguments}


def _trained(tool: ToolSpec) -> dict[str, Any]:
    """A tool whose schema is built into the model (Anthropic documentation, "Text editor tool")."""
    return {"type": tool.trained, "name": tool.name}


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Turns that alternate: results of tools are the user's words, and neighbours of one role are one turn."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(_blocks(message))
        else:
            turns.append({"role": role, "content": _blocks(message)})
    if len(turns) > 1 and turns[-1]["content"]:
        # A conversation that grows is read from the cache up to its last turn.
        turns[-1]["content"][-1]["cache_control"] = _CACHE
    return turns


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.call_id, "content": message.text}]
    blocks: list[dict[str, Any]] = [_picture(image) for image in message.images]
    blocks += [{"type": "text", "text": message.text}] if message.text.strip() else []
    blocks.extend(
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in message.calls
    )
    return blocks


def _picture(image: Image) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": encoded_picture(image)}
    return {"type": "image", "source": source}


def reply_of(body: bytes, forced: str = "") -> Answer | Trouble:
    """An answer, or the error that stands in a body with status 200. `forced` names the tool that is the answer."""
    data = parsed(body)
    if data is None:
        return Trouble(502, "the answer is not a JSON object")
    if data.get("type") == "error" or "content" not in data:
        return _trouble(data.get("error"))
    blocks = [one for one in data["content"] if isinstance(one, dict)] if isinstance(data["content"], list) else []
    text = "".join(str(one.get("text", "")) for one in blocks if one.get("type") == "text")
    calls: list[ToolCall] = []
    shaped = None
    for one in blocks:
        if one.get("type") == "tool_use" and one.get("name") == forced:
            shaped = one.get("input")
        elif one.get("type") == "tool_use":
            held = one.get("input")
            calls.append(ToolCall(str(one.get("id")), str(one.get("name")), held if isinstance(held, dict) else {}))
    ending = _ENDINGS.get(str(data.get("stop_reason")), Ending.COMPLETE)
    if ending in (Ending.COMPLETE, Ending.TOOLS):
        ending = Ending.TOOLS if calls else Ending.COMPLETE if text.strip() or shaped is not None else Ending.EMPTY
    usage = data.get("usage")
    return Answer(
        text,
        tuple(calls),
        _word(data.get("model")),
        ending,
        _usage(usage),
        shaped,
        region=_word(usage.get("inference_geo")) if isinstance(usage, dict) else "",
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _trouble(error: object) -> Trouble:
    if not isinstance(error, dict):
        return Trouble(502, "the answer has no content")
    return Trouble(_STATUS.get(str(error.get("type")), 502), str(error.get("message", "")))


def _usage(usage: object) -> Usage | None:
    """Anthropic counts what was read from or written to the cache beside `input_tokens`; we count it within."""
    if not isinstance(usage, dict):
        return None
    names = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    counts = [usage.get(name) or 0 if name.startswith("cache") else usage.get(name) for name in names]
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in counts):
        return None
    fresh, output, read, written = (int(one or 0) for one in counts)
    if min(fresh, output, read, written) < 0:
        return None
    return Usage(fresh + read + written, output, cache_read_tokens=read, cache_write_tokens=written)
