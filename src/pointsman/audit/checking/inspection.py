"""The notes of a repository against the repository: chain, subjects, and which commits they cover."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from pointsman.audit.checking.accompanying import taken_away
from pointsman.audit.checking.binding import Bound, bound_to
from pointsman.audit.checking.coverage import COVERED, coverage_of, uncovered_problems, unseen_commits
from pointsman.audit.checking.opening import OpenedNote, open_notes
from pointsman.audit.checking.past import NoteSource, read_past
from pointsman.audit.checking.places import TREE, Gathered, NotePlace, from_elsewhere, gather, left_out, lost
from pointsman.audit.checking.verify import chain_problems, separation_problems
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.domain.history import NOTE_REF
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport
from pointsman.domain.verified import NoteBinding

_MAY_LIE_ON_THE_REF = frozenset({"chain-gap", "chain-tail"})
_FETCH_FIRST = (
    f"Notes of changes that were closed unmerged lie on {NOTE_REF}, which is not in this copy: "
    f"`git fetch origin {NOTE_REF}:{NOTE_REF}` brings it. What is still missing then was removed."
)


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known from elsewhere than the tree, as far as it is.

    `head`: digest of a note that must be there (from the check of the change, or the ledger). `known`: digests of all
    notes that the installation signed for the repository; None when it cannot be asked. `repository_id`: the forge's.
    `ref`: whether the ref of notes, where each note of the repository should be, is among the `places`; None where
    nobody looked for it.
    """

    head: str = ""
    known: tuple[str, ...] | None = None
    repository_id: str = ""
    places: tuple[NotePlace, ...] = ()
    ref: bool | None = None


async def noted_authors(source: NoteSource, base: str, head: str, *, trusted: TrustedKeys) -> tuple[str, ...]:
    """The models that believable notes name as authors, of the notes at `head` that are not at `base`."""
    before = dict(await source.notes(base)) if base else {}
    new = [(name, data) for name, data in await source.notes(head) if name not in before]
    opened, _ = open_notes(new, trusted)
    return tuple(dict.fromkeys(author for note in opened for author in note.predicate.authors))


async def verify_range(
    source: NoteSource,
    base: str | None,
    head: str,
    *,
    trusted: TrustedKeys,
    outside: Outside | None = None,
    must_cover: bool = False,
) -> NoteReport:
    """Check every note at `head`, and those that are new since `base` against the commits between the two.

    Without a `base` (None) the range begins where the oldest of the notes does. With `must_cover` a commit that says
    that it is the bot's and has no note is a problem, and so is one that notes cover in part.
    """
    outside = outside or Outside()
    gathered = gather(NotePlace(TREE, await source.notes(head)), outside.places)
    opened, problems = open_notes(sorted(gathered.files.items()), trusted)
    notes = in_order(opened)
    if base is None:
        base = await source.parted(head, [note.predicate.order.base_commit for note in notes])
    before = dict(await source.notes(base)) if base else {}
    problems += [*gathered.problems, *lost(before, gathered)]
    links, unread = _links(notes, outside)
    problems += links
    problems += chain.from_iterable(separation_problems(note) for note in notes)
    past = await read_past(source, base, head)
    bound = await bound_to(source, past, [note for note in notes if note.name not in before], base)
    bound = [one for one in bound if TREE in gathered.places[one.note.name] or one.kind != "none"]
    rows = await coverage_of(source, past, bound)
    here = {name: raw for name, raw in gathered.files.items() if TREE in gathered.places[name]}
    known = from_elsewhere(bound, gathered, outside.repository_id)
    told = {(one.note, one.rule) for one in known}
    taken = await taken_away(source, past, trusted, before=before, here=here)
    problems += [*known, *(one for one in taken if (one.note, one.rule) not in told)]
    problems += chain.from_iterable(one.problems for one in bound)
    return NoteReport(
        notes=tuple(note.name for note in notes),
        covered=tuple(row.commit for row in rows if row.by in COVERED),
        uncovered=tuple(row.commit for row in rows if row.by not in COVERED),
        problems=(*problems, *(uncovered_problems(rows) if must_cover else ())),
        head=notes[-1].digest if notes else "",
        unseen=(*unread, *unseen_commits(past, rows), *chain.from_iterable(one.unseen for one in bound)),
        remarks=(*_clocks(notes), *left_out(bound, gathered)),
        bindings=_bindings(notes, bound, gathered),
        coverage=tuple(rows),
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


def _links(notes: Sequence[OpenedNote], outside: Outside) -> tuple[list[NoteProblem], list[NoteProblem]]:
    """What is wrong with the chain, and what only cannot be seen, since nobody looked where the rest may lie.

    A note that misses the one before it is no tampering as long as the ref of notes was not read: it may lie there
    alone. Nor is it green. Where the ref was read, it holds the chain from its first note on.
    """
    known = None if outside.known is None else frozenset(outside.known)
    found = [*chain_problems(notes, known, from_first=outside.ref is True), *_cut_off(notes, outside.head)]
    if outside.ref is not False or known is not None:
        return found, []
    unread = [one for one in found if one.rule in _MAY_LIE_ON_THE_REF]
    told = [NoteProblem(one.note, "unseen-note", f"{one.message} {_FETCH_FIRST}") for one in unread]
    return [one for one in found if one not in unread], told


def _cut_off(notes: Sequence[OpenedNote], head: str) -> list[NoteProblem]:
    if not head or head in {note.digest for note in notes}:
        return []
    message = f"The note {head[:12]}… that is known outside the repository is not here: the end was cut off."
    return [NoteProblem("", "chain-tail", message)]


def _clocks(notes: Sequence[OpenedNote]) -> list[NoteProblem]:
    """Notes that say they were written before the one they follow: a clock was set back. The links decide."""
    here = {note.digest: note for note in notes}
    remarks = []
    for note in notes:
        earlier = here.get(note.predicate.previous)
        if earlier is not None and _moment(note) < _moment(earlier):
            message = f"It says it was written at {note.predicate.written_at}, before {earlier.name} that it follows."
            remarks.append(NoteProblem(note.name, "clock", message))
    return remarks


def _moment(note: OpenedNote) -> float:
    return datetime.fromisoformat(note.predicate.written_at).timestamp()


def _bindings(notes: Sequence[OpenedNote], bound: Sequence[Bound], gathered: Gathered) -> tuple[NoteBinding, ...]:
    known = {one.note.digest: one for one in bound}
    return tuple(
        _binding(note, known.get(note.digest), gathered.places[note.name])
        for note in notes
        if note.digest in known or TREE in gathered.places[note.name]
    )


def _binding(note: OpenedNote, one: Bound | None, places: tuple[str, ...]) -> NoteBinding:
    if one is None:
        why = "It stood before the range begins, where commits are not looked at."
        return NoteBinding(note.name, note.predicate.run, "earlier", why, places=places)
    return NoteBinding(
        note.name,
        note.predicate.run,
        one.kind,
        one.why,
        tuple(sorted(one.whole)) if one.covers else (),
        tuple(sorted(one.part)) if one.covers else (),
        one.files,
        one.differing,
        places,
    )
