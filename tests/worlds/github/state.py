"""What the GitHub world remembers: people, repositories, issues, pull requests, reviews, checks, the app."""

from dataclasses import dataclass, field
from typing import Literal

from tests.worlds.github.git import Bare
from tests.worlds.github.wire import Json, Value

Side = Literal["LEFT", "RIGHT"]

BODY_LIMIT = 65_536  # characters; GitHub answers 422 above it.


@dataclass(frozen=True, slots=True)
class Person:
    """A user, an organisation or a bot. The id is what counts; a login can be given to somebody else."""

    login: str
    id: int
    kind: str = "User"

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.example"


@dataclass(slots=True)
class Reaction:
    id: int
    content: str
    by: Person
    at: str


@dataclass(slots=True)
class Comment:
    """A comment on an issue or on the conversation of a pull request."""

    id: int
    body: str
    by: Person
    via_app: "App | None"
    created_at: str
    updated_at: str
    reactions: list[Reaction] = field(default_factory=list)
    is_minimized: bool = False


@dataclass(slots=True)
class ReviewComment:
    """A remark on a line; `first` is the id of the thread's first comment, its own when it is the first."""

    id: int
    review: int
    first: int
    body: str
    by: Person
    path: str
    side: Side
    line: int | None
    start_line: int | None
    start_side: Side | None
    commit: str
    hunk: str
    position: int
    created_at: str
    updated_at: str
    subject: str = "line"
    reactions: list[Reaction] = field(default_factory=list)
    original_line: int | None = None

    @property
    def is_reply(self) -> bool:
        return self.first != self.id


@dataclass(slots=True)
class Review:
    """`state` as REST says it: PENDING, COMMENTED, APPROVED, CHANGES_REQUESTED, DISMISSED."""

    id: int
    by: Person
    body: str
    state: str
    commit: str
    submitted_at: str


@dataclass(slots=True)
class Thread:
    """A thread as the tests read it; `first` is the id of its first comment."""

    first: int
    path: str
    line: int | None
    resolved_by: Person | None
    comments: list[ReviewComment]

    @property
    def is_resolved(self) -> bool:
        """Whether somebody resolved it."""
        return self.resolved_by is not None


@dataclass(slots=True)
class Pull:
    """What a pull request has beside its issue. `head` is None when the fork is gone."""

    head: "Repository | None"
    head_branch: str
    head_sha: str
    base_branch: str
    draft: bool
    merged_at: str | None = None
    merged_as: str | None = None
    merged_by: Person | None = None
    reviewers: list[Person] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)
    resolved: dict[int, Person] = field(default_factory=dict)


@dataclass(slots=True)
class Issue:
    """An issue, or the half of a pull request that is one."""

    id: int
    number: int
    title: str
    body: str | None
    by: Person
    created_at: str
    updated_at: str
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: str | None = None
    via_app: "App | None" = None
    pull: Pull | None = None


@dataclass(slots=True)
class Check:
    """A check run of an app. `history` is each status and conclusion that it ever had."""

    id: int
    app: "App"
    suite: int
    name: str
    sha: str
    status: str
    conclusion: str | None
    started_at: str
    completed_at: str | None
    external_id: str = ""
    details_url: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Json] = field(default_factory=list)
    images: list[Json] = field(default_factory=list)
    actions: list[Json] = field(default_factory=list)
    history: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Repository:
    """A repository: its git half on disk, and everything that GitHub keeps beside it."""

    id: int
    owner: Person
    name: str
    git: Bare
    private: bool
    created_at: str
    default_branch: str = "main"
    archived: bool = False
    has_drafts: bool = True
    protected: set[str] = field(default_factory=set)
    parent: "Repository | None" = None
    roles: dict[int, str] = field(default_factory=dict)
    label_ids: dict[str, int] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    checks: dict[int, Check] = field(default_factory=dict)
    past_names: set[str] = field(default_factory=set)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def next_number(self) -> int:
        return max(self.issues, default=0) + 1


@dataclass(slots=True)
class Installation:
    """The app in one account, with the repositories that it was given."""

    id: int
    account: Person
    permissions: dict[str, str]
    repositories: set[int] = field(default_factory=set)
    created_at: str = ""
    suspended_at: str | None = None


@dataclass(slots=True)
class App:
    """The app as GitHub keeps it, and the private key that only its owner has."""

    id: int
    slug: str
    name: str
    client_id: str
    client_secret: str
    owner: Person
    bot: Person
    private_key_pem: str
    webhook_secret: str
    hook_id: int
    created_at: str
    permissions: dict[str, str]
    events: list[str]
    hook_url: str = ""
    installations: dict[int, Installation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token: what it may do, and until when (seconds since 1970)."""

    text: str
    installation: int
    permissions: dict[str, str]
    repositories: frozenset[int]
    expires: float


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came. `number` counts from 1; `token` says with what: none, jwt, installation or wrong."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    token: str
    permissions: dict[str, str]
    repositories: frozenset[int]
    body: Value
    status: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """Something of the bot's that people see: `what` in words, `where` is an issue's number, a ref or a commit."""

    what: str
    repository: str
    where: str
    text: str = ""
