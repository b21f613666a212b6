"""A small proxy in front of a model server: the same limits for whoever asks, and a count of what each asked for.

Every asker has a label, which is the first part of the path it is given. Only chat completions in OpenAI's format are
let through. Answers are asked for whole and given on in one piece, also to who wants them streamed, so that the
server's own count of tokens is always there.
"""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_CHAT = "/v1/chat/completions"
_MODELS = "/v1/models"

Json = dict[str, object]
_CONTENT: Json = {
    "id": "content",
    "object": "chat.completion",
    "created": 0,
    "model": "content",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": '{"summary": "Nothing to say.", "findings": []}'},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What every asker is held to: tokens of a question and of an answer, and calls. `seconds` is for one call."""

    context_window: int = 8192
    max_output: int = 1024
    max_calls: int = 12
    seconds: float = 600.0


@dataclass
class Tally:
    """What one asker did. Tokens are the server's own count; `refused` calls got no answer, for whatever reason."""

    upstream: str
    look: Callable[[], None]
    calls: int = 0
    refused: int = 0
    cut: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    replies: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    line: http.client.HTTPConnection | None = None
    closed: bool = False


class Recorder:
    """The proxy, on a port of 127.0.0.1; a context manager."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.tallies: dict[str, Tally] = {}
        recorder = self

        class Asked(_Asked):
            proxy = recorder

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def opened(self, label: str, upstream: str, look: Callable[[], None] = lambda: None) -> str:
        """The URL under which an asker finds `upstream`; `look` is called before each of its calls.

        Without an upstream it finds a reviewer that has nothing to say, at no cost.
        """
        self.tallies[label] = Tally(upstream.rstrip("/").removesuffix("/v1"), look)
        return f"http://127.0.0.1:{self._server.server_address[1]}/{label}/v1"

    def closed(self, label: str) -> Tally:
        """What came under a label; a call that is under way is cut off, so that the next asker does not wait."""
        tally = self.tallies[label]
        tally.closed = True
        line = tally.line
        if line is not None and line.sock is not None:
            with contextlib.suppress(OSError):
                line.sock.shutdown(socket.SHUT_RDWR)
        return tally

    def answer(self, path: str, body: Json | None) -> tuple[int, Json]:
        """The status and the body for a request; None is a question for the models that are there."""
        label, slash, rest = path.strip("/").partition("/")
        tally = self.tallies.get(label)
        if tally is None or slash + rest not in (_CHAT, _MODELS):
            return 404, _refusal("there is nothing here")
        if body is None:
            return self._ask(tally, _MODELS, None)
        with tally.lock:
            tally.look()
            return self._chat(tally, body)

    def _chat(self, tally: Tally, body: Json) -> tuple[int, Json]:
        if tally.calls + tally.refused >= self.bounds.max_calls:
            tally.refused += 1
            return 400, _refusal(f"the limit of {self.bounds.max_calls} calls is used up")
        if not tally.upstream:
            return 200, _CONTENT
        status, said = self._ask(tally, _CHAT, self._bounded(body))
        if status != 200:
            tally.refused += 1
            return status, said
        question, answer = _usage(said)
        tally.prompt_tokens += question
        if question > self.bounds.context_window:
            tally.refused += 1
            window = self.bounds.context_window
            return 400, _refusal(f"{question} tokens are more than the window of {window}", "context_length_exceeded")
        tally.calls += 1
        tally.completion_tokens += answer
        text, finish = _choice(said)
        tally.replies.append(text)
        tally.cut += finish == "length"
        return 200, said

    def _bounded(self, body: Json) -> Json:
        given = [body.get(name) for name in ("max_tokens", "max_completion_tokens")]
        wanted = [value for value in given if isinstance(value, int) and value > 0]
        kept = {
            name: value
            for name, value in body.items()
            if name not in ("stream", "stream_options", "max_completion_tokens")
        }
        return {**kept, "max_tokens": min([self.bounds.max_output, *wanted])}

    def _ask(self, tally: Tally, path: str, body: Json | None) -> tuple[int, Json]:
        if tally.closed:
            return 400, _refusal("the time is over")
        place = urlsplit(tally.upstream)
        line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.bounds.seconds)
        tally.line = line
        data = None if body is None else json.dumps(body).encode()
        try:
            line.request("GET" if body is None else "POST", path, data, {"Content-Type": "application/json"})
            said = line.getresponse()
            return said.status, _object(said.read())
        except (OSError, http.client.HTTPException) as error:
            return 502, _refusal(f"the model server did not answer: {error}")
        finally:
            tally.line = None
            line.close()


class _Asked(BaseHTTPRequestHandler):
    """One connection of an asker."""

    protocol_version = "HTTP/1.1"
    proxy: Recorder

    def do_GET(self) -> None:
        status, said = self.proxy.answer(self.path, None)
        self._send(status, "application/json", json.dumps(said).encode())

    def do_POST(self) -> None:
        body = _object(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        status, said = self.proxy.answer(self.path, body)
        if status == 200 and body.get("stream"):
            self._send(status, "text/event-stream", _streamed(said))
        else:
            self._send(status, "application/json", json.dumps(said).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what counts is in the tally."""

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        # Who asked may be gone by now.
        with contextlib.suppress(OSError):
            self.end_headers()
            self.wfile.write(data)


def _refusal(message: str, code: str = "limit") -> Json:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


def _object(data: bytes) -> Json:
    try:
        value = json.loads(data or b"{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else _refusal("this is no JSON object")


def _usage(said: Json) -> tuple[int, int]:
    usage = said.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    question, answer = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return (question if isinstance(question, int) else 0, answer if isinstance(answer, int) else 0)


def _choice(said: Json) -> tuple[str, str]:
    choices = said.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    message = first.get("message") if isinstance(first, dict) else {}
    text = message.get("content") if isinstance(message, dict) else ""
    return str(text or ""), str(first.get("finish_reason", "")) if isinstance(first, dict) else ""


def _streamed(said: Json) -> bytes:
    """The whole answer as a stream of one piece, its end, and the usage."""
    text, finish = _choice(said)
    base = {name: said.get(name) for name in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    pieces: list[Json] = [
        {**base, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]},
        {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish or "stop"}]},
        {**base, "choices": [], "usage": said.get("usage")},
    ]
    return b"".join(b"data: " + json.dumps(piece).encode() + b"\n\n" for piece in pieces) + b"data: [DONE]\n\n"
