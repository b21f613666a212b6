"""A real HTTP server on 127.0.0.1 that plays scripted models in the dialects of OpenAI, Anthropic and Ollama."""

import argparse
import asyncio
import hashlib
import json
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.worlds.dialects import Turn, failure, listed, shown, spoken_at, streamed, whole
from tests.worlds.script import MODEL_PATHS, Rule, Script, load_script, texts_of

SECRET_HEADERS = frozenset({"authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came; headers that may hold a credential are named, their values left out.

    `at` is ISO 8601 in UTC; `rule` names the rule that answered.
    """

    number: int
    at: str
    method: str
    path: str
    headers: Mapping[str, str]
    body_sha256: str
    body_bytes: int
    model: str
    rule: str
    status: int


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]
    kind: str = "application/json"
    delay: float = 0.0
    fault: str = ""
    rule: str = ""
    model: str = ""


class Player:
    """Plays a script: a request in, a response out, turns counted per rule; no I/O."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._turns: dict[int, int] = {}
        self._number = 0

    def learn(self, *rules: Rule) -> None:
        """Know more rules, behind those that are there."""
        self._script = replace(self._script, rules=(*self._script.rules, *rules))

    def play(self, request: _Request) -> _Response:
        if self._script.key and not _carries(request.headers, self._script.key):
            return _plain(401, failure(request.path, 401, "the key is wrong"))
        if request.method == "GET" and request.path in ("/v1/models", "/api/tags"):
            return _plain(200, listed(self._script, request.path))
        if request.method == "GET" and request.path == "/api/version":
            return _plain(200, b'{"version": "0.0.0-scripted"}')
        body = _parsed(request.body)
        if body is None:
            return _plain(400, failure(request.path, 400, "the body is no JSON object"))
        path, named = spoken_at(request.path)
        model = named or str(body.get("model", ""))
        if path == "/api/show" and self._script.knows(model):
            return _plain(200, shown(self._script, model))
        if path not in (*MODEL_PATHS, "/api/show"):
            return _plain(404, failure(path, 404, "no such path"))
        if not self._script.knows(model):
            return _plain(404, failure(path, 404, f"model {model!r} not found"))
        return self._chat(path, model, body)

    def _chat(self, path: str, model: str, body: Mapping[str, object]) -> _Response:
        text = "\n".join(texts_of(body))
        for place, rule in enumerate(self._script.rules):
            if rule.fits(path=path, model=model, text=text):
                turn = self._turns.get(place, 0)
                self._turns[place] = turn + 1
                self._number += 1
                answered = Turn(self._number, path, model, len(text), rule.answer(turn))
                return _response(answered, rule=rule.name, stream=body.get("stream", path == "/api/chat") is True)
        return _plain(501, failure(path, 501, "no rule of the script fits this request"))


class ScriptedServer:
    """The server in a thread of this process; a context manager. `seen` and `bodies` grow with each request.

    Those that only look at a model (Ollama's `/api/show`) are kept apart, in `looks`.

    With `listening` it answers on that socket, which may be of another network; with `tls` over https.
    """

    def __init__(
        self,
        script: Script,
        *,
        log: Path | None = None,
        port: int = 0,
        listening: socket.socket | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._player = Player(script)
        self._log = log
        self._wished = port
        self._listening, self._tls = listening, tls
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="scripted-server", daemon=True)
        self._trouble: OSError | None = None
        self.port = 0
        self.seen: list[Seen] = []
        self.bodies: list[bytes] = []
        self.looks: list[tuple[Seen, bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def learn(self, *rules: Rule) -> None:
        """Know more rules from now on, behind those that are there."""
        self._loop.call_soon_threadsafe(self._player.learn, *rules)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._trouble is not None:
            raise self._trouble
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _live(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._served())
            except OSError as error:
                self._trouble = error
                self._ready.set()

    async def _served(self) -> None:
        listening = self._listening or _listening(self._wished)
        player, started, stop = self._player, self._started, self._stop
        await serve(player, listening, tls=self._tls, started=started, note=self._note, stop=stop)

    def _started(self, port: int) -> None:
        self.port = port
        self._ready.set()

    def _note(self, seen: Seen, body: bytes) -> None:
        if seen.path == "/api/show":
            self.looks.append((seen, body))
        else:
            self.seen.append(seen)
            self.bodies.append(body)
        if self._log is not None:
            write_line(self._log, seen)


async def serve(
    player: Player,
    listening: socket.socket,
    *,
    tls: ssl.SSLContext | None = None,
    started: Callable[[int], None],
    note: Callable[[Seen, bytes], None],
    stop: asyncio.Event,
) -> None:
    """Answer until `stop` is set; connections that hang are closed with it."""
    tasks: set[asyncio.Task[None]] = set()
    numbers = iter(range(1, sys.maxsize))

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        try:
            while (request := await _read(reader)) is not None:
                response = player.play(request)
                note(_seen(next(numbers), request, response), request.body)
                if not await _write(writer, response, stop):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connection, sock=listening, ssl=tls, limit=2**20)
    started(int(server.sockets[0].getsockname()[1]))
    await stop.wait()
    server.close()
    for task in tuple(tasks):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _listening(port: int) -> socket.socket:
    """A socket on loopback. Raises OSError when the port is taken."""
    return socket.create_server(("127.0.0.1", port))


def write_line(log: Path, seen: Seen) -> None:
    """Append one request to a log of JSON lines."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(seen)) + "\n")


async def _read(reader: asyncio.StreamReader) -> _Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return _Request(method=method, path=target.partition("?")[0], headers=headers, body=body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def _write(writer: asyncio.StreamWriter, response: _Response, stop: asyncio.Event) -> bool:
    """Send the response; False when the connection is to be closed."""
    if response.delay:
        await asyncio.sleep(response.delay)
    if response.fault == "hang":
        await stop.wait()
        return False
    body = b"".join(response.pieces)
    reason = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Scripted"
    headers = {"content-type": response.kind, "content-length": str(len(body)), **response.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    cut = response.fault in ("cut-off", "stall")
    sent = body[: len(body) // 2] if cut else body
    writer.write(f"HTTP/1.1 {response.status} {reason}\r\n{lines}\r\n".encode("latin-1") + sent)
    await writer.drain()
    if response.fault == "stall":
        await stop.wait()
    return not cut


def _response(turn: Turn, *, rule: str, stream: bool) -> _Response:
    answer = turn.answer
    kind = "application/json"
    if answer.raw:
        pieces: tuple[bytes, ...] = (answer.raw.encode(),)
    elif stream and answer.status < 300:
        pieces = tuple(streamed(turn))
        kind = "application/x-ndjson" if turn.path == "/api/chat" else "text/event-stream"
    else:
        pieces = (whole(turn),)
    return _Response(
        status=answer.status,
        headers=answer.headers,
        pieces=pieces,
        kind=kind,
        delay=answer.delay,
        fault=answer.fault,
        rule=rule,
        model=turn.model,
    )


def _plain(status: int, body: bytes) -> _Response:
    return _Response(status=status, headers={}, pieces=(body,))


def _parsed(body: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _carries(headers: Mapping[str, str], key: str) -> bool:
    return headers.get("authorization") == f"Bearer {key}" or headers.get("x-api-key") == key


def _seen(number: int, request: _Request, response: _Response) -> Seen:
    return Seen(
        number=number,
        at=datetime.now(UTC).isoformat(),
        method=request.method,
        path=request.path,
        headers={name: "..." if name in SECRET_HEADERS else value for name, value in request.headers.items()},
        body_sha256=hashlib.sha256(request.body).hexdigest(),
        body_bytes=len(request.body),
        model=response.model,
        rule=response.rule,
        status=response.status,
    )


async def _forever(script: Script, port: int, log: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def note(seen: Seen, body: bytes) -> None:
        if log is not None:
            write_line(log, seen)

    def started(chosen: int) -> None:
        print(chosen, flush=True)

    await serve(Player(script), _listening(port), started=started, note=note, stop=stop)


def main() -> None:
    """Serve a script until SIGTERM; the first line printed is the port."""
    parser = argparse.ArgumentParser(description="A model server that plays a script.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--log", type=Path, default=None)
    given = parser.parse_args()
    asyncio.run(_forever(load_script(given.script), given.port, given.log))


if __name__ == "__main__":
    main()
