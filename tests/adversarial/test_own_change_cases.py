"""Attacks by way of our own changes: what a run wrote stays as closed as its issue; authors stay who they were."""

import json
from collections.abc import Iterator

import pytest
from tests.worlds.served_stage import LABEL, ServedStage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("own")) as served:
        yield served


def test_r8_a_change_is_as_closed_as_the_issue_that_it_was_made_for(stage: ServedStage) -> None:
    """Labels do not follow from an issue to its change; a review of it quotes the issue all the same."""
    scene = stage.scene("merganser")
    number = scene.issue(labels=("bug", "Pointsman:Restricted"))
    scene.shop.label(number, LABEL, scene.ada)
    scene.over()
    change = scene.change()
    assert not any("restricted" in label.casefold() for label in change.labels)
    assert "Sensitivity: restricted." in scene.says(change.number, "/pointsman route")


def test_r8_a_change_is_closed_as_well_when_its_issue_is_closed_afterwards(stage: ServedStage) -> None:
    scene = stage.scene("smew")
    number, change = scene.built()
    assert "Sensitivity: internal." in scene.says(change.number, "/pointsman route")
    scene.shop.label(number, "pointsman:restricted", scene.ada)
    assert "Sensitivity: restricted." in scene.says(change.number, "/pointsman route")
    refused = scene.says(number, "/pointsman rerun code")
    assert "restricted now" in refused


def test_an_author_is_who_it_was_though_its_name_stands_for_another_model_today(stage: ServedStage) -> None:
    scene = stage.scene("goosander")
    _, change = scene.built()
    before = stage.policy_file.read_text(encoding="utf-8")
    policy = json.loads(before)
    policy["models"]["coder"] |= {"family": "zeta", "vendor": "zeta"}
    policy["models"]["reviewer"] |= {"family": "beta", "vendor": "beta"}
    stage.policy_file.write_text(json.dumps(policy), encoding="utf-8")
    try:
        refused = scene.says(change.number, "/pointsman full review")
    finally:
        stage.policy_file.write_text(before, encoding="utf-8")
    assert "separation" in refused
    assert scene.asked() == ["planner", "coder", "reviewer"]
