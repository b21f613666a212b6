"""The one place that bytes for a model leave through: a request without a permit for exactly it is refused."""

import hashlib
from collections.abc import AsyncIterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pointsman.domain.breaker import OutageKind
from pointsman.domain.errors import OperatorMust, PointsmanError
from pointsman.domain.models import Permit, Provider, ProviderKind

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
PORTS = {"http": 80, "https": 443}


def origin_of(provider: Provider) -> str:
    """scheme://host:port of a provider. Raises OperatorMust when its base URL is not a plain http(s) address."""
    if provider.kind is ProviderKind.SCRIPTED:
        return f"scripted:{provider.name}"
    origin = _origin(provider.base_url)
    if not origin:
        raise OperatorMust(
            f"The base URL of provider {provider.name} is not a plain http or https address.",
            code="bad-provider",
            hint="Write it in the policy as https://host[:port][/path], without a user name, password or query.",
        )
    return origin


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    if not port or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}"


@dataclass(slots=True)
class Exchange:
    """One permitted request, and what came of it.

    `headers` are all that leave, the credential among them: the client library adds none. `left` tells that bytes
    may have reached the provider. `refusal` is ours and outlives whatever a client library wraps it in.
    """

    permit: Permit
    method: str
    path: str
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    sent_sha256: str = field(init=False)
    sends_left: int = 1
    left: bool = False
    status: int = 0
    retry_after: str = ""
    body: bytes = field(repr=False, default=b"")
    received_sha256: str = ""
    refusal: PointsmanError | None = None
    failure: tuple[OutageKind, str] | None = None

    def __post_init__(self) -> None:
        self.sent_sha256 = hashlib.sha256(self.content).hexdigest()

    def refuse(self, message: str, *, code: str, hint: str = "") -> PointsmanError:
        """Remember and return the refusal, for the caller to raise."""
        self.refusal = OperatorMust(message, code=code, hint=hint)
        return self.refusal


_current: ContextVar[Exchange | None] = ContextVar("pointsman_exchange", default=None)


@contextmanager
def permitted(exchange: Exchange) -> Iterator[Exchange]:
    """Let exactly this exchange through the gates while the block runs."""
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


def explained(error: Exception) -> None:
    """Return when the exchange in force already holds what happened; else raise it as one of ours.

    The anthropic package wraps whatever its transport raises, so our refusal is looked for among the causes.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PointsmanError):
            raise cause
        cause = cause.__cause__
    exchange = _current.get()
    if exchange is None or not (exchange.status or exchange.failure):
        raise OperatorMust(
            f"The client library gave up before a request was made ({type(error).__name__}).", code="client"
        ) from error


class Gate:
    """Stands before one provider's wire: checks each request against the permit in force, and reads answers."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._origin = origin_of(provider)

    def before(self, method: str, url: str, body: bytes) -> Exchange:
        """The exchange that permits these very bytes. Raises OperatorMust(code="egress") when none does."""
        exchange = _current.get()
        if exchange is None:
            raise OperatorMust(
                f"A request to provider {self._provider.name} was stopped: nothing permits it.", code="egress"
            )
        objection = self._objection(exchange, method, url, body)
        if objection:
            raise exchange.refuse(
                f"A request to provider {self._provider.name} was stopped: {objection}.", code="egress"
            )
        exchange.sends_left -= 1
        exchange.left = True
        return exchange

    def _objection(self, exchange: Exchange, method: str, url: str, body: bytes) -> str:
        origin = self._origin if self._provider.kind is ProviderKind.SCRIPTED else _origin(url)
        if exchange.permit.provider != self._provider.name:
            return "the permit is for another provider"
        if self._provider.perimeter not in exchange.permit.within:
            return "the permit is for text that stays elsewhere"
        if origin != self._origin or exchange.permit.origin != origin:
            return "the permit is for another address"
        if method != exchange.method or urlsplit(url).path != exchange.path:
            return "the permit is for another request"
        if body != exchange.content:
            return "its bytes are not those that were recorded"
        if exchange.sends_left < 1:
            return "the permit was used up"
        return ""

    async def read(
        self, exchange: Exchange, status: int, headers: Mapping[str, str], chunks: AsyncIterable[bytes]
    ) -> bytes:
        """The whole body of an answer, digested as it came; at most 32 MiB, never a redirect, never compressed."""
        name = self._provider.name
        if 300 <= status < 400:
            raise exchange.refuse(
                f"Provider {name} answered with a redirect ({status}); redirects are not followed.",
                code="redirect",
                hint="Put the final address into the policy's base_url for this provider.",
            )
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise exchange.refuse(
                f"Provider {name} answered compressed although that was not asked for.", code="bad-reply"
            )
        digest, parts, size = hashlib.sha256(), list[bytes](), 0
        async for chunk in chunks:
            digest.update(chunk)
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_RESPONSE_BYTES:
                raise exchange.refuse(f"Provider {name} answered with more than 32 MiB.", code="reply-too-large")
        exchange.status, exchange.retry_after = status, headers.get("retry-after", "")
        exchange.body, exchange.received_sha256 = b"".join(parts), digest.hexdigest()
        return exchange.body
