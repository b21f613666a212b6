"""Looks up in a history what the notes speak of: the commits of each run, and where a rebase has put them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from pointsman.audit.blaming.cards import Card
from pointsman.domain.blame import Asked, Binding, BlamedLine, ChangeSeen, CommitSeen
from pointsman.domain.history import noted_path

MOST_COMMITS = 60
"""So many commits of one run are looked at; whatever lies before them is left unknown."""


class History(Protocol):
    """A repository as blame reads it. Raises OwnerMust for a revision that it does not hold."""

    async def lines(
        self, commit: str, asked: Asked, *, heads: Mapping[str, tuple[str, ...]] | None = None
    ) -> tuple[BlamedLine, ...]:
        """Each line with where it came in. `heads` are commits that are read as if they had these parents."""

    async def notes(self, commit: str) -> tuple[tuple[str, bytes], ...]:
        """The envelopes right under `.pointsman/audit/` at the commit: name without folder, and bytes."""

    async def commits(self, ids: Iterable[str]) -> dict[str, CommitSeen]:
        """The commits among the ids that the repository holds."""

    async def introduced(self, ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """The names of the files that each commit added under `.pointsman/audit/`, as against its first parent."""

    async def changes(self, pairs: Iterable[tuple[str, str]]) -> tuple[ChangeSeen | None, ...]:
        """What lies between each pair of a parent (empty for none) and a commit; None where an object is missing."""

    async def outside(self, head: str, ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids, which the repository holds, that are not in the history of `head`."""

    async def added_by(self, head: str, names: Iterable[str]) -> dict[str, str]:
        """The commit in the history of `head` that added each of the files under `.pointsman/audit/`."""

    async def cut(self) -> frozenset[str]:
        """The commits where a shallow clone was cut off: what came before them is not here."""

    async def content(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file at a commit; None when it is not there."""


async def runs_in(history: History, cards: Iterable[Card]) -> dict[str, tuple[str, ...]]:
    """The commits of each note's run that are here, newest first: from the signed head back to its base.

    By the note's digest. A head names its whole history, so a commit on that way is what the note speaks of.
    """
    found: dict[str, list[str]] = {}
    going = {card.digest: (card, card.head) for card in cards if card.head}
    while going:
        seen = await history.commits(commit for _, commit in going.values())
        further: dict[str, tuple[Card, str]] = {}
        for digest, (card, commit) in going.items():
            one = seen.get(commit)
            if one is None or (commit == card.head and one.tree != card.tree):
                continue
            way = found.setdefault(digest, [])
            way.append(commit)
            if len(one.parents) == 1 and one.parents[0] != card.base and len(way) < MOST_COMMITS:
                further[digest] = (card, one.parents[0])
        going = further
    return {digest: tuple(way) for digest, way in found.items()}


async def rebased(history: History, head: str, cards: Iterable[Card], path: str) -> dict[str, tuple[Card, Binding]]:
    """The commits that a note's run became where it was put on another base, as far as the file tells.

    A rebase keeps the note as the last commit. So the commits before it are the run's when what they change together
    has the signed digest of the file's hunks, or when it is the run's in every file by its lines, which says less.
    """
    wanted = [card for card in cards if noted_path(path) in card.hunks]
    ends = await history.added_by(head, [card.name for card in wanted])
    ways = await _before(history, {card.digest: (ends.get(card.name, ""), card.most) for card in wanted})
    tried = [
        (card, way[:steps], way[steps]) for card in wanted for way in [ways[card.digest]] for steps in _steps(way)
    ]
    changes = await history.changes((older, newer[0]) for _, newer, older in tried)
    found: dict[str, tuple[Card, Binding]] = {}
    weaker: dict[str, tuple[Card, Binding]] = {}
    for (card, newer, _), change in zip(tried, changes, strict=True):
        if change is not None and change.hunks.get(path) == card.hunks[noted_path(path)]:
            found |= {commit: (card, "file") for commit in newer if commit not in found}
        elif change is not None and card.moved_to(change):
            weaker |= {commit: (card, "lines") for commit in newer if commit not in weaker}
    return weaker | found


def _steps(way: list[str]) -> range:
    return range(1, len(way))


async def _before(history: History, ends: dict[str, tuple[str, int]]) -> dict[str, list[str]]:
    """The commits before each end, newest first, as long as they follow each other singly, and one beyond so many."""
    ways: dict[str, list[str]] = {name: [] for name in ends}
    going = {name: end for name, (end, _) in ends.items() if end}
    while going:
        seen = await history.commits(going.values())
        further = {}
        for name, commit in going.items():
            one = seen.get(commit)
            if one is not None and len(one.parents) == 1 and len(ways[name]) <= ends[name][1]:
                ways[name].append(one.parents[0])
                further[name] = one.parents[0]
        going = further
    return ways
