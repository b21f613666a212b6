"""What was measured lately, read again after a while."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from pointsman.domain.errors import TryAgain

T = TypeVar("T")

SECONDS = 60.0
BRIEF = 5.0
"""For what anybody may ask for as often as they like, and what should be of now."""
logger = logging.getLogger(__name__)


@dataclass
class Lately(Generic[T]):
    """Calls `read` the first time, and again once what it gave is older than `seconds`. Safe for threads."""

    read: Callable[[], T]
    seconds: float = SECONDS
    monotonic: Callable[[], float] = time.monotonic
    _kept: tuple[float, T] | None = None
    _reading: Lock = field(default_factory=Lock)

    def __call__(self) -> T:
        """The value of a moment ago. Where it cannot be read just now, the one before stands a while longer."""
        with self._reading:
            now, kept = self.monotonic(), self._kept
            if kept is not None and now - kept[0] < self.seconds:
                return kept[1]
            try:
                value = self.read()
            except TryAgain as error:
                if kept is None:
                    raise
                logger.warning("what was read lately could not be read anew", extra={"code": error.code})
                value = kept[1]
            self._kept = (now, value)
            return value
