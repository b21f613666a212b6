"""What the installation knows of providers that do not answer, shared by all its processes."""

from typing import Protocol

from pointsman.domain.breaker import Breaker, CallEnd, HeldOff, Trying


class Breakers(Protocol):
    """Survives restarts. Every method may be called twice with the same arguments; only outages count twice."""

    async def admit(self, trying: Trying) -> HeldOff | None:
        """None when the call may go out; of those that are open, it is then the one trial. Else why it must not.

        A repeat of the call that is the trial, after a crash, is the trial again.
        """

    async def tell(self, trying: Trying, end: CallEnd) -> None:
        """How a call ended that went out."""

    async def standing(self) -> tuple[Breaker, ...]:
        """Those that are open now, by provider and model."""
