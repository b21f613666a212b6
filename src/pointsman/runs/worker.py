"""The worker beside the web server: takes kept deliveries in order and hands each to the durable engine."""

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from pointsman.domain.errors import PointsmanError, TryAgain
from pointsman.domain.events import Delivery, Ignored
from pointsman.domain.run import Actor
from pointsman.runs.parts import Parts, delivery_workflow
from pointsman.runs.sieve import nothing_in
from pointsman.runs.tidying import tidy

if TYPE_CHECKING:
    from pointsman.runs.engine import Engine
    from pointsman.runs.hearing.deliveries import Desk

POLL_SECONDS = 1.0
SWEEP_SECONDS = 300.0
TIDY_SECONDS = 30.0
_AT_ONCE = 500
_MOST_PAUSE = 30.0
_BATCH = 100
logger = logging.getLogger(__name__)


class Worker:
    """One for each process that serves. Nothing slow is imported before `run`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._engine: Engine | None = None
        self._woken = asyncio.Event()
        self._stopping = False
        self._desk: Desk | None = None
        self._handed: set[str] = set()
        self._swept_at: float | None = None
        self._tidied_at: float | None = None
        self._looked = False
        self._bots: dict[str, Actor] = {}

    @property
    def ready(self) -> bool:
        """Whether deliveries are dealt with. The engine is started when the first one wants it."""
        return self._looked

    async def run(self) -> None:
        """Work until `stop`. What stands in the way of the engine or the inbox is logged and tried again."""
        while not self._stopping:
            pause = POLL_SECONDS
            try:
                if not self._looked:
                    await self._take_up()
                await self._hand_over()
                await self._sweep()
                await self._tidy()
            except PointsmanError as error:
                logger.warning("the worker has to wait", extra={"code": error.code, "why": error.message})
                pause = min(max(error.after if isinstance(error, TryAgain) else 5.0, POLL_SECONDS), _MOST_PAUSE)
            except Exception:
                logger.exception("the worker met a bug and goes on")
                pause = _MOST_PAUSE
            await self._rest(pause)
        if self._engine is not None:
            engine, self._engine = self._engine, None
            await engine.stop()

    def wake(self) -> None:
        """There is something in the inbox. To be called from the loop of `run`."""
        self._woken.set()

    async def stop(self) -> None:
        """Take nothing more and let `run` end; what goes on is taken up at the next start."""
        self._stopping = True
        self._woken.set()

    async def _take_up(self) -> None:
        """Runs that were cut off go on at once; an installation where nothing goes on does without the engine."""
        if await asyncio.to_thread(self._parts.unfinished):
            await self._started()
        self._looked = True

    async def _started(self) -> "Engine":
        return self._engine or await self._start()

    async def _start(self) -> "Engine":
        """Raises TryAgain when another process of this installation runs, OperatorMust when the home is no use."""
        engine, desk = await asyncio.to_thread(_made, self._parts)
        try:
            await engine.start(desk.deal_with)
        except PointsmanError:
            await engine.stop()
            raise
        self._engine, self._desk = engine, desk
        return engine

    async def _hand_over(self) -> None:
        """Everything that waits, oldest first; the engine begins each once, whoever asks how often."""
        waiting = await self._parts.inbox.waiting(len(self._handed) + _BATCH)
        self._handed &= set(waiting)
        for delivery_id in waiting:
            if delivery_id not in self._handed:
                delivery = await self._parts.inbox.delivery(delivery_id)
                if delivery is not None and not await self._sifted(delivery):
                    engine = await self._started()
                    if self._desk is not None:
                        self._desk.announce(delivery_id)
                    await engine.deliver(delivery_workflow(delivery.forge, delivery_id), delivery_id)
                    self._handed.add(delivery_id)

    async def _sifted(self, delivery: Delivery) -> bool:
        """Whether the delivery is done with, because nothing follows from it; most comments are such."""
        if delivery.forge not in self._bots:
            self._bots[delivery.forge] = await self._parts.talk_for(delivery.forge).identity()
        me = self._bots[delivery.forge]
        # A body may have many megabytes, and this is the loop that answers webhooks.
        event = await asyncio.to_thread(self._parts.translate, delivery, me)
        if not isinstance(event, Ignored):
            law = await asyncio.to_thread(self._parts.law)
            nothing = nothing_in(event, me, law.policy.serve.bots)
            if nothing is None:
                return False
            event = nothing
        await self._parts.inbox.finish(delivery.id, f"ignored: {event.reason}"[:200])
        return True

    async def _sweep(self) -> None:
        now = self._parts.clock.monotonic()
        if self._swept_at is not None and now - self._swept_at < SWEEP_SECONDS:
            return
        from pointsman.runs.sweep import sweep

        self._swept_at = now
        if self._engine is not None:
            await self._close_lost(self._engine)
        await asyncio.to_thread(self._parts.tidy)
        for forge in self._parts.forges:
            asked = await sweep(self._parts, forge)
            if asked:
                logger.info("missed deliveries were asked for again", extra={"forge": forge, "count": asked})

    async def _tidy(self) -> None:
        """Words whose days are over go; of a run that may keep none that is within half a minute of its end."""
        now, kept = self._parts.clock.monotonic(), self._parts.kept
        if kept is None or (self._tidied_at is not None and now - self._tidied_at < TIDY_SECONDS):
            return
        self._tidied_at = now
        await tidy(kept, self._parts.clock.now())
        if self._engine is not None:
            await self._engine.drop_deliveries(_AT_ONCE)

    async def _close_lost(self, engine: "Engine") -> None:
        """A delivery whose work ended without a word of it kills its process each time; it is not tried for ever."""
        for delivery_id in tuple(self._handed):
            delivery = await self._parts.inbox.delivery(delivery_id)
            if delivery is not None and await engine.ended(delivery_workflow(delivery.forge, delivery_id)):
                await self._parts.inbox.finish(delivery_id, "failed")
                logger.error("a delivery was given up", extra={"delivery": delivery_id})

    async def _rest(self, seconds: float) -> None:
        if not self._stopping:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)
        self._woken.clear()


def _made(parts: Parts) -> "tuple[Engine, Desk]":
    """Importing the engine takes most of a second, and must not hold up the loop that answers webhooks."""
    from pointsman.runs.hearing.deliveries import Desk

    engine = parts.engine()
    return engine, Desk(parts, engine)
