"""What everything that keeps marks promises, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.contract.ledger_world import CAPS, NOON, answered, call, view

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.audit.ledger.marks import SqlMarks
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase, Severity
from pointsman.domain.marks import (
    MEASURE,
    Account,
    ChangeEnd,
    ChangeMark,
    FindingMark,
    Mark,
    PairMark,
    RunMarks,
    Span,
    What,
    Worked,
)

HERE = "local:1"
MADE = ChangeMark("13", base="b" * 40, head="e" * 40, commit="c" * 40, diff_digest="d" * 64, is_approved=True)
LEFT = RunMarks(
    run_id="r-1",
    repository_id=HERE,
    at=NOON,
    task="bugfix",
    change="13",
    marks=(
        Mark(Phase.CODE, "coder", What.TRIED, 3),
        Mark(Phase.CODE, "coder", What.APPLIED, 2),
        Mark(Phase.CODE, "coder", What.SHARED),
        Mark(Phase.PLAN, "planner", What.SHARED),
    ),
    findings=(
        FindingMark("f-1", "reviewer", "coder", Severity.MAJOR),
        FindingMark("f-2", "reviewer", "coder", Severity.NOTE, "upheld"),
    ),
    made=MADE,
)
MERGED = ChangeEnd("merged", "2026-11-22T08:00:00Z", "a" * 40, is_as_reviewed=True)


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    made = SqlLedger(url)
    yield made
    made.close()


@pytest.fixture
def marks(url: str) -> Iterator[SqlMarks]:
    made = SqlMarks(url)
    yield made
    made.close()


def account(marks: SqlMarks, span: Span | None = None) -> Account:
    return asyncio.run(marks.account(span or Span()))


def row(found: Account, model: str, phase: Phase, task: str = "bugfix") -> Worked:
    (one,) = [row for row in found.worked if (row.model, row.phase, row.task) == (model, phase, task)]
    return one


async def _kept(ledger: SqlLedger, *records: CallRecord) -> None:
    for record in records:
        await ledger.open_call(replace(record, state="sent"), CAPS, HERE)
        await ledger.close_call(record)


def timed(number: int, seconds: float, run: str = "r-1", phase: Phase = Phase.CODE) -> CallRecord:
    return replace(answered(call(f"{run}:{phase}:{number}", run, phase), 0.02), seconds=seconds)


def test_an_installation_that_did_nothing_has_an_empty_account(marks: SqlMarks) -> None:
    assert account(marks) == Account()
    assert asyncio.run(marks.changes()) == ()
    assert asyncio.run(marks.figures("2026-01-01")).of == {}


def test_calls_are_counted_by_model_phase_and_the_task_of_their_run(ledger: SqlLedger, marks: SqlMarks) -> None:
    out = replace(timed(1, 9.0), state="outage", cost_usd=0.0, input_tokens=0, output_tokens=0)
    again = replace(timed(2, 2.0), template="code/1 repair")
    asyncio.run(ledger.keep(replace(view(), task="bugfix")))
    asyncio.run(_kept(ledger, timed(0, 1.5), out, again))
    found = row(account(marks), "small", Phase.CODE)
    assert (found.calls, found.answered, found.outages, found.malformed) == (3, 2, 1, 1)
    assert (found.input_tokens, found.output_tokens, found.cost_usd) == (200, 40, 0.04)
    assert sorted(found.seconds) == [1.5, 2.0]
    assert account(marks).runs == 1


def test_a_call_that_a_crash_cut_off_and_that_was_repeated_is_one_call(ledger: SqlLedger, marks: SqlMarks) -> None:
    async def story() -> None:
        await ledger.open_call(call("r-1:code:0"), CAPS, HERE)
        opened = await ledger.open_call(call("r-1:code:0"), CAPS, HERE)
        await ledger.close_call(answered(opened, 0.02))

    asyncio.run(story())
    assert row(account(marks), "small", Phase.CODE, "").calls == 1


def test_what_a_run_shows_twice_is_counted_once_and_what_it_shows_anew_takes_its_place(marks: SqlMarks) -> None:
    asyncio.run(marks.keep(LEFT))
    asyncio.run(marks.keep(LEFT))
    found = account(marks)
    assert row(found, "coder", Phase.CODE).seen == {What.TRIED: 3, What.APPLIED: 2, What.SHARED: 1}
    assert (row(found, "reviewer", Phase.REVIEW).raised, row(found, "reviewer", Phase.REVIEW).upheld) == (2, 1)
    fewer = replace(LEFT, marks=(Mark(Phase.CODE, "coder", What.TRIED),), findings=LEFT.findings[1:], made=None)
    asyncio.run(marks.keep(fewer))
    found = account(marks)
    assert row(found, "coder", Phase.CODE).seen == {What.TRIED: 1}
    assert row(found, "reviewer", Phase.REVIEW).raised == 1


def test_what_became_of_a_finding_counts_for_the_pair_and_a_repeat_does_not_unsay_it(
    marks: SqlMarks,
) -> None:
    asyncio.run(marks.keep(LEFT))
    asyncio.run(marks.settle(HERE, "13", {"f-1": "ignored", "f-9": "upheld"}))
    asyncio.run(marks.settle("local:2", "13", {"f-2": "ignored"}))
    asyncio.run(marks.keep(LEFT))
    assert account(marks).pairs == (PairMark("coder", "reviewer", raised=2, upheld=1, ignored=1),)


def test_a_finding_that_a_later_run_finds_mended_stays_that_of_who_raised_it(marks: SqlMarks) -> None:
    asyncio.run(marks.keep(LEFT))
    mended = FindingMark("f-1", "another", "people", Severity.MAJOR, "upheld")
    asyncio.run(marks.keep(RunMarks("r-2", HERE, NOON, "bugfix", "13", findings=(mended,))))
    assert account(marks).pairs == (PairMark("coder", "reviewer", raised=2, upheld=2, ignored=0),)


def test_a_merged_change_counts_for_all_who_had_a_share_in_it_and_once_for_each(marks: SqlMarks) -> None:
    fixed = replace(LEFT, run_id="r-2", findings=(), made=replace(MADE, head="f" * 40), marks=LEFT.marks[:3])
    for left in (LEFT, fixed):
        asyncio.run(marks.keep(left))
    assert account(marks).merged == 0
    asyncio.run(marks.ended(HERE, "13", MERGED))
    asyncio.run(marks.ended(HERE, "99", MERGED))
    found = account(marks)
    assert (found.merged, found.trusted, found.closed, found.reverted) == (1, 1, 0, 0)
    assert row(found, "coder", Phase.CODE).merged == row(found, "planner", Phase.PLAN).trusted == {f"{HERE} 13"}
    (change,) = asyncio.run(marks.changes(HERE))
    assert (change.run_id, change.made.head, change.end) == ("r-1", "f" * 40, MERGED)


def test_a_change_is_trusted_only_as_reviewed_approved_and_not_reverted(marks: SqlMarks) -> None:
    asyncio.run(marks.keep(LEFT))
    asyncio.run(marks.ended(HERE, "13", replace(MERGED, is_as_reviewed=False)))
    assert (account(marks).merged, account(marks).trusted) == (1, 0)
    asyncio.run(marks.ended(HERE, "13", MERGED))
    assert account(marks).trusted == 1
    asyncio.run(marks.keep(RunMarks("r-3", HERE, NOON, "bugfix", "13", looked=False)))
    assert account(marks).trusted == 0
    asyncio.run(marks.keep(RunMarks("r-4", HERE, NOON, "bugfix", "13", looked=True)))
    asyncio.run(marks.reverted(HERE, "13", "2026-11-23T08:00:00Z"))
    asyncio.run(marks.reverted(HERE, "13", "2026-11-24T08:00:00Z"))
    found = account(marks)
    assert (found.merged, found.trusted, found.reverted) == (1, 0, 1)
    assert [one.reverted_at for one in asyncio.run(marks.changes())] == ["2026-11-23T08:00:00Z"]


def test_a_span_of_time_and_a_repository_leave_out_the_rest(ledger: SqlLedger, marks: SqlMarks) -> None:
    asyncio.run(ledger.keep(replace(view(), task="bugfix")))
    asyncio.run(_kept(ledger, timed(0, 1.5)))
    asyncio.run(marks.keep(LEFT))
    asyncio.run(marks.ended(HERE, "13", MERGED))
    assert account(marks, Span(repository_id="local:2")) == Account()
    assert account(marks, Span(repository_id=HERE)) == account(marks)
    later = account(marks, Span(since="2026-11-22"))
    assert (later.runs, later.merged, [one.calls for one in later.worked]) == (0, 1, [0, 0])
    assert account(marks, Span(since="2026-11-23")) == Account()


def test_a_decision_sees_medians_of_the_newest_calls_and_nothing_of_a_few(ledger: SqlLedger, marks: SqlMarks) -> None:
    times = (1.0, 8.0, 2.0, 3.0, 40.0)
    asyncio.run(_kept(ledger, *(timed(number, seconds) for number, seconds in enumerate(times[:4]))))
    assert asyncio.run(marks.figures("2026-11-01")).of == {}
    asyncio.run(_kept(ledger, timed(4, times[4]), *(timed(n, 0.5, phase=Phase.PLAN) for n in range(3))))
    found = asyncio.run(marks.figures("2026-11-01"))
    measured = found.usual("small", Phase.CODE)
    assert measured is not None
    assert (measured.calls, measured.latency_ms, measured.input_tokens, measured.output_tokens) == (5, 3000, 100, 20)
    assert found.usual("small", Phase.PLAN) is None
    assert asyncio.run(marks.figures("2026-11-22")).of == {}


def test_small_questions_tell_how_long_a_model_takes_until_real_ones_do(ledger: SqlLedger, marks: SqlMarks) -> None:
    tiny = [replace(timed(number, 0.2, "m-1", Phase.TRIAGE), template=MEASURE) for number in range(5)]
    asyncio.run(_kept(ledger, *tiny))
    found = asyncio.run(marks.figures("2026-11-01"))
    assert (found.latency_ms("small", Phase.CODE), found.usual("small", Phase.TRIAGE)) == (200, None)
    assert found.typical(Phase.TRIAGE) is None
    asyncio.run(_kept(ledger, *(timed(number, 3.0, phase=Phase.TRIAGE) for number in range(5))))
    found = asyncio.run(marks.figures("2026-11-01"))
    measured = found.usual("small", Phase.TRIAGE)
    assert measured is not None and (measured.calls, measured.latency_ms, measured.input_tokens) == (5, 3000, 100)
