"""What stands behind the routes: it is loaded and replaced while the server answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from pointsman.domain.events import Delivery, Ignored
from pointsman.entrypoints.web.answers import Refused

# A forge waits ten seconds for an answer (GitHub documentation, "Best practices for using webhooks").
OPENING_SECONDS = 8.0

EngineWord = Literal["running", "starting", "not set up"]


class Worker(Protocol):
    """Deals with what was taken; see runs/worker.py."""

    @property
    def ready(self) -> bool:
        """Whether the engine runs."""

    async def run(self) -> None:
        """Work until `stop`."""

    def wake(self) -> None:
        """There is something in the inbox."""

    async def stop(self) -> None:
        """Take nothing more and let `run` end."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A request that no forge sends; `reason` holds nothing of it."""

    reason: str


@dataclass(frozen=True)
class Intake:
    """One forge's webhooks: whose they are, what is in them, and where they are kept.

    `take` raises TryAgain when a delivery cannot be kept.
    """

    signed: Callable[[bytes, str | None], bool]
    read: Callable[[Mapping[str, str], bytes], Delivery | Ignored | Unreadable]
    take: Callable[[Delivery], Awaitable[bool]]


@dataclass(frozen=True)
class Served:
    """A forge that is set up, with the worker beside it."""

    intake: Intake
    worker: Worker


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The key that notes are checked with."""

    key_id: str
    pem: str


@dataclass(frozen=True, slots=True)
class AppWish:
    """The App that somebody wants made. `url` is where this server is reached, `web` where the forge's pages are."""

    url: str
    web: str
    name: str
    organization: str = ""


@dataclass(frozen=True, slots=True)
class AppForm:
    """What a browser posts to the forge: the address, and the manifest as JSON."""

    action: str
    manifest: str


class Registrar(Protocol):
    """Makes the App at the forge and keeps its credentials."""

    @property
    def token(self) -> str:
        """What opens the setup page, for as long as this process lives."""

    def done(self) -> bool:
        """Whether there are credentials."""

    def form(self, wish: AppWish, state: str) -> AppForm:
        """The form that makes the App."""

    def new_state(self) -> str:
        """A word that nobody can guess."""

    async def register(self, web: str, code: str) -> str:
        """Exchange the code for credentials and keep them; where the App is then installed.

        Raises OwnerMust for a code that is used, old or wrong, OperatorMust when they cannot be kept, TryAgain.
        """


@dataclass(frozen=True)
class Loaded:
    """Everything that takes a while to load. `serve` may be slow; None as long as no forge is set up."""

    key: Callable[[], PublicKey]
    registrar: Registrar
    serve: Callable[[], Served | None]


class Front:
    """Answers for the parts behind the routes from the first moment on."""

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
