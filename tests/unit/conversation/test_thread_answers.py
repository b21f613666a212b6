"""Answers to a finding are read in its thread: that it may rest, that it is fixed, a question, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.answers import answer_in
from pointsman.domain.intents import Ignore, Question


@pytest.mark.parametrize(
    "body",
    [
        "ignore",
        "Ignore this.",
        "Won't fix",
        "won\u2019t fix, it is generated",
        "wontfix",
        "Not a bug: the caller checks.",
        "This is by design because of the old API",
        "false positive!",
        "works as intended",
        "> the finding\n\nIgnored.",
        "/pointsman ignore",
        "@pointsman-acme ignore\nIt is generated.",
    ],
)
def test_a_person_can_say_that_a_finding_may_rest(body: str) -> None:
    assert answer_in(body, "pointsman-acme[bot]") == Ignore("")


def test_a_command_in_a_thread_may_name_another_finding() -> None:
    assert answer_in("/pointsman ignore 3f9c0a1b2c4d") == Ignore("3f9c0a1b2c4d")


@pytest.mark.parametrize(
    "body", ["Fixed", "done!", "Fixed in 1a2b3c4.", "fixed in commit `1a2b3c4d`", "It's fixed, thanks"]
)
def test_a_person_can_say_that_a_finding_is_fixed(body: str) -> None:
    assert answer_in(body) == "fixed"


@pytest.mark.parametrize(
    ("body", "question"),
    [
        ("Why is this a bug?", "Why is this a bug?"),
        ("Not a bug?", "Not a bug?"),
        ("> x\n\nIt is sorted above.\nIs that not enough?", "It is sorted above.\nIs that not enough?"),
        ("/pointsman ask Why", "Why"),
    ],
)
def test_a_question_is_a_question_whatever_it_begins_with(body: str, question: str) -> None:
    assert answer_in(body) == Question(question)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "I agree.",
        "ignore case here",
        "Not fixed",
        "fixed the wrong line I think",
        "> ignore",
        "```\nignore\n```",
        "    ignore",
        "`ignore`",
        "<!-- ignore -->",
        "ig\u200bnore",
        "> why?",
        "/pointsman cancel",
        "/pointsman ignore this one",
    ],
)
def test_what_says_nothing_to_us_is_nothing(body: str) -> None:
    assert answer_in(body) is None


@given(st.text(alphabet="`~> \t\nignorefixd?/*<!->.,'", max_size=200))
def test_reading_an_answer_never_raises(body: str) -> None:
    answer_in(body)


def test_a_megabyte_of_an_answer_is_read_at_once() -> None:
    for piece in ("`", "```\n", "~~~ \n", "> ", "ignore ", "<!--", "?", "- "):
        answer_in(piece * (1_000_000 // len(piece)))
