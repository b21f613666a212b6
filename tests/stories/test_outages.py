"""A vendor goes down in the middle of the work, on the command line: who takes over, who is left alone, who waits."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.crash.killing import journal, killed
from tests.stories.test_bad_input_models import last_run
from tests.worlds.mishaps import told_once
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, SEATS, Stage, edit, fields, rows, staged, usual

ROUTES = "plan: planner\ncode: {model: coder, fallback: [spare]}\nqa: reviewer\n"
HALF = edit("price - percent * 3")
DOWN = Answer(fault="cut-off")
BUSY = Answer(status=503, headers={"Retry-After": "3600"}, text="busy")


def _aged(stage: Stage, seconds: int = 3600) -> None:
    """The cool-downs are over, as if so much time had gone by."""
    with closing(sqlite3.connect(stage.home / "ledger.sqlite")) as db, db:
        moved = f"strftime('%Y-%m-%dT%H:%M:%SZ', opened_at, '-{seconds} seconds')"
        assert db.execute(f"UPDATE breakers SET opened_at = {moved}").rowcount


def test_a_vendor_that_dies_in_the_code_phase_is_replaced_and_then_left_alone_until_it_is_back(
    tmp_path: Path,
) -> None:
    """The coder answers once, then cuts three connections; the fallback needs as many replies for its first edit."""
    spare = ("la la la", "la la", edit(RIGHT, old="price - percent * 3"), edit(RIGHT))
    with ScriptedServer(usual(coder=(HALF, DOWN, DOWN, DOWN, edit(RIGHT)), spare=spare)) as server:
        stage = staged(tmp_path, server)
        first = stage.works_on_the_issue(*stage.routed(ROUTES))
        assert (first.code, first.run["result"]) == (0, "ready"), first
        assert stage.asked() == ["planner", "coder", *["coder", "spare"] * 3, "reviewer"]
        _tells_of_the_fallback(stage, str(first.run["branch"]), first.run_id)

        second = stage.works_on_the_issue(*stage.routed(ROUTES))
        assert (second.code, second.run["result"]) == (0, "ready"), second
        assert stage.asked()[9:] == ["planner", "spare", "reviewer"]
        (hop,) = rows(second.json["hops"])
        assert hop["why"] == "connection: coder-host was held off after earlier outages; nothing was sent"
        assert [call["model"] for call in rows(second.json["calls"])] == ["planner", "spare", "reviewer"]

        _aged(stage)
        third = stage.works_on_the_issue(*stage.routed(ROUTES))
    assert (stage.asked()[12:], third.json["hops"]) == (["planner", "coder", "reviewer"], [])


def _tells_of_the_fallback(stage: Stage, branch: str, run_id: str) -> None:
    assert "fallback from `coder` to `spare`: `connection: coder-host did not answer`" in stage.note(branch)
    assert "coder to spare (fallback)" in stage.page(branch)
    assert "- code: `spare` stood in for `coder`, which was out." in stage.status_page(run_id)
    messages = stage.git("log", "--format=%B", f"main..{branch}")
    assert "Assisted-by: Pointsman (spare)" in messages
    assert stage.server.url not in stage.note(branch).partition("## Changes of model")[2].partition("## People")[0]


def test_doctor_shows_what_is_held_off_and_closes_what_answers_its_probe(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as gone:
        seats = tuple(replace(seat, url=gone.url) if seat.name == "coder" else seat for seat in SEATS)
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=seats)
        for _ in range(3):
            stage.works_on_the_issue(*stage.routed(ROUTES))
        shown = stage.does("doctor", with_policy=True)
        assert "held off: provider coder-host connection since" in shown.told and "tried again at" in shown.told
        assert '"about": "held off: provider coder-host"' in stage.does("doctor", "--json", with_policy=True).out
        with ScriptedServer(usual(), port=gone.port) as back:
            assert "held off" not in stage.does("doctor", with_policy=True).told
            again = stage.works_on_the_issue(*stage.routed(ROUTES))
            assert (again.json["hops"], [seen.rule for seen in back.seen if seen.rule]) == ([], ["coder"])


def test_a_person_who_has_just_started_the_only_server_is_not_locked_out(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
    for _ in range(4):
        said = stage.does("run", *stage.about(), with_policy=True)
        assert (said.code, told_once(said)) == (4, "outage"), said
    assert "held off: provider planner-host" in stage.does("doctor", with_policy=True).told
    with ScriptedServer(usual(), port=server.port):
        again = stage.does("resume", last_run(stage), "--json")
        assert (again.code, again.run["result"]) == (0, "ready"), again


def test_a_busy_vendor_is_waited_for_and_people_see_for_how_long(tmp_path: Path) -> None:
    busy = replace(BUSY, headers={"Retry-After": "2"})
    with ScriptedServer(usual(coder=(busy, edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        said = stage.does("run", *stage.about(), with_policy=True)
    assert said.code == 0, said
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]
    assert "code waits for coder until" in said.told and "UTC (overloaded)" in said.told


def test_a_run_that_is_killed_while_it_waits_waits_for_the_rest_only_and_asks_once(tmp_path: Path) -> None:
    busy = replace(BUSY, headers={"Retry-After": "5"})
    with ScriptedServer(usual(coder=(busy, edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        assert killed(
            stage, "run", *stage.about(), when=lambda _: any(step.name == "wait:code" for step in journal(stage.home))
        )
        shown = stage.does("runs", "--json")
        on = stage.does("resume", "--json")
    assert "Waits for `coder` until" in shown.out
    assert (on.code, on.run["result"], on.run["message"]) == (0, "ready", ""), on
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]


def test_a_wait_that_is_longer_than_the_phase_may_take_ends_the_run_and_says_when_to_come_back(
    tmp_path: Path,
) -> None:
    with ScriptedServer(usual(planner=(BUSY,))) as server:
        phases = {"plan": {"max_calls": 6, "seconds": 60}}
        stage = staged(tmp_path, server, phases=phases)
        said = stage.does("run", *stage.about(), with_policy=True)
        again = stage.does("resume", last_run(stage))
    assert (said.code, told_once(said)) == (4, "outage"), said
    assert again.code == 4
    assert "Nothing was sent to model planner at provider planner-host: out of order since" in again.told
    assert "(overloaded), and tried again not before" in again.told
    assert stage.asked() == ["planner"]


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (Answer(status=400, text="no such parameter"), 3, "refused the request for coder (400)"),
        (Answer(status=402, text="pay first"), 3, "quota or credit is used up"),
        (Answer(status=404, text="no such model"), 3, "does not know the model coder"),
        (Answer(status=413, text="too long"), 1, "The prompt is longer than coder takes"),
        (Answer(status=422, text="odd"), 3, "refused the request for coder (422)"),
        (Answer(text=edit(RIGHT), served="another"), 3, "answered with another"),
    ],
)
def test_law_3_a_refusal_never_asks_the_fallback_and_says_why(
    tmp_path: Path, answer: Answer, code: int, words: str
) -> None:
    with ScriptedServer(usual(coder=(answer,))) as server:
        stage = staged(tmp_path, server)
        said = stage.does("run", *stage.about(), *stage.routed(ROUTES), with_policy=True)
    assert (said.code, stage.asked()) == (code, ["planner", "coder"]), said
    assert words in said.told


def test_law_3_no_money_for_the_coder_never_asks_a_cheaper_fallback(tmp_path: Path) -> None:
    seats = tuple(replace(seat, price=1000.0 if seat.name == "coder" else 0.0) for seat in SEATS)
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=seats)
        said = stage.does("run", *stage.about(), *stage.routed(ROUTES), with_policy=True)
    assert "coder" not in stage.asked() and "spare" not in stage.asked()
    assert said.code == 1, said
    assert "budget" in said.told


def test_both_at_one_vendor_that_is_down_are_skipped_without_a_byte_sent(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server, ScriptedServer(usual(coder=(DOWN,), spare=(DOWN,))) as vendor:
        seats = tuple(replace(seat, url=vendor.url) if seat.name in ("coder", "spare") else seat for seat in SEATS)
        stage = staged(tmp_path, server, seats=seats)
        _with_one_host(stage, "coder-host", "spare-host")
        routes = ROUTES.replace("[spare]", "[spare, senior]")
        for _ in range(2):
            stage.works_on_the_issue(*stage.routed(routes))
        before = len(vendor.seen)
        said = stage.works_on_the_issue(*stage.routed(routes))
    assert (said.code, len(vendor.seen)) == (0, before), said
    assert [(hop["from_model"], hop["to_model"]) for hop in rows(said.json["hops"])] == [
        ("coder", "spare"),
        ("spare", "senior"),
    ]
    assert fields(said.json["run"])["result"] == "ready"


def _with_one_host(stage: Stage, kept: str, gone: str) -> None:
    text = stage.policy.read_text(encoding="utf-8")
    stage.policy.write_text(text.replace(f'"provider": "{gone}"', f'"provider": "{kept}"'), encoding="utf-8")
