"""A repository on disk as the local forge names it: a stable id, its branch, and what is not committed in it."""

import hashlib
import re
from pathlib import Path

from pointsman.domain.run import LOCAL, Repository
from pointsman.workspaces.git import Asked, GitFailed, git, printed, run
from pointsman.workspaces.source import git_dir_of, resolve

_ASSISTED = re.compile(r"^[ \t]*Assisted-by: Pointsman \((?P<model>[^\n]*)\)[ \t]*$", re.MULTILINE)


async def locate(location: str) -> Repository:
    """The repository at `location`; with the branch that it is worked from.

    The id is drawn from the real path of the common git directory, so that a linked worktree is the same repository.
    Raises OwnerMust(not-a-repository).
    """
    git_dir = git_dir_of(location)
    try:
        common = Path(printed(await git(git_dir, "rev-parse", "--path-format=absolute", "--git-common-dir")))
    except GitFailed:
        common = git_dir
    place, here = real(common), real(location)
    name = place.parent.name if place.name == ".git" else place.name.removesuffix(".git")
    digest = hashlib.sha256(str(place).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return Repository(
        forge=LOCAL,
        id=digest,
        name=name or "repository",
        location=str(here),
        default_branch=await _default_branch(git_dir),
    )


async def _default_branch(git_dir: Path) -> str:
    """What the remote calls its head, else `main` or `master`, else whatever is checked out."""
    remote = await _printed(git_dir, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    for name in (remote.removeprefix("origin/"), "main", "master"):
        if name and await _printed(git_dir, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
            return name
    return await _printed(git_dir, "symbolic-ref", "--quiet", "--short", "HEAD") or "HEAD"


async def merge_base(location: str, one: str, other: str) -> str:
    """The commit where two revisions of the user's repository parted; empty when they never met."""
    return await _printed(git_dir_of(location), "merge-base", "--end-of-options", one, other)


async def assisted_by(location: str, base: str, head: str) -> tuple[str, ...]:
    """The models that our trailers name as helpers in the commits that `head` holds and `base` does not.

    Every line of a message counts, since a squash puts trailers into its middle. Asked of rev-list, which obeys no
    setting of the repository that starts a program.
    """
    span = f"{base}..{head}" if base else head
    told = await git(git_dir_of(location), "rev-list", "--format=%B", "--end-of-options", span)
    return tuple(dict.fromkeys(one["model"] for one in _ASSISTED.finditer(told.decode("utf-8", "replace"))))


async def _printed(git_dir: Path, *args: str) -> str:
    try:
        return printed(await git(git_dir, *args))
    except GitFailed:
        return ""


def real(path: str | Path) -> Path:
    """The path without links, existing or not."""
    return Path(path).resolve()


async def uncommitted(location: str) -> tuple[str, ...]:
    """The paths with changes that are not committed. Nothing is written, not even git's own index."""
    git_dir = git_dir_of(location)
    if git_dir.parent != real(location):
        return ()
    command = ("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignore-submodules=all")
    try:
        unfiltered = await _without_filters(git_dir)
        found = await run(Asked(git_dir, (f"--work-tree={git_dir.parent}", *command), env=unfiltered))
    except GitFailed:
        return ()
    return tuple(row[3:].decode("utf-8", "replace") for row in found.split(b"\0") if len(row) > 3)


async def _without_filters(git_dir: Path) -> dict[str, str]:
    """Takes back the programs that the repository names for the content of files: comparing would start them.

    Told by variables, because a name may hold an equals sign (git-config, GIT_CONFIG_COUNT).
    """
    listed = (await git(git_dir, "config", "--name-only", "-z", "--list")).decode("utf-8", "surrogateescape")
    found = {key for key in listed.split("\0") if key.startswith("filter.")}
    told = {"GIT_CONFIG_COUNT": str(len(found))}
    for place, key in enumerate(sorted(found)):
        told |= {f"GIT_CONFIG_KEY_{place}": key, f"GIT_CONFIG_VALUE_{place}": ""}
    return told


async def commits_between(git_dir: Path, base: str, head: str) -> tuple[tuple[str, str], ...]:
    """The commits after `base` up to `head`, oldest first: id and subject."""
    found = await git(git_dir, "log", "--reverse", "--format=%H%x00%s", "--end-of-options", f"{base}..{head}")
    rows = (row.partition("\0") for row in found.decode("utf-8", "replace").splitlines())
    return tuple((commit, subject) for commit, _, subject in rows)


async def file_at(location: str, revision: str, path: str) -> bytes | None:
    """The bytes of a regular file at a revision of the user's repository; None when it is absent or a link.

    Raises OwnerMust(not-a-repository, empty-repository, unknown-revision).
    """
    mode, oid = await _entry_at(location, revision, path)
    if mode not in ("100644", "100755"):
        return None
    return await git(git_dir_of(location), "cat-file", "blob", oid)


async def oddity_at(location: str, revision: str, path: str) -> str:
    """`link`, `submodule` or `folder` for what stands there in a file's place; else empty. Raises as `file_at`."""
    mode, _ = await _entry_at(location, revision, path)
    return {"120000": "link", "160000": "submodule", "040000": "folder"}.get(mode, "")


async def _entry_at(location: str, revision: str, path: str) -> tuple[str, str]:
    """Mode and object id of a path, both empty when it is absent."""
    git_dir = git_dir_of(location)
    commit = await resolve(git_dir, location, revision)
    listed = (await git(git_dir, "ls-tree", "-z", "--full-tree", commit, path)).split(b"\0")[0]
    about, _, found = listed.partition(b"\t")
    mode, _, oid = (about if found == path.encode() else b"  ").decode().split(" ")
    return mode, oid
