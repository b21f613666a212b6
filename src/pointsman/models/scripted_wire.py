"""The bytes of a scripted exchange: what was asked and what was answered."""

import json
from typing import Any

from pointsman.domain.json import JsonObject
from pointsman.domain.models import Ask, Ending, Message, ToolCall, Usage
from pointsman.models.adapter import Answer, Trouble
from pointsman.models.encoding import encoded
from pointsman.models.picturing import encoded_picture


def body_of(ask: Ask) -> bytes:
    """The question as JSON in a fixed order, so that its digest means the same as that of a real request."""
    body = {
        "model": ask.model.id,
        "system": ask.system,
        "messages": [_message(message) for message in ask.messages],
        "max_output_tokens": ask.max_output_tokens,
        "shape": {"name": ask.shape.name, "schema": ask.shape.schema} if ask.shape else None,
        "tools": [
            {"name": one.name, "description": one.description, "arguments": one.arguments} for one in ask.tools
        ],
        "temperature": ask.temperature,
    }
    return _bytes(body)


def _message(message: Message) -> dict[str, Any]:
    calls = [{"id": one.id, "name": one.name, "arguments": one.arguments} for one in message.calls]
    told = {"role": message.role, "text": message.text, "calls": calls, "call_id": message.call_id}
    return told | ({"images": [encoded_picture(one) for one in message.images]} if message.images else {})


def _bytes(value: object) -> bytes:
    return encoded(value)


def body_of_reply(reply: JsonObject, ask: Ask, estimate: int) -> bytes:
    """The answer as JSON in a fixed order. Without `usage` its tokens are counted as our estimate does."""
    data, text = reply.get("data"), reply.get("text")
    if not isinstance(text, str):
        text = json.dumps(data, ensure_ascii=False) if data is not None else ""
    calls = reply.get("calls")
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        usage = {"input": estimate, "output": len((text + json.dumps(calls or "")).encode()) // 3 + 1}
    return _bytes({"model": ask.model.id, "text": text, "calls": calls or [], "usage": usage})


def reply_of(body: bytes) -> Answer | Trouble:
    """Read the bytes of a scripted answer."""
    data: dict[str, Any] = json.loads(body)
    calls = tuple(
        ToolCall(f"call-{number}", str(one.get("name")), one.get("arguments") or {})
        for number, one in enumerate(data["calls"])
        if isinstance(one, dict)
    )
    text = str(data["text"])
    ending = Ending.TOOLS if calls else Ending.COMPLETE if text.strip() else Ending.EMPTY
    counts = (data["usage"].get("input"), data["usage"].get("output"))
    known = all(isinstance(one, int) and not isinstance(one, bool) for one in counts)
    return Answer(text, calls, str(data["model"]), ending, Usage(int(counts[0]), int(counts[1])) if known else None)
