"""What comes after a try at the code: again, up to a stronger model, on to the review, or an end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from pointsman.domain.models import Model
from pointsman.domain.outcome import NoPatch, Patch, Review, Try, Verdict

Cause = Literal["first", "tests", "edit", "review"]


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more with the model on `rung`, for this cause."""

    rung: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Climb:
    """The model on `to_rung` takes over the phase, because the one before it is stuck."""

    to_rung: int
    why: str


@dataclass(frozen=True, slots=True)
class ToReview:
    """The newest patch is ready to be reviewed."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing is left to try; `why` says how it stands. After an approval this is simply the end."""

    why: str
    approved: bool = False


Move = Again | Climb | ToReview | GiveUp


@dataclass(frozen=True, slots=True)
class LadderLimits:
    """How often a rung may try before it counts as stuck."""

    same_failure: int = 2
    no_edit: int = 3
    tries: int = 6
    review_rounds: int = 2
    auto_fix: bool = True


def next_move(
    rungs: tuple[Model, ...], tries: tuple[Try, ...], reviews: tuple[Review, ...], limits: LadderLimits | None = None
) -> Move:
    """The next move, from what has happened so far alone. Pure; every sequence of moves comes to an end."""
    limits = limits or LadderLimits()
    if not tries:
        return Again(0, "first")
    last = tries[-1]
    if isinstance(last.result, NoPatch):
        return _after_no_patch(rungs, tries, last.result, limits)
    review = next((found for found in reversed(reviews) if found.commit == last.result.commit), None)
    if review is not None:
        return _after_review(rungs, tries, reviews, review, limits)
    if last.evidence is None or last.evidence.verdict is not Verdict.FAILED:
        return ToReview()
    stuck = next(_stuck_on_tests(tries, limits), "")
    return _climb(rungs, last.rung, stuck) if stuck else Again(last.rung, "tests")


def _after_no_patch(rungs: tuple[Model, ...], tries: tuple[Try, ...], result: NoPatch, limits: LadderLimits) -> Move:
    last = tries[-1]
    if result.kind == "budget":
        return GiveUp(f"the money for the phase is spent: {result.why}")
    if result.kind == "window":
        return _climb(rungs, last.rung, result.why)
    if result.kind == "unchanged":
        return _climb(rungs, last.rung, "it changed nothing")
    without = _trailing(tries, lambda made: isinstance(made.result, NoPatch))
    if without >= limits.no_edit:
        return _climb(rungs, last.rung, f"no valid edit came in {without} tries: {result.why}")
    worn = _worn_out(tries, limits)
    return _climb(rungs, last.rung, worn) if worn else Again(last.rung, "edit")


def _after_review(
    rungs: tuple[Model, ...],
    tries: tuple[Try, ...],
    reviews: tuple[Review, ...],
    review: Review,
    limits: LadderLimits,
) -> Move:
    rung = tries[-1].rung
    if review.verdict == "approve":
        return GiveUp("the review approves", approved=True)
    if review.verdict == "inconclusive":
        return GiveUp(f"the review came to no verdict: {review.summary}")
    if not limits.auto_fix:
        return GiveUp("the review asks for changes, and they are left to people")
    repeated = _repeats(tries)
    if repeated:
        return _climb(rungs, rung, repeated)
    commits = {made.result.commit for made in tries if made.rung == rung and isinstance(made.result, Patch)}
    rounds = len({found.round for found in reviews if found.commit in commits})
    if rounds >= limits.review_rounds:
        return _climb(rungs, rung, f"review and coder have gone round {rounds} times")
    return Again(rung, "review")


def _stuck_on_tests(tries: tuple[Try, ...], limits: LadderLimits) -> Iterator[str]:
    repeated = _repeats(tries)
    if repeated:
        yield repeated
    last = _failure(tries[-1])
    same = _trailing(tries, lambda made: _failure(made) == last)
    if same >= limits.same_failure:
        yield f"the same tests failed with the same message in {same} tries"
    worn = _worn_out(tries, limits)
    if worn:
        yield worn


def _repeats(tries: tuple[Try, ...]) -> str:
    """A sentence when the newest patch is one that was there before, whoever wrote it."""
    newest = tries[-1].result
    if not isinstance(newest, Patch):
        return ""
    for number, made in enumerate(tries[:-1], start=1):
        if isinstance(made.result, Patch) and made.result.diff_digest == newest.diff_digest:
            return f"the patch repeats that of try {number}"
    return ""


def _worn_out(tries: tuple[Try, ...], limits: LadderLimits) -> str:
    """A sentence when the rung has tried as often as a rung may, by edits and tests; reviews have their own count."""
    here = _trailing(tries, lambda made: made.cause != "review")
    return f"{here} tries did not do it" if here >= limits.tries else ""


def _trailing(tries: tuple[Try, ...], holds: Callable[[Try], bool]) -> int:
    """How many of the newest tries in a row, all on the newest rung, are so."""
    same_rung = takewhile(lambda made: made.rung == tries[-1].rung, reversed(tries))
    return len(tuple(takewhile(holds, same_rung)))


def _climb(rungs: tuple[Model, ...], rung: int, why: str) -> Climb | GiveUp:
    if rung + 1 < len(rungs):
        return Climb(rung + 1, why)
    return GiveUp(f"{why.rstrip('.')}, and no other model is named to take over")


def _failure(made: Try) -> tuple[tuple[str, ...], str] | None:
    """What failed and how, in a form that two tries can be compared by; None when nothing failed."""
    if made.evidence is None or made.evidence.verdict is not Verdict.FAILED:
        return None
    failed = sorted({name for check in made.evidence.candidate for name in check.failed})
    return tuple(failed), made.evidence.feedback or made.evidence.why
