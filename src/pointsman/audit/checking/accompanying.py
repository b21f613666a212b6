"""What came with notes and is in no digest: pages, keys and the memory file, each held against what was signed."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.audit.checking.binding import Bound
from pointsman.audit.checking.opening import OpenedNote, open_notes
from pointsman.audit.checking.past import NoteSource, Past
from pointsman.audit.keys.keyring import TrustedKeys, trusted_from
from pointsman.domain.errors import UsageMust
from pointsman.domain.history import ENVELOPE_SUFFIX, KEYS, MEMORY, NOTES, PAGE_SUFFIX, Touched
from pointsman.domain.note_problem import NoteProblem

_KEY_SUFFIX = ".pem"


@dataclass(frozen=True)
class Accompanying:
    """The names, keys and memories that the notes of a range account for, and the bytes to compare."""

    names: frozenset[str]
    keys: frozenset[str]
    memories: frozenset[str]
    bytes: Mapping[str, bytes]

    @classmethod
    async def of(cls, source: NoteSource, past: Past, bound: Sequence[Bound]) -> "Accompanying":
        notes = [one.note for one in bound]
        stems = [note.name.removesuffix(ENVELOPE_SUFFIX) for note in notes]
        wanted = [one for own in past.own.values() for one in own.values() if not one.path.startswith(NOTES)]
        return cls(
            frozenset(stem + suffix for stem in stems for suffix in (ENVELOPE_SUFFIX, PAGE_SUFFIX)),
            frozenset(note.key_id for note in notes),
            frozenset(note.predicate.memory_sha256 for note in notes) - {""},
            await source.contents([one.blob for one in wanted if one.is_plain_file]),
        )

    def unaccounted(self, own: Iterable[Touched]) -> frozenset[str]:
        """Those of a commit's own files that no note of the range accounts for."""
        return frozenset(one.path for one in own if not self._accounts_for(one))

    def _accounts_for(self, one: Touched) -> bool:
        if not one.is_plain_file:
            return False
        if one.path.startswith(NOTES):
            return one.path.removeprefix(NOTES) in self.names
        data = self.bytes.get(one.blob, b"")
        if one.path == MEMORY:
            return hashlib.sha256(data).hexdigest() in self.memories
        name = one.path.removeprefix(KEYS).removesuffix(_KEY_SUFFIX)
        return name in self.keys and _ids_of(data) == {name}


async def taken_away(
    source: NoteSource, past: Past, trusted: TrustedKeys, *, before: Iterable[str], here: Mapping[str, bytes]
) -> list[NoteProblem]:
    """Notes that came within the range and that a later commit of it removed or changed.

    A note that stood `before` the range is held against its head elsewhere; `here` is what lies in the head's tree.
    """
    first: dict[str, Touched] = {}
    gone: dict[str, str] = {}
    for commit in past.commits:
        for one in past.own.get(commit.id, {}).values():
            name = one.path.removeprefix(NOTES)
            if one.path.startswith(NOTES) and name.endswith(ENVELOPE_SUFFIX) and one.is_plain_file:
                first.setdefault(name, one)
            else:
                gone[name] = commit.id
    for name in before:
        first.pop(name, None)
    known = await source.contents([one.blob for one in first.values()])
    earlier = {name: known[one.blob] for name, one in first.items() if one.blob in known}
    notes, _ = open_notes([(name, raw) for name, raw in earlier.items() if here.get(name) != raw], trusted)
    return [_lost(note, gone.get(note.name, ""), is_here=note.name in here) for note in notes]


def _lost(note: OpenedNote, commit: str, *, is_here: bool) -> NoteProblem:
    if is_here:
        return NoteProblem(note.name, "changed", "It reads otherwise than when it came; a note is never changed.")
    where = f" by commit {commit[:12]}" if commit else ""
    return NoteProblem(note.name, "removed", f"The note came within the range and was removed again{where}.")


def _ids_of(pem: bytes) -> set[str]:
    try:
        return set() if pem.lstrip().startswith(b"{") else set(trusted_from((pem,)).keys)
    except UsageMust:
        return set()
