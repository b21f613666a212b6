"""The commits of a range with what each touched: walks over them that need no repository any more."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pointsman.domain.history import Difference, PastCommit, Touched, Trees, is_note, no_tree

LONGEST_CHAIN = 16
"""So many commits in a row are taken together when the diff of a note is looked for."""


class NoteSource(Protocol):
    """Reads a repository for verification. Raises OwnerMust for a revision that it does not hold."""

    async def notes(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """Every file right under `.pointsman/audit/` at the revision: its name without folder, and its bytes."""

    async def history(self, base: str, head: str) -> tuple[PastCommit, ...]:
        """The commits that `head` holds and `base` does not, oldest first; all of them without a base."""

    async def parted(self, head: str, others: Sequence[str]) -> str:
        """The newest commit that `head` has in common with every other that is here; empty when there is none."""

    async def trees(self, commits: Sequence[str]) -> dict[str, str]:
        """The trees of those of the commits that this copy holds."""

    async def touched(self, pairs: Sequence[Trees]) -> dict[Trees, tuple[Touched, ...]]:
        """The paths that differ within each pair of trees; a pair that this copy cannot compare is left out."""

    async def differences(self, pairs: Sequence[Trees]) -> dict[Trees, Difference]:
        """The digests of the canonical diff of each pair; a pair that this copy cannot compare is left out."""

    async def contents(self, blobs: Sequence[str]) -> dict[str, bytes]:
        """The bytes of those of the blobs that this copy holds."""

    async def by_hand(self, merges: Sequence[PastCommit]) -> dict[str, tuple[str, ...]]:
        """The paths where each merge is not what git makes of it alone; one that cannot be made again is left out."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Commits in a row, newest first, along first parents: the trees at both ends, and the paths that they change."""

    pair: Trees
    commits: tuple[str, ...]
    paths: frozenset[str]


@dataclass(frozen=True)
class Past:
    """The commits of a range, oldest first. `start` is the tree before each, `touched` what it changed there.

    What is missing in either could not be seen. Notes, public keys and the memory file count as nothing there; `own`
    has those of each commit.
    """

    commits: tuple[PastCommit, ...]
    start: Mapping[str, str]
    touched: Mapping[str, Mapping[str, Touched]]
    by_id: Mapping[str, PastCommit]
    own: Mapping[str, Mapping[str, Touched]]

    @property
    def is_whole(self) -> bool:
        """Whether this copy showed every commit of the range, and what each changed."""
        return all(not commit.missing and commit.id in self.touched for commit in self.commits)

    def ancestors(self, heads: Iterable[str]) -> set[str]:
        """The commits of the range that these hold, themselves included."""
        found: set[str] = set()
        waiting = [head for head in heads if head in self.by_id]
        while waiting:
            commit = waiting.pop()
            if commit not in found:
                found.add(commit)
                waiting.extend(parent for parent in self.by_id[commit].parents if parent in self.by_id)
        return found

    def chain(self, end: str, most: int) -> Iterator[Stretch]:
        """Every stretch that ends at a commit, the shortest first, as far as the commits can be seen."""
        net: dict[str, Touched] = {}
        commits: list[str] = []
        for here in self._line(end, most):
            commits.append(here)
            _add(net, self.touched[here])
            paths = frozenset(path for path, one in net.items() if one.before != one.after)
            yield Stretch((self.start[here], self.by_id[end].tree), tuple(commits), paths)

    def trunk(self) -> Stretch | None:
        """The whole range along the first parents of its head, as one stretch; its paths are not told."""
        line = tuple(self._line(self.commits[-1].id, len(self.commits))) if self.commits else ()
        return Stretch((self.start[line[-1]], self.by_id[line[0]].tree), line, frozenset()) if line else None

    def _line(self, end: str, most: int) -> Iterator[str]:
        here = end
        while most and here in self.by_id and here in self.touched:
            yield here
            most -= 1
            here = next(iter(self.by_id[here].parents), "")


def _add(net: dict[str, Touched], earlier: Mapping[str, Touched]) -> None:
    for path, one in earlier.items():
        later = net.get(path)
        net[path] = one if later is None else Touched(path, one.before, later.after)


async def read_past(source: NoteSource, base: str, head: str) -> Past:
    """The past of a range, in three questions to the repository."""
    commits = await source.history(base, head)
    by_id = {commit.id: commit for commit in commits}
    outside = {parent for commit in commits for parent in commit.parents[:1] if parent not in by_id}
    trees = {**await source.trees(sorted(outside)), **{commit.id: commit.tree for commit in commits}}
    start = {
        commit.id: trees[commit.parents[0]] if commit.parents else no_tree(commit.tree)
        for commit in commits
        if not commit.parents or commit.parents[0] in trees
    }
    seen = await source.touched([(start[commit.id], commit.tree) for commit in commits if commit.id in start])
    changes = {
        oid: seen[start[oid], commit.tree]
        for oid, commit in by_id.items()
        if oid in start and (start[oid], commit.tree) in seen
    }
    touched = {oid: {one.path: one for one in found if not is_note(one.path)} for oid, found in changes.items()}
    own = {oid: {one.path: one for one in found if is_note(one.path)} for oid, found in changes.items()}
    return Past(commits, start, touched, by_id, own)
