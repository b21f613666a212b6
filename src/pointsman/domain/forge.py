"""What is asked of a forge and answered by it."""

from dataclasses import dataclass
from enum import StrEnum

from pointsman.domain.run import Repository


class Access(StrEnum):
    """What somebody may do in a repository."""

    NONE = "none"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """The change that a run wants: its branch and head, its title and page.

    `expected_head` is the head that we pushed before; empty when the branch is new.
    """

    run_id: str
    repository: Repository
    branch: str
    expected_head: str
    base_commit: str
    head_commit: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Change:
    """A pull or merge request, or a branch with its page on the local forge. `page` is where people find it."""

    repository: Repository
    branch: str
    head_commit: str
    page: str
