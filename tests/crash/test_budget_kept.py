"""The process is killed while a paid call is under way: its money is neither lost nor counted twice (C8)."""

from dataclasses import replace
from pathlib import Path

from tests.crash.killing import Moment, killed, rows_of
from tests.crash.wreck import ONE_DIALECT
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PLAN, Stage, replies, staged, usual

PAID = tuple(replace(seat, price=10.0) for seat in ONE_DIALECT)
KILLS = 5
CAP_USD = 0.08
_COUNTED = "SUM(CASE WHEN state != 'sent' THEN cost_nano WHEN superseded THEN 0 ELSE reserved_nano END)"


def test_c8_a_call_that_is_killed_again_and_again_is_reserved_once_and_paid_once(tmp_path: Path) -> None:
    """The run may spend less than the killed calls would come to, were each of them counted."""
    hangs = (Answer(fault="hang"),) * KILLS
    caps = dict.fromkeys(("run_usd", "repository_day_usd", "installation_day_usd"), CAP_USD)
    small = {"max_input_tokens": 4000, "max_output_tokens": 1024}
    with ScriptedServer(usual(planner=(*hangs, replies(PLAN)))) as server:
        stage = staged(tmp_path, server, seats=PAID, caps=caps, defaults=small)
        first = ("run", *stage.about(), "--json")
        for number in range(1, KILLS + 1):
            words = first if number == 1 else ("resume", "--json")
            assert killed(stage, *words, when=_asked(stage, number))
            assert _counted(stage) == _reserved(stage)[-1] > 0
        reserved = _reserved(stage)
        end = stage.does("resume", "--json")

    assert (end.code, end.run["result"]) == (0, "ready"), end
    assert sum(reserved) > CAP_USD * 1e9
    paid = rows_of(stage.home, "SELECT SUM(cost_nano) FROM calls WHERE state = 'answered'")
    assert [(_counted(stage),)] == paid
    assert stage.asked() == ["planner"] * (KILLS + 1) + ["coder", "reviewer"]


def _asked(stage: Stage, requests: int) -> Moment:
    return lambda _: len(stage.asked()) >= requests


def _counted(stage: Stage) -> int:
    """What the budgets count, in nano-dollars."""
    return int(str(rows_of(stage.home, f"SELECT {_COUNTED} FROM calls")[0][0]))


def _reserved(stage: Stage) -> list[int]:
    return [int(str(row[0])) for row in rows_of(stage.home, "SELECT reserved_nano FROM calls ORDER BY seq")]
