"""The user's own repository on disk: found, read and asked, never written to."""

import os
import re
from pathlib import Path

from pointsman.domain.errors import OwnerMust
from pointsman.workspaces.git import Asked, GitFailed, git, printed, run
from pointsman.workspaces.git_words import git_dir_at

_REVISION = re.compile(r"[^\x00-\x20\x7f:?*\[\\-][^\x00-\x20\x7f:?*\[\\]{0,299}")


def git_dir_of(location: str) -> Path:
    """The git directory of the repository at `location`: the top of a working tree, or a bare repository.

    Folders above are not searched, so that nobody's home directory is taken for the repository of everything in it.
    Raises OwnerMust(not-a-repository).
    """
    found = git_dir_at(location)
    if not found:
        raise not_a_repository(location)
    return Path(found)


def not_a_repository(location: str) -> OwnerMust:
    """The refusal for a location where git finds nothing."""
    return OwnerMust(
        f"{location!r} is not a git repository.",
        code="not-a-repository",
        hint=_top_above(location)
        or "Give the top folder of a local git repository (the one that holds .git), or run `git init` there.",
    )


def _top_above(location: str) -> str:
    """Names the repository that the folder lies in, if there is one; it is never taken unasked."""
    folder = Path(os.path.realpath(location)) if location and "\0" not in location else None
    top = next((each for each in (folder.parents if folder else ()) if (each / ".git").exists()), None)
    return f"It lies inside the repository {str(top)!r}; give that folder if it is the one you mean." if top else ""


async def resolve(git_dir: Path, location: str, revision: str) -> str:
    """The commit that `revision` names: a branch first, then whatever git makes of it.

    Raises OwnerMust(not-a-repository, empty-repository, unknown-revision).
    """
    try:
        await git(git_dir, "rev-parse", "--git-dir")
    except GitFailed as error:
        raise not_a_repository(location) from error
    if is_name(revision):
        for name in (f"refs/heads/{revision}", revision):
            if commit := await _commit(git_dir, name):
                return commit
    await _refuse_empty(git_dir, location)
    raise OwnerMust(
        f"{location!r} has no commit or branch {revision[:300]!r}.",
        code="unknown-revision",
        hint="Look at `git branch --all` for what is there.",
    )


def is_name(revision: str) -> bool:
    """Whether the words may name a branch or commit: no option, no range, no blank, no expression that searches."""
    return _REVISION.fullmatch(revision) is not None and ".." not in revision and "@{" not in revision


async def object_format(git_dir: Path) -> str:
    """`sha1` or `sha256`."""
    return printed(await git(git_dir, "rev-parse", "--show-object-format"))


async def missing(git_dir: Path, oids: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `oids` that the repository does not hold, in order."""
    if not oids:
        return ()
    asked = Asked(git_dir, ("cat-file", "--batch-check"), stdin="".join(f"{oid}\n" for oid in oids).encode())
    rows = (await run(asked)).decode().splitlines()
    return tuple(oid for oid, row in zip(oids, rows, strict=True) if row.endswith(" missing"))


async def _commit(git_dir: Path, name: str) -> str:
    try:
        return printed(
            await git(git_dir, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        )
    except GitFailed:
        return ""


async def _refuse_empty(git_dir: Path, location: str) -> None:
    if await _commit(git_dir, "HEAD"):
        return
    if await git(git_dir, "for-each-ref", "--count=1"):
        return
    raise OwnerMust(
        f"{location!r} has no commit yet.",
        code="empty-repository",
        hint="Commit something first: a change needs a commit to stand on.",
    )
