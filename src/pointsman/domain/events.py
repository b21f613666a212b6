"""What happened on a forge, in our words: a closed union that deliveries are translated into."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.run import Actor


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as received. `id` is the forge's own and is the same when it is delivered again.

    `received_at` is ISO 8601 in UTC. The body is bytes that nobody vouches for but the signature.
    """

    forge: str
    id: str
    event: str
    body: bytes
    received_at: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something happened. `name` and `installation` are hints of the payload, believed once the forge agrees.

    `repository_id` is the forge's numeric id as text; no address of the payload is ever kept.
    """

    forge: str
    repository_id: str
    name: str
    installation: str = ""


@dataclass(frozen=True, slots=True)
class IssueLabelled:
    """Somebody put a label on an issue. `digest` is of the text as they saw it: sha256 over title, NUL, body."""

    origin: Origin
    number: str
    label: str
    actor: Actor
    digest: str


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody commented on an issue or on a change. `via_app` says that a program wrote it in their name.

    `digest` is of the text that stands above the comment: the title and body of the issue or change.
    """

    origin: Origin
    number: str
    on_change: bool
    comment: str
    body: str
    actor: Actor
    via_app: bool
    digest: str


@dataclass(frozen=True, slots=True)
class ThreadReplied:
    """Somebody answered in a thread of a review; `first` is the id of the thread's first comment."""

    origin: Origin
    number: str
    comment: str
    first: str
    body: str
    actor: Actor
    via_app: bool


@dataclass(frozen=True, slots=True)
class ChangeLabelled:
    """Somebody put a label on a change whose head was `head`."""

    origin: Origin
    number: str
    label: str
    head: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class ChangeOpened:
    """A change was opened, opened again, or marked as ready."""

    origin: Origin
    number: str
    head: str
    labels: tuple[str, ...]
    actor: Actor


@dataclass(frozen=True, slots=True)
class ChangePushed:
    """The head of a change moved from `before` to `head`; where those are one, it is to go into another branch."""

    origin: Origin
    number: str
    before: str
    head: str
    branch: str
    labels: tuple[str, ...]
    actor: Actor


@dataclass(frozen=True, slots=True)
class ReviewAsked:
    """Somebody asked `reviewer` for a review of a change."""

    origin: Origin
    number: str
    head: str
    reviewer: Actor
    actor: Actor


@dataclass(frozen=True, slots=True)
class ChangeClosed:
    """A change was closed, merged or not; `landed` is the commit that it was merged as.

    `reverts` names what it takes back: changes by their numbers, commits by their ids.
    """

    origin: Origin
    number: str
    branch: str
    merged: bool
    actor: Actor
    landed: str = ""
    reverts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckAsked:
    """Somebody pressed a button of our check or asked to run it again; `run_id` is what we put into the check."""

    origin: Origin
    head: str
    run_id: str
    action: Literal["rerun", "review", "fix", "ci"]
    actor: Actor


@dataclass(frozen=True, slots=True)
class TrunkPushed:
    """The default branch moved; `reverts` names what the push takes back, as a `ChangeClosed` does."""

    origin: Origin
    head: str
    actor: Actor
    reverts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RepositoriesAdded:
    """The app was given repositories."""

    origins: tuple[Origin, ...]
    actor: Actor


Event = (
    IssueLabelled
    | Commented
    | ThreadReplied
    | ChangeLabelled
    | ChangeOpened
    | ChangePushed
    | ReviewAsked
    | ChangeClosed
    | CheckAsked
    | TrunkPushed
    | RepositoriesAdded
)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that nothing follows from, and why."""

    reason: str
