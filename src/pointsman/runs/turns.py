"""Whose turn it is: lanes with places of their own, fair between repositories, one run of a repository in each lane.

Lanes keep short work from waiting behind long work, of the same repository too. What two runs of one repository must
not do at once is to take the same place in the chain of notes and to move the same branch: both are compare-and-set,
and a run signs anew as often as there can be others (`runs/course/publish.py`).
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pointsman.domain.levels import Lane
from pointsman.runs.adapters import SORTING, Queue

PLACES: Mapping[Queue, int] = {
    SORTING: 4,
    Lane.FAST: 2,
    Lane.INTERACTIVE: 2,
    Lane.BACKGROUND: 4,
    Lane.BATCH: 1,
}
PASSED_OVER = 20
"""How many others may be called before a waiting `batch` run, which otherwise waits until nobody else does."""


@dataclass
class _Lane:
    """Who works in a lane and who waits for it; a waiting repository comes before one that had a turn after it."""

    places: int
    busy: set[str] = field(default_factory=set)
    lines: dict[str, deque[asyncio.Future[None]]] = field(default_factory=dict)

    def next(self) -> str | None:
        """The repository whose turn it would be, when a place is free."""
        if len(self.busy) >= self.places:
            return None
        return next((name for name in self.lines if name not in self.busy), None)

    def call(self, repository_id: str) -> None:
        """Give the turn to the first in a repository's line."""
        line = self.lines.pop(repository_id)
        mine = line.popleft()
        if line:
            # To the end of the order, so that one busy repository starves no other (C7).
            self.lines[repository_id] = line
        if not mine.done():
            self.busy.add(repository_id)
            mine.set_result(None)


class Turns:
    """The places where runs work, for one event loop. Who waits holds none."""

    def __init__(self, places: Mapping[Queue, int] = PLACES) -> None:
        self._lanes = {queue: _Lane(count) for queue, count in places.items()}
        self._passed = 0

    @asynccontextmanager
    async def place(self, repository_id: str, queue: Queue) -> AsyncIterator[None]:
        """Wait for a turn of the repository in this lane, and hold it."""
        lane = self._lanes[queue]
        await self._take(lane, repository_id)
        try:
            yield
        finally:
            self._give_back(lane, repository_id)

    async def _take(self, lane: _Lane, repository_id: str) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.lines.setdefault(repository_id, deque()).append(mine)
        self._call_next()
        try:
            await mine
        except asyncio.CancelledError:
            self._leave(lane, repository_id, mine)
            raise

    def _give_back(self, lane: _Lane, repository_id: str) -> None:
        lane.busy.discard(repository_id)
        self._call_next()

    def _leave(self, lane: _Lane, repository_id: str, mine: "asyncio.Future[None]") -> None:
        if not mine.cancelled():
            # The turn came in the very moment in which nobody waited for it any more.
            self._give_back(lane, repository_id)
            return
        line = lane.lines.get(repository_id)
        if line is not None and mine in line:
            line.remove(mine)
            if not line:
                del lane.lines[repository_id]
        self._call_next()

    def _call_next(self) -> None:
        for queue, lane in self._callable():
            while (repository_id := lane.next()) is not None:
                lane.call(repository_id)
                self._passed = 0 if queue is Lane.BATCH else self._passed + 1

    def _callable(self) -> Iterator[tuple[Queue, _Lane]]:
        """Every lane whose runs may be called now; `batch` last, and while others wait only after so many of them."""
        for queue, lane in self._lanes.items():
            if queue is not Lane.BATCH:
                yield queue, lane
        batch = self._lanes.get(Lane.BATCH)
        if batch is None or not batch.lines:
            self._passed = 0
        elif self._passed >= PASSED_OVER or not any(lane.lines for lane in self._lanes.values() if lane is not batch):
            yield Lane.BATCH, batch
