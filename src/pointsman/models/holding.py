"""Keeps calls from providers that do not answer, and remembers how each call ended that went out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pointsman.domain.breaker import CallEnd, Failed, HeldOff, Trying
from pointsman.domain.errors import PointsmanError
from pointsman.domain.models import Ask, Model, Outage, Provider, Reply
from pointsman.models.transport import Exchange, origin_of
from pointsman.ports.breakers import Breakers

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Passage:
    """One call at the breakers: held off with `outage`, or let through; then `result` is what came of it."""

    outage: Outage | None = None
    result: Reply | Outage | None = None


class Holding:
    """What the door asks of the breakers; without any, every call is let through."""

    def __init__(self, breakers: Breakers | None) -> None:
        self._breakers = breakers

    @asynccontextmanager
    async def of(self, ask: Ask, provider: Provider, exchange: Exchange) -> AsyncIterator[Passage]:
        """The passage of one call. However the block is left, a trial that was begun is ended with it."""
        trying = _trying(ask, provider)
        held = await self._breakers.admit(trying) if self._breakers else None
        passage = Passage(outage=_outage_of(ask, provider, held) if held else None)
        try:
            yield passage
        finally:
            if isinstance(passage.result, Outage):
                _log.warning(
                    "a provider did not answer", extra={"provider": provider.name, "kind": passage.result.kind}
                )
            if passage.outage is None:
                await asyncio.shield(self._tell(trying, _end_of(passage, exchange)))

    async def probed(self, model: Model, provider: Provider, *, is_ready: bool) -> None:
        """A probe was answered: calls to the provider are let through, and those to the model if it is there."""
        trying = Trying("probe", provider.name, origin_of(provider), model.id, 0.0)
        await self._tell(trying, "answered" if is_ready else "reached")

    async def _tell(self, trying: Trying, end: CallEnd) -> None:
        if self._breakers is None:
            return
        try:
            await self._breakers.tell(trying, end)
        except PointsmanError as error:
            # What was answered was paid for, and is worth more than the knowledge that the provider answers.
            _log.warning("the end of a call could not be told to the breakers", extra={"code": error.code})


def _trying(ask: Ask, provider: Provider) -> Trying:
    seconds = provider.timeout_seconds
    return Trying(ask.call_id, provider.name, origin_of(provider), ask.model.id, seconds, ask.pressing)


def _end_of(passage: Passage, exchange: Exchange) -> CallEnd:
    """Refusals are no outages, but a provider that said one is there; our own refusals and a cancel tell nothing."""
    match passage.result:
        case Reply():
            return "answered"
        case Outage(kind=kind, retry_after=seconds):
            return Failed(kind, seconds)
        case _:
            return "reached" if exchange.status else "untold"


def _outage_of(ask: Ask, provider: Provider, held: HeldOff) -> Outage:
    breaker = held.breaker
    since = f"{breaker.since[:10]} {breaker.since[11:19]} UTC"
    then = f"not before {breaker.until[11:19]} UTC" if held.seconds else "after the trial call that goes on now"
    what = f"model {ask.model.name} at provider {provider.name}" if breaker.model else f"provider {provider.name}"
    return Outage(
        ask.call_id,
        ask.model.name,
        provider.name,
        breaker.kind,
        f"Nothing was sent to {what}: out of order since {since} ({breaker.kind}), and tried again {then}.",
        held.seconds,
        held=True,
    )
