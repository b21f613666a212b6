"""Every text that the bot says, compared with a file that people have read.

`python -m tests.unit.conversation.test_replies` writes the files anew; read their diff before committing it.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.conversation import told_run as told
from tests.unit.conversation.served_texts import TEXTS as SERVED

from pointsman.conversation import replies
from pointsman.conversation.note_texts import note_in_full, note_part
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Hop

SNAPSHOTS = Path(__file__).parent / "snapshots"
WHY = "its risk is high"
COMMAND = "python -m tests.unit.conversation.test_replies"


FACTS = replies.PageFacts(told.RUN_ID, "Fixes #12", told.spec(), told.earlier(), told.calls(), told.NOTE)


def _page(facts: replies.PageFacts = FACTS) -> str:
    return replies.change_page(facts)


def _failed_page() -> str:
    earlier = replace(told.earlier(), evidence=told.FAILED, reviews=(), tries=told.earlier().tries[:1])
    spec = told.spec(flags=("bidi", "html-comment"))
    return _page(replace(FACTS, earlier=earlier, note=None, not_run=("review: the tests fail",), spec=spec))


def _grave_review() -> str:
    finding = replace(told.FINDING, severity=Severity.BLOCKING, suggestion="    return place", fate="disputed")
    return replies.review_text(replace(told.REVIEW, verdict="changes", findings=(finding,)), told.EVIDENCE)


TEXTS: dict[str, Callable[[], str]] = {
    "change-page": _page,
    "change-page-note-on-the-ref": lambda: note_part(replace(told.NOTE, mode="ref")),
    "change-page-note-in-full": lambda: "\n\n".join(
        (note_part(replace(told.NOTE, mode="comment-only")), note_in_full(told.SIGNED, told.RUN_ID))
    ),
    "change-page-note-too-long": lambda: note_in_full(replace(told.SIGNED, page="a" * 40_000), told.RUN_ID),
    "change-page-failed": _failed_page,
    "status-running": lambda: replies.status_text(told.RUNNING),
    "status-done": lambda: replies.status_text(
        replace(
            told.RUNNING, state="done", result="needs-person", branch="pointsman/12-board", message="The tests fail."
        )
    ),
    "status-waiting": lambda: replies.status_text(
        replace(
            told.RUNNING,
            state="waiting",
            phase="plan",
            plan_hash=told.PLAN.digest,
            message=replies.plan_for_approval(told.PLAN, WHY),
        )
    ),
    "plan-for-approval": lambda: replies.plan_for_approval(told.PLAN, WHY),
    "run-failed": lambda: replies.run_failed(told.RUN_ID, "bad-key"),
    "out-of-reach": lambda: replies.out_of_reach(told.RUN_ID, "code"),
    "status-stood-in": lambda: replies.status_text(
        replace(told.RUNNING, message=replies.waits_for("coder", "rate-limit", "2026-11-21T12:34:20Z")),
        hops=(
            Hop("plan", "fallback", "planner", "spare", "server: no"),
            Hop("plan", "fallback", "spare", "third", "server: no"),
            Hop("code", "fallback", "coder", "spare", "rate-limit: no"),
            Hop("code", "fallback", "spare", "coder", "asked again after a wait"),
            Hop("code", "escalation", "coder", "senior", "stuck"),
        ),
    ),
    "cancelled": lambda: replies.cancelled(told.RUN_ID, "pointsman/12-board"),
    "missing-routing-file": replies.missing_routing_file,
    "review": lambda: replies.review_text(told.REVIEW, told.EVIDENCE),
    "review-grave": _grave_review,
    "check": lambda: replies.check_text(told.REVIEW, told.EVIDENCE),
    **SERVED,
}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_reply_reads_as_its_snapshot(name: str) -> None:
    path = SNAPSHOTS / f"{name}.md"
    assert path.is_file(), f"no snapshot of {name}; write it with: {COMMAND}"
    assert TEXTS[name]().strip() == path.read_text(encoding="utf-8").strip(), f"if this is meant: {COMMAND}"


def test_each_snapshot_belongs_to_a_reply() -> None:
    assert {path.stem for path in SNAPSHOTS.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_reply_pings_anybody_or_holds_html_but_our_own_folds(name: str) -> None:
    text = TEXTS[name]()
    assert "<img" not in text and "<!--" not in text
    assert text.count("<details><summary>") == text.count("\n\n</details>") == text.count("<details>")
    assert "@somebody" not in text.replace("`@somebody`", "")


def test_a_page_never_says_that_tests_pass_when_they_did_not() -> None:
    assert "The tests pass" in _page()
    assert "The tests pass" not in _failed_page()
    assert "The tests pass" not in _page(replace(FACTS, earlier=replace(told.earlier(), evidence=None)))


def test_the_approval_names_the_hash_of_the_very_plan() -> None:
    assert f"pointsman approve {told.RUN_ID} {told.PLAN.digest}" in TEXTS["status-waiting"]()


if __name__ == "__main__":
    for stale in SNAPSHOTS.iterdir():
        stale.unlink()
    for name, text in TEXTS.items():
        (SNAPSHOTS / f"{name}.md").write_text(text().strip() + "\n", encoding="utf-8")
