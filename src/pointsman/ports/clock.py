"""Time, so that nobody reads it on the side."""

from typing import Protocol


class Clock(Protocol):
    """The wall clock in UTC and a monotonic one."""

    def now(self) -> str:
        """ISO 8601 in UTC with seconds, such as 2026-11-21T10:00:00Z."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; only differences mean something."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
