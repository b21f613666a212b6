"""Providers that were found out not to keep to what the policy says of them."""

from typing import Protocol

from pointsman.domain.ledger import Quarantined


class Quarantine(Protocol):
    """Survives crashes. A provider stays in it until an operator lifts it."""

    async def hold(self, found: Quarantined) -> None:
        """Keep that a provider is not to be asked; what was found first stands until it is lifted."""

    async def held(self) -> tuple[Quarantined, ...]:
        """The providers that are not to be asked, by name."""

    async def lift(self, provider: str) -> bool:
        """Let a provider be asked again. False when it was not held."""
