"""Who stands for each commit of a range: a note, a note in part, a person, or nobody that this copy shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.audit.checking.accompanying import Accompanying
from pointsman.audit.checking.binding import Bound
from pointsman.audit.checking.past import NoteSource, Past
from pointsman.domain.history import NOTES, PastCommit
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.verified import CommitCover, CoverKind

_EXACT = frozenset({"commit", "tree"})
COVERED = frozenset({"note", "notes-only", "merge"})
"""What needs nobody else to stand for it."""


@dataclass(frozen=True)
class _Notes:
    """The notes that say what models wrote, by the commits that they are bound to."""

    whole: Mapping[str, tuple[str, ...]]
    part: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    envelopes: frozenset[str]
    signed: frozenset[str]
    along: Accompanying

    @classmethod
    def of(cls, bound: Sequence[Bound], along: Accompanying) -> "_Notes":
        writers = [one for one in bound if one.covers]
        whole = {commit for one in writers for commit in one.whole}
        part = {commit for one in writers for commit in one.part}
        return cls(
            {oid: tuple(one.note.name for one in writers if oid in one.whole) for oid in whole},
            {oid: tuple((one.note.name, one.part[oid]) for one in writers if oid in one.part) for oid in part},
            frozenset(NOTES + one.note.name for one in bound),
            # What lies in such a commit is signed to the last byte by its id or tree, and not by a diff alone.
            frozenset(commit for one in writers if one.kind in _EXACT for commit in one.whole),
            along,
        )

    def left(self, commit: PastCommit, past: Past) -> tuple[str, ...]:
        """The keys, memory and other files of the bot's folders in a commit that nobody signed."""
        own = past.own.get(commit.id, {}).values()
        return () if commit.id in self.signed else tuple(sorted(self.along.unaccounted(own)))


async def coverage_of(source: NoteSource, past: Past, bound: Sequence[Bound]) -> list[CommitCover]:
    """A row for each commit, oldest first."""
    merges = [commit for commit in past.commits if len(commit.parents) > 1]
    by_hand = await source.by_hand(merges)
    notes = _Notes.of(bound, await Accompanying.of(source, past, bound))
    return [
        _merge(commit, notes, by_hand.get(commit.id), past)
        if len(commit.parents) > 1
        else _commit(commit, notes, past)
        for commit in past.commits
    ]


def uncovered_problems(rows: Sequence[CommitCover]) -> list[NoteProblem]:
    """What is wrong when notes must cover each commit that is the bot's, by its word or by a note, to the last file.

    In a commit that is covered in part nobody can tell the rest from what the bot wrote, so it is not covered.
    """
    return [NoteProblem("", "uncovered", _uncovered(row)) for row in rows if row.by in ("bot", "partly")]


def _uncovered(row: CommitCover) -> str:
    if row.by == "bot":
        return f"Commit {row.commit[:12]} says that the bot made it, and no note covers it."
    return f"Commit {row.commit[:12]} is covered only in part: no note speaks of {', '.join(row.files)} in it."


def unseen_commits(past: Past, rows: Sequence[CommitCover]) -> list[NoteProblem]:
    """Where this copy of the history ends, and the commits that it cannot say enough of."""
    ends = [commit for commit in past.commits if commit.missing]
    cut = [
        NoteProblem(
            "",
            "unseen-history",
            f"The history of this copy ends at {commit.id[:12]}: the commit before it is missing.",
        )
        for commit in ends
    ]
    known = {commit.id for commit in ends}
    return cut + [
        NoteProblem("", "unseen-commit", f"What commit {row.commit[:12]} changes cannot be seen in this copy.")
        for row in rows
        if row.by == "unseen" and row.commit not in known
    ]


def _commit(commit: PastCommit, notes: _Notes, past: Past) -> CommitCover:
    told, touched, own = notes.whole.get(commit.id, ()), past.touched.get(commit.id), past.own.get(commit.id)
    left = notes.left(commit, past)
    if not touched and own is not None and (not own or not notes.envelopes.isdisjoint(own)):
        return _noted(commit, notes, own, left)
    if told:
        return CommitCover(commit.id, "partly" if left else "note", commit.author, told, left)
    if touched is None:
        return CommitCover(commit.id, "unseen", commit.author)
    if not touched:
        # Keys and what runs learned come along with a note; alone they are somebody's own work.
        return CommitCover(commit.id, "bot" if commit.is_ours else "person", commit.author)
    return _in_part(commit, notes, frozenset((*touched, *left)))


def _noted(commit: PastCommit, notes: _Notes, own: Iterable[str], left: tuple[str, ...]) -> CommitCover:
    """A commit of nothing but notes and what came along with them, as far as it is what they say."""
    names = tuple(path.removeprefix(NOTES) for path in sorted(own) if path in notes.envelopes)
    kind: CoverKind = "partly" if left else "notes-only"
    return CommitCover(commit.id, kind, commit.author, names if left else (), left)


def _in_part(commit: PastCommit, notes: _Notes, touched: frozenset[str]) -> CommitCover:
    part = notes.part.get(commit.id, ())
    names = tuple(name for name, _ in part)
    held = frozenset(path for _, paths in part for path in paths)
    left = tuple(sorted(touched - held))
    if not held:
        return CommitCover(commit.id, "bot" if commit.is_ours else "person", commit.author)
    return CommitCover(commit.id, "partly" if left else "note", commit.author, names, left)


def _merge(commit: PastCommit, notes: _Notes, by_hand: tuple[str, ...] | None, past: Past) -> CommitCover:
    told = notes.whole.get(commit.id, ())
    if told:
        # What came with the branch is told of its own commits, so only what was put in at the merge is nobody's.
        left = tuple(path for path in notes.left(commit, past) if by_hand is None or path in by_hand)
        return CommitCover(commit.id, "partly" if left else "note", commit.author, told, left)
    if by_hand is None:
        # Three parents or more are not merged again; nobody but the author says what such a merge holds.
        seen = not commit.missing and len(commit.parents) > 2
        return CommitCover(commit.id, "person" if seen else "unseen", commit.author)
    return CommitCover(commit.id, "person" if by_hand else "merge", commit.author, files=tuple(sorted(by_hand)))
