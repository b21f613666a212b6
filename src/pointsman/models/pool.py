"""Clients by event loop: connections belong to the loop that opened them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Generic, TypeVar

Client = TypeVar("Client")


def trust_for(origin: str) -> ssl.SSLContext:
    """What vouches for the certificates of an origin; for one without https nobody does, and none is asked."""
    return trusted() if origin.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def trusted() -> ssl.SSLContext:
    """Certificates that vouch for https: the usual roots and those that the machine trusts. Made once, it is slow."""
    import httpx

    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


class Clients(Generic[Client]):
    """One client for each running event loop, made at first use, in a thread: a package takes long to import."""

    def __init__(self, make: Callable[[], Client], close: Callable[[Client], Awaitable[None]]) -> None:
        self._make = make
        self._close = close
        self._by_loop: dict[asyncio.AbstractEventLoop, asyncio.Task[Client]] = {}

    async def get(self) -> Client:
        """The client of the running loop."""
        loop = asyncio.get_running_loop()
        making = self._by_loop.get(loop)
        if making is None:
            for other in [one for one in self._by_loop if one.is_closed()]:
                self._by_loop.pop(other, None)
            making = self._by_loop[loop] = loop.create_task(asyncio.to_thread(self._make))
        # Whoever asked first may be cancelled; the others still want it.
        return await asyncio.shield(making)

    async def close(self) -> None:
        """Close every client on the loop that it belongs to; a loop that is gone took its connections with it."""
        here = asyncio.get_running_loop()
        while self._by_loop:
            loop, making = self._by_loop.popitem()
            if loop is here:
                await self._closing(making)
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._closing(making), loop))

    async def _closing(self, making: asyncio.Task[Client]) -> None:
        await self._close(await making)
