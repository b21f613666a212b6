"""The governed transport for clients that are built on httpx2 (the anthropic and openai packages)."""

import ssl

import httpx2

from pointsman.models.transport import Gate


class GovernedHttpx2(httpx2.AsyncBaseTransport):
    """Passes a request on as the permit describes it: our headers, our bytes, once."""

    def __init__(self, gate: Gate, trust: ssl.SSLContext) -> None:
        self._gate = gate
        self._inner = httpx2.AsyncHTTPTransport(verify=trust, trust_env=False, retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        exchange = self._gate.before(request.method, str(request.url), body)
        plain = httpx2.Request(
            request.method, request.url, headers=exchange.headers, content=body, extensions=request.extensions
        )
        try:
            response = await self._inner.handle_async_request(plain)
            try:
                content = await self._gate.read(
                    exchange, response.status_code, response.headers, response.aiter_raw()
                )
            finally:
                await response.aclose()
        except httpx2.TransportError as error:
            exchange.left = not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
            timed_out = isinstance(error, httpx2.TimeoutException)
            exchange.failure = ("timeout" if timed_out else "connection", type(error).__name__)
            raise
        return httpx2.Response(
            response.status_code, headers={"content-type": "application/json"}, content=content, request=request
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


def governed_client(gate: Gate, trust: ssl.SSLContext, seconds: float) -> httpx2.AsyncClient:
    """A client that reads nothing from the environment, follows nothing and waits at most `seconds`."""
    return httpx2.AsyncClient(
        transport=GovernedHttpx2(gate, trust),
        trust_env=False,
        follow_redirects=False,
        timeout=httpx2.Timeout(seconds, connect=min(seconds, 10.0)),
    )
