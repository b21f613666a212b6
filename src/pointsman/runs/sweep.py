"""Deliveries that the forge tried while we were away, asked for again."""

import logging
from datetime import datetime, timedelta

from pointsman.domain.errors import PointsmanError
from pointsman.ports.hooks import Attempt
from pointsman.runs.parts import Parts

# How long GitHub delivers again (GitHub documentation, Redelivering webhooks); its Enterprise Server longer.
DAYS = 3
ASKED = "asked-again"
logger = logging.getLogger(__name__)


async def sweep(parts: Parts, forge: str) -> int:
    """Ask for every wanted delivery that failed, has no try that went well, and never came here.

    Each try is asked for once. Returns how many were asked for. Raises TryAgain when the forge cannot be asked.
    """
    hooks = parts.hooks_for(forge)
    since = (datetime.fromisoformat(parts.clock.now()) - timedelta(days=DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    attempts = await hooks.attempts(since)
    topic = f"hooks-{forge}"
    asked = await parts.memory.recall("", topic, ASKED)
    count = 0
    for attempt in reversed(await _missed(parts, forge, attempts)):
        if attempt.id in asked:
            continue
        try:
            await hooks.deliver_again(attempt)
        except PointsmanError as error:
            logger.warning(
                "a delivery could not be asked for again", extra={"attempt": attempt.id, "code": error.code}
            )
            continue
        await parts.memory.remember("", topic, ASKED, {attempt.id: attempt.at})
        count += 1
    await _forget_old(parts, topic, asked, since)
    return count


async def _missed(parts: Parts, forge: str, attempts: tuple[Attempt, ...]) -> list[Attempt]:
    """The newest failed try of each delivery that came by no other."""
    went_well = {attempt.delivery for attempt in attempts if attempt.ok}
    newest: dict[str, Attempt] = {}
    for attempt in attempts:
        if attempt.delivery not in went_well and parts.wanted(forge, attempt.event):
            newest.setdefault(attempt.delivery, attempt)
    known = await parts.inbox.known(tuple(newest)) if newest else frozenset()
    return [attempt for delivery, attempt in newest.items() if delivery not in known]


async def _forget_old(parts: Parts, topic: str, asked: dict[str, str], since: str) -> None:
    """What the forge no longer tells of need not be remembered."""
    if not any(at < since for at in asked.values()):
        return
    every = await parts.memory.recall("", topic, ASKED)
    await parts.memory.forget("", topic, ASKED)
    await parts.memory.remember("", topic, ASKED, {key: at for key, at in every.items() if at >= since})
