"""Whose turn it is: one run at a time in each repository, fair between repositories, and so many at once in all."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

AT_ONCE = 4


@dataclass
class Turns:
    """The places where runs work, for one event loop. Who waits holds none, and a waiting repository is next in line
    before one that had a turn after it.
    """

    at_once: int = AT_ONCE
    _busy: set[str] = field(default_factory=set)
    _lines: dict[str, deque[asyncio.Future[None]]] = field(default_factory=dict)

    @asynccontextmanager
    async def place(self, repository_id: str) -> AsyncIterator[None]:
        """Wait for a turn of the repository, and hold it."""
        await self._take(repository_id)
        try:
            yield
        finally:
            self._give_back(repository_id)

    async def _take(self, repository_id: str) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(repository_id, deque()).append(mine)
        self._call_next()
        try:
            await mine
        except asyncio.CancelledError:
            self._leave(repository_id, mine)
            raise

    def _give_back(self, repository_id: str) -> None:
        self._busy.discard(repository_id)
        self._call_next()

    def _leave(self, repository_id: str, mine: "asyncio.Future[None]") -> None:
        line = self._lines.get(repository_id)
        if line is not None and mine in line:
            line.remove(mine)
            if not line:
                del self._lines[repository_id]
        else:
            self._give_back(repository_id)

    def _call_next(self) -> None:
        while len(self._busy) < self.at_once:
            repository_id = next((name for name in self._lines if name not in self._busy), None)
            if repository_id is None:
                return
            line = self._lines.pop(repository_id)
            mine = line.popleft()
            if line:
                # To the end of the order, so that one busy repository starves no other (C7).
                self._lines[repository_id] = line
            if not mine.done():
                self._busy.add(repository_id)
                mine.set_result(None)
