"""The governed transport for clients that are built on httpx (the ollama package)."""

import ssl

import httpx

from pointsman.models.transport import Gate


class GovernedHttpx(httpx.AsyncBaseTransport):
    """Passes a request on as the permit describes it: our headers, our bytes, once."""

    def __init__(self, gate: Gate, trust: ssl.SSLContext) -> None:
        self._gate = gate
        self._inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False, retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        exchange = self._gate.before(request.method, str(request.url), body)
        plain = httpx.Request(
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
        except httpx.TransportError as error:
            exchange.left = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            timed_out = isinstance(error, httpx.TimeoutException)
            exchange.failure = ("timeout" if timed_out else "connection", type(error).__name__)
            raise
        return httpx.Response(
            response.status_code, headers={"content-type": "application/json"}, content=content, request=request
        )

    async def aclose(self) -> None:
        await self._inner.aclose()
