"""Where issues, people and changes live, as a run asks it."""

from typing import Protocol

from pointsman.domain.forge import Access, Change, ChangeOrder, CheckOrder, ReviewPost, Topic
from pointsman.domain.run import Actor, Issue, Repository


class Forge(Protocol):
    """Asked, never believed from a payload. `ensure_*` may be called any number of times; people see it once."""

    async def access_of(self, repository: Repository, actor: Actor) -> Access:
        """What the actor may do now, by numeric id. Doubt is `none`. Raises TryAgain when it cannot be asked now."""

    async def issue(self, repository: Repository, key: str) -> Issue:
        """The issue as it reads now. Raises OwnerMust when it is missing or empty."""

    async def ensure_status(self, topic: Topic, run_id: str, body: str, *, passing: bool = False) -> str:
        """The one status text of a run, created or edited in place. Returns where people find it.

        `passing` marks a text that a later one will replace; the forge may leave it out when it comes too soon.
        """

    async def branch_for(self, run_id: str, repository: Repository, wish: str) -> str:
        """The branch of a run: the wished name, with a number behind it when somebody else has that one.

        Asked again, the same run gets the same branch.
        """

    async def ensure_change(self, order: ChangeOrder) -> Change:
        """The draft change of a run: its branch pushed by compare-and-swap, its page written.

        Raises OwnerMust when the branch cannot be made, or when somebody else moved it.
        """

    async def ensure_review(self, change: Change, post: ReviewPost) -> None:
        """The review of a change, with its remarks on their lines."""

    async def ensure_check(self, change: Change, check: CheckOrder) -> None:
        """A check on the head of a change."""

    async def touches(self, topic: Topic, path: str) -> bool:
        """Whether a change adds, edits, moves or removes this file; true when it has too many files to tell."""
