"""The notes by what leads to them: a commit of their run, the hunks of a file, the whole diff."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pointsman.audit.blaming.cards import Card, Shelf
from pointsman.audit.blaming.credit import credit, reviews_of
from pointsman.audit.checking.opening import OpenedNote
from pointsman.domain.blame import Binding, ChangeSeen, Written
from pointsman.domain.history import NO_DIFF, noted_path

_WEAKER = "bound by its lines alone: which they are is signed, with a line before and after, and not where they stand"


@dataclass(frozen=True)
class NoteIndex:
    """The notes of a repository, and for each (by its digest) the commits of its run that are here, newest first."""

    shelf: Shelf
    runs: Mapping[str, tuple[str, ...]]
    _of_commit: dict[str, list[Card]] = field(default_factory=dict)
    _of_hunks: dict[tuple[str, str], list[Card]] = field(default_factory=dict)
    _of_diff: dict[str, list[Card]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for card in self.shelf.cards:
            for commit in self.runs.get(card.digest, ()):
                self._of_commit.setdefault(commit, []).append(card)
            for one in card.hunks.items():
                self._of_hunks.setdefault(one, []).append(card)
            if card.wrote and card.diff != NO_DIFF:
                self._of_diff.setdefault(card.diff, []).append(card)

    def speaking_of(self, commit: str) -> list[Card]:
        """The notes whose run this commit belongs to, if they can be believed."""
        return self._of_commit.get(commit, [])

    def is_settled(self, commit: str) -> bool:
        """Whether a believable note's run wrote this commit."""
        return self._writer(self.speaking_of(commit)) is not None

    def by_commit(self, commit: str, path: str) -> Written | None:
        """Who wrote a commit that a believable note's run has; None when there is no such note."""
        seen = self.shelf.believed(self.speaking_of(commit))
        writers = [note for note in seen if note.predicate.authors]
        if not writers:
            return None
        run = self.runs[writers[-1].digest]
        made = credit(writers[-1], path, binding="commit", commit=commit, chain=run)
        return made if made.by == "reviewer" else replace(made, reviews=reviews_of(seen, commit, self.runs))

    def by_content(self, change: ChangeSeen, path: str, *, strictly: bool) -> Written | None:
        """Who wrote a change that a believable note has signed the digest of: all of it, or this file's hunks.

        `strictly` asks for all of it: the digest of a whole diff names the files before and after it.
        """
        whole = self._writer(self._of_diff.get(change.digest, ()))
        if whole is not None:
            return credit(whole, path, binding="diff")
        if strictly or path not in change.hunks:
            return None
        part = self._writer(self._of_hunks.get((noted_path(path), change.hunks[path]), ()))
        return credit(part, path, binding="file") if part is not None else None

    def by_card(self, card: Card, path: str, *, binding: Binding) -> Written | None:
        """Who wrote a file of a note's run, if the note can be believed; that lines alone bind it is said as well."""
        note = self._writer((card,))
        if note is None:
            return None
        made = credit(note, path, binding=binding)
        return replace(made, why="; ".join(filter(None, (made.why, _WEAKER)))) if binding == "lines" else made

    def _writer(self, cards: Iterable[Card]) -> OpenedNote | None:
        notes = [note for note in self.shelf.believed(cards) if note.predicate.authors]
        return notes[-1] if notes else None
