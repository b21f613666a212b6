"""Reads notes, commits and diffs out of a repository on disk for verification; nothing of it is written to."""

import hashlib
from pathlib import Path

from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.workspaces.git import GitFailed, git, printed
from pointsman.workspaces.source import git_dir_of, resolve
from pointsman.workspaces.tree import REGULAR, blobs, entries

NOTES = ".pointsman/audit/"
KEYS = ".pointsman/keys/"
MEMORY = ".pointsman/memory.md"
_FORM = ("-p", "--full-index", "--binary", "--no-textconv", "--no-ext-diff")


class GitNoteSource:
    """One repository as the verification asks it; every revision is resolved first, so that none is an option."""

    def __init__(self, location: str) -> None:
        """The repository on disk at `location`. Raises OwnerMust(not-a-repository)."""
        self._location = location
        self._git_dir = git_dir_of(location)

    @classmethod
    def of_mirror(cls, mirror: Path, name: str = "mirror") -> "GitNoteSource":
        """The same for a bare mirror, called `name` in errors.

        Notes, keys, trees and diffs are those of any commit that was fetched or made there. `commits` serves as far
        as the mirror's history has no gap, and refuses beyond it, so that no commit is passed over in silence.
        """
        source = cls(str(mirror))
        source._location = name
        return source

    async def resolve(self, revision: str) -> str:
        """The commit of a branch or revision. Raises OwnerMust(unknown-revision)."""
        return await resolve(self._git_dir, self._location, revision)

    async def notes(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """Every file right under `.pointsman/audit/` at the revision: its name without folder, and its bytes."""
        return await self._folder(revision, NOTES)

    async def keys(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """The public keys that lie in the repository at the revision."""
        return await self._folder(revision, KEYS)

    async def commits(self, base: str, head: str) -> tuple[str, ...]:
        """The ids of the commits that `head` holds and `base` does not, oldest first."""
        found = await self._asked("rev-list", "--reverse", "--end-of-options", f"{base}..{head}")
        return tuple(found.decode().split())

    async def diff_digest(self, base: str, head: str) -> str:
        """sha256 of the canonical diff between two commits; notes, keys and the memory file are left out."""
        # Without a working tree no attributes of the user's have a say in what the diff looks like.
        plain = ("-c", "core.bare=true", "diff-tree", "-r", "--no-renames")
        listed = await self._asked(*plain, "-z", "--name-only", "--end-of-options", base, head)
        names = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
        kept = [name for name in names if name != MEMORY and not name.startswith((NOTES, KEYS))]
        data = await self._asked(*plain, *_FORM, "--end-of-options", base, head, "--", *kept) if kept else b""
        return hashlib.sha256(data).hexdigest()

    async def tree(self, commit: str) -> str:
        """The id of the commit's tree."""
        return printed(
            await self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}")
        )

    async def _folder(self, revision: str, folder: str) -> tuple[tuple[str, bytes], ...]:
        commit = await self.resolve(revision)
        listed = await entries(self._git_dir, commit)
        wanted = [e for e in listed if e.path.startswith(folder) and "/" not in e.path[len(folder) :]]
        files = [entry for entry in wanted if entry.mode in REGULAR]
        return tuple([(entry.path[len(folder) :], data) async for entry, data in blobs(self._git_dir, iter(files))])

    async def _asked(self, *args: str) -> bytes:
        try:
            return await git(self._git_dir, *args)
        except GitFailed as error:
            raise OwnerMust(
                f"The repository {self._location!r} does not hold what was asked for.",
                code="unknown-revision",
                hint="A shallow clone may lack it: fetch the whole history, then verify again.",
            ) from error


def read_key(path: Path) -> bytes:
    """A public key file. Raises UsageMust when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageMust(f"The public key {path} cannot be read: {error.strerror}.", code="key-file") from error
