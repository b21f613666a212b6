"""The bodies of three chat APIs, written from their public documentation: OpenAI, Anthropic and Ollama."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from tests.worlds.script import Answer, Script

AT = "2026-01-01T00:00:00Z"
_ANTHROPIC_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """One answered request: its place in the server's life (from 1), path, model asked, length of its texts."""

    number: int
    path: str
    model: str
    letters: int
    answer: Answer

    @property
    def served(self) -> str:
        return self.answer.served or self.model

    @property
    def input_tokens(self) -> int:
        return self.answer.input_tokens if self.answer.input_tokens >= 0 else max(1, self.letters // 4)

    @property
    def output_tokens(self) -> int:
        return self.answer.output_tokens if self.answer.output_tokens >= 0 else max(1, len(self.answer.text) // 4)


def whole(turn: Turn) -> bytes:
    """The body of an answer that is not streamed."""
    if turn.answer.status >= 300:
        return failure(turn.path, turn.answer.status, turn.answer.text)
    builders = {"/v1/chat/completions": _openai, "/v1/messages": _anthropic, "/api/chat": _ollama}
    return json.dumps(builders[turn.path](turn)).encode()


def streamed(turn: Turn) -> Iterator[bytes]:
    """The same answer in the pieces of a stream: server-sent events, or lines of JSON for Ollama."""
    if turn.path == "/api/chat":
        return _ollama_lines(turn)
    if turn.path == "/v1/messages":
        return _anthropic_events(turn)
    return _openai_events(turn)


def spoken_at(path: str) -> tuple[str, str]:
    """Which of the three APIs is spoken at a path of another host, and the model if the path names it.

    Bedrock's InvokeModel takes Anthropic's body; Azure, Google and Mistral have OpenAI's below a path of their own.
    """
    invoked = re.fullmatch(r"/model/([^/]+)/invoke", path)
    if invoked:
        return "/v1/messages", unquote(invoked[1])
    return ("/v1/chat/completions", "") if path.endswith("/chat/completions") else (path, "")


def failure(path: str, status: int, text: str) -> bytes:
    """An error body as the API at `path` writes it."""
    body: Mapping[str, object]
    if path == "/v1/messages":
        kind = _ANTHROPIC_ERRORS.get(status, "api_error")
        body = {"type": "error", "error": {"type": kind, "message": text}, "request_id": "req_scripted"}
    elif path.startswith("/api/"):
        body = {"error": text}
    else:
        body = {"error": {"message": text, "type": "scripted", "param": None, "code": None}}
    return json.dumps(body).encode()


def listed(script: Script, path: str) -> bytes:
    """The list of models at `/v1/models` or `/api/tags`."""
    if path == "/api/tags":
        found = [
            {"name": name, "model": name, "modified_at": AT, "size": 1, "digest": "0" * 64} for name in script.models
        ]
        return json.dumps({"models": found}).encode()
    named = [{"id": name, "object": "model", "created": 0, "owned_by": "script"} for name in script.models]
    return json.dumps({"object": "list", "data": named}).encode()


def shown(script: Script, model: str) -> bytes:
    """What Ollama's `/api/show` says of a model."""
    usual: dict[str, object] = {
        "details": {"format": "gguf", "family": "scripted", "parameter_size": "1B", "quantization_level": "Q4_0"},
        "model_info": {"general.architecture": "scripted", "scripted.context_length": 32768},
        "capabilities": ["completion", "tools"],
    }
    return json.dumps({**usual, **script.show.get(model, {})}).encode()


def _openai_calls(turn: Turn) -> list[dict[str, object]]:
    return [
        {
            "id": f"call_{turn.number}_{place}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for place, call in enumerate(turn.answer.calls)
    ]


def _openai_finish(turn: Turn) -> str:
    if turn.answer.ending == "cut":
        return "length"
    return "tool_calls" if turn.answer.calls else "stop"


def _openai_usage(turn: Turn) -> dict[str, object]:
    total = turn.input_tokens + turn.output_tokens
    return {"prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens, "total_tokens": total}


def _openai(turn: Turn) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": turn.answer.text, "refusal": None}
    if turn.answer.calls:
        message["tool_calls"] = _openai_calls(turn)
    return {
        "id": f"chatcmpl-{turn.number}",
        "object": "chat.completion",
        "created": 0,
        "model": turn.served,
        "choices": [{"index": 0, "message": message, "finish_reason": _openai_finish(turn), "logprobs": None}],
        "usage": _openai_usage(turn),
    }


def _openai_events(turn: Turn) -> Iterator[bytes]:
    head = {"id": f"chatcmpl-{turn.number}", "object": "chat.completion.chunk", "created": 0, "model": turn.served}
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _pieces(turn.answer.text)]
    deltas += [{"tool_calls": [{"index": place, **call}]} for place, call in enumerate(_openai_calls(turn))]
    for delta in deltas:
        yield _event({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield _event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": _openai_finish(turn)}]})
    yield _event({**head, "choices": [], "usage": _openai_usage(turn)})
    yield b"data: [DONE]\n\n"


def _anthropic_blocks(turn: Turn) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = [{"type": "text", "text": turn.answer.text}] if turn.answer.text else []
    for place, call in enumerate(turn.answer.calls):
        arguments = dict(call.arguments)
        blocks.append(
            {"type": "tool_use", "id": f"toolu_{turn.number}_{place}", "name": call.name, "input": arguments}
        )
    return blocks


def _anthropic_stop(turn: Turn) -> str:
    if turn.answer.ending == "cut":
        return "max_tokens"
    return "tool_use" if turn.answer.calls else "end_turn"


def _anthropic(turn: Turn) -> dict[str, object]:
    return {
        "id": f"msg_{turn.number}",
        "type": "message",
        "role": "assistant",
        "model": turn.served,
        "content": _anthropic_blocks(turn),
        "stop_reason": _anthropic_stop(turn),
        "stop_sequence": None,
        "usage": {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens},
    }


def _anthropic_events(turn: Turn) -> Iterator[bytes]:
    start = {**_anthropic(turn), "content": [], "stop_reason": None}
    yield _named({"type": "message_start", "message": start})
    for index, block in enumerate(_anthropic_blocks(turn)):
        opening = {**block, "text": ""} if block["type"] == "text" else {**block, "input": {}}
        yield _named({"type": "content_block_start", "index": index, "content_block": opening})
        deltas: list[dict[str, object]]
        if block["type"] == "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(turn.answer.text)]
        else:
            deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        for delta in deltas:
            yield _named({"type": "content_block_delta", "index": index, "delta": delta})
        yield _named({"type": "content_block_stop", "index": index})
    ending = {"stop_reason": _anthropic_stop(turn), "stop_sequence": None}
    usage = {"input_tokens": turn.input_tokens, "output_tokens": turn.output_tokens}
    yield _named({"type": "message_delta", "delta": ending, "usage": usage})
    yield _named({"type": "message_stop"})


def _ollama(turn: Turn) -> dict[str, object]:
    message: dict[str, object] = {"role": "assistant", "content": turn.answer.text}
    if turn.answer.calls:
        message["tool_calls"] = [
            {"function": {"name": call.name, "arguments": dict(call.arguments)}} for call in turn.answer.calls
        ]
    return {"model": turn.served, "created_at": AT, "message": message, **_ollama_end(turn)}


def _ollama_end(turn: Turn) -> dict[str, object]:
    return {
        "done": True,
        "done_reason": "length" if turn.answer.ending == "cut" else "stop",
        "total_duration": 1,
        "load_duration": 0,
        "prompt_eval_count": turn.input_tokens,
        "prompt_eval_duration": 1,
        "eval_count": turn.output_tokens,
        "eval_duration": 1,
    }


def _ollama_lines(turn: Turn) -> Iterator[bytes]:
    head = {"model": turn.served, "created_at": AT}
    for piece in _pieces(turn.answer.text):
        line = {**head, "message": {"role": "assistant", "content": piece}, "done": False}
        yield json.dumps(line).encode() + b"\n"
    last = _ollama(turn)
    message = last["message"]
    if isinstance(message, dict):
        message["content"] = ""
    yield json.dumps(last).encode() + b"\n"


def _pieces(text: str, size: int = 64) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


def _event(value: Mapping[str, object]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _named(value: Mapping[str, object]) -> bytes:
    return f"event: {value['type']}\n".encode() + _event(value)
