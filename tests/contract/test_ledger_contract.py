"""What every ledger promises, on SQLite and on a real PostgreSQL of this module's own."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.contract.ledger_world import ANSWER, CAPS, NOON, PYTHONPATH, Postgres, answered, call, fits, placed, view

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import Stopped, TryAgain
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Phase
from pointsman.domain.models import Caps
from pointsman.domain.notes import PersonAct


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    made = SqlLedger(url)
    yield made
    made.close()


def test_a_call_is_remembered_before_and_after_with_every_field(ledger: SqlLedger) -> None:
    async def story() -> None:
        opened = await ledger.open_call(call("r-1:code:0", usd=0.123456789), CAPS, "local:1")
        assert opened == call("r-1:code:0", usd=0.123456789)
        assert await ledger.calls("r-1") == (opened,)
        settled = answered(opened, 0.07)
        await ledger.close_call(settled, ANSWER)
        await ledger.close_call(settled, replace(ANSWER, text="Later."))
        assert (await ledger.calls("r-1"), await ledger.answer_of("r-1:code:0")) == ((settled,), ANSWER)
        await ledger.keep(replace(view(), state="done"))
        assert (await ledger.calls("r-1"), await ledger.answer_of("r-1:code:0")) == ((settled,), None)

    asyncio.run(story())


def test_a_hundred_calls_at_once_on_a_budget_for_three_admit_exactly_three(ledger: SqlLedger) -> None:
    caps = replace(CAPS, run_usd=0.3)

    async def story() -> list[CallRecord | BaseException]:
        opens = (ledger.open_call(call(f"r-1:code:{n}"), caps, "local:1") for n in range(100))
        return await asyncio.gather(*opens, return_exceptions=True)

    results = asyncio.run(story())
    assert sum(isinstance(result, CallRecord) for result in results) == 3
    assert all(isinstance(result, CallRecord | Stopped) for result in results)
    assert len(asyncio.run(ledger.calls("r-1"))) == 3


_RIVAL = """
import asyncio, sys
from dataclasses import replace
from tests.contract.ledger_world import CAPS, call
from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.errors import Stopped

async def story():
    ledger, admitted = SqlLedger(sys.argv[1]), 0
    for n in range(10):
        try:
            await ledger.open_call(call(f"{sys.argv[2]}:{n}"), replace(CAPS, installation_day_usd=0.3), "local:1")
            admitted += 1
        except Stopped:
            pass
    print(admitted)

asyncio.run(story())
"""


def test_four_processes_that_start_at_once_share_one_budget(url: str) -> None:
    arguments = [sys.executable, "-c", _RIVAL, url]
    environment = {"PYTHONPATH": PYTHONPATH}
    rivals = [
        subprocess.Popen([*arguments, f"p{n}"], stdout=subprocess.PIPE, env=environment, text=True) for n in range(4)
    ]
    assert sum(int(rival.communicate(timeout=240)[0]) for rival in rivals) == 3


@pytest.mark.parametrize(
    ("caps", "words"),
    [
        (replace(CAPS, phase_usd=0.25), "the code phase of run r-1"),
        (replace(CAPS, run_usd=0.25), "run r-1"),
        (replace(CAPS, repository_day_usd=0.25), "this repository today"),
        (replace(CAPS, requester_day_usd=0.25), "what this person asked for today"),
        (replace(CAPS, installation_day_usd=0.25), "the whole installation today"),
    ],
)
def test_c2_a_refusal_names_the_cap_what_was_asked_spent_and_allowed_and_how_to_raise_it(
    ledger: SqlLedger, caps: Caps, words: str
) -> None:
    async def story() -> None:
        await ledger.open_call(call("a"), caps, "local:1")
        await ledger.close_call(answered(call("a"), 0.2))
        with pytest.raises(Stopped) as refusal:
            await ledger.open_call(call("b"), caps, "local:1")
        assert refusal.value.code == "budget"
        assert words in refusal.value.message
        assert "asked $0.10, spent or reserved $0.20, allowed $0.25" in refusal.value.message
        assert "raise" in refusal.value.hint

    asyncio.run(story())


def test_each_cap_counts_its_own_calls_and_no_others(ledger: SqlLedger) -> None:
    assert fits(ledger, call("a", usd=0.2))
    tight = Caps(phase_usd=0.2, run_usd=0.4, repository_day_usd=0.6, installation_day_usd=0.8)
    assert not fits(ledger, call("b", usd=0.1), tight)
    assert fits(ledger, call("c", phase=Phase.REVIEW, usd=0.2), tight)
    assert not fits(ledger, call("d", phase=Phase.PLAN, usd=0.1), tight)
    assert fits(ledger, call("e", run_id="r-2", usd=0.2), tight)
    assert not fits(ledger, call("f", run_id="r-3", usd=0.1), tight)
    assert fits(ledger, call("g", run_id="r-4", usd=0.2), tight, "local:2")
    assert not fits(ledger, call("h", run_id="r-5", usd=0.1), tight, "local:3")
    assert fits(ledger, call("i", run_id="r-5", usd=0.1, at="2026-11-22T00:00:00Z"), tight, "local:3")


def test_a_call_that_costs_nothing_fits_even_when_a_cap_was_lowered_below_what_is_spent(ledger: SqlLedger) -> None:
    nothing = Caps(phase_usd=0, run_usd=0, repository_day_usd=0, installation_day_usd=0)
    assert fits(ledger, call("a", usd=0.2))
    assert not fits(ledger, call("b", usd=0.000001), nothing)
    assert fits(ledger, call("c", usd=0), nothing)


def test_the_day_of_a_call_is_counted_in_utc(ledger: SqlLedger) -> None:
    caps = replace(CAPS, installation_day_usd=0.1)
    assert fits(ledger, call("a", at="2026-11-21T23:59:59Z"), caps)
    assert not fits(ledger, call("b", at="2026-11-22T01:30:00+02:00"), caps)
    assert fits(ledger, call("c", at="2026-11-21T23:00:00-02:00"), caps)


def test_a_settled_call_gives_back_what_it_did_not_use(ledger: SqlLedger) -> None:
    caps = replace(CAPS, run_usd=0.1)
    assert fits(ledger, call("a"), caps)
    assert not fits(ledger, call("b", usd=0.05), caps)
    asyncio.run(ledger.close_call(answered(call("a"), 0.05)))
    assert fits(ledger, call("b", usd=0.05), caps)


def test_free_calls_fit_into_an_empty_budget_and_paid_ones_do_not(ledger: SqlLedger) -> None:
    nothing = Caps(0.0, 0.0, 0.0, 0.0)
    assert fits(ledger, call("a", usd=0.0), nothing)
    assert not fits(ledger, call("b", usd=0.000000001), nothing)


def test_what_is_no_amount_of_money_is_never_booked(ledger: SqlLedger) -> None:
    for wrong in (float("nan"), float("inf"), -0.1):
        with pytest.raises(ValueError, match="no amount of money"):
            asyncio.run(ledger.open_call(call("a", usd=wrong), CAPS, "local:1"))
    assert asyncio.run(ledger.calls("r-1")) == ()


def test_c8_a_repeat_after_a_crash_gets_the_next_attempt_and_its_reservation_counts_once(ledger: SqlLedger) -> None:
    caps = replace(CAPS, run_usd=0.1)
    assert fits(ledger, call("a"), caps)
    assert fits(ledger, call("a"), caps)
    (kept,) = asyncio.run(ledger.calls("r-1"))
    assert (kept.attempt, kept.state) == (2, "sent")
    assert not fits(ledger, call("b", usd=0.01), caps)


def test_c8_a_refused_repeat_leaves_the_reservation_of_the_cut_off_call(ledger: SqlLedger) -> None:
    assert fits(ledger, call("a", usd=0.1))
    assert not fits(ledger, call("a", usd=0.3), replace(CAPS, run_usd=0.2))
    assert not fits(ledger, call("b", usd=0.15), replace(CAPS, run_usd=0.2))


def test_c8_an_answer_that_was_paid_still_counts_when_its_step_is_repeated(ledger: SqlLedger) -> None:
    async def story() -> None:
        await ledger.keep(view())
        first = await ledger.open_call(call("a"), CAPS, "local:1")
        await ledger.close_call(answered(first, 0.1))
        second = await ledger.open_call(call("a"), CAPS, "local:1")
        await ledger.close_call(answered(second, 0.1))
        run = await ledger.run("r-1")
        assert run is not None
        assert (run.cost_usd, run.calls, run.input_tokens, run.output_tokens) == (0.2, 2, 200, 40)
        assert [record.attempt for record in await ledger.calls("r-1")] == [2]

    asyncio.run(story())


def test_c8_an_answer_that_comes_after_its_repeat_was_opened_is_paid_too(ledger: SqlLedger) -> None:
    async def story() -> None:
        first = await ledger.open_call(call("a"), CAPS, "local:1")
        await ledger.open_call(call("a"), CAPS, "local:1")
        await ledger.close_call(answered(first, 0.1))

    asyncio.run(story())
    assert not fits(ledger, call("b", usd=0.1), replace(CAPS, run_usd=0.2))


def test_settling_twice_counts_once_and_the_first_settlement_stands(ledger: SqlLedger) -> None:
    async def story() -> None:
        opened = await ledger.open_call(call("a"), CAPS, "local:1")
        await ledger.close_call(answered(opened, 0.1))
        await ledger.close_call(answered(opened, 0.0))
        (kept,) = await ledger.calls("r-1")
        assert kept.cost_usd == 0.1

    asyncio.run(story())


def test_u9_a_settlement_for_a_call_that_a_restored_ledger_never_saw_is_still_money_spent(ledger: SqlLedger) -> None:
    async def story() -> None:
        await ledger.keep(view())
        await ledger.close_call(answered(call("a"), 0.1))

    asyncio.run(story())
    assert not fits(ledger, call("b", run_id="r-2"), replace(CAPS, repository_day_usd=0.15))


def test_a_run_shows_tokens_cost_and_calls_summed_from_its_calls(ledger: SqlLedger) -> None:
    async def story() -> None:
        assert await ledger.run("r-1") is None
        await ledger.keep(replace(view(), cost_usd=99.0, calls=99))
        assert await ledger.run("r-1") == view()
        for number in range(3):
            opened = await ledger.open_call(call(f"r-1:code:{number}"), CAPS, "local:1")
            await ledger.close_call(answered(opened, 0.1))
        assert await ledger.run("r-1") == replace(view(), input_tokens=300, output_tokens=60, cost_usd=0.3, calls=3)
        await ledger.keep(replace(view(), state="done", result="ready", branch="pointsman/7", exit_code=1))
        done = await ledger.run("r-1")
        assert done is not None
        assert (done.state, done.result, done.branch, done.exit_code, done.calls) == (
            "done",
            "ready",
            "pointsman/7",
            1,
            3,
        )

    asyncio.run(story())


def test_the_newest_runs_come_first_all_or_of_one_repository(ledger: SqlLedger) -> None:
    async def story() -> None:
        for number in range(4):
            await ledger.keep(view(f"r-{number}", f"local:{number % 2}", f"2026-11-21T12:00:0{number}Z"))
        assert [run.run_id for run in await ledger.runs()] == ["r-3", "r-2", "r-1", "r-0"]
        assert [run.run_id for run in await ledger.runs("local:1")] == ["r-3", "r-1"]
        assert [run.run_id for run in await ledger.runs(limit=1)] == ["r-3"]

    asyncio.run(story())


def test_a_forked_run_shows_its_parents_calls_up_to_the_phase_that_it_does_again(ledger: SqlLedger) -> None:
    async def story() -> None:
        for run_id, parent in (("r-1", ""), ("r-2", "r-1"), ("r-3", "r-2")):
            await ledger.keep(view(run_id, parent=parent))
        for phase in (Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.REVIEW):
            await ledger.open_call(call(f"r-1:{phase}", phase=phase), CAPS, "local:1")
        assert [record.call_id for record in await ledger.calls("r-2")] == [
            "r-1:triage",
            "r-1:plan",
            "r-1:code",
            "r-1:review",
        ]
        await ledger.open_call(call("r-2:code", run_id="r-2", phase=Phase.CODE), CAPS, "local:1")
        await ledger.open_call(call("r-2:review", run_id="r-2", phase=Phase.REVIEW), CAPS, "local:1")
        await ledger.open_call(call("r-3:review", run_id="r-3", phase=Phase.REVIEW), CAPS, "local:1")
        assert [record.call_id for record in await ledger.calls("r-2")] == [
            "r-1:triage",
            "r-1:plan",
            "r-2:code",
            "r-2:review",
        ]
        assert [record.call_id for record in await ledger.calls("r-3")] == [
            "r-1:triage",
            "r-1:plan",
            "r-2:code",
            "r-3:review",
        ]

    asyncio.run(story())


def test_a_forked_run_does_not_pay_for_its_parent(ledger: SqlLedger) -> None:
    asyncio.run(ledger.keep(view("r-2", parent="r-1")))
    caps = replace(CAPS, run_usd=0.1)
    assert fits(ledger, call("a"), caps)
    assert fits(ledger, call("b", run_id="r-2"), caps)


def test_what_people_did_is_kept_in_order_and_once(ledger: SqlLedger) -> None:
    request = PersonAct(actor_id=2**40, login="ada", act="request", detail="", at=NOON)
    approval = PersonAct(actor_id=7, login="bob", act="approve", detail="plan abc", at="2026-11-21T12:05:00Z")

    async def story() -> None:
        for act in (request, approval, request):
            await ledger.act("r-1", act)
        assert await ledger.acts("r-1") == (request, approval)
        assert await ledger.acts("r-2") == ()

    asyncio.run(story())


def test_overrides_are_kept_by_run(ledger: SqlLedger) -> None:
    async def story() -> None:
        await ledger.override("r-1", "code", "big", "{}")
        await ledger.override("r-1", "code", "bigger", '{"n": 1}')
        await ledger.override("r-1", "review", "other", "{}")
        assert await ledger.overrides("r-1") == {"code": '{"n": 1}', "review": "{}"}
        assert await ledger.overrides("r-2") == {}

    asyncio.run(story())


def test_the_head_of_the_chain_moves_only_from_where_it_stands(ledger: SqlLedger) -> None:
    async def story() -> None:
        assert await ledger.note_head("local:1") == ""
        await ledger.take_place(placed("aa", "r-1"))
        with pytest.raises(TryAgain) as faster:
            await ledger.take_place(placed("bb", "r-2"))
        assert faster.value.code == "note-head"
        await ledger.take_place(placed("bb", "r-2", "aa"))
        await ledger.take_place(placed("aa", "r-1"))
        await ledger.take_place(placed("cc", "r-2", "aa"))
        assert await ledger.note_head("local:1") == "cc"
        await ledger.take_place(placed("dd", "r-3", "cc"))
        assert await ledger.note_chain("local:1") == ("aa", "bb", "cc", "dd")
        assert await ledger.note_head("local:2") == ""

    asyncio.run(story())


def test_a_note_that_came_to_no_branch_is_forgotten_unless_another_follows_it(ledger: SqlLedger) -> None:
    async def story() -> None:
        await ledger.take_place(placed("aa", "r-1"))
        await ledger.take_place(placed("bb", "r-2", "aa"))
        await ledger.give_back_note_head("local:1", "aa", "r-1")
        assert await ledger.note_chain("local:1") == ("aa", "bb")
        await ledger.give_back_note_head("local:1", "bb", "r-2")
        assert await ledger.note_chain("local:1") == ("aa",)

    asyncio.run(story())


def test_of_many_that_move_the_head_at_once_one_wins(ledger: SqlLedger) -> None:
    async def story() -> list[BaseException | None]:
        moves = (ledger.take_place(placed(f"d{n}", f"r-{n}")) for n in range(20))
        return await asyncio.gather(*moves, return_exceptions=True)

    assert asyncio.run(story()).count(None) == 1
    assert len(asyncio.run(ledger.note_chain("local:1"))) == 1


def test_one_ledger_serves_several_event_loops_one_after_the_other(ledger: SqlLedger) -> None:
    for number in range(5):
        asyncio.run(ledger.keep(view(f"r-{number}")))
    assert len(asyncio.run(ledger.runs())) == 5


def test_a_ledger_opened_again_remembers_everything(url: str) -> None:
    for number in range(2):
        ledger = SqlLedger(url)
        asyncio.run(ledger.open_call(call(f"r-1:code:{number}"), CAPS, "local:1"))
        ledger.close()
    again = SqlLedger(url)
    assert len(asyncio.run(again.calls("r-1"))) == 2
    again.close()


def test_a_postgres_that_is_down_says_try_again_and_works_once_it_is_back(postgres: Postgres) -> None:
    ledger = SqlLedger(postgres.url())
    asyncio.run(ledger.keep(view()))
    postgres.stop()
    try:
        with pytest.raises(TryAgain) as down:
            asyncio.run(ledger.open_call(call("a"), CAPS, "local:1"))
        assert down.value.code == "ledger-busy"
    finally:
        postgres.start()
    asyncio.run(ledger.open_call(call("a"), CAPS, "local:1"))
    assert len(asyncio.run(ledger.calls("r-1"))) == 1
    ledger.close()
