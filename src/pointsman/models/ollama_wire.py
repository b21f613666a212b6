"""The native chat format of Ollama: asks to bodies, bodies to answers."""

from typing import Any

from pointsman.domain.models import Ask, Ending, Message, Model, ToolCall, ToolSpec, Usage
from pointsman.models.adapter import Answer, Trouble, extras_of
from pointsman.models.openai_wire import parsed
from pointsman.models.picturing import encoded_picture
from pointsman.models.structured import framed

_STEP = 4096


def window_of(model: Model, estimate: int, output: int) -> int:
    """Ollama's `num_ctx` for a call, in tokens: the model's own, or what the call needs.

    In steps, because a server loads the model anew for every other value.
    """
    if model.num_ctx:
        return model.num_ctx
    needed = -(-(estimate + output) // _STEP) * _STEP
    return min(needed, model.context_window)


def body_of(ask: Ask, estimate: int) -> dict[str, Any]:
    """The body of POST /api/chat (Ollama API documentation, "Generate a chat completion").

    `truncate` and `shift` off make a prompt that is too long an error; the default is to drop turns silently.
    Ollama cannot force a tool, and calls none while `format` holds its decoder.
    """
    frame = framed(ask, forces_tools=False, schema_beside_tools=False)
    messages = [{"role": "system", "content": frame.system}] if frame.system else []
    names = {call.id: call.name for message in frame.messages for call in message.calls}
    options: dict[str, Any] = {
        "num_ctx": window_of(ask.model, estimate, ask.max_output_tokens),
        "num_predict": ask.max_output_tokens,
    }
    extras = extras_of(ask.model.provider)
    more = extras.pop("options", {})
    if ask.temperature is not None:
        options["temperature"] = ask.temperature
    body: dict[str, Any] = {
        "model": ask.model.id,
        "messages": messages + [_message(message, names) for message in frame.messages],
        "stream": False,
        "truncate": False,
        "shift": False,
        "options": (more if isinstance(more, dict) else {}) | options,
    }
    if frame.tools:
        body["tools"] = [_tool(tool) for tool in frame.tools]
    if frame.schema:
        body["format"] = frame.schema.schema
    if ask.model.effort:
        body["think"] = False if ask.model.effort in ("off", "none") else ask.model.effort
    return extras | body


def _message(message: Message, names: dict[str, str]) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "content": message.text, "tool_name": names.get(message.call_id, "")}
    if message.images:
        pictures = [encoded_picture(image) for image in message.images]
        return {"role": message.role, "content": message.text, "images": pictures}
    if not message.calls:
        return {"role": message.role, "content": message.text}
    calls = [{"function": {"name": call.name, "arguments": call.arguments}} for call in message.calls]
    return {"role": "assistant", "content": message.text, "tool_calls": calls}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.arguments},
    }


def reply_of(body: bytes) -> Answer | Trouble:
    """An answer, or the error that stands in a body with status 200."""
    data = parsed(body)
    if data is None:
        return Trouble(502, "the answer is not a JSON object")
    message = data.get("message")
    if data.get("error") or not isinstance(message, dict):
        return Trouble(502, str(data.get("error") or "the answer has no message"))
    text = message.get("content")
    text = text if isinstance(text, str) else ""
    calls = tuple(_calls(message.get("tool_calls")))
    if data.get("done_reason") == "length":
        ending = Ending.CUT
    else:
        ending = Ending.TOOLS if calls else Ending.COMPLETE if text.strip() else Ending.EMPTY
    served = data.get("model")
    return Answer(text, calls, served if isinstance(served, str) else "", ending, _usage(data), remote=_remote(data))


def _calls(written: object) -> list[ToolCall]:
    calls = []
    for number, one in enumerate(written if isinstance(written, list) else []):
        function = one.get("function") if isinstance(one, dict) else None
        if isinstance(function, dict):
            held = function.get("arguments")
            if isinstance(held, str):
                held = parsed(held.encode())
            name = str(function.get("name", ""))
            calls.append(
                ToolCall(str(one.get("id") or f"call-{number}"), name, held if isinstance(held, dict) else {})
            )
    return calls


def _usage(data: dict[str, Any]) -> Usage | None:
    asked, written = data.get("prompt_eval_count"), data.get("eval_count")
    return Usage(asked, written) if type(asked) is int and type(written) is int else None


def tags_in(body: bytes) -> set[str]:
    """The names of GET /api/tags."""
    listed = (parsed(body) or {}).get("models")
    return {str(one.get("name")) for one in listed if isinstance(one, dict)} if isinstance(listed, list) else set()


def remote_in(body: bytes) -> str:
    """Where POST /api/show says that the model really runs; empty when it runs here."""
    return _remote(parsed(body) or {})


def is_shown(body: bytes) -> bool:
    """Whether a body is what POST /api/show answers: an object that describes a model."""
    return bool(parsed(body))


def _remote(data: dict[str, Any]) -> str:
    """The host that a model is forwarded to, or the name it has there (Ollama API documentation, "Cloud models")."""
    return str(data.get("remote_host") or data.get("remote_model") or "")
