"""Decides for one commit and file who wrote what it brought: by content that was signed, and never by a trailer."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pointsman.audit.blaming.cards import Card
from pointsman.audit.blaming.credit import Pointers, person, pointers_of, record, reviews_of, unknown
from pointsman.audit.blaming.index import NoteIndex
from pointsman.audit.blaming.search import History, rebased
from pointsman.audit.checking.opening import OpenedNote
from pointsman.domain.blame import Binding, BlamedLine, ChangeSeen, CommitSeen, Written
from pointsman.domain.history import ENVELOPE_SUFFIX, MEMORY, NOTES, PAGE_SUFFIX, is_note, noted_path


@dataclass(frozen=True)
class Facts:
    """What was looked up of the commits that no believable note names.

    `added` are the names of the notes that a commit brought, `changes` what it changed as against its only parent,
    `inside` the digests of the notes whose head lies in the history.
    """

    seen: Mapping[str, CommitSeen]
    added: Mapping[str, frozenset[str]]
    changes: Mapping[str, ChangeSeen]
    cut: frozenset[str]
    inside: frozenset[str]


class Settling:
    """The decisions about one file's commits, over facts that were looked up before."""

    def __init__(self, history: History, head: str, notes: NoteIndex, facts: Facts) -> None:
        self._history = history
        self.head = head
        self._notes = notes
        self._facts = facts
        self._rebased: dict[str, dict[str, tuple[Card, Binding]]] = {}

    async def settled(self, commit: str, path: str) -> Written:
        """Who wrote what the commit brought to the file."""
        if commit in self._facts.cut:
            return unknown("the history is cut here: this clone does not hold what came before")
        if is_note(path):
            own = await self._recorded(commit, path)
            if own is not None:
                return own
        return self._notes.by_commit(commit, path) or self._doubted(commit) or await self._unnamed(commit, path)

    def heads(self, commit: str) -> tuple[str, ...]:
        """The heads of runs that came into this commit by a squash and are here themselves, to compare with."""
        notes, _ = self._brought(commit)
        return tuple(note.statement.subject_digest("commit") for note in notes if self._squashed(note, here=True))

    def parents(self, commit: str) -> tuple[str, ...]:
        """The parents of a squash, and after them the heads that it was made of."""
        return (*self._facts.seen[commit].parents, *self.heads(commit))

    def compared(self, before: BlamedLine, now: BlamedLine) -> Written:
        """Who wrote a line of a squash, by where it lies once the heads are taken for parents of the squash."""
        if now.commit == before.commit:
            return self._leftover(before.commit, before.path)
        made = self._notes.by_commit(now.commit, now.path)
        if made is None:
            return unknown(f"the line came in with {now.commit[:12]}, on the branch that was squashed")
        return replace(made, binding="head", source=now.commit)

    def _leftover(self, commit: str, path: str) -> Written:
        """Who wrote a line that a squash holds and that no head of its runs has: a person, if all else is known."""
        seen, change = self._facts.seen[commit], self._facts.changes.get(commit)
        notes, missing = self._brought(commit)
        if missing:
            return unknown(missing)
        for note in notes:
            if self._squashed(note, here=False) and (change is None or _may_hold(note, path, change)):
                run = note.predicate.run
                why = f"this squash holds the work of run {run} and more, and that run's own commits are not here"
                return unknown(why, note.name, believed=True)
        if stray := _stray(pointers_of(seen), notes):
            return unknown(stray)
        return person(seen)

    def _squashed(self, note: OpenedNote, *, here: bool) -> bool:
        return note.digest not in self._facts.inside and bool(self._notes.runs.get(note.digest)) is here

    def _brought(self, commit: str) -> tuple[list[OpenedNote], str]:
        """The believable notes that came with a commit and speak of code, and what is wrong with the others."""
        names = {name for name in self._facts.added.get(commit, ()) if name.endswith(ENVELOPE_SUFFIX)}
        cards = self._notes.shelf.named(names)
        if gone := names - {card.name for card in cards}:
            return [], f"the note {min(gone)}, which came with this commit, is not here any more"
        if doubts := self._notes.shelf.doubts(cards):
            return [], f"the note {doubts[0].note}, which came with this commit, is not believed: {doubts[0].message}"
        return [note for note in self._notes.shelf.believed(cards) if note.predicate.authors], ""

    def _doubted(self, commit: str) -> Written | None:
        cards = [card for card in self._notes.speaking_of(commit) if card.wrote]
        doubts = self._notes.shelf.doubts(cards)
        if not doubts:
            return None
        why = f"the note that speaks of this commit is not believed: {doubts[0].message}"
        return unknown(why, doubts[0].note, believed=False)

    async def _unnamed(self, commit: str, path: str) -> Written:
        """A commit that no note's run has: a squash, a rebase, a cherry-pick, or a person's."""
        seen, change = self._facts.seen.get(commit), self._facts.changes.get(commit)
        if seen is None:
            return unknown("the commit cannot be read here")
        hinted = bool(pointers_of(seen)) or commit in self._facts.added
        if change is not None:
            known = self._notes.by_content(change, path, strictly=not hinted)
            if known is not None:
                return known
        if commit in self._facts.added:
            return self._moved(commit, path) or self._leftover(commit, path)
        if hinted:
            return await self._after_rebase(commit, path) or unknown(self._why(seen))
        reviews = reviews_of(self._notes.shelf.believed(self._notes.speaking_of(commit)), commit, self._notes.runs)
        return replace(person(seen), reviews=reviews)

    async def _after_rebase(self, commit: str, path: str) -> Written | None:
        if path not in self._rebased:
            cards = [card for card in self._notes.shelf.cards if card.digest not in self._facts.inside]
            self._rebased[path] = await rebased(self._history, self.head, cards, path)
        found = self._rebased[path].get(commit)
        return self._notes.by_card(found[0], path, binding=found[1]) if found is not None else None

    def _moved(self, commit: str, path: str) -> Written | None:
        """A squash of one run alone by its lines, where main changed around them; the run's head knows better."""
        change = self._facts.changes.get(commit)
        cards = self._notes.shelf.named(self._facts.added.get(commit, ()))
        wrote = [card for card in cards if card.wrote and card.digest not in self._facts.inside]
        if change is None or len(wrote) != 1 or self.heads(commit) or not wrote[0].moved_to(change):
            return None
        return self._notes.by_card(wrote[0], path, binding="lines")

    def _why(self, seen: CommitSeen) -> str:
        hints = pointers_of(seen)
        said = ", ".join((*sorted(hints.runs), *sorted(hints.models))) or "Pointsman"
        return f"the commit names {said}, but no note that can be believed holds what it changes here"

    async def _recorded(self, commit: str, path: str) -> Written | None:
        """The bot's own files, as far as their digests are signed."""
        believed = self._notes.shelf.believed
        if path == MEMORY:
            data = await self._history.content(commit, path)
            cards = self._notes.shelf.named(self._facts.added.get(commit, ()))
            notes = [note for note in believed(cards) if note.predicate.memory_sha256 == _sha256(data)]
            return record(notes[-1]) if notes else None
        name = path.removeprefix(NOTES)
        stem = name.removesuffix(ENVELOPE_SUFFIX).removesuffix(PAGE_SUFFIX)
        notes = believed(self._notes.shelf.named((stem + ENVELOPE_SUFFIX,)))
        digest = _sha256(await self._history.content(self.head, path))
        is_page = name.endswith(PAGE_SUFFIX)
        notes = [note for note in notes if digest == (note.predicate.page_sha256 if is_page else note.digest)]
        if notes:
            return record(notes[-1])
        return unknown("this file lies among the notes and keys, and no note that can be believed speaks of it")


def _may_hold(note: OpenedNote, path: str, change: ChangeSeen) -> bool:
    """Whether lines of a run may lie in this file of a squash: the run changed it, or a file of the run's is away."""
    edits = {edit.path: edit.kind for edit in note.predicate.edits}
    if noted_path(path) in edits:
        return True
    present = {noted_path(one) for one in change.present}
    return path in change.created and any(kind != "deleted" and one not in present for one, kind in edits.items())


def _stray(hints: Pointers, notes: Iterable[OpenedNote]) -> str:
    """What a squash points to beside its notes; empty when the notes account for all of it."""
    told = [note.predicate for note in notes]
    models = {name for one in told for name in (*one.authors, *(review.model for review in one.reviews))}
    if missing := hints.runs - {one.run for one in told}:
        return f"the commit names the run {min(missing)}, of which no note that can be believed came with it"
    if others := hints.models - models:
        return f"the commit names {min(others)}, of whom no note that can be believed tells"
    return "the commit names Pointsman as its author, so nobody says who wrote this line" if hints.is_author else ""


def _sha256(data: bytes | None) -> str:
    return hashlib.sha256(data).hexdigest() if data is not None else "-"
