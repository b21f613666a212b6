"""The bare mirror of a repository: made when first needed, filled by piping objects, safe for several at once."""

import asyncio
import errno
import hashlib
from pathlib import Path

from pointsman.domain.errors import OperatorMust, OwnerMust
from pointsman.domain.run import Repository
from pointsman.workspaces import scratch
from pointsman.workspaces.git import Asked, GitFailed, git, pipe, printed, refuse_old
from pointsman.workspaces.names import hostile
from pointsman.workspaces.source import git_dir_of, missing, object_format, resolve
from pointsman.workspaces.tree import Entry, entries

MAX_ENTRIES = 500_000
MAX_BYTES = 4 << 30


def mirror_path(home: Path, repository: Repository) -> Path:
    """Where the mirror of `repository` lies; nothing of its name or id shows in the path."""
    digest = hashlib.sha256(f"{repository.forge}\0{repository.id}".encode()).hexdigest()
    return home / "mirrors" / f"{digest[:40]}.git"


async def fetch_into(mirror: Path, location: str, revision: str) -> str:
    """Copy the commit that `revision` names, and its whole tree, into the mirror; return its id.

    Objects go through a pipe from `git pack-objects` there to `git index-pack` here: no hook, lock, FETCH_HEAD or
    configuration of the user's repository takes part, and a shallow one serves as well as a whole one, since history
    is not copied. Submodules are not followed. Raises OwnerMust(not-a-repository, empty-repository, unknown-revision,
    hostile-tree, repository-too-large, unreadable-repository), OperatorMust(disk-full, git-too-old).
    """
    source = git_dir_of(location)
    refuse_old(printed(await git(source, "version")))
    commit = await resolve(source, location, revision)
    await ensure_mirror(mirror, await object_format(source))
    if await missing(mirror, (commit,)):
        # One pack holds the commit and everything below it, so a commit that is there is there whole.
        try:
            wanted = await objects_below(source, commit, max_bytes=MAX_BYTES)
            await copy(source, mirror, wanted)
        except GitFailed as error:
            raise OwnerMust(
                f"Commit {commit[:12]} of {location!r} cannot be read whole: {error.message}",
                code="unreadable-repository",
                hint="`git fsck` says what is broken; a partial clone needs `git fetch --refetch` without a filter.",
            ) from error
    return commit


async def objects_below(git_dir: Path, commit: str, *, max_bytes: int = 0) -> tuple[str, ...]:
    """The commit, its trees and blobs, each once. With `max_bytes` a hostile or larger tree is refused."""
    tree = await entries(git_dir, commit, folders=True)
    if max_bytes:
        _refuse_hostile(tree, max_bytes)
    root = printed(await git(git_dir, "rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}"))
    below = (entry.oid for entry in tree if entry.mode != "160000")
    return tuple(dict.fromkeys((commit, root, *below)))


async def copy(source: Path, target: Path, oids: tuple[str, ...], *, owner: tuple[int, int] | None = None) -> None:
    """Copy those objects that `target` lacks, in one pack that appears whole or not at all."""
    wanted = await missing(target, oids)
    if not wanted:
        return
    names = "".join(f"{oid}\n" for oid in wanted).encode()
    pack = Asked(source, ("pack-objects", "--quiet", "--window=0", "--stdout"), stdin=names, seconds=1800.0)
    await pipe(pack, Asked(target, ("index-pack", "--stdin"), seconds=1800.0, as_owner=owner))


def _refuse_hostile(tree: tuple[Entry, ...], max_bytes: int) -> None:
    """Refuse what git's fsck would, and `.git` with an ignored code point, which it lets pass on Linux.

    Harmless old mistakes, such as zero-padded modes, do not stop anybody.
    """
    if len(tree) > MAX_ENTRIES or sum(entry.size for entry in tree) > max_bytes:
        raise OwnerMust(
            f"The repository is too large: at most {MAX_ENTRIES} files and {max_bytes >> 20} MB are taken.",
            code="repository-too-large",
            hint="Point at a smaller repository, or split this one.",
        )
    paths: set[str] = set()
    for entry in tree:
        if hostile(entry.path) or entry.path in paths:
            raise OwnerMust(
                f"The repository holds the path {entry.path!r}, which git itself would refuse to check out.",
                code="hostile-tree",
                hint="Remove it in a new commit.",
            )
        paths.add(entry.path)


async def ensure_mirror(mirror: Path, object_format: str) -> None:
    """Make the mirror when it is not there. Raises OperatorMust(disk-full, home-unwritable)."""
    if await asyncio.to_thread(mirror.is_dir):
        # Whoever made it may have been killed before its scratch was gone, and nobody makes it again.
        await asyncio.to_thread(scratch.sweep, mirror.parent)
        return
    try:
        await asyncio.to_thread(mirror.parent.mkdir, parents=True, exist_ok=True, mode=0o700)
        async with scratch.job_folder(mirror.parent) as folder:
            fresh = folder / mirror.name
            await git(fresh, "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}")
            await asyncio.to_thread(_take_place, fresh, mirror)
    except OSError as error:
        raise OperatorMust(
            f"The mirror cannot be made below {mirror.parent}: {error.strerror}.",
            code="disk-full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "home-unwritable",
            hint="Give the installation a home folder that it may write to, on a disk with free space.",
        ) from error


def _take_place(fresh: Path, mirror: Path) -> None:
    try:
        fresh.rename(mirror)
    except OSError:
        # Somebody else was first; theirs is as good.
        if not mirror.is_dir():
            raise
