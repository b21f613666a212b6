"""The process is killed at each step of a run, one after another; the run ends as if nothing had been."""

from pathlib import Path

from tests.crash.killing import gate, killed, recorded, rows_of
from tests.crash.wreck import ONE_DIALECT, asked_once, left_by, litter, winding
from tests.worlds.profile import is_nightly
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import Stage, staged

# Each kill costs two starts of the program; at night it is killed at every single step.
STRIDE = 1 if is_nightly() else 12


def test_a_run_killed_after_the_effect_of_one_step_after_another_ends_like_one_that_was_not(tmp_path: Path) -> None:
    with ScriptedServer(winding()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT)
        calm = stage.works_on_the_issue()
        assert (calm.code, calm.run["result"]) == (0, "ready"), calm
        expected = left_by(stage, calm.run_id)
        before, requests = stage.print(), len(server.seen)
        kills = _killed_at_every_step(stage, calm.run_id, most=len(expected.steps))
        run_id = next(run for run in _runs(stage) if run != calm.run_id)
        assert stage.does("resume").told == "No run was cut off."
        crashed = left_by(stage, run_id)

        assert crashed == expected
        assert kills == len(range(0, len(expected.steps), STRIDE))
        assert len(expected.steps) >= 30
        asked_once(stage, run_id, since=requests, repeated=0)
        assert len(stage.branches()) == 2
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


def _killed_at_every_step(stage: Stage, calm: str, *, most: int) -> int:
    words: tuple[str, ...] = ("run", *stage.about(), "--json")
    for kills, finished in enumerate(range(0, most + STRIDE, STRIDE)):
        with gate(stage.home, finished, spared=(calm,)) as held:
            if not killed(stage, *words, when=held):
                return kills
        runs = [run for run in _runs(stage) if run != calm]
        assert [len(recorded(stage.home, run)) for run in runs] == [finished]
        words = ("resume", "--json")
    return most + 1


def _runs(stage: Stage) -> list[str]:
    return [str(row[0]) for row in rows_of(stage.home, "SELECT run_id FROM runs ORDER BY started_at")]
