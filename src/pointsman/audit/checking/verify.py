"""Is a note what was signed, does it follow the one before it, and was the reviewer somebody else."""

from collections.abc import Sequence

from pointsman.audit.checking.opening import OpenedNote, open_notes
from pointsman.audit.keys.keyring import TrustedKeys
from pointsman.audit.note.predicate import ModelPart
from pointsman.domain.levels import OF_COMMITS
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport


def verify_notes(files: tuple[tuple[str, bytes], ...], trusted: TrustedKeys) -> NoteReport:
    """Check signatures, pages, chain and separation of the given notes, oldest first.

    The first note may follow one that was not given; between the given ones every link must hold. Whether the
    subjects lie in a repository, and whether the newest note was cut off, only inspection.py can tell.
    """
    opened, problems = open_notes(files, trusted)
    problems += chain_problems(opened)
    for note in opened:
        problems += separation_problems(note)
    return NoteReport(
        notes=tuple(note.name for note in opened),
        covered=tuple(note.statement.subject_digest("commit") for note in opened if note.predicate.authors),
        uncovered=(),
        problems=tuple(problems),
        head=opened[-1].digest if opened else "",
    )


def chain_problems(
    notes: Sequence[OpenedNote], known: frozenset[str] | None = None, *, from_first: bool = False
) -> list[NoteProblem]:
    """What is wrong with the chain of the notes, oldest first.

    `known` holds the digests that the installation remembers, for notes on branches that are not here; None when
    nobody could be asked, then the oldest note may follow any; but not when a place was read that holds the chain
    `from_first` to last.
    """
    problems = []
    places = {note.digest: place for place, note in enumerate(notes)}
    for place, note in enumerate(notes):
        previous = note.predicate.previous
        if previous == (notes[place - 1].digest if place else ""):
            continue
        rival = next((one.name for one in notes[:place] if one.predicate.previous == previous), "")
        open_start = known is None and place == 0 and not from_first
        wrong = _broken_link(previous, place, places, frozenset({previous}) if open_start else known) or _forked(
            previous, rival
        )
        if wrong:
            problems.append(NoteProblem(note.name, *wrong))
    return problems


def separation_problems(note: OpenedNote) -> list[NoteProblem]:
    """Reviews by a model that shares with an author what the run's order says must differ."""
    predicate = note.predicate
    catalogue = {model.name: model for model in predicate.models}
    proofs = (finding.proof for review in predicate.reviews for finding in review.findings)
    tests = {(proof.path, proof.model) for proof in proofs if proof is not None and proof.result == "confirmed"}
    edited = (edit.model for edit in predicate.edits if (edit.path, edit.model) not in tests)
    # Of a review alone the authors are those who had written before; without a change, those whose tries were read.
    before = predicate.order.authors_before if predicate.result == "reviewed" else ()
    tried = () if predicate.result in OF_COMMITS else (one.model for one in predicate.tries if one.commit)
    authors = dict.fromkeys((*predicate.authors, *edited, *before, *tried))
    problems = []
    for reviewer in dict.fromkeys(review.model for review in predicate.reviews):
        for author in authors:
            wrong = _too_close(catalogue.get(reviewer), catalogue.get(author), predicate.order.separation)
            if wrong:
                message = f"The reviewer {reviewer} and the author {author} {wrong}."
                problems.append(NoteProblem(note.name, "separation", message))
    return problems


def _broken_link(
    previous: str, place: int, places: dict[str, int], known: frozenset[str] | None
) -> tuple[str, str] | None:
    if not previous:
        return "chain-restart", "The note starts a new chain although there are notes before it."
    if previous in places:
        if places[previous] < place:
            return None
        return "chain-order", "The note stands before the one that it follows."
    if previous in (known or ()):
        return None
    lost = f"The note before this one, {previous[:12]}…, is in no place that was read: removed, changed,"
    return "chain-gap", f"{lost} or of a branch that was never merged."


def _forked(previous: str, rival: str) -> tuple[str, str] | None:
    if not rival:
        return None
    return "chain-fork", f"The chain forks after {previous[:12]}…: {rival} follows it already, and this one does too."


def _too_close(reviewer: ModelPart | None, author: ModelPart | None, separation: str) -> str:
    if reviewer is None or author is None:
        return "cannot be told apart: the note does not describe both models"
    traits = {
        "model": ((reviewer.name, reviewer.id), (author.name, author.id)),
        "family": (reviewer.family, author.family),
        "vendor": (reviewer.vendor, author.vendor),
    }
    ours, theirs = traits[separation]
    shared = (
        any(one == other for one, other in zip(ours, theirs, strict=True))
        if separation == "model"
        else ours == theirs
    )
    return f"share the {separation}" if shared else ""
