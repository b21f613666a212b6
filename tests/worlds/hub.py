"""One repository on a git server, somebody's clone of it, and a mirror that reaches it over HTTP."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.worlds import repositories
from tests.worlds.git_http import GitServer, Held
from tests.worlds.repositories import git

from pointsman.domain.errors import PointsmanError
from pointsman.domain.run import Repository
from pointsman.workspaces.origin import RemoteOrigin
from pointsman.workspaces.transport import Bounds, Operation

READ, WRITE = "ghs_read-only-secret-1", "ghs_writing-secret-2"


class Hub:
    """`mine` is the clone of a person, `bare` what the server serves, `mirror` what Pointsman makes of it."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.mine = repositories.buggy_package(where).repository
        root = where / "served"
        (root / "acme").mkdir(parents=True)
        self.bare = root / "acme/shop.git"
        git(where, "clone", "--quiet", "--bare", str(self.mine), str(self.bare))
        self.home = where / "home"
        self.mirror = self.home / "mirrors/m.git"
        self.server = GitServer(root, tokens=(READ, WRITE))
        self.operations: list[Operation] = []

    @property
    def url(self) -> str:
        return f"{self.server.url}/acme/shop"

    @property
    def repository(self) -> Repository:
        return Repository("github", "7", "acme/shop", self.url, "main")

    async def credential(self, operation: Operation) -> str:
        """What the forge's adapter does: a token for one operation."""
        self.operations.append(operation)
        return READ if operation == "read" else WRITE

    def origin(self, *, path: str = "acme/shop", max_bytes: int = 1 << 30, seconds: float = 60.0) -> RemoteOrigin:
        return RemoteOrigin(f"{self.server.url}/{path}", self.credential, bounds=Bounds(max_bytes, seconds))

    def fetch(self, revision: str = "main") -> str:
        return asyncio.run(self.origin().fetch(self.mirror, revision))

    def publish(self, commit: str, branch: str = "pointsman/1", expected: str | None = None) -> None:
        asyncio.run(self.origin().publish(self.mirror, commit, branch=branch, expected_head=expected))

    def head(self, branch: str = "pointsman/1") -> str | None:
        return asyncio.run(self.origin().branch_head(branch))

    def while_held(self, when: str, act: Callable[[], object], look: Callable[[], object]) -> object:
        """Do `look` at the moment when the server holds a request of `act`; what `act` raised or returned."""
        self.server.trouble = held = Held(when)
        ended: list[object] = []

        def run() -> None:
            try:
                ended.append(act())
            except PointsmanError as error:
                ended.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            assert held.begun.wait(30)
            look()
        finally:
            held.release.set()
            thread.join()
            self.server.trouble = None
        return ended[0]

    def refs(self) -> set[str]:
        """Every ref of the server with where it stands."""
        return set(git(self.bare, "for-each-ref", "--format=%(refname) %(objectname)").splitlines())

    def push(self, path: str, text: str | bytes, *, ref: str = "refs/heads/main") -> str:
        """Commit one file in the person's clone and push it to a ref of the server."""
        repositories.write(self.mine, path, text)
        commit = repositories.commit(self.mine, f"Write {path}")
        git(self.mine, "push", "--quiet", "--force", str(self.bare), f"HEAD:{ref}")
        return commit

    def grow(self, parent: str, subject: str = "grown") -> str:
        """A commit of our own in the mirror."""
        return git(self.mirror, "commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", subject)

    def refuse_pushes(self, words: str) -> None:
        """Let the server refuse every push with these words, as a rule of a forge does."""
        hook = self.bare / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{words}\nEND\nexit 1\n")
        hook.chmod(0o755)


def command_lines() -> dict[str, bytes]:
    """What every process of the machine was started with, by its number."""
    found: dict[str, bytes] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            found[place.name] = (place / "cmdline").read_bytes()
        except OSError:
            continue
    return found


@contextlib.contextmanager
def running_hub(where: Path) -> Iterator[Hub]:
    """The world with its server running."""
    hub = Hub(where)
    with hub.server.running():
        yield hub
