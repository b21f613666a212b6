"""The notes of a repository against the repository: chain, subjects, and which commits they cover."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from pointsman.audit.keyring import TrustedKeys
from pointsman.audit.verify import (
    OpenedNote,
    chain_problems,
    open_notes,
    separation_problems,
)
from pointsman.domain.errors import OwnerMust
from pointsman.domain.notes import NoteProblem, NoteReport

NOTE_FOLDER = ".pointsman/audit"
KEY_FOLDER = ".pointsman/keys"

_NOTHING = hashlib.sha256(b"").hexdigest()


class NoteSource(Protocol):
    """Reads a repository for verification. Raises OwnerMust for a revision that it does not hold."""

    async def notes(self, revision: str) -> tuple[tuple[str, bytes], ...]:
        """Every file right under `.pointsman/audit/` at the revision: its name without folder, and its bytes."""

    async def commits(self, base: str, head: str) -> tuple[str, ...]:
        """The ids of the commits that `head` holds and `base` does not, oldest first."""

    async def diff_digest(self, base: str, head: str) -> str:
        """sha256 of the canonical diff between two commits; notes, keys and the memory file are left out."""

    async def tree(self, commit: str) -> str:
        """The id of the commit's tree."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known from elsewhere than the repository, as far as it is.

    `head`: digest of a note that must be there (from the check of the change, or the ledger). `known`: digests of all
    notes that the installation signed for the repository; None when it cannot be asked. `repository_id`: the forge's.
    """

    head: str = ""
    known: tuple[str, ...] | None = None
    repository_id: str = ""


async def noted_authors(
    source: NoteSource, base: str, head: str, *, trusted: Callable[[], TrustedKeys]
) -> tuple[str, ...]:
    """The models that believable notes name as authors, of the notes at `head` that are not at `base`.

    `trusted` is asked for the keys only when there is a note.
    """
    before = dict(await source.notes(base)) if base else {}
    new = [(name, data) for name, data in await source.notes(head) if name not in before]
    opened, _ = open_notes(new, trusted() if new else TrustedKeys())
    return tuple(dict.fromkeys(author for note in opened for author in note.predicate.authors))


async def verify_range(
    source: NoteSource, base: str, head: str, *, trusted: TrustedKeys, outside: Outside | None = None
) -> NoteReport:
    """Check every note at `head`, and those that are new since `base` against the commits between the two.

    Covered are the commits that a bot's note speaks for, and those that hold
    nothing but notes; uncovered are the rest: by people.
    """
    outside = outside or Outside()
    before, after = dict(await source.notes(base)), dict(await source.notes(head))
    commits = await source.commits(base, head)
    opened, problems = open_notes(sorted(after.items()), trusted)
    notes = in_order(opened)
    problems += _lost(before, after)
    problems += chain_problems(notes, None if outside.known is None else frozenset(outside.known))
    problems += _against(notes, outside)
    covered: set[str] = set()
    for note in notes:
        problems += separation_problems(note)
        if note.name not in before:
            spoken_for, wrong = await _bound(source, note, (base, *commits))
            covered |= spoken_for
            problems += wrong
    covered |= await _only_notes(source, (base, *commits), covered)
    return NoteReport(
        notes=tuple(note.name for note in notes),
        covered=tuple(commit for commit in commits if commit in covered),
        uncovered=tuple(commit for commit in commits if commit not in covered),
        problems=tuple(problems),
        head=notes[-1].digest if notes else "",
    )


def in_order(notes: list[OpenedNote]) -> list[OpenedNote]:
    """The notes along their chain, oldest first; the links decide, never a clock."""
    here = {note.digest for note in notes}
    followers: dict[str, list[OpenedNote]] = {}
    for note in notes:
        previous = note.predicate.previous
        followers.setdefault(previous if previous in here else "", []).append(note)
    ordered: list[OpenedNote] = []
    waiting = followers.get("", [])[::-1]
    while waiting:
        note = waiting.pop()
        ordered.append(note)
        waiting.extend(followers.get(note.digest, [])[::-1])
    return ordered


def _lost(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[NoteProblem]:
    removed = [
        NoteProblem(name, "removed", "The note was there at the base and is not there any more.")
        for name in before
        if name not in after
    ]
    changed = [
        NoteProblem(name, "changed", "The note reads otherwise than at the base; a note is never changed.")
        for name, raw in before.items()
        if name in after and after[name] != raw
    ]
    return removed + changed


def _against(notes: list[OpenedNote], outside: Outside) -> list[NoteProblem]:
    problems = []
    if outside.head and outside.head not in {note.digest for note in notes}:
        message = (
            f"The note {outside.head[:12]}… that is known outside the repository is not here: the end was cut off."
        )
        problems.append(NoteProblem("", "chain-tail", message))
    for note in notes:
        repository = note.predicate.order.repository.id
        if outside.repository_id and repository != outside.repository_id:
            message = f"The note was written for another repository: {repository}."
            problems.append(NoteProblem(note.name, "repository", message))
    return problems


async def _bound(source: NoteSource, note: OpenedNote, points: tuple[str, ...]) -> tuple[set[str], list[NoteProblem]]:
    """The commits that a note speaks for. `points` are the base and then the commits, oldest first.

    By commit, tree and diff as long as the commit is there; by the diff alone after a squash, rebase or cherry-pick.
    """
    commit, tree, diff = (note.statement.subject_digest(name) for name in ("commit", "tree", "diff"))
    own_base = note.predicate.order.base_commit
    wrote = bool(note.predicate.authors)
    if commit in points:
        wrong = []
        if await source.tree(commit) != tree:
            wrong.append(
                NoteProblem(note.name, "subject-tree", f"Commit {commit[:12]} has another tree than signed.")
            )
        if await _diff(source, own_base, commit) != diff:
            wrong.append(
                NoteProblem(note.name, "subject-diff", f"Commit {commit[:12]} has another diff than signed.")
            )
        speaks_for = set(await source.commits(own_base, commit)) if wrote and not wrong else set()
        return speaks_for, wrong
    pairs = [(0, end) for end in range(1, len(points))] + [(end - 1, end) for end in range(2, len(points))]
    for start, end in pairs:
        if diff != _NOTHING and await _diff(source, points[start], points[end]) == diff:
            return (set(points[start + 1 : end + 1]) if wrote else set()), []
    message = f"Neither commit {commit[:12]} nor its diff lies in this range: the note belongs to another change."
    return set(), [NoteProblem(note.name, "subject", message)]


async def _diff(source: NoteSource, base: str, head: str) -> str:
    try:
        return await source.diff_digest(base, head)
    except OwnerMust:
        return ""  # a shallow copy lacks the commit: nothing is bound to it


async def _only_notes(source: NoteSource, points: tuple[str, ...], covered: set[str]) -> set[str]:
    """The commits that change nothing but notes, keys and the memory file."""
    return {
        commit
        for parent, commit in pairwise(points)
        if commit not in covered and await _diff(source, parent, commit) == _NOTHING
    }
