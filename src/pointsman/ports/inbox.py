"""Deliveries that were acknowledged and are not yet dealt with."""

from typing import Protocol

from pointsman.domain.events import Delivery


class Inbox(Protocol):
    """Survives crashes; what it said yes to is never lost, and one id is taken once."""

    async def take(self, delivery: Delivery) -> bool:
        """Keep a delivery. False when its id is known, dealt with or not. Raises TryAgain when it cannot be kept."""

    async def waiting(self, limit: int = 100) -> tuple[str, ...]:
        """The ids of deliveries that are not dealt with, oldest first."""

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """A delivery that is not dealt with yet."""

    async def finish(self, delivery_id: str, outcome: str) -> None:
        """Dealt with: the id and a word on what came of it stay, the body goes."""

    async def known(self, delivery_ids: tuple[str, ...]) -> frozenset[str]:
        """Which of these ids were ever taken."""
