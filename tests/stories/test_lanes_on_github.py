"""Short work on a served installation goes on beside long work, however much of it there is."""

from pathlib import Path

from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, Scene, ServedStage, until

SLOW = Answer("", fault="hang")
BUILDS = ("crane", "stork", "ibis", "egret", "bittern")


def test_a_docs_run_and_a_question_do_not_wait_behind_builds_that_hang_in_a_model_call(tmp_path: Path) -> None:
    tasks = {"docs": {"latency": "interactive", "evidence": "optional"}}
    with ServedStage(tmp_path, tasks=tasks) as stage:
        builds = [stage.scene(word, planner=(SLOW,)) for word in BUILDS]
        for scene in builds:
            scene.labelled()
        until(lambda: sum("planner" in scene.asked() for scene in builds) == 4, "every background place is taken")
        assert [view.state for view in stage.views()].count("queued") == 1

        docs = stage.scene("wren")
        docs.shop.label(docs.issue(labels=("docs",)), LABEL, docs.ada)
        assert (docs.over().result, docs.asked()) == ("ready", ["planner", "coder", "reviewer"])
        beside = Scene(stage, "heron", builds[0].shop, builds[0].ada)
        beside.answers()
        number = beside.issue(labels=("docs",))
        beside.shop.label(number, LABEL, beside.ada)
        until(lambda: _state(beside, number) == "done", "a docs run of a repository whose build hangs")
        beside.says(number, "/pointsman ask Why is it 190 (heron)?")
        until(lambda: beside.asked().count("planner") == 2, "the question is asked at once")
        assert sum("planner" in scene.asked() for scene in builds) == 4

        stage.stop()
        stage.start()
        again = stage.scene("dipper")
        again.shop.label(again.issue(labels=("docs",)), LABEL, again.ada)
        assert again.over().result == "ready"
        assert all(view.state in ("queued", "running") for scene in builds[1:] for view in scene.runs())


def _state(scene: Scene, number: int) -> str:
    """How the newest run about an issue stands."""
    return next((view.state for view in scene.runs() if view.issue == str(number)), "")
