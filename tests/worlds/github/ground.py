"""What everything in the GitHub world stands on: its state, its clock, its webhooks, and what the bot did."""

import tempfile
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.worlds.github.diffs import PATCH_BYTES, PATCH_LINES, FileDiff, diff
from tests.worlds.github.git import Bare
from tests.worlds.github.hooks import Outbox
from tests.worlds.github.shapes_pulls import PullShapes, base_of, pull_of
from tests.worlds.github.state import App, Call, Effect, Installation, Issue, Person, Repository, Token
from tests.worlds.github.wire import Json

PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
}
EVENTS = (
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "check_run",
    "push",
)
SECRET = "It's a Secret to Everybody"


@cache
def private_key() -> str:
    """One key for the whole process, because making one takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


class Ground:
    """The state of the world. Every change of it happens under `lock`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="github-world-"))
        self.lock = threading.RLock()
        self.url = ""
        self.people: dict[int, Person] = {}
        self.repositories: dict[int, Repository] = {}
        self.apps: list[App] = []
        self.tokens: dict[str, Token] = {}
        self.codes: dict[str, Json] = {}
        self.calls: list[Call] = []
        self.effects: list[Effect] = []
        self.mismatches: list[str] = []
        self.patch_lines = PATCH_LINES
        self.patch_bytes = PATCH_BYTES
        self.outbox = Outbox(self.mismatches)
        self._offset = timedelta()
        self._last = 1000
        self._written = 1_767_607_200
        self._diffs: dict[tuple[str, str, str, int, int], list[FileDiff]] = {}

    @property
    def app(self) -> App:
        """The app that the tests begin with."""
        return self.apps[0]

    @property
    def shapes(self) -> PullShapes:
        return PullShapes(self.url)

    def now(self) -> datetime:
        """The time of this world, in UTC."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Let time pass, so that tokens expire and deliveries grow old."""
        with self.lock:
            self._offset += timedelta(seconds=seconds)

    def stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def next_id(self) -> int:
        self._last += 1
        return self._last

    def next_commit_time(self) -> int:
        """Seconds since 1970; the same in each run of a test, so that commit ids are the same too."""
        self._written += 60
        return self._written

    def person(self, login: str, kind: str = "User") -> Person:
        """The user with this login, made when there is none."""
        with self.lock:
            for person in self.people.values():
                if person.login.lower() == login.lower():
                    return person
            person = Person(login=login, id=self.next_id(), kind=kind)
            self.people[person.id] = person
            return person

    def found(self, full_name: str) -> Repository | None:
        """The repository of this name now, or the one that once had it."""
        wanted = full_name.lower()
        repositories = self.repositories.values()
        now = [repository for repository in repositories if repository.full_name.lower() == wanted]
        past = [repository for repository in repositories if wanted in repository.past_names]
        return next(iter([*now, *past]), None)

    def add_repository(self, owner: Person, name: str, git: Bare, *, private: bool) -> Repository:
        repository = Repository(
            id=self.next_id(), owner=owner, name=name, git=git, private=private, created_at=self.stamp()
        )
        repository.roles[owner.id] = "admin"
        self.repositories[repository.id] = repository
        return repository

    def register(self, slug: str, *, owner: Person | None = None, hook_url: str = "") -> App:
        """Another app, with its bot."""
        with self.lock:
            number = self.next_id()
            app = App(
                id=number,
                slug=slug,
                name=slug.replace("-", " ").title(),
                client_id=f"Iv23li{number:014d}",
                client_secret=f"{number:040x}",
                owner=owner or self.person("acme", "Organization"),
                bot=self.person(f"{slug}[bot]", "Bot"),
                private_key_pem=private_key(),
                webhook_secret=SECRET,
                hook_id=self.next_id(),
                created_at=self.stamp(),
                permissions=dict(PERMISSIONS),
                events=list(EVENTS),
                hook_url=hook_url,
            )
            self.apps.append(app)
            return app

    def installation_of(self, app: App, repository: Repository) -> Installation | None:
        for installation in app.installations.values():
            if repository.id in installation.repositories:
                return installation
        return None

    def app_of(self, person: Person) -> App | None:
        """The app whose bot somebody is."""
        return next((app for app in self.apps if app.bot.id == person.id), None)

    def did(self, by: Person, what: str, repository: Repository, where: int | str, text: str = "") -> None:
        """Note an effect, when it is a bot's."""
        if by.kind == "Bot":
            self.effects.append(Effect(what, repository.full_name, str(where), text))

    def files_of(self, repository: Repository, issue: Issue) -> list[FileDiff]:
        """The diff of a pull request: from the merge base to its head."""
        return self.diff_between(repository, base_of(repository, issue), pull_of(issue).head_sha)

    def diff_between(self, repository: Repository, base: str, head: str) -> list[FileDiff]:
        """A three-dot diff, computed once."""
        key = (str(repository.git.path), base, head, self.patch_lines, self.patch_bytes)
        if key not in self._diffs:
            start = repository.git.merge_base(base, head) or base
            self._diffs[key] = diff(repository.git, start, head, lines=self.patch_lines, size=self.patch_bytes)
        return self._diffs[key]

    def commits_of(self, repository: Repository, issue: Issue) -> int:
        base, head = base_of(repository, issue), pull_of(issue).head_sha
        return int(repository.git.run("rev-list", "--count", head, f"^{base}"))

    def whole_pull(self, repository: Repository, issue: Issue) -> Json:
        """The long shape of a pull request."""
        files, commits = self.files_of(repository, issue), self.commits_of(repository, issue)
        return self.shapes.whole_pull(repository, issue, files, commits)

    def tell(
        self,
        event: str,
        action: str,
        repository: Repository,
        sender: Person,
        more: Mapping[str, object],
        *,
        to: App | None = None,
    ) -> None:
        """Send the webhook to every app that is installed there and listens; `to` narrows it to one."""
        for app in self.apps:
            installation = self.installation_of(app, repository)
            if installation is None or installation.suspended_at or (to is not None and app is not to):
                continue
            payload: Json = {"action": action} if action else {}
            payload |= more
            payload["repository"] = self.shapes.repository(repository)
            if repository.owner.kind == "Organization":
                payload["organization"] = self._organization(repository.owner)
            payload["sender"] = self.shapes.person(sender)
            payload["installation"] = {"id": installation.id, "node_id": f"MDIz{installation.id}"}
            self.send(app, event, payload, installation=installation.id, repository=repository.id)

    def send(self, app: App, event: str, payload: Json, *, installation: int, repository: int | None = None) -> None:
        """Send one webhook, when the app listens to its kind and has an address."""
        if app.hook_url and (event in app.events or event.startswith("installation")):
            self.outbox.add(app, event, payload, installation=installation, repository=repository, at=self.stamp())

    def _organization(self, owner: Person) -> Json:
        api = f"{self.shapes.api}/orgs/{owner.login}"
        names = ("repos", "events", "hooks", "issues")
        return {
            "login": owner.login,
            "id": owner.id,
            "node_id": self.shapes.person(owner)["node_id"],
            "url": api,
            **{f"{name}_url": f"{api}/{name}" for name in names},
            "members_url": f"{api}/members{{/member}}",
            "public_members_url": f"{api}/public_members{{/member}}",
            "avatar_url": self.shapes.person(owner)["avatar_url"],
            "description": None,
        }
