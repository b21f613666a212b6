"""A vendor goes down while the bot serves GitHub: who takes over, what people read, and what a restart remembers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.worlds.script import Answer
from tests.worlds.served_stage import ServedStage, until
from tests.worlds.stage import RIGHT, edit

ROUTES = "plan: planner\ncode: {model: coder, fallback: [spare]}\nqa: reviewer\n"
HALF = edit("price - percent * 3")
DOWN = Answer(fault="cut-off")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[ServedStage]:
    with ServedStage(tmp_path) as served:
        yield served


def _aged(stage: ServedStage) -> None:
    with closing(sqlite3.connect(stage.home / "ledger.sqlite")) as db, db:
        hour_ago = "strftime('%Y-%m-%dT%H:%M:%SZ', opened_at, '-3600 seconds')"
        assert db.execute(f"UPDATE breakers SET opened_at = {hour_ago}").rowcount == 1


def test_vendor_down_another_takes_over_is_named_everywhere_and_a_killed_server_remembers(stage: ServedStage) -> None:
    spare = ("la la la", "la la", edit(RIGHT, old="price - percent * 3"))
    first = stage.scene("heron", routing=ROUTES, coder=(HALF, DOWN), spare=spare)
    number = first.labelled()
    assert first.over().result == "ready"
    assert first.asked() == ["planner", "coder", *["coder", "spare"] * 3, "reviewer"]
    (status,) = first.said(number)
    assert "- code: `spare` stood in for `coder`, which was out." in status
    assert "coder to spare (fallback): connection: coder-host did not answer" in str(first.change().body)
    assert "127.0.0.1" not in str(first.change().body) + status
    note = "".join(first.shop.git.run("show", first.head(first.change().number)))
    assert "fallback from `coder` to `spare`" in note

    stage.kill()
    stage.start()
    second = stage.scene("egret", routing=ROUTES)
    second.built()
    assert second.asked() == ["planner", "spare", "reviewer"], "the breaker is open in the new process as well"
    assert "connection: coder-host was held off after earlier outages; nothing was sent" in str(second.change().body)

    _aged(stage)
    third = stage.scene("crane", routing=ROUTES)
    third.built()
    assert third.asked() == ["planner", "coder", "reviewer"]
    assert "stood in for" not in "".join(third.said(min(third.shop.state.issues)))


def test_people_read_until_when_a_run_waits_for_a_busy_vendor_and_can_cancel_it(stage: ServedStage) -> None:
    busy = Answer(status=429, headers={"Retry-After": "900"}, text="slow down")
    scene = stage.scene("stork", coder=(busy, edit(RIGHT)))
    number = scene.labelled()
    until(lambda: any("Waits for `coder` until" in text for text in scene.said(number)), "the wait is told")
    (status,) = scene.said(number)
    assert "UTC (rate limit)." in status
    assert "was cancelled" in scene.says(number, "/pointsman cancel")
    assert scene.over().state == "cancelled"
    assert scene.asked() == ["planner", "coder"]


def test_a_vendor_that_is_back_in_a_moment_is_waited_for_and_nobody_has_to_do_anything(stage: ServedStage) -> None:
    scene = stage.scene("ibis", coder=(DOWN, edit(RIGHT)))
    scene.built()
    assert scene.asked() == ["planner", "coder", "coder", "reviewer"]
