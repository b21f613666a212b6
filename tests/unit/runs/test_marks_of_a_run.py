"""What a run shows at its end is counted once, by model and phase, whatever happened on the way."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import FIXED, OUT, REVIEWER, Line, route, routes, says
from tests.unit.runs.booked_models import booked
from tests.unit.runs.served_world import BLOCK, FINE, PLAN, SHOP, Served, review_of
from tests.unit.runs.test_conduct_of_a_fix import BOUND, NAME
from tests.unit.runs.test_conduct_of_a_fix import asked as fix_asked
from tests.unit.runs.test_conduct_of_a_review import ODD, REMARK
from tests.unit.runs.test_conduct_of_a_review import asked as review_order

from pointsman.audit.ledger.marks import SqlMarks
from pointsman.domain.errors import OperatorMust, TryAgain
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.marks import Account, ChangeMark, FindingMark, PairMark, RunMarks, Span, What
from pointsman.domain.run import Route, RunSpec

WRONG = BLOCK.replace("high))\n>>>", "low + 1))\n>>>")
BETTER = BLOCK.replace("min(value, low))", "min(value, low + 1))")
WORSE = BETTER.replace("min(value, high))", "min(value, low + 2 - 1))")
GRAVE = {
    "path": "bounds.py",
    "quote": "    return max(low, min(value, high)) or high",
    "severity": "major",
    "kind": "bug",
    "message": "A zero is taken for nothing.",
    "failing_input": "clamp(0, 0, 3)",
}
CLUMSY = BLOCK.replace("high))\n>>>", "high)) or high\n>>>")
MENDED = BLOCK.replace("min(value, low))", "min(value, high)) or high")
ZERO = "```python\nfrom bounds import clamp\n\n\ndef test_zero():\n    assert clamp(0, 0, 3) == 0\n```\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = booked(Served(tmp_path, []))
    yield world
    world.close()


def scripted(world: Served, *lines: Line) -> Served:
    world.world.models.script[:] = [says(data=PLAN), *lines]
    return world


def account(world: Served) -> Account:
    return asyncio.run(world.marks.account(Span()))


def seen(world: Served, model: str, phase: Phase) -> dict[What, int]:
    rows = [row for row in account(world).worked if (row.model, row.phase) == (model, phase)]
    assert {row.task for row in rows} == {"bugfix"}, rows
    return {what: count for row in rows for what, count in row.seen.items()}


def test_tries_and_tests_are_those_of_the_coder_and_verdicts_those_of_the_reviewer(served: Served) -> None:
    assert scripted(served, says(WRONG), says(BETTER), says(data=FINE)).runs(served.spec()).result == "ready"
    coder = {What.TRIED: 2, What.APPLIED: 2, What.FAILED: 1, What.PASSED: 1, What.SHARED: 1}
    assert seen(served, "mid", Phase.CODE) == coder
    assert seen(served, "reviewer", Phase.REVIEW) == {What.APPROVED: 1, What.SHARED: 1}
    (change,) = asyncio.run(served.marks.changes(SHOP.id))
    (order,) = served.forge.changes.values()
    assert (change.run_id, change.made.key, change.made.head) == ("r-1", "13", order.head_commit)
    assert change.made.is_approved and not change.is_trusted


def test_an_edit_that_cannot_be_read_is_tried_and_not_applied_and_its_question_is_asked_again(served: Served) -> None:
    scripted(served, says("I would change the bound."), says(""), says(f"```python\n{FIXED}```"), says(data=FINE))
    assert served.runs(served.spec()).result == "ready"
    assert [ask.template for ask in served.world.models.asks][1:4] == [
        "code-blocks/1",
        "code-blocks/1 repair",
        "code-whole/2",
    ]
    coder = {What.TRIED: 2, What.UNREADABLE: 1, What.APPLIED: 1, What.PASSED: 1, What.SHARED: 1}
    assert seen(served, "mid", Phase.CODE) == coder
    (row,) = [row for row in account(served).worked if row.phase is Phase.CODE]
    assert (row.calls, row.malformed) == (3, 1)


def test_a_plan_that_could_not_be_read_at_first_is_a_malformed_answer(served: Served) -> None:
    scripted(served, says(BLOCK), says(data=FINE))
    served.world.models.script.insert(0, says("Sure!"))
    assert served.runs(served.spec()).result == "ready"
    (row,) = [row for row in account(served).worked if row.phase is Phase.PLAN]
    assert (row.calls, row.malformed) == (2, 1)
    assert [ask.template for ask in served.world.models.asks[:2]] == ["plan/1", "plan/1 repair"]


def test_a_finding_that_the_coder_mends_within_the_run_is_upheld_for_the_pair(served: Served) -> None:
    scripted(served, says(CLUMSY), review_of(GRAVE), says(ZERO), says(MENDED), says(data=FINE | {"mended": ["1"]}))
    assert served.runs(served.spec()).result == "ready"
    assert account(served).pairs == (PairMark("mid", "reviewer", raised=1, upheld=1, ignored=0, confirmed=1),)
    assert seen(served, "reviewer", Phase.REVIEW) == {What.OBJECTED: 1, What.APPROVED: 1, What.SHARED: 1}


@pytest.mark.parametrize(
    ("test", "marked"),
    [
        (ZERO.replace("== 0", "== 3"), {"refuted": 1}),
        ("CANNOT", {"unconfirmed": 1}),
        (ZERO.replace("clamp(0, 0, 3) == 0", "clamp(7, 7, 9) == 8"), {"older": 1}),
    ],
)
def test_what_the_test_of_a_finding_came_to_is_counted_for_the_pair(
    served: Served, test: str, marked: dict[str, int]
) -> None:
    scripted(served, says(CLUMSY), review_of(GRAVE), says(test))
    served.runs(served.spec())
    assert account(served).pairs == (PairMark("mid", "reviewer", raised=1, upheld=0, ignored=0, **marked),)


def test_a_finding_that_the_coder_never_mends_is_disputed_for_the_pair(served: Served) -> None:
    scripted(served, says(CLUMSY), review_of(GRAVE), says(ZERO), *[says("I would not know how.")] * 12)
    assert served.runs(served.spec()).result == "needs-person"
    (pair,) = account(served).pairs
    assert pair == PairMark("mid", "reviewer", raised=1, upheld=0, ignored=0, confirmed=1, disputed=1)


def test_a_model_that_was_out_is_marked_and_so_is_one_that_was_relieved(served: Served) -> None:
    spare = replace(REVIEWER, name="spare", id="spare")
    strong = replace(REVIEWER, name="senior", id="senior", family="third")
    by_phase = {**routes(routes()[Phase.CODE].primary, strong), Phase.REVIEW: route(Phase.REVIEW, REVIEWER)}
    by_phase[Phase.REVIEW] = replace(by_phase[Phase.REVIEW], fallback=(spare,))
    scripted(served, says(WRONG), says(WORSE), says(BLOCK), replace(OUT, model="reviewer"), says(data=FINE))
    view = served.runs(with_routes(served.spec(), by_phase))
    assert view.result == "ready", view
    assert seen(served, "mid", Phase.CODE)[What.ESCALATION] == 1
    assert seen(served, "senior", Phase.CODE)[What.PASSED] == 1
    assert seen(served, "reviewer", Phase.REVIEW) == {What.FALLBACK: 1}
    assert seen(served, "spare", Phase.REVIEW) == {What.APPROVED: 1, What.SHARED: 1}


def with_routes(spec: RunSpec, by_phase: dict[Phase, Route]) -> RunSpec:
    orders = {task: replace(order, routes=by_phase) for task, order in spec.orders.items()}
    return replace(spec, orders=orders)


def test_an_approval_within_the_family_is_none_that_is_trusted(served: Served) -> None:
    cousin = replace(REVIEWER, family="f")
    spec = with_routes(served.spec(), {**routes(), Phase.REVIEW: route(Phase.REVIEW, cousin)})
    scripted(served, says(BLOCK), says(data=FINE))
    assert served.runs(replace(spec, review=replace(spec.review, separation="model"))).result == "ready"
    (change,) = asyncio.run(served.marks.changes())
    assert not change.made.is_approved


def test_a_run_that_failed_and_goes_on_is_counted_once(served: Served) -> None:
    scripted(served, says(WRONG), says(BETTER), says(data=FINE))
    served.forge.mishaps["branch"] = [OperatorMust("No.", code="account")]
    assert served.runs(served.spec()).state == "failed"
    assert seen(served, "mid", Phase.CODE)[What.TRIED] == 2
    asyncio.run(_goes_on(served))
    assert seen(served, "mid", Phase.CODE)[What.TRIED] == 2
    assert len(asyncio.run(served.marks.changes())) == 1


async def _goes_on(world: Served) -> None:
    await world.engine.start()
    try:
        assert await world.engine.resume("r-1")
        await world._until(lambda: world.engine.ended("r-1"))
    finally:
        await world.engine.stop()


def test_a_run_that_is_forked_at_its_review_counts_only_the_new_review(served: Served) -> None:
    scripted(served, says(CLUMSY), review_of(GRAVE), says(ZERO), says(MENDED), says(data=FINE | {"mended": ["1"]}))
    assert served.runs(served.spec()).result == "ready"
    before = seen(served, "mid", Phase.CODE)
    served.world.models.script[:] = [says(data=FINE)]
    asyncio.run(_forked(served))
    after = seen(served, "mid", Phase.CODE)
    assert after == before | {What.SHARED: after[What.SHARED]}
    assert seen(served, "reviewer", Phase.REVIEW)[What.APPROVED] == 2
    assert account(served).pairs == (PairMark("mid", "reviewer", raised=1, upheld=1, ignored=0, confirmed=1),)


async def _forked(world: Served) -> None:
    await world.engine.start()
    try:
        await world.engine.rerun("r-1", Phase.REVIEW, "r-2", None)
        await world._until(lambda: world.engine.ended("r-2"))
    finally:
        await world.engine.stop()


class Broken(SqlMarks):
    """Marks on a database that is busy twice, and then fails in a way that nobody thought of."""

    tries = 0

    async def keep(self, left: RunMarks) -> None:
        self.tries += 1
        raise TryAgain("Busy.", after=1.0) if self.tries < 3 else ZeroDivisionError


def test_a_run_comes_to_its_end_also_when_its_marks_cannot_be_kept(served: Served) -> None:
    broken = Broken("sqlite://")
    served.engine.adapters = replace(served.engine.adapters, marks=broken)
    assert scripted(served, says(BLOCK), says(data=FINE)).runs(served.spec()).result == "ready"
    assert broken.tries == 3


def test_the_class_of_task_stands_in_the_row_of_the_run(served: Served) -> None:
    scripted(served, says(BLOCK), says(data=FINE))
    served.world.models.script.insert(0, says(data={"task": "feature", "why": "new"}))
    assert served.runs(replace(served.spec(), hinted=None)).task == TaskClass.FEATURE


CHANGE = ChangeMark("13", "base", "head", "code", "d" * 64, is_approved=True)
BEFORE = RunMarks(
    run_id="r-0",
    repository_id=SHOP.id,
    at="2026-11-20T10:00:00Z",
    task="bugfix",
    change="13",
    findings=tuple(FindingMark(one.id, "reviewer", "coder", one.severity) for one in (BOUND, NAME)),
    made=CHANGE,
)


def test_a_fix_upholds_what_it_mends_and_moves_the_head_of_its_change(served: Served) -> None:
    asyncio.run(served.marks.keep(BEFORE))
    served.world.models.script[:] = [says(BLOCK), review_of()]
    assert served.runs(fix_asked(served)).state == "done"
    (pair,) = account(served).pairs
    assert pair == PairMark("coder", "reviewer", raised=2, upheld=1, ignored=0)
    (change,) = asyncio.run(served.marks.changes())
    (order,) = served.forge.changes.values()
    assert (change.run_id, change.made.head, change.made.base) == ("r-0", order.head_commit, "base")


@pytest.mark.parametrize(("findings", "approved"), [((), True), ((REMARK,), False)])
def test_a_later_review_of_a_change_says_anew_whether_it_is_approved(
    served: Served, findings: tuple[dict[str, str], ...], approved: bool
) -> None:
    asyncio.run(served.marks.keep(replace(BEFORE, made=replace(CHANGE, is_approved=not approved))))
    served.world.models.script[:] = [review_of(*findings), says("CANNOT")]
    assert served.runs(review_order(served, {"bounds.py": ODD if findings else FIXED})).result == "reviewed"
    (change,) = asyncio.run(served.marks.changes())
    assert change.made.is_approved is approved
    coders = {pair.coder: pair.raised for pair in account(served).pairs}
    assert coders == ({"coder": 2, "people": 1} if findings else {"coder": 2})
