"""The composition root: the one file that names concrete adapters."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.audit.inspection import Outside, noted_authors, verify_range
from pointsman.audit.ledger import SqlLedger
from pointsman.audit.signer import KeySigner
from pointsman.domain.models import Model, Provider
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import Repository, RunSpec
from pointsman.domain.work import SandboxTier, Toolchain
from pointsman.entrypoints.home import make_home
from pointsman.entrypoints.logs import log_to
from pointsman.entrypoints.policies import LoadedPolicy, read_policy
from pointsman.entrypoints.settings import Settings, credential
from pointsman.forges.local.forge import LocalForge
from pointsman.models.door import Door
from pointsman.models.listing import served_models
from pointsman.models.prices import price_of
from pointsman.ports.bundle import Ports
from pointsman.workspaces.local_repository import assisted_by, commits_between, locate, merge_base, uncommitted
from pointsman.workspaces.note_source import GitNoteSource, read_key
from pointsman.workspaces.plain_git import run_git
from pointsman.workspaces.sandbox import LinuxSandbox
from pointsman.workspaces.toolchains import discover
from pointsman.workspaces.workspace import GitWorkspace

if TYPE_CHECKING:
    from pointsman.runs.engine import Engine

__all__ = [
    "Installation",
    "LoadedPolicy",
    "SystemClock",
    "new_run_id",
    "price_of",
    "read_policy",
    "run_git",
    "served_models",
]


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> str:
        """The time in UTC to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def new_run_id() -> str:
    """A short id that nobody else has."""
    return f"r-{secrets.token_hex(4)}"


class Installation:
    """One installation on this machine: its ledger, its key and its clocks, and the adapters made from them."""

    def __init__(self, settings: Settings, interpreters: tuple[str, ...] = ()) -> None:
        self.settings = settings
        self.clock = SystemClock()
        self._interpreters = interpreters
        make_home(settings.home)
        log_to(settings.home)
        self.ledger = SqlLedger(f"sqlite:///{settings.home / 'ledger.sqlite'}")
        self.signer = KeySigner(settings.home / "keys" / "signing.pem")
        self._doors: list[Door] = []
        self._workspaces: dict[tuple[asyncio.AbstractEventLoop, str], GitWorkspace] = {}

    @cached_property
    def engine(self) -> "Engine":
        """The durable engine; a command that only looks does not pay for its import."""
        from pointsman.runs.course import Adapters
        from pointsman.runs.engine import Engine

        return Engine(self.settings.home, Adapters(self._ports_for, self.forge, self.ledger, self.clock))

    async def repository(self, location: Path) -> Repository:
        """The repository at a place on disk. Raises OwnerMust(not-a-repository)."""
        return await locate(str(location))

    async def require_key(self) -> None:
        """Try the signing key, which a run needs at its end, before anything is paid for."""
        await asyncio.to_thread(self.signer.public_key)

    async def uncommitted(self, repository: Repository) -> tuple[str, ...]:
        """What a run will not see, because it is not committed."""
        return await uncommitted(repository.location)

    async def parting(self, repository: Repository, base: str, branch: str) -> str:
        """The commit that a branch under review is compared with."""
        return await merge_base(repository.location, base or repository.default_branch, branch or "HEAD")

    async def assistants(self, repository: Repository, base: str, branch: str) -> tuple[str, ...]:
        """The models that helped to write a branch since `base`, by the trailers of its commits and by our notes."""
        source = GitNoteSource(repository.location)
        tip = await source.resolve(branch or "HEAD")
        noted = await noted_authors(source, base, tip, trusted=self.signer.public_key)
        return tuple(dict.fromkeys((*await assisted_by(repository.location, base, tip), *noted)))

    async def workspace(self, repository: Repository) -> GitWorkspace:
        """The mirror of a repository, the same one each time, since it holds the index that searches are made in.

        One for each event loop: the engine takes up runs that were cut off on a loop of its own.
        """
        key = (asyncio.get_running_loop(), repository.id)
        if key not in self._workspaces:
            self._workspaces[key] = GitWorkspace.open(self.settings.home, repository)
        return self._workspaces[key]

    async def commits(self, repository: Repository, base: str, head: str) -> tuple[tuple[str, str], ...]:
        """The commits of a change, oldest first: id and subject."""
        workspace = await self.workspace(repository)
        return await commits_between(workspace.git_dir, base, head)

    async def verified(self, location: Path, base: str, head: str, keys: tuple[Path, ...]) -> NoteReport:
        """The notes at `head` checked, those new since `base` against the commits between.

        Trusted are the given public keys; without any, this installation's own. What the ledger knows of the chain is
        held against the repository as well, when the notes are this installation's.
        """
        source = GitNoteSource(str(location))
        repository = await locate(str(location))
        own = not keys
        trusted = (self.signer.public_key(),) if own else tuple(read_key(path) for path in keys)
        known = await self.ledger.note_chain(repository.id) if own else ()
        tip = await source.resolve(head)
        start = await source.resolve(base) if base else await self._start(repository, tip)
        outside = Outside(known=known or None)
        return await verify_range(source, start, tip, trusted=trusted, outside=outside)

    async def _start(self, repository: Repository, tip: str) -> str:
        """Where a range without a base begins: where the branch parted from the default branch."""
        return await merge_base(repository.location, repository.default_branch, tip) or tip

    def forge(self, repository: Repository) -> LocalForge:
        """The local forge; its hands are those of the repository's workspace."""
        return LocalForge(self.settings.home, _Hands(self, repository))

    def toolchains(self, named: tuple[str, ...] = ()) -> tuple[Toolchain, ...]:
        """The interpreters outside /usr that the sandbox may use, those that an order names among them."""
        return discover(self.settings.path, tuple(dict.fromkeys((*self._interpreters, *named))))

    async def sandbox_tier(self) -> SandboxTier:
        """What holds untrusted code on this machine."""
        return await LinuxSandbox(self.settings.home, self.settings.home / "sandbox", self.toolchains()).tier()

    def door(self, models: tuple[Model, ...]) -> Door:
        """A door that knows the providers of these models and no other."""
        providers: dict[str, Provider] = {model.provider.name: model.provider for model in models}
        door = Door(providers, self.ledger, self.clock, credential)
        self._doors.append(door)
        return door

    async def _ports_for(self, spec: RunSpec, models: tuple[Model, ...]) -> Ports:
        workspace = await self.workspace(spec.repository)
        chains = await asyncio.to_thread(self.toolchains, spec.verify.interpreters)
        return Ports(
            models=self.door(models),
            workspace=workspace,
            sandbox=LinuxSandbox(workspace.git_dir, self.settings.home / "sandbox", chains),
            ledger=self.ledger,
            signer=self.signer,
            clock=self.clock,
        )

    async def close(self) -> None:
        """Close every connection."""
        for door in self._doors:
            await door.close()
        self.ledger.close()


@dataclass(frozen=True)
class _Hands:
    """Moves branches of the user's repository through its workspace, opened when first needed."""

    installation: Installation
    repository: Repository

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        workspace = await self.installation.workspace(self.repository)
        await workspace.publish(commit, location, branch, expected_head)

    async def branch_head(self, location: str, branch: str) -> str | None:
        workspace = await self.installation.workspace(self.repository)
        return await workspace.branch_head(location, branch)
