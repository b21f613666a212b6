"""Repositories on GitHub: the first change, the routing file, several at once, and those the bot may not serve."""

from collections.abc import Iterator

import pytest
from tests.worlds.repositories import ROUTING
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, Scene, ServedStage, until
from tests.worlds.stage import RIGHT, edit

BROKEN = "plan: planner\ncode: coder\nqaa: reviewer\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("repositories")) as served:
        yield served


def notices(scene: Scene) -> list[tuple[str, str]]:
    """The issues that the bot opened: title and state."""
    return [(issue.title, issue.state) for issue in scene.shop.issues() if issue.by.id == scene.bot.id]


def test_a_repository_without_a_routing_file_is_offered_one_and_closing_that_means_no(stage: ServedStage) -> None:
    scene = stage.scene("teal", routing=None)
    stage.settle()
    offered = scene.change()
    assert offered.pull is not None
    assert (offered.pull.head_branch, offered.pull.draft) == ("pointsman/configure", True)
    assert "plan:" in scene.shop.read(".pointsman.yml", offered.pull.head_branch)
    assert "| phase | model |" in (offered.body or "")
    assert scene.shop.git.run("diff", "--name-only", "main", offered.pull.head_branch).split() == [".pointsman.yml"]

    scene.shop.close(offered.number, scene.ada)
    stage.settle()
    stage.world.uninstall(scene.shop)
    stage.world.install(scene.shop)
    stage.settle()
    assert [pull.state for pull in scene.shop.pulls()] == ["closed"]


def test_a_label_without_a_routing_file_gets_one_reply_with_the_three_lines(stage: ServedStage) -> None:
    scene = stage.scene("wigeon", routing=None)
    number = scene.labelled()
    stage.settle()
    (reply,) = scene.said(number)
    assert "Three lines are a whole file" in reply
    assert "plan: claude-opus" in reply
    assert (scene.runs(), scene.asked(), scene.seen(number)) == ([], [], 1)


def test_a_broken_routing_file_is_one_issue_that_closes_itself_once_it_is_mended(stage: ServedStage) -> None:
    scene = stage.scene("pochard")
    scene.shop.commit("main", {".pointsman.yml": BROKEN}, by=scene.ada)
    stage.settle()
    ((title, state),) = notices(scene)
    assert (title.startswith("Action required"), state) == (True, "open")
    (issue,) = [one for one in scene.shop.issues() if one.by.id == scene.bot.id]
    assert "line 3, column 1" in (issue.body or "")
    assert "qa" in (issue.body or "")

    number = scene.labelled()
    stage.settle()
    assert (scene.runs(), len(notices(scene))) == ([], 1)
    assert "cannot be used" in scene.said(number)[-1]

    scene.shop.commit("main", {".pointsman.yml": ROUTING}, by=scene.ada)
    stage.settle()
    assert notices(scene) == [(title, "closed")]
    scene.shop.label(number, LABEL, scene.ada)
    assert scene.over().result == "ready"


def test_another_label_of_the_routing_file_is_the_trigger_and_the_usual_one_is_not(stage: ServedStage) -> None:
    scene = stage.scene("scaup", routing=ROUTING + "trigger: {label: robot}\n")
    number = scene.issue()
    scene.shop.label(number, LABEL, scene.ada)
    stage.settle()
    assert (scene.runs(), scene.shop.labels(number)) == ([], ["bug", LABEL])
    scene.shop.label(number, "robot", scene.ada)
    assert scene.over().result == "ready"


def test_runs_in_two_repositories_go_on_side_by_side_and_two_in_one_after_each_other(stage: ServedStage) -> None:
    slow = Answer(text=edit(RIGHT), delay=1.5)
    here, there = stage.scene("brant", coder=(slow,)), stage.scene("eider", coder=(slow,))
    here.labelled()
    here.labelled()
    there.labelled()
    here.asks("coder")
    there.asks("coder")
    states = sorted(view.state for view in here.runs())
    assert here.asked().count("coder") == 1, states
    assert here.over(2).result == "ready"
    assert there.over().result == "ready"
    assert len({pull.pull.head_branch for pull in here.shop.pulls() if pull.pull}) == 2


def test_a_repository_that_is_suspended_archived_or_taken_away_stays_quiet(stage: ServedStage) -> None:
    scenes = [stage.scene(word) for word in ("goosander", "merganser", "smallgoose")]
    for scene, close in zip(scenes, ("suspend", "archive", "uninstall"), strict=True):
        stage.settle()
        number = scene.issue()
        stage.settle()
        stage.world.lose_next()
        scene.shop.label(number, LABEL, scene.ada)
        stage.world.idle()
        lost = stage.world.deliveries[-1]
        assert (lost.action, lost.ok) == ("labeled", False)
        if close == "suspend":
            assert scene.installation is not None
            stage.world.suspend(scene.installation)
        elif close == "archive":
            scene.shop.archive(scene.ada)
        else:
            stage.world.uninstall(scene.shop)
        stage.world.redeliver(lost.guid)
        stage.settle()
        assert stage.outcomes(lost.guid) == ["ignored: repository-gone"], close
        assert (scene.said(number), scene.seen(number), scene.runs()) == ([], 0, []), close


def test_deliveries_that_were_lost_while_nobody_served_are_asked_for_at_the_start(stage: ServedStage) -> None:
    scene = stage.scene("shelduck")
    number = scene.issue()
    stage.settle()
    stage.stop()
    scene.shop.label(number, LABEL, scene.ada)
    stage.world.idle()
    assert stage.world.deliveries[-1].status_code == 502
    stage.start()
    until(scene.runs, "the lost delivery begins a run")
    assert scene.over().result == "ready"
    stage.stop()
    stage.start()
    stage.settle()
    assert len(scene.runs()) == 1


def test_a_run_goes_on_where_it_was_when_its_server_is_killed(stage: ServedStage) -> None:
    scene = stage.scene("gadwall", coder=(Answer(fault="hang"), edit(RIGHT)))
    number = scene.labelled()
    scene.asks("coder")
    stage.kill()
    stage.start()
    assert scene.over().result == "ready"
    assert scene.asked() == ["planner", "coder", "coder", "reviewer"]
    assert (len(scene.said(number)), len(scene.shop.pulls()), scene.seen(number)) == (1, 1, 1)
