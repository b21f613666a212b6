"""Rows of figures are put together without counting anything twice, and a cost is never divided by nothing."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.conversation.figures import round_tokens
from pointsman.conversation.statistics import (
    cost_per_trusted,
    fates,
    headline,
    judged,
    malformed,
    percentile,
    rows_by,
)
from pointsman.domain.levels import Phase
from pointsman.domain.marks import Account, What, Worked

CHANGES = frozenset({"local 13", "local 14"})
PLAN = Worked("strong", Phase.PLAN, "bugfix", 2, 2, 0, 1, 100, 10, 0.5, (1.0, 3.0), merged=CHANGES)
CODE = Worked(
    "strong",
    Phase.CODE,
    "bugfix",
    calls=3,
    answered=2,
    cost_usd=0.25,
    seconds=(2.0, 9.0),
    seen={What.TRIED: 2, What.APPLIED: 1, What.PASSED: 1, What.UNREADABLE: 1},
    merged=frozenset({"local 13"}),
)
DOCS = Worked("strong", Phase.CODE, "docs", calls=1, answered=1, seconds=(4.0,), seen={What.TRIED: 1, What.FAILED: 1})
ALL = Account((PLAN, CODE, DOCS), runs=4, merged=2, trusted=1, closed=1, reverted=1)


def test_rows_are_by_model_and_phase_and_finer_or_coarser_when_asked() -> None:
    assert [(row.phase, row.task, row.calls) for row in rows_by(ALL)] == [(Phase.PLAN, "", 2), (Phase.CODE, "", 4)]
    assert [row.task for row in rows_by(ALL, "task")] == ["bugfix", "bugfix", "docs"]
    assert [(row.model, row.calls) for row in rows_by(ALL, "phase")] == [("", 2), ("", 4)]
    (one,) = rows_by(ALL, "model")
    assert (one.calls, one.cost_usd, one.merged) == (6, 0.75, CHANGES)
    assert (malformed(one), judged(one), percentile(one.seconds, 0.5)) == (2, 2, 3.0)


def test_the_first_line_is_the_cost_per_trusted_change_and_what_it_is_made_of() -> None:
    assert cost_per_trusted(ALL) == 0.75
    assert headline(ALL, "2026-11-01") == (
        "Cost per trusted change: $0.75 ($0.75 in 4 runs for 1 trusted change, since 2026-11-01)."
    )
    assert fates(ALL) == "2 changes merged, 1 of them trusted; 1 closed unmerged, 1 taken back."


def test_without_a_trusted_change_there_is_no_cost_and_certainly_not_zero() -> None:
    none = Account((PLAN,), runs=1)
    assert cost_per_trusted(none) is None
    assert headline(none, "") == "No trusted change yet: $0.50 in 1 run in all."


def test_tokens_are_told_in_three_digits() -> None:
    told = [round_tokens(count) for count in (0, 940, 9_400, 140_233, 1_140_233, 25_000_000)]
    assert told == ["0", "940", "9.4k", "140k", "1.1M", "25M"]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from((0.5, 0.95, 1.0)))
def test_a_percentile_is_a_value_that_was_seen_and_holds_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)
