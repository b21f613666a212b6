"""What the forge remembers of the webhooks it sent us."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of the forge to deliver: `id` names the try, `delivery` the webhook; `at` is ISO 8601 in UTC."""

    id: str
    delivery: str
    event: str
    ok: bool
    at: str


class Hooks(Protocol):
    """Asked at the start and every few minutes, so that what we missed is delivered again."""

    async def attempts(self, since: str) -> tuple[Attempt, ...]:
        """The tries since a time, newest first, as far back as the forge tells."""

    async def deliver_again(self, attempt: Attempt) -> None:
        """Ask for a delivery again. What the forge no longer has is not asked for twice."""
