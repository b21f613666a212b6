"""Reads notes, commits and diffs out of a repository on disk for verification; nothing of it is written to."""

from collections.abc import Sequence
from pathlib import Path

from pointsman.domain.errors import OwnerMust
from pointsman.domain.history import KEYS, NOTES, Difference, PastCommit, Touched, Trees
from pointsman.workspaces.git import GitFailed, git, printed
from pointsman.workspaces.history import by_hand, commits_of, contents, differences, ended, kinds, touched
from pointsman.workspaces.source import git_dir_of, resolve
from pointsman.workspaces.tree import REGULAR, Entry, blobs, entries_of


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

    async def has(self, ref: str) -> bool:
        """Whether there is a ref of this full name."""
        return bool(await self._asked("for-each-ref", "--count=1", "--format=%(refname)", ref))

    async def parted(self, head: str, others: Sequence[str]) -> str:
        """The newest commit that `head` has in common with every other that is here; empty when there is none."""
        here = await kinds(self._git_dir, [f"{other}^{{commit}}" for other in others])
        try:
            return printed(await git(self._git_dir, "merge-base", "--octopus", head, *here.values())) if here else ""
        except GitFailed:
            return ""

    async def notes(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """Every file right under `.pointsman/audit/` at the revision: its name without folder, and its bytes.

        A folder, a link or a submodule there comes as an empty file, which is no note: no digest has what it hides.
        """
        commit = await self.resolve(revision)
        odd = [(one.path[len(NOTES) :], b"") for one in await self._entries(commit, NOTES) if one.mode not in REGULAR]
        return (*await self._folder(commit, NOTES), *odd)

    async def keys(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """The public keys that lie in the repository at the revision."""
        return await self._folder(revision, KEYS)

    async def commits(self, base: str, head: str) -> tuple[str, ...]:
        """The ids of the commits that `head` holds and `base` does not, oldest first; all of them without a base."""
        span = f"{base}..{head}" if base else head
        found = await self._asked("rev-list", "--topo-order", "--reverse", "--end-of-options", span)
        return tuple(found.decode().split())

    async def history(self, base: str, head: str) -> tuple[PastCommit, ...]:
        """The same with what each says, and which of its parents this copy lacks."""
        try:
            found = await commits_of(self._git_dir, await self.commits(base, head))
            return await ended(self._git_dir, found, base)
        except GitFailed as error:
            raise self._unknown() from error

    async def trees(self, commits: Sequence[str]) -> dict[str, str]:
        """The trees of those of the commits that this copy holds."""
        found = await kinds(self._git_dir, [f"{commit}^{{tree}}" for commit in commits])
        return {name.removesuffix("^{tree}"): tree for name, tree in found.items()}

    async def touched(self, pairs: Sequence[Trees]) -> dict[Trees, tuple[Touched, ...]]:
        """The paths that differ within each pair of trees; a pair that this copy cannot compare is left out."""
        return await touched(self._git_dir, pairs)

    async def differences(self, pairs: Sequence[Trees]) -> dict[Trees, Difference]:
        """The digests of the canonical diff of each pair; a pair that this copy cannot compare is left out."""
        return await differences(self._git_dir, pairs)

    async def contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """The bytes of those of the blobs that this copy holds."""
        return await contents(self._git_dir, blobs)

    async def by_hand(self, merges: Sequence[PastCommit]) -> dict[str, tuple[str, ...]]:
        """The paths where each merge is not what git makes of it alone; one that cannot be made again is left out."""
        return await by_hand(self._git_dir, merges)

    async def diff_digest(self, base: str, head: str) -> str:
        """sha256 of the canonical diff between two commits; notes, keys and the memory file are left out."""
        pair = (await self.tree(base), await self.tree(head))
        found = await self.differences([pair])
        if pair not in found:
            raise self._unknown()
        return found[pair].whole

    async def tree(self, commit: str) -> str:
        """The id of the commit's tree."""
        return printed(
            await self._asked("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}")
        )

    async def _folder(self, revision: str, folder: str) -> tuple[tuple[str, bytes], ...]:
        commit = await self.resolve(revision)
        files = [one for one in await self._entries(commit, folder) if one.mode in REGULAR]
        try:
            return tuple([(one.path[len(folder) :], data) async for one, data in blobs(self._git_dir, iter(files))])
        except GitFailed as error:
            raise self._unknown() from error

    async def _entries(self, commit: str, folder: str) -> tuple[Entry, ...]:
        try:
            return await entries_of(self._git_dir, commit, folder)
        except GitFailed as error:
            raise self._unknown() from error

    async def _asked(self, *args: str) -> bytes:
        try:
            return await git(self._git_dir, *args)
        except GitFailed as error:
            raise self._unknown() from error

    def _unknown(self) -> OwnerMust:
        return OwnerMust(
            f"The repository {self._location!r} does not hold what was asked for.",
            code="unknown-revision",
            hint="A shallow clone may lack it: fetch the whole history, then verify again.",
        )
