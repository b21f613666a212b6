"""The webhooks that the GitHub world sends: signed, one after another, each try on record."""

import hashlib
import hmac
import http.client
import json
import threading
import urllib.parse
import uuid
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tests.worlds.github.schemas import hook_problems
from tests.worlds.github.state import App
from tests.worlds.github.wire import Json

TIMEOUT = 10.0  # seconds that GitHub waits for an answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status_code` is what came back; 502 when nobody was there, 504 when it took too long."""

    id: int
    app: App
    guid: str
    event: str
    action: str | None
    installation: int
    repository: int | None
    body: bytes
    delivered_at: str
    redelivery: bool = False
    status_code: int = 0
    duration: float = 0.0
    answer: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status_code < 300

    @property
    def status(self) -> str:
        words = {502: "failed to connect to host", 504: "timed out"}
        return "OK" if self.ok else words.get(self.status_code, f"Invalid HTTP Response: {self.status_code}")

    @property
    def payload(self) -> Json:
        """What the body says."""
        payload: Json = json.loads(self.body)
        return payload

    def headers(self) -> dict[str, str]:
        """The headers that GitHub sends beside the body."""
        secret = self.app.webhook_secret.encode()
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Event": self.event,
            "X-GitHub-Hook-ID": str(self.app.hook_id),
            "X-GitHub-Hook-Installation-Target-ID": str(self.app.id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": "sha1=" + hmac.new(secret, self.body, hashlib.sha1).hexdigest(),
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret, self.body, hashlib.sha256).hexdigest(),
        }


class Outbox:
    """Deliveries in order, sent by one thread; `attempts` is oldest first."""

    def __init__(self, mismatches: list[str]) -> None:
        self.attempts: list[Attempt] = []
        self._mismatches = mismatches
        self._queue: deque[Attempt] = deque()
        self._changed = threading.Condition()
        self._busy = False
        self._closed = False
        self._lost = 0
        self._next = 5_000_000
        self._thread = threading.Thread(target=self._work, name="github-hooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the one that is on its way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(TIMEOUT + 1)

    def add(self, app: App, event: str, payload: Json, *, installation: int, repository: int | None, at: str) -> None:
        """Put a webhook into the queue, its payload held against GitHub's published schema."""
        action = payload.get("action")
        self._mismatches += hook_problems(event, payload)
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        attempt = Attempt(
            id=0,
            app=app,
            guid=str(uuid.uuid4()),
            event=event,
            action=str(action) if action else None,
            installation=installation,
            repository=repository,
            body=body,
            delivered_at=at,
        )
        self._enqueue(attempt)

    def again(self, attempt: Attempt, at: str) -> None:
        """The same guid and body once more."""
        self._enqueue(replace(attempt, redelivery=True, status_code=0, delivered_at=at))

    def lose_next(self, times: int = 1) -> None:
        """The next deliveries never arrive; they are on record as failed."""
        with self._changed:
            self._lost += times

    def idle(self, timeout: float) -> None:
        """Wait until everything was sent and answered. Raises AssertionError when it takes longer (seconds)."""
        with self._changed:
            done = self._changed.wait_for(lambda: not self._queue and not self._busy, timeout)
        assert done, "webhooks are still on their way"

    def _enqueue(self, attempt: Attempt) -> None:
        with self._changed:
            self._next += 1
            self._queue.append(replace(attempt, id=self._next))
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return
                attempt = self._queue.popleft()
                self._busy = True
                lost = self._lost > 0
                self._lost -= lost
            done = replace(attempt, status_code=502) if lost else _sent(attempt)
            with self._changed:
                self.attempts.append(done)
                self._busy = False
                self._changed.notify_all()


def _sent(attempt: Attempt) -> Attempt:
    """Post it; never raises, as GitHub does not."""
    target = urllib.parse.urlsplit(attempt.app.hook_url)
    connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=TIMEOUT)
    begun = datetime.now(UTC)
    answer = b""
    try:
        connection.request("POST", target.path or "/", attempt.body, attempt.headers())
        response = connection.getresponse()
        status, answer = response.status, response.read()
    except TimeoutError:
        status = 504
    except (OSError, http.client.HTTPException):
        status = 502
    finally:
        connection.close()
    spent = (datetime.now(UTC) - begun).total_seconds()
    return replace(attempt, status_code=status, duration=round(spent, 3), answer=answer.decode("utf-8", "replace"))
