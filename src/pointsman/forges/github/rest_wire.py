"""GitHub's answers as far as they are used, and the file that keeps the App."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class Wire(BaseModel):
    """Read leniently: what is not used is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class KeptAccount(Wire):
    """`app.json`."""

    web_url: str
    app_id: int
    slug: str
    client_id: str
    bot_id: int
    bot_login: str
    webhook_secrets: Annotated[tuple[str, ...], Field(repr=False, min_length=1)]
    write_spacing_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 20


class Trouble(Wire):
    """The body of a refusal; `errors` holds texts or objects with a message."""

    message: str = ""
    errors: tuple[object, ...] = ()


class User(Wire):
    """Somebody with an account."""

    id: int
    login: str
    type: str = "User"


class Numbered(Wire):
    """Anything of which only the id matters."""

    id: int


class Named(Wire):
    """A label."""

    name: str


class Sha(Wire):
    """A commit of which only the id matters."""

    sha: str


class AppMade(Wire):
    """The answer at the end of the manifest flow."""

    id: int
    slug: str
    client_id: str
    html_url: str
    pem: Annotated[str, Field(repr=False)]
    webhook_secret: Annotated[str | None, Field(repr=False)] = None


class AppFacts(Wire):
    """The App as it tells about itself."""

    id: int
    slug: str
    client_id: str = ""
    html_url: str = ""


class Installation(Wire):
    """The App in one account."""

    id: int
    suspended_at: str | None = None


class Minted(Wire):
    """An installation token."""

    token: Annotated[str, Field(repr=False)]
    expires_at: str


class Repository(Wire):
    """A repository by its id."""

    id: int
    full_name: str
    default_branch: str
    archived: bool = False
    disabled: bool = False


class Permission(Wire):
    """What somebody may do, in GitHub's four old words."""

    permission: str
    user: User | None = None


class Issue(Wire):
    """An issue, or a pull request seen as one."""

    number: int
    title: str
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    locked: bool = False
    labels: tuple[Named | str, ...] = ()
    user: User | None = None
    html_url: str
    repository_url: str = ""
    pull_request: object = None


class Comment(Wire):
    """A comment on an issue or on the conversation of a pull request."""

    id: int
    body: str | None = None
    user: User | None = None
    html_url: str


class LineComment(Comment):
    """A comment on a line; answers name the first one of their thread."""

    in_reply_to_id: int | None = None


class Tip(Wire):
    """One end of a pull request. The repository of a head is null when it is gone."""

    ref: str
    sha: str
    repo: Numbered | None = None


class Pull(Wire):
    """A pull request."""

    number: int
    title: str
    body: str | None = None
    state: str
    draft: bool = False
    merged_at: str | None = None
    user: User | None = None
    head: Tip
    base: Tip
    labels: tuple[Named, ...] = ()
    html_url: str


class CommitText(Wire):
    """What a commit says."""

    message: str = ""


class Commit(Wire):
    """A commit, with the accounts that GitHub finds by the addresses in it."""

    sha: str
    commit: CommitText
    author: User | dict[str, object] | None = None
    committer: User | dict[str, object] | None = None


class Branch(Wire):
    """A branch with its newest commit."""

    name: str
    commit: Commit


class Comparison(Wire):
    """Where two commits parted."""

    merge_base_commit: Sha


class Remark(Wire):
    """Anything that somebody said."""

    body: str | None = None
    user: User | None = None


class File(Wire):
    """A file that differs; its patch is missing where it is binary or too large."""

    filename: str
    patch: str | None = None
    previous_filename: str = ""


class Compared(Wire):
    """The files that differ between where two commits parted and the second one."""

    files: tuple[File, ...] = ()


class CheckOutput(Wire):
    """What a check run says."""

    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations_count: int = 0


class Check(Wire):
    """A check run."""

    id: int
    status: str
    conclusion: str | None = None
    external_id: str | None = None
    output: CheckOutput
    app: Numbered | None = None


class Checks(Wire):
    """The check runs of one commit."""

    check_runs: tuple[Check, ...]


class HookTry(Wire):
    """One try of a webhook."""

    id: int
    guid: str
    delivered_at: str
    status_code: int
    event: str


class Author(Wire):
    """Who wrote a remark, as GraphQL tells it; bots are named without their ending there."""

    kind: Annotated[str, Field(alias="__typename")] = "User"
    login: str
    number: Annotated[int | None, Field(alias="databaseId")] = None


class ThreadComment(Wire):
    """One remark of a thread. The id is a text, since it outgrew GraphQL's numbers."""

    number: Annotated[str, Field(alias="fullDatabaseId")]
    author: Author | None = None
    body: str
    created: Annotated[str, Field(alias="createdAt")]


class ThreadComments(Wire):
    """The remarks of a thread."""

    nodes: tuple[ThreadComment, ...]


class ReviewThread(Wire):
    """A thread of a review."""

    id: str
    resolved: Annotated[bool, Field(alias="isResolved")]
    comments: ThreadComments
    resolver: Annotated[Author | None, Field(alias="resolvedBy")] = None


class PageInfo(Wire):
    """Whether there is more."""

    more: Annotated[bool, Field(alias="hasNextPage")]
    cursor: Annotated[str | None, Field(alias="endCursor")] = None


class ReviewThreads(Wire):
    """A page of threads."""

    nodes: tuple[ReviewThread, ...]
    page: Annotated[PageInfo, Field(alias="pageInfo")]


class PullThreads(Wire):
    """The threads of a pull request."""

    threads: Annotated[ReviewThreads, Field(alias="reviewThreads")]


class RepositoryThreads(Wire):
    """The pull request of a repository."""

    pull: Annotated[PullThreads | None, Field(alias="pullRequest")] = None


class ThreadsData(Wire):
    """The root of the question for threads."""

    repository: RepositoryThreads | None = None


class GraphTrouble(Wire):
    """One error of a GraphQL answer."""

    type: str = ""
    message: str = ""


class Asked(Wire):
    """A GraphQL answer of which only the errors matter."""

    errors: tuple[GraphTrouble, ...] = ()


class ThreadsAsked(Asked):
    """The answer to the question for threads."""

    data: ThreadsData | None = None


W = TypeVar("W", bound=Wire)
_LIST: TypeAdapter[list[object]] = TypeAdapter(list[object])


def read(model: type[W], text: str) -> W | None:
    """What an answer says; None when it is not what was asked for."""
    try:
        return model.model_validate_json(text)
    except ValidationError:
        return None


def read_list(model: type[W], text: str) -> list[W] | None:
    """The same for a list."""
    try:
        return [model.model_validate(one) for one in _LIST.validate_json(text)]
    except ValidationError:
        return None
