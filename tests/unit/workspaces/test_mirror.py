"""Copying from the user's repository and handing back to it, with nothing of theirs disturbed."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World
from tests.worlds import repositories
from tests.worlds.fingerprints import fingerprint

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.workspaces.git import Asked, GitFailed, git, run
from pointsman.workspaces.mirror import fetch_into
from pointsman.workspaces.publish import branch_head, publish
from pointsman.workspaces.scratch import job_folder

SHAPES = (
    repositories.buggy_package, repositories.bare, repositories.dirty, repositories.detached, repositories.worktree,
    repositories.shallow, repositories.submodule, repositories.link_out, repositories.unicode_names,
)  # fmt: skip


def _fetch(mirror: Path, location: Path, revision: str = "HEAD") -> str:
    return asyncio.run(fetch_into(mirror, str(location), revision))


def _grow(mirror: Path, parent: str, subject: str = "grown") -> str:
    tree = asyncio.run(git(mirror, "rev-parse", f"{parent}^{{tree}}")).decode().strip()
    people = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    made = git(mirror, "commit-tree", tree, "-p", parent, "-m", subject, env=people)
    return asyncio.run(made).decode().strip()


def _publish(mirror: Path, commit: str, location: Path, branch: str, expected: str | None = None) -> None:
    asyncio.run(publish(mirror, commit, str(location), branch=branch, expected_head=expected))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_shape_of_repository_is_copied_and_published_to_without_a_trace(
    shape: Callable[[Path], repositories.Story], tmp_path: Path
) -> None:
    story = shape(tmp_path)
    before = fingerprint(*story.places())
    mirror = tmp_path / "home/m.git"
    head = _fetch(mirror, story.repository)
    assert head == repositories.git(story.repository, "rev-parse", "HEAD")
    assert fingerprint(*story.places()) == before
    grown = _grow(mirror, head)
    _publish(mirror, grown, story.repository, "pointsman/1-fix")
    assert before.disturbed_by(fingerprint(*story.places())) == ()
    assert repositories.git(story.repository, "log", "-1", "--format=%H", "pointsman/1-fix") == grown
    repositories.git(story.repository, "fsck", "--strict")


def test_a_revision_may_be_a_branch_a_tag_or_a_commit_and_a_branch_goes_first(world: World, tmp_path: Path) -> None:
    first = world.commit({"a": "1"})
    second = world.commit({"a": "2"})
    world.git("branch", "both", first)
    world.git("tag", "-a", "-m", "t", "both", second)
    mirror = tmp_path / "m.git"
    for revision, commit in (
        ("both", first),
        ("main", second),
        (first, first),
        ("tags/both", second),
        ("HEAD~1", first),
    ):
        assert _fetch(mirror, world.root, revision) == commit


@pytest.mark.parametrize(
    ("shape", "revision", "code"),
    [
        (repositories.not_a_repository, "HEAD", "not-a-repository"),
        (repositories.empty, "HEAD", "empty-repository"),
        (repositories.empty, "main", "empty-repository"),
        (repositories.buggy_package, "nowhere", "unknown-revision"),
        (repositories.buggy_package, "", "unknown-revision"),
        (repositories.buggy_package, "-h", "unknown-revision"),
        (repositories.buggy_package, "--all", "unknown-revision"),
        (repositories.buggy_package, "main\nHEAD", "unknown-revision"),
        (repositories.buggy_package, "@{-1}", "unknown-revision"),
        (repositories.buggy_package, "x" * 400, "unknown-revision"),
    ],
)
def test_what_cannot_be_fetched_is_refused_with_what_to_do(
    shape: Callable[[Path], repositories.Story], revision: str, code: str, tmp_path: Path
) -> None:
    story = shape(tmp_path)
    before = fingerprint(*story.places())
    with pytest.raises(OwnerMust) as refused:
        _fetch(tmp_path / "m.git", story.repository, revision)
    assert refused.value.code == code
    assert refused.value.hint
    assert fingerprint(*story.places()) == before


def test_the_scratch_of_a_killed_maker_is_taken_away_by_the_next_fetch_and_that_of_a_living_one_stays(
    world: World, tmp_path: Path
) -> None:
    world.commit({"a": "1"})
    mirror = tmp_path / "mirrors/m.git"
    _fetch(mirror, world.root)
    (mirror.parent / "job-dead").mkdir()

    async def fetch_beside_a_living_one() -> bool:
        async with job_folder(mirror.parent) as living:
            (mirror.parent / "job-dead").mkdir()
            await fetch_into(mirror, str(world.root), "HEAD")
            return living.is_dir()

    _fetch(mirror, world.root)
    assert not (mirror.parent / "job-dead").exists()
    assert asyncio.run(fetch_beside_a_living_one())
    assert list(mirror.parent.glob("job-*")) == []


def test_several_may_fill_the_same_mirror_at_once(world: World, tmp_path: Path) -> None:
    commits = [world.commit({f"{number}.py": f"x = {number}\n"}) for number in range(6)]
    mirror = tmp_path / "home/m.git"

    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(fetch_into(mirror, str(world.root), each) for each in commits * 2))

    assert asyncio.run(all_at_once()) == commits * 2
    assert [path.name for path in mirror.parent.iterdir() if path.is_dir()] == ["m.git"]
    for number, commit in enumerate(commits):
        assert asyncio.run(git(mirror, "cat-file", "blob", f"{commit}:{number}.py")) == f"x = {number}\n".encode()


def test_the_user_repository_of_somebody_else_is_read_by_root_and_stays_theirs(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        story = repositories.buggy_package(tmp_path)
        assert _fetch(tmp_path / "m.git", story.repository)
        return
    # pytest's own folder is closed to others, and the owner must be able to reach what is theirs.
    with tempfile.TemporaryDirectory() as open_to_all, repositories.foreign_owner(Path(open_to_all)) as story:
        Path(open_to_all).chmod(0o755)
        mirror = tmp_path / "m.git"
        _publish(mirror, _grow(mirror, _fetch(mirror, story.repository)), story.repository, "pointsman/x")
        owners = {path.lstat().st_uid for path in (story.repository / ".git").rglob("*")}
        assert owners == {65534}


def test_no_hook_of_the_user_runs_when_a_branch_is_published(world: World, tmp_path: Path) -> None:
    head = world.commit({"a": "1"})
    for name in ("pre-receive", "update", "post-receive", "post-update", "reference-transaction", "pre-push"):
        hook = world.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/executed\n")
        hook.chmod(0o755)
    world.git("config", "core.hooksPath", str(world.root / ".git/hooks"))
    mirror = tmp_path / "m.git"
    _fetch(mirror, world.root)
    _publish(mirror, _grow(mirror, head), world.root, "pointsman/1")
    assert asyncio.run(branch_head(str(world.root), "pointsman/1"))
    assert not (tmp_path / "executed").exists()


def test_publishing_leaves_every_byte_mode_and_time_but_the_new_ref(world: World, tmp_path: Path) -> None:
    head = world.commit({"a": "1", "b/c": "2"})
    (world.root / "a").write_text("dirty")
    (world.root / ".git/FETCH_HEAD").write_text("theirs\n")
    before = world.fingerprint()
    mirror = tmp_path / "m.git"
    _fetch(mirror, world.root)
    assert world.fingerprint() == before
    _publish(mirror, _grow(mirror, head), world.root, "pointsman/1-x")
    assert world.fingerprint(without=(".git/refs/heads/pointsman/1-x",)) == before


def test_a_branch_that_moved_or_appeared_meanwhile_is_never_overwritten(world: World, tmp_path: Path) -> None:
    head = world.commit({"a": "1"})
    mirror = tmp_path / "m.git"
    _fetch(mirror, world.root)
    first, second = _grow(mirror, head, "first"), _grow(mirror, head, "second")
    _publish(mirror, first, world.root, "pointsman/1")
    _publish(mirror, first, world.root, "pointsman/1")
    for expected in (None, second, head):
        with pytest.raises(OwnerMust) as refused:
            _publish(mirror, second, world.root, "pointsman/1", expected)
        assert refused.value.code == "branch-moved"
    assert asyncio.run(branch_head(str(world.root), "pointsman/1")) == first
    _publish(mirror, second, world.root, "pointsman/1", first)
    assert asyncio.run(branch_head(str(world.root), "pointsman/1")) == second


def test_a_branch_in_the_way_or_checked_out_is_told_by_name(world: World, tmp_path: Path) -> None:
    head = world.commit({"a": "1"})
    mirror = tmp_path / "m.git"
    _fetch(mirror, world.root)
    grown = _grow(mirror, head)
    world.git("branch", "pointsman/open")
    world.git("worktree", "add", "-q", str(tmp_path / "wt"), "pointsman/open")
    with pytest.raises(OwnerMust) as refused:
        _publish(mirror, grown, world.root, "pointsman/open", head)
    assert refused.value.code == "branch-checked-out"
    with pytest.raises(OwnerMust) as refused:
        _publish(mirror, grown, world.root, "pointsman/open/deeper")
    assert refused.value.code == "branch-in-the-way"


def test_a_branch_of_ours_that_points_at_theirs_does_not_lead_there(world: World, tmp_path: Path) -> None:
    head = world.commit({"a": "1"})
    mirror = tmp_path / "m.git"
    _fetch(mirror, world.root)
    world.git("symbolic-ref", "refs/heads/pointsman/trap", "refs/heads/main")
    _publish(mirror, _grow(mirror, head), world.root, "pointsman/trap", head)
    assert world.git("rev-parse", "main") == head


def test_a_repository_with_sha256_ids_is_served_too(tmp_path: Path) -> None:
    root = tmp_path / "long"
    root.mkdir()
    world = World(root)
    world.git("init", "-q", "--object-format=sha256", "-b", "main")
    head = world.commit({"a": "1"})
    assert len(_fetch(tmp_path / "m.git", root)) == 64
    _publish(tmp_path / "m.git", _grow(tmp_path / "m.git", head), root, "pointsman/1")
    world.git("fsck", "--strict")


def test_git_that_prints_too_much_or_takes_too_long_is_stopped(world: World) -> None:
    world.commit({"big": "x" * 10_000})
    with pytest.raises(OperatorMust) as refused:
        asyncio.run(run(Asked(world.root / ".git", ("cat-file", "blob", "HEAD:big"), max_output=100)))
    assert refused.value.code == "repository-too-large"
    fifo = world.root.parent / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(OperatorMust) as refused:
        asyncio.run(run(Asked(world.root / ".git", ("hash-object", str(fifo)), seconds=0.2)))
    assert refused.value.code == "git-slow"


def test_git_is_stopped_while_more_of_its_output_waits_than_asyncio_takes_at_once(world: World) -> None:
    """On a busy machine git prints faster than the event loop reads."""
    world.commit({"big": "x" * 8_000_000})

    def drag(loop: asyncio.AbstractEventLoop) -> None:
        time.sleep(0.01)
        loop.call_soon(drag, loop)

    async def stopped() -> None:
        asyncio.get_running_loop().call_soon(drag, asyncio.get_running_loop())
        async with asyncio.timeout(30):
            await run(Asked(world.root / ".git", ("cat-file", "blob", "HEAD:big"), max_output=100))

    with pytest.raises(OperatorMust) as refused:
        asyncio.run(stopped())
    assert refused.value.code == "repository-too-large"


def test_an_unexpected_failure_of_git_carries_its_first_line(world: World) -> None:
    with pytest.raises(GitFailed, match="invalid object name"):
        asyncio.run(git(world.root / ".git", "cat-file", "blob", "HEAD:none"))


def test_a_full_disk_is_told_as_such_and_not_as_a_failure_of_git(world: World) -> None:
    world.commit({"a": "1"})
    alias = "sh -c 'echo fatal: write error: No space left on device >&2; exit 128'"
    asked = Asked(world.root / ".git", ("-c", f"alias.fill=!{alias}", "fill"))
    with pytest.raises(OperatorMust) as refused:
        asyncio.run(run(asked))
    assert refused.value.code == "disk-full"
    assert refused.value.hint
