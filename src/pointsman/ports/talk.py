"""What passes between people and the bot beside the runs: who we are, what a change is, and what is said."""

from typing import Protocol

from pointsman.domain.events import Origin
from pointsman.domain.forge import ChangeView, Thread, Topic
from pointsman.domain.run import Actor, Repository


class Talk(Protocol):
    """One forge as the worker asks it. Everything may be called again after a crash; people see it once."""

    async def identity(self) -> Actor:
        """The bot's own user: what it says and does is never taken for a person's."""

    async def repository(self, origin: Origin) -> Repository:
        """The repository as it is now, by its numeric id.

        Raises OwnerMust (`repository-gone`) when it is not ours to serve: removed, archived, suspended, moved to
        another owner, or when the installation of the payload is not the repository's own.
        """

    async def change(self, topic: Topic) -> ChangeView | None:
        """The change with this number; None when there is none (an issue, for one)."""

    async def threads(self, topic: Topic) -> tuple[Thread, ...]:
        """The threads of our reviews of a change, resolved ones included."""

    async def acknowledge(self, topic: Topic, comment: str = "", label: str = "") -> None:
        """Show that it was seen: eyes on the comment, or on the issue; and take the one-shot label away."""

    async def ensure_reply(self, topic: Topic, key: str, body: str, *, thread: str = "") -> None:
        """The one answer under `key`, made or edited in place; below the thread's first comment when one is given."""

    async def resolve(self, topic: Topic, thread: Thread) -> None:
        """Close a thread of ours, as far as the forge lets us."""

    async def ensure_notice(self, repository: Repository, title: str, body: str) -> None:
        """The one issue that says what the owner must mend; an empty body closes it. No notice, nothing to close."""
