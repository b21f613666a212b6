"""Clients by event loop: connections belong to the loop that opened them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Generic, TypeVar

Client = TypeVar("Client")


@cache
def trusted() -> ssl.SSLContext:
    """Certificates that vouch for https: the usual roots and those that the machine trusts. Made once, it is slow."""
    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


class Clients(Generic[Client]):
    """One client for each running event loop, made at first use."""

    def __init__(self, make: Callable[[], Client], close: Callable[[Client], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._by_loop: dict[asyncio.AbstractEventLoop, Client] = {}

    def get(self) -> Client:
        """The client of the running loop."""
        loop = asyncio.get_running_loop()
        client = self._by_loop.get(loop)
        if client is None:
            for other in [one for one in self._by_loop if one.is_closed()]:
                self._by_loop.pop(other, None)
            client = self._by_loop[loop] = self._make()
        return client

    async def close(self) -> None:
        """Close every client on the loop that it belongs to; a loop that is gone took its connections with it."""
        here = asyncio.get_running_loop()
        while self._by_loop:
            loop, client = self._by_loop.popitem()
            if loop is here:
                await self._close(client)
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._closing(client), loop))

    async def _closing(self, client: Client) -> None:
        await self._close(client)
