"""Where notes lie: a branch's tree, the audit ref, a folder, an installation's store; each note counts once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pointsman.audit.checking.binding import Bound
from pointsman.audit.checking.opening import OpenedNote
from pointsman.domain.history import ENVELOPE_SUFFIX, PAGE_SUFFIX
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import KeptNote
from pointsman.domain.run import LOCAL

TREE = "the tree"
"""Where a note lies that is committed on the branch itself."""


@dataclass(frozen=True, slots=True)
class NotePlace:
    """Files of notes from elsewhere than the tree: the audit ref, a folder, the store of an installation."""

    name: str
    files: tuple[tuple[str, bytes], ...]


def stored(notes: Sequence[KeptNote]) -> NotePlace:
    """The store of an installation as a place."""
    envelopes = [(note.name + ENVELOPE_SUFFIX, note.envelope) for note in notes]
    pages = [(note.name + PAGE_SUFFIX, note.page.encode("utf-8")) for note in notes]
    return NotePlace("the installation's store", (*envelopes, *pages))


@dataclass(frozen=True)
class Gathered:
    """Every file that bears a note's name, with where it lies; a note that lies in two places counts once."""

    files: Mapping[str, bytes]
    places: Mapping[str, tuple[str, ...]]
    problems: tuple[NoteProblem, ...]


def gather(tree: NotePlace, elsewhere: Sequence[NotePlace]) -> Gathered:
    files: dict[str, bytes] = {}
    places: dict[str, tuple[str, ...]] = {}
    problems = []
    for place in (tree, *elsewhere):
        for name, raw in place.files:
            if files.setdefault(name, raw) != raw:
                message = (
                    f"The note reads otherwise in {place.name} than in {places[name][0]}; a note is never changed."
                )
                problems.append(NoteProblem(name, "changed", message))
            places[name] = (*places.get(name, ()), place.name)
    return Gathered(files, places, tuple(problems))


def lost(before: Mapping[str, bytes], found: Gathered) -> list[NoteProblem]:
    removed = [
        NoteProblem(name, "removed", "The note was there at the base and is not there any more.")
        for name in before
        if TREE not in found.places.get(name, ())
    ]
    changed = [
        NoteProblem(name, "changed", "The note reads otherwise than at the base; a note is never changed.")
        for name, raw in before.items()
        if TREE in found.places.get(name, ()) and found.files[name] != raw
    ]
    return removed + changed


def from_elsewhere(bound: Sequence[Bound], found: Gathered, repository_id: str) -> list[NoteProblem]:
    """Notes of another repository, and notes that lie elsewhere while their own commits stand here without them.

    The note of a review lies in no tree. A run that is done again keeps the commit and leaves its note on a branch of
    its own; then the one here speaks.
    """
    problems = []
    here = {
        (one.note.statement.subject_digest("commit"), one.note.predicate.branch)
        for one in bound
        if TREE in found.places[one.note.name]
    }
    for one in bound:
        order, name = one.note.predicate.order, one.note.name
        if repository_id and order.repository.id != repository_id:
            problems.append(_foreign(one.note))
        commit, branch = one.note.statement.subject_digest("commit"), one.note.predicate.branch
        is_told_here = any(known == commit and other != branch for known, other in here)
        is_missing = (
            one.covers and one.kind == "commit" and order.audit_mode == "in-tree" and TREE not in found.places[name]
        )
        if is_missing and not is_told_here:
            message = f"The note was cut from the tree while its commit stayed; it lies in {found.places[name][0]}."
            problems.append(NoteProblem(name, "removed", message))
    return problems


def foreign(notes: Sequence[OpenedNote], here: Collection[str], repository_id: str = "") -> list[NoteProblem]:
    """Those of the notes, in order, that were written for another repository. `here` are the commits of this copy.

    Where nobody says which repository this is, the first note does whose work began at a commit that is here. Ids of
    repositories on disk are drawn from their place, which moves: a note of one belongs where its commit is.
    """
    if not notes:
        return []

    def order(note: OpenedNote) -> tuple[bool, bool]:
        return note.predicate.order.base_commit not in here, _is_on_disk(note)

    own = repository_id or min(notes, key=order).predicate.order.repository.id
    return [
        _foreign(note, own)
        for note in notes
        if note.predicate.order.repository.id != own
        and (repository_id or not _is_on_disk(note) or note.predicate.order.base_commit not in here)
    ]


def _is_on_disk(note: OpenedNote) -> bool:
    return note.predicate.order.repository.forge == LOCAL


def _foreign(note: OpenedNote, own: str = "") -> NoteProblem:
    written_for = note.predicate.order.repository.id
    beside = f", and this is {own}; --repository says which it is" if own else ""
    return NoteProblem(
        note.name, "repository", f"The note was written for another repository: {written_for}{beside}."
    )


def left_out(bound: Sequence[Bound], found: Gathered) -> list[NoteProblem]:
    """Notes that stand for commits of the range from another place, as where only the code was picked."""
    return [
        NoteProblem(one.note.name, "elsewhere", f"It was read from {found.places[one.note.name][0]} alone.")
        for one in bound
        if one.covers
        and one.note.predicate.order.audit_mode == "in-tree"
        and one.kind != "commit"
        and TREE not in found.places[one.note.name]
    ]
