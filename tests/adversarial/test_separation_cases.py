"""Nobody reviews the work of their own family, also when the work lies on a branch that an earlier run wrote."""

from pathlib import Path

import pytest
from tests.worlds.repositories import BUGGY, buggy_package, commit, git, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, WRONG, Stage, staged, usual


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Mend it\n\nAssisted-by: Pointsman (reviewer)", "reviewer"),
        ("Squashed\n\nAssisted-by: Pointsman (reviewer)\n\n* and by a person\n\nSigned-off-by: P <p@e>", "reviewer"),
        ("Mend it\n\nAssisted-by: Pointsman (gone-since)", "gone-since"),
    ],
    ids=["trailer", "trailer inside a squash", "a model that the policy no longer knows"],
)
def test_a_branch_is_not_reviewed_by_a_model_that_helped_to_write_it(tmp_path: Path, message: str, told: str) -> None:
    with ScriptedServer(usual()) as server:
        stage = _with_branch(tmp_path, server, message)
        said = stage.does("review", "helped", "--repo", str(stage.repository), with_policy=True)

    assert (said.code, stage.asked()) == (1, []), said
    assert "separation" in said.told
    assert told in said.told


def test_the_review_of_a_branch_is_not_done_again_by_its_author(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = _with_branch(tmp_path, server, "Mend it\n\nAssisted-by: Pointsman (coder)")
        first = stage.does("review", "helped", "--repo", str(stage.repository), "--json", with_policy=True)
        again = stage.does("rerun", first.run_id, "review", "--model", "coder", with_policy=True)

    assert (first.code, stage.asked()) == (0, ["reviewer"]), first
    assert again.code == 1, again
    assert "separation" in again.told


def test_a_branch_of_our_own_is_known_by_its_note_when_the_trailers_are_gone(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        branch = str(stage.works_on_the_issue().run["branch"])
        tree = git(stage.repository, "rev-parse", f"{branch}^{{tree}}").strip()
        bare = git(stage.repository, "commit-tree", tree, "-p", "main", "-m", "Mend it").strip()
        git(stage.repository, "branch", "squashed", bare)
        asked = len(stage.asked())
        routed = stage.routed("plan: planner\ncode: senior\nqa: coder\nverify: {commands: []}\n")
        said = stage.does("review", "squashed", "--repo", str(stage.repository), *routed, with_policy=True)

    assert (said.code, len(stage.asked())) == (1, asked), said
    assert "separation" in said.told


def _with_branch(folder: Path, server: ScriptedServer, message: str) -> Stage:
    """`helped` mends the bug in one commit with this message; `main` is checked out."""
    story = buggy_package(folder)
    stage = staged(folder, server, story=story)
    stage.git("checkout", "--quiet", "-b", "helped")
    write(story.repository, story.path, BUGGY.replace(WRONG, RIGHT))
    commit(story.repository, message)
    stage.git("checkout", "--quiet", "main")
    return stage
