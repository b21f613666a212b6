"""The composition root: the one file that names concrete adapters."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.audit.checking.inspection import Outside, noted_authors, verify_range
from pointsman.audit.checking.places import stored
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.errors import OperatorMust
from pointsman.domain.events import Delivery, Event, Ignored
from pointsman.domain.figures import Figures, days_before
from pointsman.domain.models import Model, Provider
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import LOCAL, Actor, Repository, RunSpec
from pointsman.domain.work import NoteFiles, SandboxTier, Toolchain
from pointsman.entrypoints.books import Books
from pointsman.entrypoints.fresh import Fresh
from pointsman.entrypoints.hands import Hands
from pointsman.entrypoints.home import make_home
from pointsman.entrypoints.lately import BRIEF, Lately
from pointsman.entrypoints.logs import log_to
from pointsman.entrypoints.machine import SystemClock, new_secret
from pointsman.entrypoints.policies import LoadedPolicy, read_policy
from pointsman.entrypoints.previews import PreviewLinks
from pointsman.entrypoints.settings import Settings, credential
from pointsman.entrypoints.web.parts import Intake, Loaded, Served, Unreadable
from pointsman.forges.github.account import facts_file, load_account
from pointsman.forges.github.registrar import GitHubRegistrar
from pointsman.forges.github.webhook import FORGE, WANTED, Bad, delivery_of, signed
from pointsman.forges.local.forge import LocalForge
from pointsman.models.door import Door
from pointsman.models.listing import served_models
from pointsman.models.picturing import Sighted
from pointsman.models.prices import price_of
from pointsman.ports.bundle import Ports
from pointsman.ports.clock import Clock
from pointsman.ports.forge import Forge
from pointsman.ports.hooks import Hooks
from pointsman.ports.notes import Late
from pointsman.ports.talk import Talk
from pointsman.runs.adapters import Adapters
from pointsman.runs.hearing.unfinished import is_unfinished
from pointsman.runs.intake import Law
from pointsman.runs.landings import note_landings
from pointsman.runs.parts import Parts
from pointsman.runs.tidying import Kept
from pointsman.runs.worker import Worker
from pointsman.workspaces.gallery import Gallery
from pointsman.workspaces.landings import landings
from pointsman.workspaces.local_repository import assisted_by, commits_between
from pointsman.workspaces.note_files import read_keys
from pointsman.workspaces.note_source import GitNoteSource
from pointsman.workspaces.origin import Origin, RemoteOrigin
from pointsman.workspaces.plain_git import run_git
from pointsman.workspaces.sandbox import LinuxSandbox
from pointsman.workspaces.toolchains import discover
from pointsman.workspaces.workspace import GitWorkspace

if TYPE_CHECKING:
    from pointsman.forges.github.app import GitHubApp
    from pointsman.runs.engine import Engine
    from pointsman.runs.turns import Turns

__all__ = [
    "GitHubRegistrar",
    "Installation",
    "LoadedPolicy",
    "load_server",
    "price_of",
    "read_policy",
    "registrar_of",
    "run_git",
    "served_models",
]

MOST_WORKSPACES = 32
"""So many mirrors keep their index open; another takes the place of the one not asked for longest."""


def registrar_of(home: Path) -> GitHubRegistrar:
    """What makes and keeps the App of a home."""
    return GitHubRegistrar(home, new_secret)


class Installation:
    """One installation on this machine: its ledger, its key and its clocks, and the adapters made from them."""

    def __init__(
        self,
        settings: Settings,
        interpreters: tuple[str, ...] = (),
        *,
        clock: Clock | None = None,
        url: str = "",
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self._interpreters = interpreters
        make_home(settings.home)
        log_to(settings.home)
        self.books = books = Books(f"sqlite:///{settings.home / 'ledger.sqlite'}", settings, self.clock)
        self.ledger, self.inbox, self.notes, self.memory = books.ledger, books.inbox, books.notes, books.memory
        self.marks, self.quarantine, self.texts, self.keys = books.marks, books.quarantine, books.texts, books.keys
        self.kept = Kept(books.texts, books.clearing, lambda: self.engine)
        self.pictures = Gallery(settings.home / "pictures")
        self.previews = PreviewLinks(settings.home, self.pictures, url=url, new_secret=new_secret)
        self._doors: list[Door] = []
        self._github: GitHubApp | None = None
        self._workspaces: dict[tuple[asyncio.AbstractEventLoop, str, str], GitWorkspace] = {}

    @cached_property
    def engine(self) -> "Engine":
        """The durable engine; a command that only looks does not pay for its import."""
        return self._engine_with(None)

    @property
    def github(self) -> "GitHubApp | None":
        """GitHub as the App that is registered for this home; None until there is one."""
        if self._github is None:
            account = load_account(self.settings.home)
            if account is None:
                return None
            from pointsman.forges.github.app import GitHubApp

            self._github = GitHubApp(account)
        return self._github

    def worker(self, law: Callable[[], Law]) -> Worker:
        """What deals with the deliveries of the forges that are set up."""
        return Worker(
            Parts(
                engine=self._serving_engine,
                inbox=self.inbox,
                memory=self.memory,
                ledger=self.ledger,
                clock=self.clock,
                law=law,
                translate=self._translate,
                talk_for=self._talk,
                forge_for=self.forge,
                workspace_for=self.workspace,
                hooks_for=self._hooks,
                verified=self._verified_change,
                marks=self.marks,
                forges=(FORGE,),
                wanted=lambda _forge, event: event in WANTED,
                unfinished=lambda: is_unfinished(self.settings.home),
                tidy=self.pictures.sweep,
                kept=replace(self.kept, engine=self._serving_engine),
            )
        )

    async def figures(self) -> Figures:
        """What calls came to lately, as routes are chosen by it."""
        return await self.marks.figures(days_before(self.clock.now()))

    async def look_for_landings(self, repository_id: str = "") -> None:
        """Look in the repositories on disk for what became of the changes there."""
        await note_landings(self.marks, landings, repository_id=repository_id, now=self.clock.now())

    async def require_key(self) -> None:
        """Try the keys, of notes and of texts, which a run needs later on, before anything is paid for.

        Raises OperatorMust when one cannot be used, or when the code of a repository could read it.
        """
        await self.keys.signer.ready()
        await asyncio.to_thread(self.books.text_key.opened)
        await self.sandbox_tier()

    async def assistants(self, repository: Repository, base: str, branch: str) -> tuple[str, ...]:
        """The models that helped to write a branch since `base`, by the trailers of its commits and by our notes."""
        source = GitNoteSource(repository.location)
        tip = await source.resolve(branch or "HEAD")
        noted = await noted_authors(source, base, tip, trusted=await self.keys.trusted())
        return tuple(dict.fromkeys((*await assisted_by(repository.location, base, tip), *noted)))

    async def workspace(self, repository: Repository) -> GitWorkspace:
        """The mirror of a repository, the same one each time, since it holds the index that searches are made in.

        One for each event loop, since the engine takes up runs that were cut off on a loop of its own, and for each
        name, since a renamed repository is fetched from elsewhere.
        """
        key = (asyncio.get_running_loop(), repository.id, repository.name)
        found = self._workspaces.pop(key, None)
        if found is None:
            found = GitWorkspace.open(self.settings.home, repository, self._origin(repository))
        self._workspaces[key] = found
        if len(self._workspaces) > MOST_WORKSPACES:
            # A run that still uses it takes up again what it needs.
            await self._workspaces.pop(next(iter(self._workspaces))).rest()
        return found

    async def commits(self, repository: Repository, base: str, head: str) -> tuple[tuple[str, str], ...]:
        """The commits of a change, oldest first: id and subject."""
        workspace = await self.workspace(repository)
        return await commits_between(workspace.git_dir, base, head)

    async def _verified_change(self, repository: Repository, base: str, head: str) -> NoteReport:
        """The notes of a change on a forge, read in the repository's mirror."""
        workspace = await self.workspace(repository)
        for commit in (base, head):
            await workspace.fetch(repository, commit)
        known = await self.ledger.note_chain(repository.id)
        outside = Outside(known=known or None, places=(stored(await self.notes.notes(repository.id)),))
        source = GitNoteSource.of_mirror(workspace.git_dir, repository.name)
        # What came to the base branch meanwhile is not missing from the change.
        base = await source.parted(head, (base,)) or base
        return await verify_range(source, base, head, trusted=await self.keys.trusted(), outside=outside)

    async def trusted(self, keys: tuple[Path, ...]) -> TrustedKeys:
        """The keys in these files; without any, this installation's own."""
        return await self.keys.trusted(*(pem for path in keys for pem in read_keys(path)))

    def forge(self, repository: Repository) -> Forge:
        """The forge that a repository lies on; its hands are those of the repository's workspace."""
        hands = Hands(lambda: self.workspace(repository))
        if repository.forge == LOCAL:
            return LocalForge(self.settings.home, hands)
        from pointsman.forges.github.forge import GitHubForge

        return GitHubForge(self._app(), hands, hands)

    def _app(self) -> "GitHubApp":
        if self.github is None:
            raise OperatorMust(
                "GitHub is not set up in this home.", code="no-app", hint="Set it up with `pointsman setup github`."
            )
        return self.github

    def _talk(self, _forge: str) -> Talk:
        from pointsman.forges.github.talk import GitHubTalk

        return GitHubTalk(self._app())

    def _hooks(self, _forge: str) -> Hooks:
        from pointsman.forges.github.hooks import GitHubHooks

        return GitHubHooks(self._app())

    def _translate(self, delivery: Delivery, me: Actor) -> Event | Ignored:
        from pointsman.forges.github.translate import translate

        return translate(delivery, me, self._app().account.app_id)

    def _serving_engine(self) -> "Engine":
        from pointsman.runs.turns import Turns

        return self._engine_with(Turns())

    def _engine_with(self, turns: "Turns | None") -> "Engine":
        from pointsman.runs.engine import Engine

        adapters = Adapters(
            self.ports_for,
            self.forge,
            self.ledger,
            self.notes,
            self._append_note,
            self.clock,
            marks=self.marks,
            show=self.previews.show,
            texts=self.texts,
            clearing=self.books.clearing,
        )
        if self.github is not None:
            adapters = replace(
                adapters,
                talk_for=lambda repository: self._talk(repository.forge),
                memory=self.memory,
                turns=turns,
                let_go=self._let_go,
            )
        return Engine(self.settings.home, adapters)

    async def _append_note(self, repository: Repository, note: NoteFiles, late: Late) -> str:
        return await (await self.workspace(repository)).append_note(repository.location, note, late)

    def _let_go(self, repository: Repository) -> None:
        """A run has ended: what could still be done with its tokens cannot be done any more."""
        if repository.forge == FORGE and self.github is not None:
            self._app().forget(repository.id)

    def _origin(self, repository: Repository) -> Origin | None:
        """By the address that was configured and the name: no payload's address is ever asked."""
        if repository.forge == LOCAL:
            return None
        app = self._app()
        return RemoteOrigin(f"{app.account.web_url}/{repository.name}.git", app.credential(repository))

    def toolchains(self, named: tuple[str, ...] = ()) -> tuple[Toolchain, ...]:
        """The interpreters outside /usr that the sandbox may use, those that an order names among them."""
        return discover(self.settings.path, tuple(dict.fromkeys((*self._interpreters, *named))))

    async def sandbox_tier(self) -> SandboxTier:
        """What holds untrusted code on this machine. Raises OperatorMust (`signing-key`) when it could read a key."""
        chains = await asyncio.to_thread(self.toolchains)
        return await self._sandbox(self.settings.home, chains).tier()

    def _sandbox(self, git_dir: Path, chains: tuple[Toolchain, ...], gallery: Gallery | None = None) -> LinuxSandbox:
        scratch, secret = self.settings.home / "sandbox", self.books.secret_files()
        return LinuxSandbox(git_dir, scratch, chains, gallery=gallery, secret=secret)

    def door(self, models: tuple[Model, ...]) -> Door:
        """A door that knows the providers of these models and no other."""
        providers: dict[str, Provider] = {model.provider.name: model.provider for model in models}
        door = Door(
            providers,
            self.ledger,
            self.clock,
            credential,
            quarantine=self.quarantine,
            breakers=self.books.breakers,
        )
        self._doors.append(door)
        return door.keeping(self.texts)

    async def ports_for(self, spec: RunSpec, models: tuple[Model, ...]) -> Ports:
        """The ports of an order, with a door that knows the providers of these models and no other."""
        workspace, gallery = await self.workspace(spec.repository), self.pictures.for_days(spec.keep_days)
        chains = await asyncio.to_thread(self.toolchains, spec.verify.interpreters)
        return Ports(
            models=Sighted(self.door(models), self.pictures.load),
            workspace=workspace,
            sandbox=self._sandbox(workspace.git_dir, chains, gallery),
            ledger=self.ledger,
            signer=self.keys.signer,
            clock=self.clock,
        )

    async def close(self) -> None:
        """Close every connection."""
        for door in self._doors:
            await door.close()
        for workspace in self._workspaces.values():
            await workspace.rest()
        if self._github is not None:
            self._github.close()
        self.books.close()


def load_server(settings: Settings, policy: Path | None, *, clock: Clock | None = None, url: str = "") -> Loaded:
    """Everything behind the routes of the server, by this machine's clock if none is given. Slow: imports and reads.

    `url` is where people reach it from outside, where that is known.

    Raises OperatorMust for a policy, a home or credentials that cannot be used, UsageMust for a missing policy.
    """
    law = Fresh(lambda: (policy or settings.home / "policy.yml",), lambda: _law(policy, settings.home))
    installation = Installation(settings, law().policy.sandbox.interpreters, clock=clock, url=url)
    asyncio.run(installation.require_key())
    figures = Lately(lambda: asyncio.run(installation.figures()), monotonic=installation.clock.monotonic)
    return Loaded(
        keys=Lately(
            lambda: asyncio.run(installation.keys.published()), BRIEF, monotonic=installation.clock.monotonic
        ),
        registrar=registrar_of(settings.home),
        token=new_secret(),
        serve=lambda: _served(installation, lambda: replace(law(), figures=figures())),
        close=installation.close,
        previews=lambda token: installation.previews.open(token, installation.clock.now()),
    )


def _law(given: Path | None, home: Path) -> Law:
    loaded = read_policy(given, home)
    return Law(loaded.policy, loaded.data, price_of)


def _served(installation: Installation, law: Callable[[], Law]) -> Served | None:
    if installation.github is None:
        return None
    asyncio.run(installation.inbox.open())
    home, clock = installation.settings.home, installation.clock
    secrets_now = Fresh(lambda: (facts_file(home),), lambda: _secrets(home))

    def read(headers: Mapping[str, str], body: bytes) -> Delivery | Ignored | Unreadable:
        found = delivery_of(headers, body, at=clock.now())
        return Unreadable(found.reason) if isinstance(found, Bad) else found

    intake = Intake(
        signed=lambda body, proof: signed(body, proof, secrets_now()), read=read, take=installation.inbox.take
    )
    return Served({FORGE: intake}, installation.worker(law))


def _secrets(home: Path) -> tuple[bytes, ...]:
    account = load_account(home)
    return () if account is None else tuple(secret.encode() for secret in account.webhook_secrets)
