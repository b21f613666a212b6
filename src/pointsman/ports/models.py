"""The governed door to every model."""

from typing import Protocol

from pointsman.domain.models import Ask, Model, Outage, Reply


class Models(Protocol):
    """Asks models. Every byte that leaves was permitted for this very call."""

    async def ask(self, ask: Ask) -> Reply | Outage:
        """One call to one model, without retries.

        Returns the reply, or an `Outage` when the provider could not answer (the only ending that may fall back).
        Raises OperatorMust (wrong key, unknown model, unknown price, served model differs from the asked one),
        OwnerMust (the prompt is longer than the model's window) and Stopped (budget).
        """

    def estimate_tokens(self, ask: Ask) -> int:
        """An upper estimate of the input tokens of `ask`, without a network call."""

    async def probe(self, model: Model) -> str:
        """What stands in the way of asking `model` now, in one sentence; empty when nothing does."""

    async def close(self) -> None:
        """Close every connection."""
