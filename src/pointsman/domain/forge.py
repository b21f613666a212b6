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
    """The change that a run wants: its branch by wish (a suffix is added when it is taken), head, title and page."""

    run_id: str
    repository: Repository
    wish: str
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
