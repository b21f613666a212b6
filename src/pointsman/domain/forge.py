"""What is asked of a forge and answered by it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pointsman.domain.outcome import Finding, Review
from pointsman.domain.run import NOBODY, Actor, Repository


class Access(StrEnum):
    """What somebody may do in a repository."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Topic:
    """An issue or a change that people talk about; `key` is its number, or the path of an issue file on disk."""

    repository: Repository
    key: str


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """The change that a run wants: its branch and head, its title and page.

    `expected_head` is the head that we pushed before; empty when the branch is new. `number` names a change that is
    there already, to which the commits are added; its page is then left alone, but for the `trailers`, which the
    message for a squash merge in it has then as well.
    """

    run_id: str
    repository: Repository
    branch: str
    expected_head: str
    base_commit: str
    head_commit: str
    title: str
    body: str
    number: str = ""
    trailers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A pull or merge request, or a branch with its page on the local forge. `page` is where people find it."""

    repository: Repository
    branch: str
    head_commit: str
    page: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding as people read it; `suggestion` is the exact text for its line, or empty."""

    finding: Finding
    text: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPost:
    """A review to be posted on the head that it was made of.

    What cannot be anchored to a line of the diff goes below `unplaced` in the body, so that nothing is lost.
    """

    run_id: str
    review: Review
    body: str
    remarks: tuple[Remark, ...] = ()
    unplaced: str = ""


class CheckState(StrEnum):
    """What a check says; the forge finds its own word for it."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    NEEDS_PERSON = "needs-person"
    STALE = "stale"
    CANCELLED = "cancelled"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to say about one line of a file at the head of a change; line and column from 1."""

    path: str
    line: int
    column: int
    message: str
    is_mistake: bool = True


@dataclass(frozen=True, slots=True)
class CheckImage:
    """A picture that a check carries by its link, with words for who cannot see it."""

    alt: str
    url: str
    caption: str


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """A check on one head: a title, a summary, the whole text, and findings or marks to annotate.

    `pointsman/review` is the check of a run, whose id stands in it; `pointsman/routing` that of an edit of the
    routing file. They bear names of their own, so that a rule that wants a review is not met by the other.
    """

    run_id: str
    state: CheckState
    title: str
    summary: str
    text: str = ""
    findings: tuple[Finding, ...] = ()
    marks: tuple[Mark, ...] = ()
    about: Literal["review", "routing"] = "review"
    images: tuple[CheckImage, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeCommit:
    """One commit of a change: its id, its message, and who the forge says pushed it (id 0 when it does not know)."""

    id: str
    message: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change as it is now. `base_commit` is where it parted from `base_branch`.

    `is_fork` is also true when the repository that it comes from is gone. `commits` are the oldest 250.
    """

    number: str
    title: str
    body: str
    author: Actor
    state: str
    is_draft: bool
    is_fork: bool
    branch: str
    head_commit: str
    base_branch: str
    base_commit: str
    labels: tuple[str, ...]
    page: str
    commits: tuple[ChangeCommit, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One comment of a thread."""

    id: str
    actor: Actor
    body: str
    at: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of a review that began with one of our findings; `first` is the id of its first comment.

    `resolved_by` has the id 0 when nobody resolved it, or when the forge does not tell who did.
    """

    id: str
    first: str
    finding: str
    is_resolved: bool
    said: tuple[Said, ...]
    resolved_by: Actor = NOBODY
