"""From a delivery to what is done about it: translate, ask who it is, answer in seconds, act; each effect once."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter

from pointsman.conversation.refusals import in_the_way, missing_routing_file, stranger, text_changed
from pointsman.domain.errors import OperatorMust, OwnerMust, PointsmanError, Stopped, TryAgain
from pointsman.domain.events import (
    ChangeClosed,
    ChangeLabelled,
    ChangeOpened,
    ChangePushed,
    CheckAsked,
    Delivery,
    Event,
    Ignored,
    IssueLabelled,
    Origin,
    RepositoriesAdded,
    TrunkPushed,
)
from pointsman.domain.forge import Access
from pointsman.domain.run import Actor, Refuse, Repository
from pointsman.policy.admission import standing
from pointsman.policy.globs import matches
from pointsman.ports.inbox import Inbox
from pointsman.runs.engine import Engine
from pointsman.runs.hearing.acting import act
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.endings import note_open, note_reverts
from pointsman.runs.hearing.following import change_closed, change_pushed, routing_read
from pointsman.runs.hearing.lines import Lines
from pointsman.runs.hearing.onboarding import onboard
from pointsman.runs.hearing.simulating import CHECK_ID, simulate
from pointsman.runs.hearing.wishes import WATCHED, Wish, wish_in
from pointsman.runs.journal import FLAG, NOTHING, durable, insisted
from pointsman.runs.parts import Parts

_BROKEN = Refuse(
    "routing-file",
    "the routing file on the default branch cannot be used",
    "an issue of this repository says what is wrong with it and how to mend it",
)
_ACTOR: TypeAdapter[Actor] = TypeAdapter(Actor)
_ACCESS: TypeAdapter[Access] = TypeAdapter(Access)
_REPOSITORY: TypeAdapter[Repository] = TypeAdapter(Repository)
_IDS: TypeAdapter[tuple[int, ...]] = TypeAdapter(tuple[int, ...])
logger = logging.getLogger(__name__)

_TOLD = 3
REFUSED = "refused"
"""What the kinds of memory begin with, of a repository, that hold where a stranger was told no."""

HEARD = "heard"
"""The kind of memory, of an issue or change, with the comments that were acted on and the deliveries they came by."""


@dataclass
class Desk:
    """Deals with deliveries, on the engine's own loop; the one function that is public is the durable workflow."""

    parts: Parts
    engine: Engine
    lines: Lines = field(default_factory=Lines)
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)

    def announce(self, delivery_id: str) -> None:
        """A delivery is about to be handed over; it is dealt with after those that were announced before it."""
        self.lines.announce(delivery_id)

    async def deal_with(self, delivery_id: str) -> str:
        """Deal with a kept delivery to its end, and say in the inbox what came of it. Nothing in it is raised."""
        delivery = await self._kept(delivery_id)
        if delivery is None:
            return "gone"
        try:
            outcome = await self._dealt(delivery)
        except PointsmanError as error:
            outcome = f"failed: {error.code}"
            about = {"delivery": delivery_id, "code": error.code}
            # What the operator wrote is the operator's to read: without it nobody would know what to mend.
            why = {"why": str(error)} if isinstance(error, OperatorMust) else {}
            logger.warning("a delivery failed", extra={**about, **why})
        except Exception:
            outcome = "failed: bug"
            logger.exception("a delivery failed by a bug", extra={"delivery": delivery_id})
        inbox: Inbox = self.parts.inbox
        await insisted("finish", NOTHING, lambda: inbox.finish(delivery_id, outcome[:200]), clock=self.parts.clock)
        return outcome

    async def _kept(self, delivery_id: str) -> Delivery | None:
        """Outside the journal, since a body may be large; once it is gone, it was dealt with to its end."""
        while True:
            try:
                return await self.parts.inbox.delivery(delivery_id)
            except TryAgain as error:
                await self.parts.clock.sleep(max(error.after, 1.0))

    async def _dealt(self, delivery: Delivery) -> str:
        async with AsyncExitStack() as stack:
            async with self.lines.entry(delivery.id):
                talk = self.parts.talk_for(delivery.forge)
                me = await insisted("identity", _ACTOR, talk.identity, clock=self.parts.clock)
                event = self.parts.translate(delivery, me)
                if isinstance(event, Ignored):
                    return f"ignored: {event.reason}"
                line, said = _line_of(event)
                turn = self.lines.join(line, said)
                stack.push_async_callback(turn.leave)
            await turn.come()
            if await durable("said-again", FLAG, lambda: self._is_said_again(said)):
                return "ignored: said again"
            return await self._followed(delivery, event, me)

    async def _is_said_again(self, said: str) -> bool:
        return self.lines.is_said_again(said)

    async def _onboarded(self, delivery: Delivery, event: RepositoriesAdded, origin: Origin, me: Actor) -> None:
        case = await self._case(delivery, origin, event.actor, me)
        if isinstance(case, Case):
            try:
                await onboard(case)
            except (OwnerMust, Stopped) as error:
                logger.info("a repository was not onboarded", extra={"code": error.code, "repository": origin.name})

    async def _case(self, delivery: Delivery, origin: Origin, actor: Actor, me: Actor) -> Case | str:
        """The repository as the forge knows it, if it is served; a payload's word for it is never taken (W6, W7)."""
        talk = self.parts.talk_for(delivery.forge)
        clock = self.parts.clock
        try:
            repository = await insisted("repository", _REPOSITORY, lambda: talk.repository(origin), clock=clock)
        except OwnerMust as error:
            return f"ignored: {error.code}"
        case = Case(self.parts, self.engine, delivery, repository, bot=me, actor=actor)
        return case if await case.step("served", FLAG, lambda: _is_served(case)) else "ignored: repository"

    async def _followed(self, delivery: Delivery, event: Event, me: Actor) -> str:
        if isinstance(event, RepositoriesAdded):
            for origin in event.origins:
                await self._onboarded(delivery, event, origin, me)
            return "onboarded"
        case = await self._case(delivery, event.origin, event.actor, me)
        if isinstance(case, str):
            return case
        match event:
            case TrunkPushed():
                await note_reverts(case, event.reverts)
                return await routing_read(case)
            case ChangeClosed():
                return await change_closed(replace(case, number=event.number), event)
            case ChangePushed():
                await simulate(replace(case, number=event.number))
                return await change_pushed(replace(case, number=event.number), event)
            case ChangeOpened():
                await note_open(replace(case, number=event.number))
                await simulate(replace(case, number=event.number))
            case CheckAsked(run_id=asked) if asked.startswith(CHECK_ID):
                return await simulate(replace(case, number=asked.removeprefix(CHECK_ID)))
            case _:
                pass
        bots = await case.step("bots", _IDS, lambda: _bots(case))
        wish = await wish_in(case, event, bots)
        return f"ignored: {wish.reason}" if isinstance(wish, Ignored) else await self._granted(wish, bots)

    async def _granted(self, wish: Wish, bots: tuple[int, ...]) -> str:
        """Who asks is asked of the forge now, by numeric id; then people see that they were heard, and it is done."""
        case = wish.case
        access = await self._access(case, bots)
        if access is not Access.WRITE:
            if wish.is_quiet or not await case.step("told", FLAG, lambda: self._is_to_be_told(case)):
                return "ignored: access"
            await case.reply(stranger(case.actor.login, access), key=f"refused-{case.actor.id}")
            return "refused: access"
        if case.comment and not await case.step("heard", FLAG, lambda: _is_first(case)):
            return "ignored: heard before"
        await case.do("seen", lambda: case.talk.acknowledge(case.topic, comment=case.comment, label=case.label))
        if wish.watch:
            who = {"id": str(case.actor.id), "login": case.actor.login, "why": wish.watch}
            await case.remember(WATCHED, who)
        try:
            return await act(case, wish.intent)
        except (OwnerMust, Stopped) as error:
            return await _told(case, error)
        except OperatorMust as error:
            about = {"code": error.code, "delivery": case.delivery.id, "why": str(error)}
            logger.exception("a wish could not be met", extra=about)
            await case.reply(in_the_way(error.code, case.delivery.id))
            return f"failed: {error.code}"

    async def _is_to_be_told(self, case: Case) -> bool:
        """Topics are dealt with side by side, and what is kept of a stranger is counted over all of them."""
        async with self._telling:
            return await _is_to_be_told(case)

    async def _access(self, case: Case, bots: tuple[int, ...]) -> Access:
        """Doubt is no (A3)."""
        try:
            found = await case.step("access", _ACCESS, lambda: case.forge.access_of(case.repository, case.actor))
            return standing(found, case.actor, bots)
        except PointsmanError as error:
            logger.warning("the access of somebody is not known", extra={"code": error.code})
            return Access.NONE


async def _is_served(case: Case) -> bool:
    served = (await case.law()).policy.serve.repositories
    return any(matches(pattern, case.repository.name) for pattern in served)


async def _bots(case: Case) -> tuple[int, ...]:
    return (await case.law()).policy.serve.bots


async def _is_to_be_told(case: Case) -> bool:
    """A stranger is told no on a few topics of a repository, so that nobody makes us write wherever they like."""
    kind = f"{REFUSED}-{case.actor.id}"
    told = await case.parts.memory.recall(case.repository.id, "", kind)
    if case.number not in told and len(told) >= _TOLD:
        return False
    await case.parts.memory.remember(case.repository.id, "", kind, {case.number: case.delivery.received_at})
    return True


async def _is_first(case: Case) -> bool:
    """Whether no other delivery brought the comment before: no signature covers the id of a delivery (W3)."""
    heard = await case.parts.memory.recall(case.repository.id, case.number, HEARD)
    if case.comment in heard:
        return heard[case.comment] == case.delivery.id
    await case.parts.memory.remember(case.repository.id, case.number, HEARD, {case.comment: case.delivery.id})
    return True


async def _told(case: Case, error: PointsmanError) -> str:
    """What the owner or the person who asked can mend, said once."""
    if error.code == "no-routing-file":
        await case.reply(missing_routing_file())
    elif error.code == "text-changed":
        await case.reply(text_changed())
    elif error.code == "routing-file":
        await routing_read(case)
        await case.refuse(_BROKEN)
    else:
        await case.refuse(Refuse(error.code, error.message, error.hint))
    return f"refused: {error.code}"


def _line_of(event: Event) -> tuple[str, str]:
    """The line that an event stands in, and words for what it says: the same words mean the same wish."""
    if isinstance(event, RepositoriesAdded):
        return "onboarding", f"onboarding:{id(event)}"
    origin = event.origin
    number = event.head if isinstance(event, CheckAsked) else getattr(event, "number", "")
    line = f"{origin.forge}:{origin.repository_id}:{number}"
    # A comment or a closing is heard each time; what only names a state is heard once however often it is said.
    if isinstance(event, IssueLabelled | ChangeLabelled | CheckAsked | TrunkPushed):
        plain = replace(event, head="") if isinstance(event, TrunkPushed) else event
        return line, repr(plain)
    return line, f"{line}:{id(event)}"
