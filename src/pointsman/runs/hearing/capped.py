"""The caps that were met today, as the operator sees them: in the log once a day, and in `status` and `doctor`."""

import logging

from pointsman.domain.run import Refuse
from pointsman.ports.memory import Memory

CAPPED = "caps-used-up"
"""The kind of memory, of the whole installation, with the caps that were met today: which, and in what words."""

_DAY = len("2026-01-01")
logger = logging.getLogger(__name__)


async def tell_operator(memory: Memory, no: Refuse, repository: str) -> None:
    """Log a cap that is used up, once a day, and keep it for who asks."""
    day = no.once[-_DAY:]
    known = await memory.recall("", "", CAPPED)
    if no.once in known:
        return
    if any(not key.endswith(day) for key in known):
        await memory.forget("", "", CAPPED)
    about = "" if no.once.startswith("cap-installation") else f"{repository}: "
    await memory.remember("", "", CAPPED, {no.once: f"{about}{no.reason}"})
    logger.warning("a cap of the day is used up", extra={"cap": no.once, "repository": repository})


async def used_up_today(memory: Memory, now: str) -> tuple[str, ...]:
    """The caps that were met today (UTC), in words; `now` is ISO 8601 in UTC."""
    known = await memory.recall("", "", CAPPED)
    return tuple(words for key, words in known.items() if key.endswith(now[:_DAY]))
