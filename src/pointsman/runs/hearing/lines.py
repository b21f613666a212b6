"""Deliveries about one issue or change are dealt with one after the other, in the order in which they were kept."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

# How long one waits for those before it to come in; who is held up longer has lost its place.
_PATIENCE_SECONDS = 2.0


@dataclass
class Turn:
    """A place in a line."""

    lines: "Lines"
    line: str
    said: str
    mine: "asyncio.Future[None]"

    async def come(self) -> None:
        """Wait until it is first."""
        await self.mine
        self.lines.heard(self.said)

    async def leave(self) -> None:
        """Let the next one come."""
        self.lines.leave(self)


@dataclass
class Lines:
    """The lines of one event loop. `announce` alone may be called from elsewhere."""

    _announced: deque[str] = field(default_factory=deque)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: dict[str, deque[Turn]] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)

    def announce(self, delivery_id: str) -> None:
        """Say that a delivery will come in, after those that were announced before."""
        self._announced.append(delivery_id)

    @asynccontextmanager
    async def entry(self, delivery_id: str) -> AsyncIterator[None]:
        """Come in after those that were announced before, unless they take too long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_next(delivery_id), _PATIENCE_SECONDS)
        try:
            yield
        finally:
            if delivery_id in self._announced:
                self._announced.remove(delivery_id)
            self._moved.set()

    async def _is_next(self, delivery_id: str) -> None:
        while delivery_id in self._announced and self._announced[0] != delivery_id:
            self._moved.clear()
            await self._moved.wait()

    def join(self, line: str, said: str) -> Turn:
        """Take a place. `said` tells what is said, so that those before can hear that it is said again."""
        turn = Turn(self, line, said, asyncio.get_running_loop().create_future())
        waiting = self._lines.setdefault(line, deque())
        waiting.append(turn)
        self._waiting[said] += 1
        self._call(waiting)
        return turn

    def heard(self, said: str) -> None:
        """One of those who say this is dealt with now."""
        self._waiting[said] -= 1
        if not self._waiting[said]:
            del self._waiting[said]

    def is_said_again(self, said: str) -> bool:
        """Whether the same stands further back in a line."""
        return self._waiting[said] > 0

    def leave(self, turn: Turn) -> None:
        """Give a place up, whether it was ever the first or not."""
        waiting = self._lines[turn.line]
        waiting.remove(turn)
        if not turn.mine.done() or turn.mine.cancelled():
            self.heard(turn.said)
        if waiting:
            self._call(waiting)
        else:
            del self._lines[turn.line]

    @staticmethod
    def _call(waiting: deque[Turn]) -> None:
        if not waiting[0].mine.done():
            waiting[0].mine.set_result(None)
