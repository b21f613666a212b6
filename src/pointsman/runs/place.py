"""A run's place among those at work: in which lane it waits its turn, and when it gives its place to others."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pointsman.domain.run import RunSpec
from pointsman.runs.adapters import SORTING, Queue, Turns


@dataclass
class Place:
    """A run's place among those at work: taken before it works, given back while it waits for people.

    `queue` follows from the order and, once it is sorted, from the class of task; so a replay finds it again.
    """

    turns: Turns | None
    repository_id: str
    queue: Queue
    _held: AbstractAsyncContextManager[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether it works now."""
        return self._held is not None

    async def take(self) -> None:
        """Wait for a place. Nothing happens when one is held, or when there are no turns."""
        if self.turns is not None and self._held is None:
            place = self.turns.place(self.repository_id, self.queue)
            await place.__aenter__()
            self._held = place

    async def move(self, queue: Queue) -> None:
        """Go on in another lane: the place in this one is given back before one in the other is waited for."""
        if queue == self.queue:
            return
        self.queue = queue
        if self._held is not None:
            await self.leave()
            await self.take()

    async def leave(self) -> None:
        """Give the place back, if one is held."""
        held, self._held = self._held, None
        if held is not None:
            await held.__aexit__(None, None, None)


def first_queue(spec: RunSpec) -> Queue:
    """Where a run begins: in the lane of its class, if labels say it or nobody is going to sort it."""
    if spec.hinted is None and spec.goal in ("build", "plan"):
        return SORTING
    return spec.orders[spec.hinted or spec.task].lane
