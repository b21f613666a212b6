"""Whether changes of ours came into the default branch of a repository on disk, and whether they were taken back."""

from datetime import UTC, datetime
from pathlib import Path

from pointsman.domain.errors import OwnerMust
from pointsman.domain.marks import ChangeEnd, ChangeFacts, ChangeMark, Landing, reverted_commits
from pointsman.workspaces.git import GitFailed, git
from pointsman.workspaces.local_repository import locate
from pointsman.workspaces.note_source import GitNoteSource
from pointsman.workspaces.source import git_dir_of

MOST = 200
"""So many of the newest commits are compared with a change whose own commits are not in the branch."""


async def landings(location: str, changes: tuple[ChangeFacts, ...]) -> tuple[Landing, ...]:
    """What the default branch shows of each change; one that it says nothing of is left out.

    A change landed when one of its commits is an ancestor of the branch, or, after a squash, a rebase or a
    cherry-pick, when one commit has just its diff. Raises OwnerMust when there is no repository any more.
    """
    repository = await locate(location)
    trunk = _Trunk(git_dir_of(location), f"refs/heads/{repository.default_branch}", GitNoteSource(location))
    found = []
    for change in changes:
        end = change.end if change.end.state == "merged" else await trunk.end_of(change.made)
        if end is not None:
            taken_back = await trunk.took_back(change.made, end.landed)
            found.append(Landing(change.made.key, end, taken_back))
    return tuple(found)


class _Trunk:
    """The default branch of a repository, asked by commands that start no program of the repository's."""

    def __init__(self, git_dir: Path, ref: str, source: GitNoteSource) -> None:
        self._git_dir = git_dir
        self._ref = ref
        self._source = source
        self._digests: dict[str, str] = {}

    async def end_of(self, made: ChangeMark) -> ChangeEnd | None:
        """How the change came into the branch; None when it did not."""
        line = await self._list("--first-parent", "--reverse", f"{made.base}..{self._ref}")
        for own in dict.fromkeys((made.head, made.commit)):
            landed = await self._where(own, line)
            if landed:
                parents = (await self._list("--parents", "--max-count=1", landed))[:1]
                merged = parents[0].split()[2:] if parents else []
                is_whole = not merged or own in merged
                return ChangeEnd("merged", await self._time(landed), landed, is_as_reviewed=is_whole)
        landed = await self._with_the_diff(made)
        return ChangeEnd("merged", await self._time(landed), landed, is_as_reviewed=True) if landed else None

    async def took_back(self, made: ChangeMark, landed: str) -> bool:
        """Whether a later commit says that it reverts the change, by any of its ids."""
        later = f"{landed}..{self._ref}"
        said = await self._asked("--fixed-strings", "--grep=This reverts commit", "--format=%B", later)
        return not {made.head, made.commit, landed}.isdisjoint(reverted_commits(said))

    async def _where(self, own: str, line: tuple[str, ...]) -> str:
        """The commit of the branch's own line by which a commit came into it; empty when it is not in it."""
        if own in line:
            return own
        after = frozenset(await self._list("--ancestry-path", f"{own}..{self._ref}"))
        return next((commit for commit in line if commit in after), "")

    async def _with_the_diff(self, made: ChangeMark) -> str:
        paths = await self._paths(made)
        span = ("--first-parent", "--no-merges", f"--max-count={MOST}", f"{made.base}..{self._ref}", "--", *paths)
        for commit in await self._list(*span):
            if await self._diff(commit) == made.diff_digest:
                return commit
        return ""

    async def _paths(self, made: ChangeMark) -> tuple[str, ...]:
        """What the change touched, as long as its commit is still there."""
        try:
            listed = await git(
                self._git_dir, "diff-tree", "-r", "--no-renames", "-z", "--name-only", made.base, made.commit
            )
        except GitFailed:
            return ()
        return tuple(name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name)

    async def _diff(self, commit: str) -> str:
        """The digest of what a commit changes, asked for once however many changes are compared with it."""
        if commit not in self._digests:
            try:
                self._digests[commit] = await self._source.diff_digest(f"{commit}^", commit)
            except OwnerMust:
                self._digests[commit] = ""
        return self._digests[commit]

    async def _time(self, commit: str) -> str:
        said = (await self._asked("--max-count=1", "--format=%ct", commit)).split()
        return datetime.fromtimestamp(int(said[-1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def _list(self, *args: str) -> tuple[str, ...]:
        return tuple((await self._asked(*args)).splitlines())

    async def _asked(self, *args: str) -> str:
        """What rev-list prints; nothing for commits that are gone."""
        try:
            return (await git(self._git_dir, "rev-list", *args)).decode("utf-8", "replace")
        except GitFailed:
            return ""
