import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.worlds import repositories
from tests.worlds.fingerprints import fingerprint
from tests.worlds.repositories import Story, git, write

SHAPES: tuple[Callable[[Path], Story], ...] = (
    repositories.buggy_package,
    repositories.not_a_repository,
    repositories.bare,
    repositories.empty,
    repositories.dirty,
    repositories.link_out,
    repositories.submodule,
    repositories.crlf,
    repositories.unicode_names,
    repositories.huge_file,
    repositories.detached,
    repositories.worktree,
    repositories.shallow,
)


def suite(story: Story) -> int:
    command = [sys.executable, "-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    return subprocess.run(command, cwd=story.repository, capture_output=True, check=False).returncode


def test_the_bug_fails_its_test_and_the_fix_passes_it(tmp_path: Path) -> None:
    story = repositories.buggy_package(tmp_path)
    assert suite(story) == 1
    write(story.repository, story.path, story.fixed)
    assert suite(story) == 0


def test_a_story_has_the_same_commits_everywhere(tmp_path: Path) -> None:
    heads = {
        git(repositories.buggy_package(tmp_path / name).repository, "rev-parse", "HEAD") for name in ("here", "there")
    }
    assert len(heads) == 1


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.__name__))
def test_every_shape_can_be_built_and_keeps_its_fingerprint_when_nobody_touches_it(
    shape: Callable[[Path], Story], tmp_path: Path
) -> None:
    story = shape(tmp_path)
    before = fingerprint(*story.places())
    assert before.entries or shape is repositories.empty
    assert before.disturbed_by(fingerprint(*story.places())) == ()
    assert before.digest == fingerprint(*story.places()).digest


def test_the_shapes_are_what_they_say(tmp_path: Path) -> None:
    def of(shape: Callable[[Path], Story]) -> Path:
        return shape(tmp_path / shape.__name__).repository

    assert git(of(repositories.bare), "rev-parse", "--is-bare-repository") == "true"
    assert git(of(repositories.empty), "rev-list", "--all") == ""
    assert git(of(repositories.dirty), "status", "--porcelain").splitlines() == [
        "M README.md",
        "A  shop/staged.py",
        "?? notes.txt",
    ]
    assert (of(repositories.worktree) / ".git").is_file()
    assert git(of(repositories.shallow), "rev-parse", "--is-shallow-repository") == "true"
    assert git(of(repositories.detached), "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"
    assert "160000 commit" in git(of(repositories.submodule), "ls-tree", "HEAD", "vendored")
    assert "120000 blob" in git(of(repositories.link_out), "ls-tree", "HEAD", "vault")


def test_a_foreign_owner_is_another_user_and_gives_the_folder_back(tmp_path: Path) -> None:
    with repositories.foreign_owner(tmp_path) as story:
        with pytest.raises(subprocess.CalledProcessError) as refused:
            git(story.repository, "status")
        assert "dubious ownership" in str(refused.value.stderr)
    assert git(story.repository, "status", "--porcelain") == ""


def test_new_objects_and_the_bots_own_branches_do_not_disturb(tmp_path: Path) -> None:
    story = repositories.buggy_package(tmp_path)
    before = fingerprint(story.repository)
    tree = git(story.repository, "rev-parse", "HEAD^{tree}")
    head = git(story.repository, "commit-tree", tree, "-p", "HEAD", "-m", "A change")
    git(story.repository, "update-ref", "--create-reflog", "refs/heads/pointsman/1-discount", head)
    assert before.disturbed_by(fingerprint(story.repository)) == ()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (".git/config", ".git/config changed"),
        (".git/refs/heads/other", ".git/refs/heads/other appeared"),
        (".git/refs/heads/pointsman", ".git/refs/heads/pointsman appeared"),
        (".git/hooks/post-commit", ".git/hooks/post-commit appeared"),
        ("shop/prices.py", "shop/prices.py changed"),
        ("objects/new", "objects appeared"),
    ],
)
def test_anything_else_is_told_by_its_path(path: str, told: str, tmp_path: Path) -> None:
    story = repositories.buggy_package(tmp_path)
    before = fingerprint(story.repository)
    write(story.repository, path, "other\n")
    assert told in before.disturbed_by(fingerprint(story.repository))


def test_a_mode_a_link_and_a_lost_object_are_told(tmp_path: Path) -> None:
    story = repositories.link_out(tmp_path)
    before = fingerprint(story.repository)
    (story.repository / story.path).chmod(0o755)
    (story.repository / "vault").unlink()
    (story.repository / "vault").symlink_to("/elsewhere")
    lost = next(path for path in sorted((story.repository / ".git/objects").glob("??/*")))
    lost.unlink()
    told = before.disturbed_by(fingerprint(story.repository))
    assert told == (
        f"{lost.relative_to(story.repository)} is gone",
        "shop/prices.py changed",
        "vault changed",
    )
