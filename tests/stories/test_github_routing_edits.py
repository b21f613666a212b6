"""Edits of the two files while the bot serves: a change's routing file is simulated, a policy counts from then on."""

import json
from collections.abc import Iterator

import pytest
from tests.worlds.github.state import Check
from tests.worlds.repositories import ROUTING
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, Scene, ServedStage, until
from tests.worlds.stage import RIGHT, edit

CHECK = "pointsman/routing"
SENIOR = ROUTING.replace("coder", "senior")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("routing")) as served:
        yield served


def edited(scene: Scene, text: str, *, title: str = "Route anew") -> int:
    """A change of a person's to the routing file; its number, once it is dealt with."""
    files = {".pointsman.yml": text}
    number = scene.shop.pull(by=scene.ada, files=files, title=title, head_branch="route")
    scene.stage.settle()
    return number


def pushed(scene: Scene, text: str) -> None:
    scene.shop.commit("route", {".pointsman.yml": text}, by=scene.ada)
    scene.stage.settle()


def checks(scene: Scene, number: int) -> list[Check]:
    return [check for check in scene.shop.checks(scene.head(number)) if check.name == CHECK]


def test_a_change_that_edits_the_routing_file_is_told_what_would_move_and_nothing_of_it_is_obeyed(
    stage: ServedStage,
) -> None:
    scene = stage.scene("dunlin")
    number = edited(scene, SENIOR + "trigger: {label: robot}\n")
    (check,) = checks(scene, number)
    assert (check.conclusion, check.title, check.actions) == ("success", "Routing: 1 phase moves", [])
    assert "| code | coder | senior | every class of task" in (check.summary or "")
    assert (scene.asked(), scene.said(number), scene.runs()) == ([], [], [])

    issue = scene.issue()
    scene.shop.label(issue, "robot", scene.ada)
    stage.settle()
    assert scene.runs() == []

    last = next(one for one in reversed(stage.world.deliveries) if one.event == "pull_request")
    stage.world.redeliver(last.guid)
    scene.shop.rerequest_check(check.id, scene.ada)
    stage.settle()
    assert [one.history for one in checks(scene, number)] == [["success"]]
    assert scene.runs() == []


def test_each_push_is_judged_anew_and_mistakes_stand_at_their_line_and_column(stage: ServedStage) -> None:
    scene = stage.scene("knot")
    number = edited(scene, "plan: planner\ncode: coder\nqaa: reviewer\n")
    (check,) = checks(scene, number)
    assert (check.conclusion, check.title) == ("failure", "Routing: 2 mistakes")
    places = [(mark["path"], mark["start_line"], mark["start_column"]) for mark in check.annotations]
    assert (".pointsman.yml", 3, 1) in places
    assert {mark["annotation_level"] for mark in check.annotations} == {"failure"}

    pushed(scene, ROUTING.replace("coder", "codr"))
    (check,) = checks(scene, number)
    assert check.conclusion == "failure"
    assert 'has no "codr"' in check.annotations[0]["message"]

    pushed(scene, SENIOR)
    assert [one.conclusion for one in checks(scene, number)] == ["success"]
    pushed(scene, ROUTING)
    assert checks(scene, number) == []
    assert [issue.title for issue in scene.shop.issues() if issue.by.id == scene.bot.id] == []


def test_a_change_from_a_fork_is_simulated_as_well(stage: ServedStage) -> None:
    scene = stage.scene("whimbrel")
    stranger = stage.world.person("eve-whimbrel")
    fork = scene.shop.fork(stranger)
    files = {".pointsman.yml": ROUTING.replace("qa: reviewer", "qa: coder")}
    number = scene.shop.pull(by=stranger, files=files, title="Mine", head_branch="route", from_fork=fork)
    stage.settle()
    (check,) = checks(scene, number)
    assert check.conclusion == "failure"
    assert "review cannot go to coder: it is of the same family" in check.annotations[0]["message"]
    assert (scene.asked(), scene.said(number)) == ([], [])


def test_a_first_routing_file_and_one_that_is_taken_away_are_told_as_such(stage: ServedStage) -> None:
    scene = stage.scene("ruff", routing=None)
    number = edited(scene, ROUTING)
    (check,) = checks(scene, number)
    assert (check.conclusion, check.title) == ("success", "Routing: a first file that can be used")
    assert "| `coder` |" in (check.summary or "").replace("| code ", "")

    other = stage.scene("godwit")
    gone = other.shop.pull(by=other.ada, files={".pointsman.yml": None}, title="No more", head_branch="route")
    stage.settle()
    assert [one.title for one in checks(other, gone)] == ["Routing: the file is taken away"]


def test_a_change_to_other_files_gets_no_such_check(stage: ServedStage) -> None:
    scene = stage.scene("sanderling")
    number = scene.proposed()
    stage.settle()
    assert scene.shop.checks(scene.head(number)) == []


def test_an_edited_policy_decides_the_next_request_and_not_a_run_in_flight(stage: ServedStage) -> None:
    slow = Answer(text=edit(RIGHT), delay=2.0)
    scene = stage.scene("turnstone", coder=(slow,))
    file = stage.folder / "policy.yml"
    before = file.read_text(encoding="utf-8")
    scene.labelled()
    scene.asks("coder")
    law = json.loads(before)
    del law["models"]["coder"]
    file.write_text(json.dumps(law), encoding="utf-8")
    refused = scene.labelled()
    stage.settle()
    assert any("not-in-catalogue" in said for said in scene.said(refused)), scene.said(refused)

    file.write_text(before.replace('"caps"', '"cap"'), encoding="utf-8")
    kept = scene.labelled()
    until(lambda: "code=policy-file" in stage.log(), "the operator is told in the log")
    assert 'unknown key "cap"' in stage.log()
    until(lambda: [view.result for view in scene.runs()] == ["ready"], "the run in flight ends as it was ordered")
    assert (scene.said(kept), scene.shop.labels(kept)) == ([], ["bug", LABEL])

    file.write_text(before, encoding="utf-8")
    assert scene.over(2).result == "ready"
    assert len(scene.said(kept)) == 1
