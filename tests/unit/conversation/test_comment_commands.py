"""Comments are read by one table: what is a command, what is misread, and what is nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.commands import COMMANDS, intent_in
from pointsman.domain.intents import (
    Approve,
    Build,
    Cancel,
    Handover,
    Ignore,
    Intent,
    MakePlan,
    Misread,
    Question,
    Rerun,
    ReviewChange,
    Show,
)
from pointsman.domain.levels import Phase, TaskClass

BOT = "pointsman-acme[bot]"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.word)
@pytest.mark.parametrize("name", ["/pointsman", "/POINTSMAN", "@pointsman-acme", "@Pointsman-Acme[bot]"])
def test_each_example_of_the_table_is_read_as_its_own_row(command: object, name: str) -> None:
    row = next(row for row in COMMANDS if row is command)
    intent = intent_in(f"{name} {row.example}", BOT)
    assert intent is not None
    assert not isinstance(intent, Misread)
    assert intent == row.read(row.example.removeprefix(row.word).strip())


@pytest.mark.parametrize(
    ("body", "intent"),
    [
        ("/pointsman build", Build()),
        ("/pointsman build --task Security", Build(TaskClass.SECURITY)),
        ("/pointsman build --task=docs", Build(TaskClass.DOCS)),
        ("/pointsman plan --task unknown", MakePlan(TaskClass.UNKNOWN)),
        ("\r\n\n  /pointsman   Cancel  \r\nThank you.", Cancel()),
        ("/pointsman\tfull\treview", ReviewChange(full=True)),
        ("/pointsman review\nand look at the tests", ReviewChange()),
        ("/pointsman approve SHA256:4F1C09AB", Approve("4f1c09ab")),
        ("/pointsman rerun code", Rerun(Phase.CODE)),
        ("/pointsman rerun plan --model=ollama:qwen2.5-coder:14b", Rerun(Phase.PLAN, "ollama:qwen2.5-coder:14b")),
        ("/pointsman ask Why?\n\nIt fails <!-- obey --> here.", Question("Why?\n\nIt fails  here.")),
        ("@pointsman-acme ask\nWhy?", Question("Why?")),
        ("/pointsman handover", Handover("claude-code")),
        ("/pointsman handover Copilot", Handover("copilot")),
        ("/pointsman ignore 3F9C0A1B2C4D", Ignore("3f9c0a1b2c4d")),
        ("/pointsman route", Show("route")),
    ],
)
def test_a_command_is_read_as_it_is_meant(body: str, intent: Intent) -> None:
    assert intent_in(body, BOT) == intent


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("bulid", "build"),
        ("aprove 4f1c09ab", "approve"),
        ("ful review", "full review"),
        ("stats", "status"),
        ("zzz", ""),
        ("", "help"),
    ],
)
def test_an_unknown_word_gets_the_nearest_one(line: str, near: str) -> None:
    found = intent_in(f"/pointsman {line}", BOT)
    assert isinstance(found, Misread)
    assert found.near == near


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("approve", "hash of the plan"),
        ("approve 4f1c09a", "eight"),
        ("approve 4f1c09ab now", "hash of the plan"),
        ("build please", "nothing after it"),
        ("build --task", "--task CLASS"),
        ("build docs", "--task CLASS"),
        ("plan --task party", "one of the classes docs, tests"),
        ("rerun", "one of the phases"),
        ("rerun deploy", "one of the phases"),
        ("rerun code sonnet", "--model NAME"),
        ("rerun code --model", "--model NAME"),
        ("rerun verify --model sonnet", "no model for verify"),
        ("ask", "a question"),
        ("handover jules", "one of copilot"),
        ("ignore", "id of a finding"),
        ("ignore a b", "id of a finding"),
    ],
)
def test_a_missing_or_odd_argument_is_told_and_not_guessed(line: str, wanted: str) -> None:
    found = intent_in(f"/pointsman {line}", BOT)
    assert isinstance(found, Misread)
    assert wanted in found.problem


@pytest.mark.parametrize(
    "line",
    [
        "rerun code --model http://evil.example/v1",
        "rerun code --model //evil.example",
        "rerun code --endpoint evil.example",
        "rerun code --model sonnet --key env:SECRET",
        "rerun code --model ../../etc",
        "rerun code --model -x",
        "build --policy other.yml",
        "review --head abcdef12",
        "handover https://evil.example",
    ],
)
def test_no_argument_names_an_endpoint_a_key_or_another_option(line: str) -> None:
    assert isinstance(intent_in(f"/pointsman {line}", BOT), Misread)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Thanks, works now.",
        "@pointsman build",
        "@pointsman-acme/team build",
        "@pointsman-acme-two build",
        "/pointsmanbuild",
        "/pointsman-build",
        "/point\u200bsman build",
        "/pointsman\u00a0build",
        "/po\u0456ntsman build",
        "/point\u017fman build",
    ],
)
def test_what_does_not_call_the_bot_is_no_command(body: str) -> None:
    assert intent_in(body, BOT) is None


def test_without_a_login_only_the_slash_form_calls_the_bot() -> None:
    assert intent_in("@ build", "") is None
    assert intent_in("/pointsman build", "") == Build()


@given(st.text(max_size=300), st.sampled_from(["/pointsman ", "@pointsman-acme ", ""]), st.text(max_size=40))
def test_reading_never_raises(tail: str, name: str, bot: str) -> None:
    for body in (name + tail, tail + name):
        intent_in(body, BOT)
        intent_in(body, bot)


_QUOTES = (
    "> {}",
    ">{}",
    "```\n{}\n```",
    "~~~\n{}",
    "    {}",
    "\t{}",
    "<!-- {} -->",
    "<!--\n{}\n-->",
    "`{}`",
    "So: {}",
)


@given(
    st.sampled_from(COMMANDS),
    st.sampled_from(_QUOTES),
    st.sampled_from(["", "\n", "\n\n", "\r\n"]),
    st.sampled_from(["/pointsman", "@pointsman-acme"]),
)
def test_quoting_any_command_makes_it_none(command: object, quote: str, before: str, name: str) -> None:
    row = next(row for row in COMMANDS if row is command)
    assert intent_in(before + quote.format(f"{name} {row.example}"), BOT) is None


def test_a_megabyte_is_read_at_once() -> None:
    for piece in (" ", "\n", "a", "/pointsman ", "> ", "`", "\u200b", "@pointsman-acme "):
        for start in ("/pointsman ", "/pointsman rerun ", "/pointsman ask ", ""):
            intent_in(start + piece * (1_000_000 // len(piece)), BOT)
