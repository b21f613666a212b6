"""The notes that blame looks things up in: indexed by what they say, believed only once their signature held."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pointsman.audit.checking.opening import OpenedNote, open_notes
from pointsman.audit.keys.envelope import digest_of
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.blame import ChangeSeen
from pointsman.domain.history import ENVELOPE_SUFFIX, bound_by_lines, noted_path
from pointsman.domain.levels import OF_COMMITS
from pointsman.domain.note_problem import NoteProblem

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Card:
    """What an envelope says of itself before anybody has looked at its signature: good for finding it, no more."""

    name: str
    raw: bytes = field(repr=False)
    digest: str
    head: str = ""
    tree: str = ""
    base: str = ""
    run: str = ""
    previous: str = ""
    diff: str = ""
    hunks: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    most: int = 0
    """So many commits its run left at most."""

    @property
    def wrote(self) -> bool:
        """Whether it speaks of files that a run wrote, and not of a review alone."""
        return bool(self.hunks)

    def moved_to(self, change: ChangeSeen) -> bool:
        """Whether a change is this run's in every file and in no other, though some of its lines stand elsewhere."""
        paths = set(map(noted_path, (*change.hunks, *change.present)))
        signed = ((path, digest, self.lines.get(path, "")) for path, digest in self.hunks.items())
        return paths == self.hunks.keys() and bound_by_lines(signed, change.hunks, change.lines) is not None


class Shelf:
    """The notes of a repository, opened one by one when something depends on them."""

    def __init__(self, files: Iterable[tuple[str, bytes]], trusted: TrustedKeys) -> None:
        wanted = {(name, raw) for name, raw in files if name.endswith(ENVELOPE_SUFFIX)}
        self.cards = tuple(_card(name, raw) for name, raw in sorted(wanted))
        self._named: dict[str, list[Card]] = {}
        for card in self.cards:
            self._named.setdefault(card.name, []).append(card)
        self._trusted = trusted
        self._opened: dict[tuple[str, str], OpenedNote | NoteProblem] = {}

    def opened(self, card: Card) -> OpenedNote | NoteProblem:
        """The note whose signature held, or what is wrong with it."""
        # A copy under another name is refused for its name, and must not take the note itself along.
        known = self._opened.get((card.name, card.digest))
        if known is None:
            notes, problems = open_notes(((card.name, card.raw),), self._trusted)
            known = notes[0] if notes else problems[0]
            self._opened[card.name, card.digest] = known
        return known

    def believed(self, cards: Iterable[Card]) -> list[OpenedNote]:
        """Those of the notes whose signature held, in the order in which they were written."""
        found = [note for card in cards if isinstance(note := self.opened(card), OpenedNote)]
        return sorted(found, key=lambda note: (note.predicate.written_at, note.name))

    def doubts(self, cards: Iterable[Card]) -> list[NoteProblem]:
        """What is wrong with those that cannot be believed."""
        return [problem for card in cards if isinstance(problem := self.opened(card), NoteProblem)]

    def named(self, names: Iterable[str]) -> tuple[Card, ...]:
        """The notes with these file names."""
        return tuple(card for name in sorted(frozenset(names)) for card in self._named.get(name, ()))

    def wrong(self) -> tuple[str, ...]:
        """What is wrong with the chain, and with every note that was looked at, in words.

        The notes that no other follows are looked at here: a note names the digest of the one before it, so a
        signature that holds vouches for the bytes of all that lead to it.
        """
        followed = {card.previous for card in self.cards}
        self.believed(card for card in self.cards if card.digest not in followed)
        seen = [one for one in self._opened.values() if isinstance(one, NoteProblem)]
        told = [f"{one.note}: {one.message}" for one in sorted(seen, key=lambda one: one.note)]
        return (*told, *_gaps(self.cards))


def _gaps(cards: tuple[Card, ...]) -> Iterator[str]:
    """Where the links of the chain do not hold; the oldest note may follow one that is not here."""
    here = {card.digest for card in cards}
    first = sorted((card for card in cards if card.previous not in here), key=lambda card: bool(card.previous))
    for card in first[1:]:
        if card.previous:
            yield (
                f"{card.name}: the note before this one is not here: {card.previous[:12]}… was removed or changed, "
                "or lies on a branch that is not merged."
            )
        else:
            yield f"{card.name}: it starts a second chain."
    followers: dict[str, str] = {}
    for card in cards:
        if card.previous and card.previous in followers:
            yield f"{card.name}: {followers[card.previous]} follows the same note: the chain has forked."
        followers.setdefault(card.previous, card.name)


def _card(name: str, raw: bytes) -> Card:
    """What can be read of an envelope; whatever is not of the form reads as nothing, and opening it says why."""
    digest = digest_of(raw)
    try:
        envelope = json.loads(raw)
        payload = json.loads(base64.b64decode(envelope["payload"]))
        said, subjects = payload["predicate"], payload["subject"]
        heads = {one["name"]: value for one in subjects for value in one["digest"].values()}
        names = (heads["commit"], heads["tree"], said["order"]["base_commit"])
        # Nobody has signed this yet as far as we know, so nothing but ids may become a question to git.
        ids = (*names, said["previous"], heads["diff"])
        head, tree, base, previous, diff = (str(one) if _ID.fullmatch(str(one)) else "" for one in ids)
        # Where a run began that left nothing, it says nothing of that commit.
        head = head if said["result"] in OF_COMMITS else ""
        run = str(said["run"])
        hunks = {str(edit["path"]): str(edit["hunks_sha256"]) for edit in said["edits"]}
        lines = {str(edit["path"]): str(edit.get("lines_sha256", "")) for edit in said["edits"]}
        # Beside the tries there may be the tests of a reviewer in each round, and the one that shows the bug.
        most = sum(one["ending"] == "patch" for one in said["tries"]) + 2 * len(said["reviews"]) + 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Card(name, raw, digest)
    return Card(name, raw, digest, head, tree, base, run, previous, diff, hunks, lines, most)
