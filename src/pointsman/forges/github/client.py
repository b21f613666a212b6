"""Requests to one GitHub through PyGithub: one write at a time, no retries behind our back, our own errors."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pointsman.domain.errors import OperatorMust
from pointsman.forges.github.refusals import Reply, told, unanswered

if TYPE_CHECKING:
    from github.Requester import Requester

GRAPHQL = "graphql"
_AGENT = "Pointsman"
_VERSION = "2022-11-28"
_LINES = 32


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request is made with: nothing, the App's JWT, or an installation's token."""

    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `path` is below the API, or GRAPHQL. `writer` names whose writes take turns; empty for reads."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = field(default=None, repr=False)
    writer: str = ""


@dataclass(frozen=True, slots=True)
class Steady:
    """A clock that never goes back, and waiting by it (seconds)."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class Client:
    """Blocks until it is answered: call it off the event loop, from any thread.

    `spacing` is the least time between two writes of one installation, `timeout` the longest silence (seconds).
    """

    def __init__(
        self, api_url: str, *, spacing: float = 1.0, timeout: int = 20, steady: Steady | None = None
    ) -> None:
        self._api_url = api_url
        self._timeout = timeout
        self._turns = _Turns(spacing, steady or Steady())
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, call: Call, credential: Credential) -> Reply:
        """The answer to a request that went well.

        Raises NotThere, Refused, OperatorMust(credentials, bad-address), TryAgain(rate-limit, unreachable).
        """
        line = self._line(credential)
        with self._turns.of(call.writer):
            reply = line.send(call)
        if reply.status >= 300:
            raise told(reply)
        return reply

    def forget(self, credential: Credential) -> None:
        """Close what was opened with a credential that is no longer used."""
        with self._lock:
            line = self._lines.pop(credential.text, None)
        if line is not None:
            line.close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            lines = list(self._lines.values())
            self._lines.clear()
        for line in lines:
            line.close()

    def _line(self, credential: Credential) -> "_Line":
        with self._lock:
            line = self._lines.pop(credential.text, None) or _Line(self._requester(credential))
            self._lines[credential.text] = line
            oldest = self._lines.popitem(last=False)[1] if len(self._lines) > _LINES else None
        if oldest is not None:
            oldest.close()
        return line

    def _requester(self, credential: Credential) -> "Requester":
        from github.Auth import Token
        from github.Requester import Requester

        # It would log requests and answers whole, and the answer to one of them is a token.
        Requester.injectLogger(_silent())
        return Requester(
            auth=Token(credential.text) if credential.text else None,
            base_url=self._api_url,
            timeout=self._timeout,
            user_agent=_AGENT,
            per_page=100,
            verify=True,
            retry=None,
            pool_size=None,
            api_version=_VERSION,
        )


class _Line:
    """One connection with one credential. A requester keeps the request in itself, so it serves one at a time."""

    def __init__(self, requester: "Requester") -> None:
        self._requester = requester
        self._lock = threading.Lock()

    def send(self, call: Call) -> Reply:
        url = self._requester.graphql_url if call.path == GRAPHQL else call.path
        try:
            with self._lock:
                status, headers, text = self._requester.requestJson(
                    call.method, url, dict(call.query), {"Accept": "application/vnd.github+json"}, call.body
                )
        # What its HTTP library raises are all OSError.
        except OSError as error:
            raise unanswered("the connection failed or took too long") from error
        # It reads numbers out of headers, which something on the way may have garbled.
        except ValueError as error:
            raise unanswered("its answer cannot be read") from error
        except RuntimeError as error:
            raise OperatorMust(
                "GitHub sends requests to another address.",
                code="bad-address",
                hint="Register the App anew with the address at which GitHub's pages are.",
            ) from error
        return Reply(status, {name.lower(): str(value) for name, value in headers.items()}, text)

    def close(self) -> None:
        with self._lock:
            self._requester.close()


class _Turns:
    """One write at a time for each installation, with a pause between two (GitHub REST documentation, "Best
    practices for using the REST API")."""

    def __init__(self, spacing: float, steady: Steady) -> None:
        self._spacing = spacing
        self._steady = steady
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._last: dict[str, float] = {}

    @contextmanager
    def of(self, writer: str) -> Iterator[None]:
        if not writer:
            yield
            return
        with self._lock:
            mine = self._locks.setdefault(writer, threading.Lock())
        with mine:
            pause = self._last.get(writer, float("-inf")) + self._spacing - self._steady.now()
            if pause > 0:
                self._steady.sleep(pause)
            try:
                yield
            finally:
                self._last[writer] = self._steady.now()


def _silent() -> logging.Logger:
    logger = logging.getLogger("pointsman.forges.github.silent")
    logger.disabled = True
    return logger
