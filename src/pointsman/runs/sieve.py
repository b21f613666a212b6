"""Which events hold nothing for us, told from their own words: nobody is asked, and nothing slow is imported."""

from pointsman.conversation.answers import answer_in
from pointsman.conversation.commands import intent_in
from pointsman.domain.events import (
    ChangeLabelled,
    ChangeOpened,
    CheckAsked,
    Commented,
    Event,
    Ignored,
    IssueLabelled,
    RepositoriesAdded,
    ReviewAsked,
    ThreadReplied,
)
from pointsman.domain.run import Actor


def nothing_in(event: Event, me: Actor, bots: tuple[int, ...]) -> Ignored | None:
    """Why nothing follows from an event, whoever sent it and whatever the repository says; None when something may.

    `bots` are the numeric ids of the bots that may ask; no other bot is heard.
    """
    if isinstance(event, RepositoriesAdded):
        return None
    if event.actor.id == me.id:
        return Ignored("own")
    match event:
        case Commented(body=body) | ThreadReplied(body=body):
            if intent_in(body, me.login) is None and not _is_answer(event, body, me):
                return Ignored("no command")
            if event.via_app and not event.actor.is_bot:
                return Ignored("a program in somebody's name")
            return _stranger(event.actor, bots)
        case ReviewAsked():
            return Ignored("somebody else was asked") if event.reviewer.id != me.id else _stranger(event.actor, bots)
        case IssueLabelled() | ChangeLabelled() | ChangeOpened() | CheckAsked():
            return _stranger(event.actor, bots)
        case _:
            return None


def _is_answer(event: Commented | ThreadReplied, body: str, me: Actor) -> bool:
    return isinstance(event, ThreadReplied) and answer_in(body, me.login) is not None


def _stranger(actor: Actor, bots: tuple[int, ...]) -> Ignored | None:
    return Ignored("bot") if actor.is_bot and actor.id not in bots else None
