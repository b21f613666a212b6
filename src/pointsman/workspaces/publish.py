"""Hands one commit over to the user's repository: one branch of ours, by compare-and-swap, and nothing else."""

import asyncio
import os
import re
from pathlib import Path

from pointsman.domain.errors import OwnerMust
from pointsman.domain.history import NOTE_REF
from pointsman.workspaces.git import Asked, GitFailed, git, printed, run
from pointsman.workspaces.git_errors import IN_THE_WAY, in_the_way, moved
from pointsman.workspaces.mirror import copy, objects_below
from pointsman.workspaces.source import git_dir_of, missing

PREFIX = "pointsman/"
_BRANCH = re.compile(r"pointsman/[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
_READ_ONLY = ("ermission denied", "insufficient permission", "Read-only file system")
_MAX_CHAIN = 200


async def branch_head(location: str, branch: str) -> str | None:
    """The commit that `branch` stands on in the user's repository, or None. Raises OwnerMust(not-a-repository)."""
    return await _head(git_dir_of(location), f"refs/heads/{branch}")


async def note_head(location: str) -> str | None:
    """The commit that the ref of notes stands on, or None. Raises OwnerMust(not-a-repository)."""
    return await _head(git_dir_of(location), NOTE_REF)


async def publish(mirror: Path, commit: str, location: str, *, branch: str, expected_head: str | None) -> None:
    """Set `refs/heads/<branch>` to `commit` if it still stands on `expected_head` (None: if it does not exist).

    Only objects and that one ref are written, by `git index-pack` and `git update-ref` without hooks: working tree,
    index, configuration, HEAD and FETCH_HEAD stay byte for byte as they were. Once done it may be repeated. Raises
    OwnerMust(branch-refused, branch-checked-out, branch-moved, branch-in-the-way, repository-read-only).
    """
    target = git_dir_of(location)
    await refuse_name(target, branch)
    await _refuse_checked_out(target, branch)
    head = await _head(target, f"refs/heads/{branch}")
    if head == commit:
        return
    if head != expected_head:
        raise moved(branch)
    await _brought(mirror, commit, location, ref=f"refs/heads/{branch}", expected_head=expected_head)


async def publish_note(mirror: Path, commit: str, location: str, *, expected_head: str | None) -> None:
    """Set the ref of notes to `commit`, in the same way. Raises OwnerMust(branch-moved, repository-read-only)."""
    await _brought(mirror, commit, location, ref=NOTE_REF, expected_head=expected_head)


async def _brought(mirror: Path, commit: str, location: str, *, ref: str, expected_head: str | None) -> None:
    target = git_dir_of(location)
    owner = await _owner(target)
    try:
        await copy(mirror, target, await _new_objects(mirror, target, commit), owner=owner)
        await _swap(target, ref, commit, expected_head, owner)
    except GitFailed as error:
        raise _told(error, location, ref.removeprefix("refs/heads/")) from error


async def refuse_name(git_dir: Path, branch: str) -> None:
    """Refuse every branch that is not one of ours by name. Raises OwnerMust(branch-refused)."""
    refused = OwnerMust(
        f"Nothing is pushed to {branch[:200]!r}: only branches below {PREFIX} are ever written.",
        code="branch-refused",
    )
    if not _BRANCH.fullmatch(branch):
        raise refused
    try:
        await git(git_dir, "check-ref-format", f"refs/heads/{branch}")
    except GitFailed as error:
        raise refused from error


async def _refuse_checked_out(target: Path, branch: str) -> None:
    shown = await git(target, "worktree", "list", "--porcelain", "-z")
    if f"branch refs/heads/{branch}".encode() in shown.split(b"\0"):
        raise OwnerMust(
            f"The branch {branch} is checked out in a working tree, which would no longer fit it.",
            code="branch-checked-out",
            hint="Switch that working tree to another branch and run again.",
        )


async def _head(git_dir: Path, ref: str) -> str | None:
    try:
        found = await git(git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", ref)
    except GitFailed:
        return None
    return printed(found)


async def _new_objects(mirror: Path, target: Path, commit: str) -> tuple[str, ...]:
    """Everything of the commits that the target lacks, from `commit` back to the one the run started from."""
    oids: dict[str, None] = {}
    waiting = [commit]
    for _ in range(_MAX_CHAIN):
        lacking = await missing(target, tuple(waiting))
        if not lacking:
            return tuple(oids)
        waiting = []
        for lacked in lacking:
            oids |= dict.fromkeys(await objects_below(mirror, lacked))
            waiting += await _parents(mirror, lacked)
    raise OwnerMust(f"Commit {commit[:12]} does not grow from this repository.", code="unrelated-commit")


async def _parents(git_dir: Path, commit: str) -> list[str]:
    header = (await git(git_dir, "cat-file", "commit", commit)).partition(b"\n\n")[0].decode("utf-8", "replace")
    return [line.split()[1] for line in header.splitlines() if line.startswith("parent ")]


async def _swap(
    target: Path, ref: str, commit: str, expected_head: str | None, owner: tuple[int, int] | None
) -> None:
    # --no-deref: a branch of ours that somebody made a symbolic ref must not lead to theirs.
    args = ("update-ref", "--no-deref", ref, commit, expected_head or "0" * len(commit))
    await run(Asked(target, args, as_owner=owner))


async def _owner(target: Path) -> tuple[int, int] | None:
    """As whom to write: as the repository's owner when we are root, so that they can go on writing there."""
    owner = await asyncio.to_thread(_owner_ids, target)
    if os.geteuid() != 0 or owner[0] == 0:
        return None
    try:
        await run(Asked(target, ("rev-parse", "--git-dir"), as_owner=owner))
    except (GitFailed, OSError):
        # The owner cannot reach the folder themselves, or this root may not take their place.
        return None
    return owner


def _owner_ids(target: Path) -> tuple[int, int]:
    found = target.stat()
    return found.st_uid, found.st_gid


def _told(error: GitFailed, location: str, branch: str) -> OwnerMust:
    if any(sign in error.stderr for sign in _READ_ONLY):
        return OwnerMust(
            f"{location!r} cannot be written to.",
            code="repository-read-only",
            hint="Run as the user who owns the repository.",
        )
    if IN_THE_WAY in error.stderr:
        return in_the_way(branch)
    if "cannot lock ref" in error.stderr:
        return moved(branch)
    return OwnerMust(f"The branch {branch} could not be made: {error.message}", code="push-failed")
