"""Connections on which somebody asks for something in time, or which are closed."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle


class Connection(H11Protocol):
    """HTTP/1.1 as h11 reads it, which bounds the head of a request; whoever asks for nothing is sent away.

    uvicorn's own limit begins with the first answer and ends with the next byte, so a thousand half-written heads
    would hold a thousand connections for ever. `patience` is in seconds.
    """

    patience: ClassVar[float] = 20.0
    _seen: object = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.patience, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close it when no request goes on, and none came since the last look."""
        if _is_idle(self.cycle) and self.cycle is self._seen:
            self.transport.close()
            return
        self._seen = self.cycle
        self._timer = self.loop.call_later(self.patience, self._look)


def _is_idle(cycle: RequestResponseCycle | None) -> bool:
    return cycle is None or cycle.response_complete
