"""What stands behind the routes, in the words of the server; it is assembled elsewhere."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.events import Delivery, Ignored

GITHUB_HOOKS = "/hooks/github"
"""Where GitHub's webhooks are taken, below the address of the server."""

PREVIEWS = "/previews"
"""Where pictures of pages are shown, to whoever has the link."""


@dataclass(frozen=True, slots=True)
class ShownPage:
    """The pictures of a run: each page with the tokens of its two pictures, empty where there is none."""

    run_id: str
    rows: tuple[tuple[str, str, str], ...]


def _nothing_shown(_token: str) -> None:
    """Nothing."""


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
    """The forges that are set up, by name, with the worker beside them."""

    intakes: Mapping[str, Intake]
    worker: Worker


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


def form_for(registrar: "Registrar", wish: AppWish, state: str) -> AppForm:
    """The form that makes the App; `state` is what tells the browser that comes back from any other."""
    address = registrar.address(web=wish.web, organization=wish.organization, state=state)
    return AppForm(address, registrar.manifest(name=wish.name, url=wish.url))


class Registrar(Protocol):
    """Makes the App at the forge and keeps its credentials."""

    def done(self) -> bool:
        """Whether there are credentials."""

    def address(self, *, web: str, organization: str, state: str) -> str:
        """Where a browser posts the manifest."""

    def manifest(self, *, name: str, url: str) -> str:
        """The App to make, for a server that is reached at `url`. JSON."""

    def new_state(self) -> str:
        """A word that nobody can guess."""

    async def register(self, web: str, code: str) -> str:
        """Exchange the code for credentials and keep them; where the App is then installed.

        Raises OperatorMust for a code that is used, old or wrong, and when they cannot be kept; TryAgain.
        """


@dataclass(frozen=True)
class Loaded:
    """Everything that takes a while to load. `serve` may be slow; None as long as no forge is set up.

    `token` opens the setup page for as long as this process lives; `close` is called once the work has ended.
    `keys` gives the published keys, as JSON; `previews` opens the token of a link to pictures.
    """

    keys: Callable[[], bytes]
    registrar: Registrar
    token: str
    serve: Callable[[], Served | None]
    close: Callable[[], Awaitable[None]]
    previews: Callable[[str], bytes | ShownPage | None] = _nothing_shown
