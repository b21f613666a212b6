"""Words that go in time: prompts and answers by their own age, and the journals of runs that have ended.

The engine, whose import takes most of a second, is asked for only when something of it is to go.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pointsman.domain.errors import PointsmanError
from pointsman.domain.texts import Erasure, Which
from pointsman.ports.clearing import Clearing
from pointsman.ports.memory import LAST_REVIEW
from pointsman.ports.texts import Texts

if TYPE_CHECKING:
    from pointsman.runs.engine import Engine

BATCH = 100
"""So many texts go in one transaction, and so many runs in one round."""

_ROUNDS = 20
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kept:
    """Where words are until their days are over; `engine` is called in a thread."""

    texts: Texts
    clearing: Clearing
    engine: "Callable[[], Engine]"


async def tidy(kept: Kept, now: str) -> None:
    """Erase what is due at `now` (ISO 8601 in UTC), some rounds of it. What stands in the way is logged.

    Several processes and machines may do so at once.
    """
    erasure = Erasure(now, "time")
    try:
        for _ in range(_ROUNDS):
            if await kept.texts.erase(Which(due=now), erasure, BATCH) < BATCH:
                break
        due = await kept.clearing.due(now, BATCH)
        if due:
            await clear(kept, due, erasure)
        await kept.clearing.forget(LAST_REVIEW, now)
    except PointsmanError as error:
        logger.warning("what is due could not be erased", extra={"code": error.code})


async def clear(kept: Kept, run_ids: tuple[str, ...], erasure: Erasure) -> tuple[str, ...]:
    """Take the words of runs away, and say of which; those that still go on keep theirs."""
    engine = await asyncio.to_thread(kept.engine)
    from pointsman.runs.clearing import cleared

    gone = tuple([run_id for run_id in run_ids if await cleared(kept.clearing, engine, run_id, erasure)])
    if gone:
        await engine.scrub()
    return gone
