"""What was acknowledged to GitHub is done once: across kills on its way, locks, and a thousand labels."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from tests.crash.mishap_stage import Left, at_work, ended, left_by, quiet_scenes
from tests.worlds.profile import is_nightly
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, Scene, ServedStage, until
from tests.worlds.stage import PLAN, replies

_LOCKED_SECONDS = 3.0
_PLANNED_SECONDS = 8.0
# A thousand deliveries at night, two hundred by day.
_TOGGLES = 500 if is_nightly() else 100
# Counts to a number that no machine reaches while a test waits; the writer is held in it, with its database.
_HELD = """
CREATE TRIGGER held BEFORE {what} BEGIN
  SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1e12) SELECT n FROM c);
END
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("inbox")) as served:
        yield served


@pytest.fixture(scope="module")
def calm(stage: ServedStage) -> Left:
    (scene,) = quiet_scenes(stage, ["calmx"])
    number = scene.labelled()
    ended(stage)
    return left_by(scene, number)


def test_killed_between_the_answer_to_the_webhook_and_the_engine_it_is_done_after_the_next_start(
    stage: ServedStage, calm: Left
) -> None:
    (scene,) = quiet_scenes(stage, ["takex"])
    with locked(stage.home / "engine.sqlite"):
        number = scene.labelled()
        stage.world.idle(30)
        assert len(stage.undone()) >= 1
        stage.kill()
    assert not at_work(stage)
    stage.start()
    _ends_alike(scene, number, calm)


@pytest.mark.parametrize(
    ("word", "database", "what"),
    [
        ("workx", "ledger.sqlite", "UPDATE OF outcome ON deliveries WHEN NEW.outcome LIKE 'run:%'"),
        ("finix", "engine.sqlite", "INSERT ON operation_outputs WHEN NEW.function_name = 'finish'"),
    ],
)
def test_killed_around_the_word_that_a_delivery_is_done_with_it_is_not_done_again(
    stage: ServedStage, calm: Left, word: str, database: str, what: str
) -> None:
    (scene,) = quiet_scenes(stage, [word])
    with held(stage.home / database, what) as comes:
        number = scene.labelled()
        until(comes, "somebody is held")
        stage.kill()
    stage.start()
    _ends_alike(scene, number, calm)


def test_databases_locked_for_seconds_in_the_middle_of_a_run_are_waited_for(stage: ServedStage, calm: Left) -> None:
    (scene,) = quiet_scenes(stage, ["lockx"])
    over = threading.Event()

    def lock() -> None:
        with locked(stage.home / "engine.sqlite"), locked(stage.home / "ledger.sqlite"):
            over.wait(_LOCKED_SECONDS)

    thread = threading.Thread(target=lock)
    stage.world.faults.after(f"POST /repos/{scene.shop.full_name}/issues/*/comments", thread.start)
    number = scene.labelled()
    ended(stage)
    thread.join()
    _ends_alike(scene, number, calm)


def test_a_thousand_deliveries_of_a_label_put_on_and_taken_off_are_one_run_c1(stage: ServedStage, calm: Left) -> None:
    slow = Answer(text=replies(PLAN), delay=_PLANNED_SECONDS)
    (scene,) = quiet_scenes(stage, ["manyx"], planner=slow)
    number = scene.issue()
    before = len(stage.outcomes())
    for _ in range(_TOGGLES):
        scene.shop.label(number, LABEL, scene.ada)
        # The bot takes a label off when it has heard it, and may be faster than the person.
        with suppress(ValueError):
            scene.shop.unlabel(number, LABEL, scene.ada)
    scene.shop.label(number, LABEL, scene.ada)
    ended(stage)

    heard = Counter(outcome.partition(":")[0] for outcome in stage.outcomes()[before:])
    assert (heard["run"], heard["failed"], heard["refused"]) == (1, 0, 0), heard
    left = left_by(scene, number)
    assert (left.runs, left.eyes, left.change, left.reviews) == (calm.runs, 1, calm.change, calm.reviews)
    assert left.asked == calm.asked
    # The status of the run, and at most one word on its being at work already.
    assert len(left.said) <= 2, left.said


def _ends_alike(scene: Scene, number: int, calm: Left) -> None:
    ended(scene.stage)
    left = left_by(scene, number)
    assert left == calm, left.differences(calm)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else writes to it meanwhile."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def held(database: Path, what: str) -> Iterator[Callable[[], bool]]:
    """Whoever does this is held in the middle of it; gives the question whether somebody is."""
    _write(database, "DROP TRIGGER IF EXISTS held", _HELD.format(what=what))
    try:
        yield lambda: _stays_busy(database)
    finally:
        _write(database, "DROP TRIGGER IF EXISTS held")


def _write(database: Path, *statements: str) -> None:
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def _stays_busy(database: Path) -> bool:
    for _ in range(5):
        if not _is_busy(database):
            return False
        time.sleep(0.02)
    return True


def _is_busy(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False
