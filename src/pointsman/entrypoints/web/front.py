"""Answers for what stands behind the routes: it is loaded, and set up, while the server answers."""

import asyncio
from collections.abc import Callable
from typing import Literal

from pointsman.entrypoints.web.answers import Refused
from pointsman.entrypoints.web.parts import Loaded, Served

# A forge waits ten seconds for an answer (GitHub documentation, "Best practices for using webhooks").
OPENING_SECONDS = 8.0

EngineWord = Literal["running", "starting", "not set up"]


class Front:
    """The parts as the routes ask for them, from the first request on."""

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._loaded: Loaded | None = None
        self._served: Served | None = None
        self._work: asyncio.Task[None] | None = None
        self._open = asyncio.Event()
        self._activating = asyncio.Lock()

    async def open(self) -> Loaded:
        """Load everything beside the event loop and begin to work, if a forge is set up."""
        self._loaded = await asyncio.to_thread(self._load)
        await self.activate()
        self._open.set()
        return self._loaded

    async def activate(self) -> None:
        """Begin to serve the forge that is set up now; once it is served, nothing."""
        async with self._activating:
            if self._served is not None or self._loaded is None:
                return
            self._served = await asyncio.to_thread(self._loaded.serve)
            if self._served is not None:
                self._work = asyncio.create_task(self._served.worker.run())

    async def close(self) -> None:
        """Take nothing more, and let the work come to a place where it can be taken up again."""
        if self._served is not None and self._work is not None:
            await self._served.worker.stop()
            await self._work
        if self._loaded is not None:
            await self._loaded.close()

    async def loaded(self) -> Loaded:
        """The parts. Raises Refused(503) when they take too long to load."""
        try:
            async with asyncio.timeout(OPENING_SECONDS):
                await self._open.wait()
        except TimeoutError as error:
            raise Refused(503, "starting", "The server is still starting.", retry_after=5) from error
        if self._loaded is None:
            raise Refused(503, "starting", "The server is still starting.", retry_after=5)
        return self._loaded

    async def served(self) -> Served | None:
        """The forge that is served, if there is one."""
        await self.loaded()
        return self._served

    @property
    def engine(self) -> EngineWord:
        """How far the work has come, told without asking anybody."""
        if self._served is None:
            return "not set up" if self._open.is_set() else "starting"
        return "running" if self._served.worker.ready else "starting"
