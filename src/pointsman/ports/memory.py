"""What the bot remembers of issues and changes beside its runs: pauses, settled findings, earlier reviews."""

from typing import Protocol

LAST_REVIEW = "review"
"""The kind under which the newest review of a change is remembered: the one that holds words of models."""


class Memory(Protocol):
    """Small facts about a topic, by kind and key. Every method may be called twice and counts once."""

    async def remember(self, repository_id: str, topic: str, kind: str, facts: dict[str, str]) -> None:
        """Keep facts of a kind, key to value; those with a known key are replaced."""

    async def recall(self, repository_id: str, topic: str, kind: str) -> dict[str, str]:
        """The facts of a kind, in the order in which they were first kept."""

    async def forget(self, repository_id: str, topic: str, kind: str) -> None:
        """Drop the facts of a kind."""
