"""A small world for the models' tests: a provider on 127.0.0.1 that keeps what it was sent, a ledger in memory."""

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypedDict, Unpack

from pointsman.domain.errors import Stopped
from pointsman.domain.json import JsonObject
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import Perimeter, Phase
from pointsman.domain.models import (
    Ask,
    Caps,
    Message,
    Model,
    OutputStyle,
    Price,
    Provider,
    ProviderKind,
    Reply,
    Shape,
    ToolSpec,
    ToolStyle,
)
from pointsman.domain.notes import PersonAct

Answerer = Callable[["Seen"], "Sent"]
SHOW = "/api/show"


@dataclass(frozen=True)
class Seen:
    """One request as it reached the server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def data(self) -> dict[str, object]:
        data = json.loads(self.body)
        assert isinstance(data, dict)
        return data


@dataclass(frozen=True)
class Sent:
    """One answer. With `drip` a byte leaves at a time, so many seconds apart; `reset` closes without an answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    drip: float = 0.0
    reset: bool = False
    hang: float = 0.0


def as_json(data: object, status: int = 200, **headers: str) -> Sent:
    return Sent(status, json.dumps(data).encode(), tuple((k.replace("_", "-"), v) for k, v in headers.items()))


@dataclass
class Server:
    """A provider. `answer` is what it says to anything; change it as you like.

    When it is looked at (Ollama's `/api/show`) it answers as `show` says and keeps that in `looks`, not in `seen`.
    """

    origin: str
    answer: Answerer
    show: Answerer = field(default=lambda _: as_json({"details": {"family": "acme"}}))
    looks: list[Seen] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.origin.rpartition(":")[2])


class _House(ThreadingHTTPServer):
    daemon_threads = True
    world: Server
    released: threading.Event


class _Ear(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets; without this the second waits 40 ms for the acknowledgement of the first.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def take(self) -> None:
        assert isinstance(self.server, _House)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, body)
        reply = self._reply(seen)
        if reply.hang:
            self.server.released.wait(reply.hang)
        if reply.reset or reply.hang:
            self.close_connection = True
            return
        if seen.path != SHOW:
            self.server.world.sent.append(reply.body)
        self.send_response(reply.status)
        for name, value in (("content-type", "application/json"), *reply.headers):
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        try:
            self._write(reply, self.server.released)
        except OSError:
            self.close_connection = True

    def _reply(self, seen: Seen) -> Sent:
        assert isinstance(self.server, _House)
        world = self.server.world
        if seen.path == SHOW:
            world.looks.append(seen)
            return world.show(seen)
        world.seen.append(seen)
        world.arrived.set()
        return world.answer(seen)

    def _write(self, reply: Sent, released: threading.Event) -> None:
        if not reply.drip:
            self.wfile.write(reply.body)
            return
        for at in range(len(reply.body)):
            if released.wait(reply.drip):
                return
            self.wfile.write(reply.body[at : at + 1])


for _verb in ("GET", "POST", "PUT", "CONNECT"):
    setattr(_Ear, f"do_{_verb}", _Ear.take)


@contextmanager
def serving(answer: Answerer) -> Iterator[Server]:
    """A real HTTP server on a free port of 127.0.0.1."""
    house = _House(("127.0.0.1", 0), _Ear)
    house.released = threading.Event()
    house.world = Server(f"http://127.0.0.1:{house.server_address[1]}", answer)
    thread = threading.Thread(target=house.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield house.world
    finally:
        house.released.set()
        house.shutdown()
        house.server_close()
        thread.join(5)


class WallClock:
    """Time as it is."""

    def now(self) -> str:
        return "2026-11-21T10:00:00+00:00"

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class LedgerInMemory:
    """Keeps calls, in the order of opening and closing; `room_usd` is what all caps together leave."""

    room_usd: float = 1e9
    opened: list[CallRecord] = field(default_factory=list)
    closed: list[CallRecord] = field(default_factory=list)
    booked: dict[str, float] = field(default_factory=dict)

    async def open_call(self, record: CallRecord, caps: Caps, repository_id: str) -> CallRecord:
        others = sum(cost for call_id, cost in self.booked.items() if call_id != record.call_id)
        if others + record.reserved_usd > min(self.room_usd, caps.phase_usd):
            raise Stopped("The call does not fit into the phase's budget.", code="budget")
        attempt = 1 + sum(1 for earlier in self.opened if earlier.call_id == record.call_id)
        record = replace(record, attempt=attempt)
        self.opened.append(record)
        self.booked[record.call_id] = record.reserved_usd
        return record

    async def close_call(self, record: CallRecord, answer: Reply | None = None) -> None:
        self.closed.append(record)
        self.booked[record.call_id] = record.cost_usd

    async def calls(self, run_id: str) -> tuple[CallRecord, ...]:
        return tuple(record for record in self.closed if record.run_id == run_id)

    async def keep(self, view: RunView) -> None:
        raise NotImplementedError

    async def run(self, run_id: str) -> RunView | None:
        raise NotImplementedError

    async def runs(self, repository_id: str = "", limit: int = 50) -> tuple[RunView, ...]:
        raise NotImplementedError

    async def act(self, run_id: str, person: PersonAct) -> None:
        raise NotImplementedError

    async def acts(self, run_id: str) -> tuple[PersonAct, ...]:
        raise NotImplementedError


KEY = "sk-canary-0123456789abcdef"


IN_REGIONS = (ProviderKind.ANTHROPIC_BEDROCK, ProviderKind.ANTHROPIC_VERTEX)
MESSAGES = (ProviderKind.ANTHROPIC, *IN_REGIONS)


class ProviderChanges(TypedDict, total=False):
    """What a test may want otherwise of a provider."""

    name: str
    perimeter: Perimeter
    key: str
    serves: tuple[str, ...]
    extras: JsonObject
    timeout_seconds: float
    region: str


class ModelChanges(TypedDict, total=False):
    """What a test may want otherwise of a model."""

    id: str
    context_window: int
    price: Price | None
    output: OutputStyle
    tools: ToolStyle
    num_ctx: int
    effort: str
    answers_as: str


class AskChanges(TypedDict, total=False):
    """What a test may want otherwise of an ask."""

    messages: tuple[Message, ...]
    within: tuple[Perimeter, ...]
    call_id: str
    run_id: str
    caps: Caps
    repository_id: str
    requester: str
    shape: Shape | None
    tools: tuple[ToolSpec, ...]
    temperature: float | None


def provider(kind: ProviderKind, base_url: str, **changes: Unpack[ProviderChanges]) -> Provider:
    """A provider of that kind; ollama and scripted are local and need no key."""
    local = kind in (ProviderKind.OLLAMA, ProviderKind.SCRIPTED)
    made = Provider(
        name=f"the-{kind.value}",
        kind=kind,
        base_url=base_url,
        perimeter=Perimeter.LOCAL if local else Perimeter.PUBLIC,
        key="" if local else "env:THE_KEY",
        timeout_seconds=20.0,
        region="eu-west-1" if kind in IN_REGIONS else "",
        project="acme-ai" if kind is ProviderKind.ANTHROPIC_VERTEX else "",
    )
    return replace(made, **changes)


def model(where: Provider, **changes: Unpack[ModelChanges]) -> Model:
    made = Model(
        name="worker",
        provider=where,
        id="acme-1",
        vendor="acme",
        family="acme",
        tier="mid",
        context_window=100_000,
        price=Price(2.0, 8.0),
    )
    return replace(made, **changes)


def ask(which: Model, text: str = "Say yes.", **changes: Unpack[AskChanges]) -> Ask:
    made = Ask(
        phase=Phase.PLAN,
        model=which,
        system="You answer briefly.",
        messages=(Message("user", text),),
        template="plan/1",
        max_output_tokens=1000,
        caps=Caps(10.0, 10.0, 10.0, 10.0),
        repository_id="repo-1",
        within=tuple(Perimeter),
        run_id="r-1",
        call_id="r-1:plan:0",
    )
    return replace(made, **changes)


def base_url(kind: ProviderKind, origin: str) -> str:
    """Where a provider of that kind has its API below an origin."""
    return f"{origin}/v1" if kind in (ProviderKind.OPENAI, ProviderKind.OPENAI_COMPATIBLE) else origin


def saying(kind: ProviderKind, text: str, *, served: str = "acme-1", usage: tuple[int, int] | None = (50, 7)) -> Sent:
    """A plain answer in the format of that kind."""
    if kind in MESSAGES:
        data: dict[str, object] = {
            "type": "message",
            "model": served,
            "stop_reason": "end_turn",
            "content": [{"type": "text", "text": text}],
        }
        counts = ("input_tokens", "output_tokens")
    elif kind is ProviderKind.OLLAMA:
        data = {
            "model": served,
            "done": True,
            "done_reason": "stop",
            "message": {"role": "assistant", "content": text},
        }
        if usage:
            data |= {"prompt_eval_count": usage[0], "eval_count": usage[1]}
        return as_json(data)
    else:
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        data = {"object": "chat.completion", "model": served, "choices": [choice]}
        counts = ("prompt_tokens", "completion_tokens")
    if usage:
        data["usage"] = dict(zip(counts, usage, strict=True))
    return as_json(data)
