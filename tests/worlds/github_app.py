"""The App in the GitHub world: its account, its adapters, and a workspace that pushes by git over HTTP."""

import asyncio
import tempfile
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tests.worlds.github import Call, GitHubWorld, Person, RepositoryWorld

from pointsman.domain.events import Origin
from pointsman.domain.forge import Change, ChangeOrder, Topic
from pointsman.domain.run import Actor, Repository
from pointsman.domain.work import CommitText
from pointsman.forges.github.account import Conversion, save_account
from pointsman.forges.github.app import GitHubApp
from pointsman.forges.github.forge import GitHubForge
from pointsman.forges.github.hooks import GitHubHooks
from pointsman.forges.github.talk import GitHubTalk
from pointsman.workspaces.origin import RemoteOrigin
from pointsman.workspaces.workspace import GitWorkspace

T = TypeVar("T")
RUN = "r-12345678"


def conversion_of(world: GitHubWorld) -> Conversion:
    """What registering the world's app would have told."""
    app = world.app
    return Conversion(
        web_url=world.url,
        app_id=app.id,
        slug=app.slug,
        client_id=app.client_id,
        bot=Actor(app.bot.id, app.bot.login, is_bot=True),
        page=f"{world.url}/apps/{app.slug}",
        webhook_secret=app.webhook_secret,
        private_key=app.private_key_pem,
    )


class AppScene:
    """A world with the repository acme/shop, a writer, and the app at work in it."""

    def __init__(self, world: GitHubWorld, folder: Path, files: Mapping[str, str]) -> None:
        self.world = world
        self.folder = folder
        self.ada = world.person("ada")
        self.shop = world.repository("acme/shop", {"a.py": "x = 1\n", "README.md": "# Shop\n", **files})
        self.shop.collaborator(self.ada, "write")
        self.installation = world.install(self.shop)
        self.account = replace(save_account(folder, conversion_of(world)), spacing=0.0, timeout=30)
        self.begin()

    def begin(self) -> None:
        """As after a restart: nothing is remembered."""
        self.app = GitHubApp(self.account)
        self.talk = GitHubTalk(self.app)
        self.hooks = GitHubHooks(self.app)
        self.repository = Repository(
            "github", str(self.shop.id), "acme/shop", f"{self.world.url}/acme/shop.git", "main"
        )
        self.workspace = self.workspace_of(self.repository)
        self.forge = GitHubForge(self.app, self.workspace, self.workspace)

    def workspace_of(self, repository: Repository) -> GitWorkspace:
        origin = RemoteOrigin(repository.location, self.app.credential(repository))
        return GitWorkspace.open(self.folder, repository, origin)

    def origin(self, repository: RepositoryWorld | None = None, *, installation: int | None = None) -> Origin:
        """Where a payload says that something happened."""
        where = repository or self.shop
        named = self.installation.id if installation is None else installation
        return Origin("github", str(where.id), where.full_name, str(named) if named else "")

    def topic(self, number: int) -> Topic:
        return Topic(self.repository, str(number))

    def calls(self, method: str, ending: str = "") -> list[Call]:
        """The requests of a kind, oldest first."""
        return [one for one in self.world.calls if one.method == method and one.path.endswith(ending)]

    def order(
        self, *, run_id: str = RUN, body: str = "What it does.", branch: str = "pointsman/1-fix"
    ) -> ChangeOrder:
        """One commit on the default branch, ready to be pushed as the change of a run."""
        base, head = asyncio.run(self._committed(run_id))
        return ChangeOrder(run_id, self.repository, branch, "", base, head, "Fix it", body)

    def opened(self) -> Change:
        """The change of a run, pushed and opened."""
        return asyncio.run(self.forge.ensure_change(self.order()))

    async def _committed(self, run_id: str) -> tuple[str, str]:
        base = await self.workspace.fetch(self.repository, "main")
        text = CommitText("Fix it", "", (f"Pointsman-Run: {run_id}",), "2026-01-02T03:04:05Z")
        return base, await self.workspace.record(base, {"b.py": b"y = 2\nz = 3\n"}, text)


def actor(person: Person) -> Actor:
    """Somebody of the world in our words."""
    return Actor(person.id, person.login, is_bot=person.kind == "Bot")


def done(what: Awaitable[T]) -> T:
    """What a coroutine answers."""

    async def awaited() -> T:
        return await what

    return asyncio.run(awaited())


@contextmanager
def app_scene(files: Mapping[str, str] | None = None) -> Iterator[AppScene]:
    """A scene in a folder of its own; at its end GitHub's descriptions must have been kept to."""
    with tempfile.TemporaryDirectory() as name, GitHubWorld(Path(name) / "world") as world:
        scene = AppScene(world, Path(name) / "home", files or {})
        try:
            yield scene
        finally:
            scene.app.close()
