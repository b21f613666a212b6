"""Who says what kind of work an issue is: labels, commands and paths, on the forge on disk and on GitHub."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.served_stage import LABEL, ServedStage
from tests.worlds.stage import Stage, fields, replies, staged, usual

ROUTING = """
version: 1
routes: {triage: spare, plan: planner, code: coder, qa: reviewer}
tasks: {security: {code: senior}, docs: {code: senior}}
"""
TYPO = "# A typo in the usage page\n\nLabels: {labels}\n\ndocs/usage.md says recieve.\n"
FILES = {"docs/usage.md": "# Usage\n\nYou recieve a discount.\n"}


def about(stage: Stage, text: str) -> Stage:
    """The same stage with another issue, in a repository that has a page of documentation."""
    page = stage.repository / "docs" / "usage.md"
    page.parent.mkdir()
    page.write_text(FILES["docs/usage.md"], encoding="utf-8")
    stage.git("add", "docs/usage.md")
    stage.git("commit", "-q", "-m", "Say how it is used")
    stage.story.issue.write_text(text, encoding="utf-8")
    return stage


def test_a_label_that_orders_security_wins_over_a_text_that_looks_like_docs(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = about(staged(tmp_path, server), TYPO.format(labels="pointsman:security, docs"))
        said = stage.works_on_the_issue(*stage.routed(ROUTING), "--task", "docs", goal="plan")
        asked = stage.asked()
    assert asked == ["planner"], said
    assert (said.json["task"], said.json["risk"]) == ("security", "high")
    triage = fields(said.json["triage"])
    assert triage["decided_by"] == "label"
    assert triage["why"] == "a label says security; docs was asked for, which does not lower it"


def test_paths_decide_without_asking_the_model_that_sorts(tmp_path: Path) -> None:
    with ScriptedServer(usual(spare=(replies({"task": "feature", "why": ""}),))) as server:
        stage = about(staged(tmp_path, server), TYPO.format(labels="help wanted"))
        said = stage.works_on_the_issue(*stage.routed(ROUTING))
        asked = stage.asked()
    assert said.code == 0, said
    assert asked == ["planner", "senior", "reviewer"]
    assert (said.json["task"], fields(said.json["triage"])["decided_by"]) == ("docs", "path")
    branch = str(said.run["branch"])
    assert "Class of task: docs (by path: every path that it names is docs)." in stage.page(branch)
    assert "* Class docs by path: `every path that it names is docs`" in stage.note(branch)


def test_a_class_named_on_the_command_line_decides_and_stands_in_the_note_as_an_act_of_a_person(
    tmp_path: Path,
) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(ROUTING), "--task", "Docs")
        wrong = stage.works_on_the_issue(*stage.routed(ROUTING), "--task", "party")
        asked = stage.asked()
    assert said.code == 0, said
    assert asked == ["planner", "senior", "reviewer"]
    assert (said.json["task"], fields(said.json["triage"])["decided_by"]) == ("docs", "command")
    note = stage.note(str(said.run["branch"]))
    assert "override: `--task docs`" in note
    assert (wrong.code, "It is one of: docs, tests" in wrong.told) == (2, True)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("sorting")) as served:
        yield served


def test_on_github_a_label_takes_the_security_route_although_the_text_looks_like_docs(stage: ServedStage) -> None:
    routing = f"{ROUTING}\n".replace("code: senior}, docs", "code: senior, approval: plan}, docs")
    scene = stage.scene("wren", files=FILES, routing=routing)
    number = scene.issue(labels=("pointsman:security",), body="docs/usage.md says recieve.")
    scene.shop.label(number, LABEL, scene.ada)
    scene.waits()
    (run,) = scene.runs()
    assert (scene.asked(), run.task) == (["planner"], "security")
    scene.says(number, f"/pointsman approve {run.plan_hash[:12]}")
    assert scene.over().result == "ready"
    assert scene.asked() == ["planner", "senior", "reviewer"]
    body = scene.change().body or ""
    assert "Class of task: security (by label: a label says security). Risk: high." in body


def test_on_github_a_person_names_the_class_and_the_change_says_who_said_so(
    stage: ServedStage,
) -> None:
    scene = stage.scene("dipper", files=FILES, routing=ROUTING)
    number = scene.issue(labels=("bug",))
    scene.says(number, "/pointsman build --task docs")
    assert scene.over().result == "ready"
    assert scene.asked() == ["planner", "senior", "reviewer"]
    assert "Class of task: docs (by command: a person asked for docs)." in (scene.change().body or "")
    note = scene.shop.read(
        _note_of(scene.shop.git.run("ls-tree", "-r", "--name-only", scene.branch())), scene.branch()
    )
    assert "override: `--task docs`" in note


def test_on_github_a_person_cannot_name_a_laxer_class_for_a_known_hole(stage: ServedStage) -> None:
    scene = stage.scene("siskin", files=FILES, routing=ROUTING)
    number = scene.issue(labels=(), body="docs/usage.md should say that CVE-2026-12345 is ours.")
    scene.says(number, "/pointsman plan --task docs")
    assert scene.over().task == "security"
    assert scene.asked() == ["planner"]


def test_on_github_paths_decide_without_asking_the_model_that_sorts(stage: ServedStage) -> None:
    scene = stage.scene("brambling", files=FILES, routing=ROUTING)
    number = scene.issue(labels=(), body="docs/usage.md says recieve.")
    scene.says(number, "/pointsman plan")
    assert scene.over().task == "docs"
    assert scene.asked() == ["planner"]


def _note_of(listing: str) -> str:
    return next(path for path in listing.split() if path.startswith(".pointsman/audit/") and path.endswith(".md"))
