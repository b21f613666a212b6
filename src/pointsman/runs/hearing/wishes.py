"""What an event asks of the bot, and who asks: people, and the bots that the policy names by id."""

from dataclasses import dataclass, replace
from typing import Literal

from pydantic import TypeAdapter

from pointsman.config.routing_file import Trigger
from pointsman.conversation.answers import answer_in
from pointsman.conversation.commands import intent_in
from pointsman.domain.errors import OwnerMust
from pointsman.domain.events import (
    ChangeLabelled,
    ChangeOpened,
    CheckAsked,
    Commented,
    Ignored,
    IssueLabelled,
    ReviewAsked,
    ThreadReplied,
)
from pointsman.domain.intents import Build, Fix, Ignore, Intent, ReviewChange, RunCi
from pointsman.runs.course.remembering import last_review
from pointsman.runs.hearing.case import Case
from pointsman.runs.intake import routing_at
from pointsman.runs.journal import FLAG, TEXT
from pointsman.runs.sieve import nothing_in

Asking = IssueLabelled | Commented | ThreadReplied | ChangeLabelled | ChangeOpened | ReviewAsked | CheckAsked
"""The events that somebody's wish may lie in."""

TRIGGERS = "triggers"
"""The kind of memory, of a repository, that holds the labels of its routing file."""

WATCHED = "watched"
"""The kind of memory that says who wanted each push to a change reviewed, and whether by label or by asking."""

_TRIGGER: TypeAdapter[Trigger] = TypeAdapter(Trigger)


@dataclass(frozen=True)
class Fixed:
    """Somebody says in its thread that a finding is fixed."""


@dataclass(frozen=True)
class Wish:
    """What is asked for, and the case with the person who asks.

    A quiet one is no command: a stranger gets no answer. `watch` says why each further push is to be reviewed too.
    """

    case: Case
    intent: Intent | Fixed
    is_quiet: bool = False
    watch: Literal["", "label", "asked"] = ""


async def wish_in(case: Case, event: Asking, bots: tuple[int, ...]) -> Wish | Ignored:
    """The wish of an event, or why there is none in it."""
    nothing = nothing_in(event, case.bot, bots)
    if nothing is not None:
        return nothing
    match event:
        case IssueLabelled():
            return await _labelled_issue(case, event)
        case Commented():
            return _commented(case, event)
        case ThreadReplied():
            return await _replied(case, event)
        case ChangeLabelled():
            return await _labelled_change(case, event)
        case ChangeOpened():
            return await _opened(case, event)
        case ReviewAsked():
            return await _review_asked(case, event)
        case CheckAsked():
            return await _pressed(case, event)


async def triggers(case: Case) -> Trigger:
    """The labels of the routing file as it was last read; the usual ones while there is none that can be read."""

    async def read() -> Trigger:
        known = await case.parts.memory.recall(case.repository.id, "", TRIGGERS)
        return Trigger(label=known["label"], review=known["review"]) if known else await _read_anew(case)

    return await case.step("triggers", _TRIGGER, read)


async def _read_anew(case: Case) -> Trigger:
    workspace = await case.parts.workspace_for(case.repository)
    try:
        trunk = await workspace.fetch(case.repository, case.repository.default_branch)
        found = (await routing_at(workspace, trunk)).trigger
    except OwnerMust:
        found = Trigger()
    await remember_triggers(case, found)
    return found


async def remember_triggers(case: Case, trigger: Trigger) -> None:
    """Keep the labels, so that a label on any issue does not want the repository fetched."""
    facts = {"label": trigger.label, "review": trigger.review}
    await case.parts.memory.remember(case.repository.id, "", TRIGGERS, facts)


async def _labelled_issue(case: Case, event: IssueLabelled) -> Wish | Ignored:
    if event.label != (await triggers(case)).label:
        return Ignored("another label")
    here = replace(case, number=event.number, label=event.label, digest=event.digest)

    async def is_on() -> bool:
        return event.label in (await case.forge.issue(case.repository, event.number)).labels

    # A label that was taken back, or taken by us, asks for nothing: so a webhook that is played again does not.
    return Wish(here, Build()) if await case.step("label", FLAG, is_on) else Ignored("the label is gone")


def _commented(case: Case, event: Commented) -> Wish | Ignored:
    intent = intent_in(event.body, case.bot.login)
    if intent is None:
        return Ignored("no command")
    digest = "" if event.on_change else event.digest
    return Wish(replace(case, number=event.number, comment=event.comment, digest=digest), intent)


async def _replied(case: Case, event: ThreadReplied) -> Wish | Ignored:
    here = replace(case, number=event.number, comment=event.comment, thread=event.first)
    answer, intent = answer_in(event.body, case.bot.login), intent_in(event.body, case.bot.login)
    if answer is None:
        return Ignored("no command") if intent is None or isinstance(intent, Ignore) else Wish(here, intent)
    # What people say to each other is theirs, however much it sounds like an answer.
    if intent is None and all(thread.first != event.first for thread in await here.threads()):
        return Ignored("a thread of others")
    return Wish(here, Fixed() if answer == "fixed" else answer, is_quiet=intent is None)


async def _labelled_change(case: Case, event: ChangeLabelled) -> Wish | Ignored:
    if event.label != (await triggers(case)).review:
        return Ignored("another label")
    here = replace(case, number=event.number)
    change = await here.change()
    if change is not None and event.label not in change.labels:
        return Ignored("the label is gone")
    return Wish(here, ReviewChange(), watch="label")


async def _opened(case: Case, event: ChangeOpened) -> Wish | Ignored:
    if (await triggers(case)).review not in event.labels:
        return Ignored("not asked for")
    return Wish(replace(case, number=event.number), ReviewChange(), is_quiet=True, watch="label")


async def _review_asked(case: Case, event: ReviewAsked) -> Wish | Ignored:
    return Wish(replace(case, number=event.number), ReviewChange(), watch="asked")


_BUTTONS: dict[str, Intent] = {
    "rerun": ReviewChange(full=True),
    "review": ReviewChange(full=True),
    "fix": Fix(),
    "ci": RunCi(),
}


async def _pressed(case: Case, event: CheckAsked) -> Wish | Ignored:
    """The change of a check is the one that its run is about, as we wrote it down ourselves."""

    async def number() -> str:
        if not event.run_id:
            return await _reviewed_at(case, event.head)
        view = await case.parts.ledger.run(event.run_id)
        return view.change if view is not None and view.repository_id == case.repository.id else ""

    found = await case.step("change-of-check", TEXT, number)
    if not found:
        return Ignored("a check that is not ours")
    return Wish(replace(case, number=found), _BUTTONS[event.action])


async def _reviewed_at(case: Case, head: str) -> str:
    """The newest change that was reviewed at this head: whoever runs all checks again names no single one."""
    views = await case.runs_in_repository()
    for number in dict.fromkeys(view.change for view in views if view.change):
        last = await last_review(case.parts.memory, case.repository.id, number)
        if last is not None and last.head == head:
            return number
    return ""
