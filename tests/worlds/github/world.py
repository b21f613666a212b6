"""The GitHub world: a real HTTP server with state on 127.0.0.1, as GitHub Enterprise Server lies on one host."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.worlds.github.faults import Faults
from tests.worlds.github.git import Bare
from tests.worlds.github.ground import Ground
from tests.worlds.github.hooks import Attempt
from tests.worlds.github.repository import RepositoryWorld
from tests.worlds.github.server import Server
from tests.worlds.github.state import App, Installation, Person
from tests.worlds.github.wire import Json


class GitHubWorld(Ground):
    """Users, repositories, issues, pull requests and one app, behind REST, GraphQL, git over HTTP and webhooks.

    Web pages are at `url`, REST at `url/api/v3`, GraphQL at `url/api/graphql`, git at `url/owner/name.git`. A
    context manager: at its end every request, answer and webhook must have agreed with GitHub's own descriptions.
    """

    def __init__(self, folder: Path | None = None, *, slug: str = "pointsman") -> None:
        super().__init__(folder)
        self.faults = Faults()
        self._server = Server(self, self.faults)
        self.register(slug)

    @property
    def api_url(self) -> str:
        """The base of the REST API."""
        return f"{self.url}/api/v3"

    def __enter__(self) -> Self:
        self._server.start()
        self.url = self._server.url
        self.outbox.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults.release()
        self.outbox.close()
        self._server.stop()
        if kind is None:
            assert self.mismatches == [], "\n".join(["GitHub's descriptions say otherwise:", *self.mismatches[:20]])

    def repository(
        self, full_name: str, files: Mapping[str, str | bytes] | None = None, *, private: bool = True
    ) -> RepositoryWorld:
        """A repository of an organisation, with one commit on `main` (none when `files` is empty)."""
        with self.lock:
            login, _, name = full_name.partition("/")
            owner = self.person(login, "Organization")
            git = Bare(self.folder / "git" / f"{login}-{name}.git")
            git.create()
            made = self.add_repository(owner, name, git, private=private)
            given = {"README.md": f"# {name}\n"} if files is None else files
            if given:
                who = f"{owner.login} <{owner.email}>"
                git.commit("main", given, who=who, at=self.next_commit_time(), message="Begin")
            return RepositoryWorld(self, made)

    def install(
        self, repository: RepositoryWorld, permissions: Mapping[str, str] | None = None, *, app: App | None = None
    ) -> Installation:
        """Give the app a repository: installs it in the account when it is not there yet, and tells it so."""
        with self.lock:
            app = app or self.app
            owner = repository.owner
            known = [one for one in app.installations.values() if one.account == owner]
            if known:
                known[0].repositories.add(repository.id)
                self._tell_installation(app, known[0], "installation_repositories", "added", [repository])
                return known[0]
            made = Installation(self.next_id(), owner, dict(permissions or app.permissions), {repository.id})
            made.created_at = self.stamp()
            app.installations[made.id] = made
            self._tell_installation(app, made, "installation", "created", [repository])
            return made

    def suspend(self, installation: Installation, *, suspended: bool = True) -> None:
        """Suspend an installation, or let it go on."""
        with self.lock:
            installation.suspended_at = self.stamp() if suspended else None
            word = "suspend" if suspended else "unsuspend"
            app = next(app for app in self.apps if installation.id in app.installations)
            self._tell_installation(app, installation, "installation", word, [])

    def uninstall(self, repository: RepositoryWorld, *, app: App | None = None) -> None:
        """Take a repository away from the app."""
        with self.lock:
            app = app or self.app
            installation = self.installation_of(app, repository.state)
            assert installation is not None, "it is not installed there"
            installation.repositories.discard(repository.id)
            self._tell_installation(app, installation, "installation_repositories", "removed", [repository])

    def rename_person(self, person: Person, login: str) -> Person:
        """The same user under another login; the old one is free for somebody else."""
        with self.lock:
            renamed = Person(login=login, id=person.id, kind=person.kind)
            self.people[person.id] = renamed
            return renamed

    def deliver_to(self, url: str, *, app: App | None = None) -> None:
        """From now on each act sends its webhook there."""
        (app or self.app).hook_url = url

    @property
    def deliveries(self) -> list[Attempt]:
        """Every try to deliver, oldest first."""
        return list(self.outbox.attempts)

    def redeliver(self, guid: str) -> None:
        """Deliver the same guid and body again."""
        attempt = next(one for one in self.outbox.attempts if one.guid == guid)
        self.outbox.again(attempt, self.stamp())

    def lose_next(self, times: int = 1) -> None:
        """The next deliveries never arrive."""
        self.outbox.lose_next(times)

    def idle(self, timeout: float = 180.0) -> None:
        """Wait until every webhook was sent and answered (seconds)."""
        self.outbox.idle(timeout)

    def made(self, what: str) -> list[str]:
        """The texts of the bot's effects of one kind, for counting: `comment created`, `review posted`, ..."""
        return [effect.text for effect in self.effects if effect.what == what]

    def _tell_installation(
        self, app: App, installation: Installation, event: str, action: str, repositories: list[RepositoryWorld]
    ) -> None:
        shapes = self.shapes
        given = [shapes.small_repository(repository.state) for repository in repositories]
        payload: Json = {"action": action, "installation": shapes.installation(app, installation)}
        if event == "installation":
            payload["repositories"] = given
        else:
            payload["repository_selection"] = "selected"
            payload["repositories_added"] = given if action == "added" else []
            payload["repositories_removed"] = given if action == "removed" else []
            payload["requester"] = None
        payload["sender"] = shapes.person(installation.account)
        self.send(app, event, payload, installation=installation.id)
