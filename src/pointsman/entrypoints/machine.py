"""The clocks of this machine, and what nobody else can guess: the one file where time and chance come in."""

import asyncio
import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> str:
        """The time in UTC to the second."""
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def new_id(kind: str = "r") -> str:
    """A short id that nobody else has, such as `r-1f00c2d4`; `kind` tells runs, trials and measurements apart."""
    return f"{kind}-{secrets.token_hex(4)}"


def new_secret() -> str:
    """32 random bytes, as text that may stand in an address."""
    return secrets.token_urlsafe(32)
