"""The webhooks of GitHub as they come: just the fields used, everything else dropped, no address kept."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# Shapes: GitHub documentation, "Webhook events and payloads", and the schemas published as @octokit/webhooks-schemas.
Id = Annotated[int, Field(gt=0, lt=2**63)]
Commit = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
# An owner and a repository, of which neither is a step in a path.
FullName = Annotated[
    str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*/\.*[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
]
Word = Annotated[str, Field(min_length=1, max_length=300)]
# GitHub takes 65,536 characters; four bytes each is the most that they can have grown to.
Text = Annotated[str, Field(max_length=262_144)]

_MANY = 5


class Wire(BaseModel):
    """A part of a payload: exact types, unknown fields dropped."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class User(Wire):
    """A person, a bot, or an organisation."""

    id: Id
    login: Word
    type: str | None = None


class Numbered(Wire):
    """An installation, or an App."""

    id: Id


class Repository(Wire):
    """The repository that a webhook is about."""

    id: Id
    full_name: FullName
    default_branch: Word | None = None


class Listed(Wire):
    """A repository in a list of an installation."""

    id: Id
    full_name: FullName


class Label(Wire):
    """A label."""

    name: Word


class Action(Wire):
    """What every payload may begin with."""

    action: Annotated[str, Field(max_length=64)] = ""


class Payload(Wire):
    """What every payload about a repository has. `sender` is who acted; it is missing now and then."""

    repository: Repository
    installation: Numbered | None = None
    sender: User | None = None


class Issue(Wire):
    """An issue; `pull_request` is there when it is one of those."""

    number: Id
    title: Text
    body: Text | None = None
    pull_request: object = None


class Head(Wire):
    """Where a pull request comes from; its repository and owner may be gone and are not asked for."""

    ref: Word
    sha: Commit


class PullText(Wire):
    """A pull request as far as it is read."""

    number: Id
    title: Text
    body: Text | None = None


class Pull(PullText):
    """A pull request as it stands."""

    head: Head
    labels: tuple[Label, ...] = ()
    merged: bool | None = None
    merge_commit_sha: Commit | None = None


class Remark(Wire):
    """What somebody wrote: the text and who its account belongs to, null when that is deleted."""

    id: Id
    body: Text | None = None
    user: User | None = None


class Comment(Remark):
    """A comment on an issue or a pull request."""

    created_at: str
    updated_at: str
    performed_via_github_app: Numbered | None = None


class LineComment(Remark):
    """A comment on a line; `in_reply_to_id` is the first comment of its thread.

    The published schema has no `performed_via_github_app` here; should it come, it is heard.
    """

    in_reply_to_id: Id | None = None
    performed_via_github_app: Numbered | None = None


class CheckRun(Wire):
    """A check run; `external_id` is what its App put there."""

    head_sha: Commit
    external_id: Annotated[str, Field(max_length=200)] | None = None
    app: Numbered | None = None


class CheckSuite(Wire):
    """All check runs of one App on one commit."""

    head_sha: Commit
    app: Numbered | None = None


class Button(Wire):
    """Which button of a check run was pressed."""

    identifier: Word


class IssuePayload(Payload):
    """`issues`."""

    issue: Issue
    label: Label | None = None


class CommentPayload(Payload):
    """`issue_comment`."""

    issue: Issue
    comment: Comment


class PullPayload(Payload):
    """`pull_request`."""

    pull_request: Pull
    label: Label | None = None
    requested_reviewer: User | None = None


class PushedPayload(PullPayload):
    """`pull_request.synchronize`; `before` is the head that it had."""

    before: Commit


class Changes(Wire):
    """What was edited; `base` is there when it is the branch that the change is to go into."""

    base: object = None


class EditedPayload(PullPayload):
    """`pull_request.edited`."""

    changes: Changes = Changes()


class ReviewPayload(Payload):
    """`pull_request_review`."""

    review: Remark
    pull_request: PullText


class LineCommentPayload(Payload):
    """`pull_request_review_comment`."""

    comment: LineComment
    pull_request: PullText


class CheckRunPayload(Payload):
    """`check_run`."""

    check_run: CheckRun
    requested_action: Button | None = None


class CheckSuitePayload(Payload):
    """`check_suite`."""

    check_suite: CheckSuite


class PushedCommit(Wire):
    """A commit of a push."""

    message: Text | None = None


class PushPayload(Payload):
    """`push`."""

    ref: Word
    after: Commit
    deleted: bool
    commits: tuple[PushedCommit, ...] = ()


class InstalledPayload(Wire):
    """`installation` and `installation_repositories`."""

    installation: Numbered
    sender: User | None = None
    repositories: tuple[Listed, ...] | None = None
    repositories_added: tuple[Listed, ...] | None = None


W = TypeVar("W", bound=Wire)


def read(model: type[W], body: bytes) -> W | str:
    """A payload, or the fields that do not fit: their names only, never what they hold."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        places = [
            ".".join(map(str, problem["loc"])) or "the body"
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return ", ".join(dict.fromkeys(places[:_MANY]))
