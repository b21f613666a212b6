"""A server that answers in a thread of the test's process, over a real inbox, with a worker that counts."""

import asyncio
import hashlib
import hmac
import http.client
import json
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from pointsman.audit.ledger.inbox import SqlInbox
from pointsman.domain.errors import PointsmanError
from pointsman.domain.events import Delivery, Ignored
from pointsman.entrypoints.web.app import create_app
from pointsman.entrypoints.web.bodies import Bodies
from pointsman.entrypoints.web.connections import Connection
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.parts import Intake, Loaded, Served, ShownPage, Unreadable
from pointsman.entrypoints.web.running import Listener, bound, configured
from pointsman.forges.github.webhook import Bad, delivery_of, signed

SECRETS = (b"the new secret", b"the old secret")
AT = "2026-11-21T12:00:00Z"
LABELLED = {"action": "labeled", "issue": {"number": 7}}


@dataclass
class IdleWorker:
    """Deals with nothing and counts how often it was woken."""

    woken: int = 0
    ready: bool = True
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        await self._stopped.wait()

    def wake(self) -> None:
        self.woken += 1

    async def stop(self) -> None:
        self._stopped.set()


@dataclass
class PaperRegistrar:
    """Keeps what was registered in memory; `refusal` is raised instead, once."""

    registered: list[tuple[str, str]] = field(default_factory=list)
    refusal: PointsmanError | None = None
    names: list[str] = field(default_factory=list)
    states: int = 0

    def done(self) -> bool:
        return bool(self.registered)

    def address(self, *, web: str, organization: str, state: str) -> str:
        owner = f"organizations/{organization}/" if organization else ""
        return f"{web}/{owner}settings/apps/new?state={state}"

    def manifest(self, *, name: str, url: str) -> str:
        self.names.append(name)
        return json.dumps({"name": name, "hook_attributes": {"url": f"{url}/hooks/github"}})

    def new_state(self) -> str:
        self.states += 1
        return f"state-{self.states - 1}"

    async def register(self, web: str, code: str) -> str:
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.registered.append((web, code))
        return f"{web}/apps/pointsman/installations/new"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        found: object = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def text(self) -> str:
        return self.body.decode()


class ServerWorld:
    """The application behind a real socket. `set_up=False` leaves it without a forge until somebody registers one."""

    def __init__(
        self,
        folder: Path,
        *,
        set_up: bool = True,
        bodies: Bodies | None = None,
        url: str = "",
        read: Callable[[Mapping[str, str], bytes], Delivery | Ignored | Unreadable] | None = None,
        connection: type[Connection] = Connection,
        previews: Callable[[str], bytes | ShownPage | None] = lambda _token: None,
        patience: float = 20.0,
    ) -> None:
        self.inbox = SqlInbox(f"sqlite:///{folder}/ledger.db", patience=patience)
        self.worker = IdleWorker()
        self.closed = False
        self.registrar = PaperRegistrar(registered=[("", "")] if set_up else [])
        self._read = read or _read
        self._previews = previews
        self.front = Front(self._loaded)
        self._app = create_app(self.front, bodies, url=url)
        self._socket = bound("127.0.0.1", 0)
        self.port = int(self._socket.getsockname()[1])
        self._listener = Listener(configured(self._app, connection))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.get("/.well-known/pointsman-keys.json").status == 200
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.should_exit = True
        self._thread.join(120)
        assert not self._thread.is_alive()
        assert self.closed
        self.inbox.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, b"", headers or {})

    def post(self, body: bytes, headers: Mapping[str, str], path: str = "/hooks/github") -> Answer:
        return self._ask("POST", path, body, headers)

    def deliver(
        self, payload: object, *, event: str = "issues", guid: str = "", secret: bytes = SECRETS[0]
    ) -> Answer:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.post(body, headers_for(body, event=event, guid=guid or str(uuid.uuid4()), secret=secret))

    def raw(self, data: bytes) -> bytes:
        """Bytes on the wire, and the bytes that came back until the server closed or was silent for a while."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(data)
            connection.settimeout(2)
            received = b""
            try:
                while chunk := connection.recv(65536):
                    received += chunk
                    if b"\r\n\r\n" in received:
                        break
            except TimeoutError:
                return received
            return received

    def waiting(self) -> tuple[str, ...]:
        return asyncio.run(self.inbox.waiting(100_000))

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body or None, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def _loaded(self) -> Loaded:
        return Loaded(lambda: b'{"keys":[]}', self.registrar, "t0ken", self._serving, self._close, self._previews)

    def _serving(self) -> Served | None:
        if not self.registrar.done():
            return None
        intake = Intake(lambda body, proof: signed(body, proof, SECRETS), self._read, self.inbox.take)
        return Served({"github": intake}, self.worker)

    async def _close(self) -> None:
        self.closed = True

    async def _serve(self) -> None:
        opening = asyncio.create_task(self.front.open())
        await self._listener.serve(sockets=[self._socket])
        await opening
        await self.front.close()


def headers_for(body: bytes, *, event: str = "issues", guid: str, secret: bytes = SECRETS[0]) -> dict[str, str]:
    """What GitHub sends beside a body."""
    return {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest(),
    }


def _read(headers: Mapping[str, str], body: bytes) -> Delivery | Ignored | Unreadable:
    found = delivery_of(headers, body, at=AT)
    return Unreadable(found.reason) if isinstance(found, Bad) else found
