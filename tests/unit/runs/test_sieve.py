"""Most of what a forge tells holds nothing for us; that is seen without asking anybody."""

import pytest

from pointsman.domain.events import (
    ChangeLabelled,
    ChangeOpened,
    ChangePushed,
    CheckAsked,
    Commented,
    Event,
    IssueLabelled,
    Origin,
    RepositoriesAdded,
    ReviewAsked,
    ThreadReplied,
)
from pointsman.domain.run import Actor
from pointsman.runs.sieve import nothing_in

ME = Actor(99, "pointsman-acme[bot]", is_bot=True)
ADA = Actor(1, "ada")
BOT = Actor(7, "other[bot]", is_bot=True)
HERE = Origin("github", "5", "acme/shop")


def said(body: str, actor: Actor = ADA, *, via_app: bool = False) -> Commented:
    return Commented(HERE, "3", False, "c1", body, actor, via_app, "")


def answered(body: str, actor: Actor = ADA) -> ThreadReplied:
    return ThreadReplied(HERE, "3", "t2", "t1", body, actor, False)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (said("Thanks, looks right."), "no command"),
        (said("> /pointsman build"), "no command"),
        (said("/pointsman build", ME), "own"),
        (said("/pointsman build", BOT), "bot"),
        (said("/pointsman build", via_app=True), "a program in somebody's name"),
        (answered("I see."), "no command"),
        (answered("ignore", BOT), "bot"),
        (IssueLabelled(HERE, "3", "pointsman", BOT, ""), "bot"),
        (ChangeLabelled(HERE, "3", "pointsman:review", "a" * 40, BOT), "bot"),
        (ChangeOpened(HERE, "3", "a" * 40, ("pointsman:review",), BOT), "bot"),
        (CheckAsked(HERE, "a" * 40, "r-1", "review", BOT), "bot"),
        (ReviewAsked(HERE, "3", "a" * 40, ADA, ADA), "somebody else was asked"),
    ],
)
def test_what_holds_nothing_is_let_go_with_the_reason(event: Event, why: str) -> None:
    nothing = nothing_in(event, ME, ())
    assert nothing is not None
    assert nothing.reason == why


@pytest.mark.parametrize(
    "event",
    [
        said("/pointsman build"),
        said("@pointsman-acme help"),
        said("/pointsman build", BOT),
        answered("ignore", ADA),
        answered("Why is that so?"),
        answered("/pointsman fix"),
        ReviewAsked(HERE, "3", "a" * 40, ME, ADA),
        IssueLabelled(HERE, "3", "pointsman", ADA, ""),
        IssueLabelled(HERE, "3", "pointsman", BOT, ""),
        ChangePushed(HERE, "3", "a" * 40, "b" * 40, "topic", (), Actor(8, "third[bot]", is_bot=True)),
        RepositoriesAdded((HERE,), ADA),
    ],
)
def test_what_may_hold_something_goes_on(event: Event) -> None:
    assert nothing_in(event, ME, (BOT.id,)) is None
