"""What comes after a try at the code: again, another candidate, up to a stronger model, the review, or a named end.

The loop is one pure function over typed state, `step`. What it decides on: what was tried, what the sandbox and the
reviewers said, and whether a limit cut the work off. It never goes back to a lower rung, and always comes to an end.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from pointsman.domain.loop_end import LoopEnd
from pointsman.domain.models import REFUSALS_OF_A_MODEL, Model
from pointsman.domain.outcome import NoPatch, Patch, Review, Try, Verdict
from pointsman.policy.worth import best_of, failing, is_red, stood_still

Cause = Literal["first", "tests", "edit", "review"]
NO_MORE_DRAWS = frozenset({Verdict.PASSED, Verdict.NOT_RUN})
"""Evidence after which no further candidate is drawn: it is proved, or nothing can tell candidates apart."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One model of the ladder, and how many candidates it draws before the evidence chooses among them."""

    model: Model
    samples: int = 1


@dataclass(frozen=True, slots=True)
class LadderLimits:
    """How often a rung may try before it counts as stuck. A retry pays in proportion to the model, so a small one
    tries less often. `refusals` counts replies without a valid edit.
    """

    tries_of_small: int = 2
    tries: int = 3
    same_failure: int = 2
    standstill: int = 2
    refusals: int = REFUSALS_OF_A_MODEL
    review_rounds: int = 2
    auto_fix: bool = True

    def tries_of(self, model: Model) -> int:
        """How often the model may try on tests and edits; reviews have their own count."""
        return self.tries_of_small if model.tier == "small" else self.tries


@dataclass(frozen=True, slots=True)
class Cut:
    """What ended the work from outside: a limit of the run, a window that is too small, models that are all out."""

    end: LoopEnd
    why: str


@dataclass(frozen=True, slots=True)
class LoopState:
    """Everything that the next move is decided on. Tries and reviews stand in the order in which they happened."""

    rungs: tuple[Rung, ...]
    tries: tuple[Try, ...] = ()
    reviews: tuple[Review, ...] = ()
    limits: LadderLimits = field(default_factory=LadderLimits)
    cut: Cut | None = None

    @property
    def best(self) -> Try | None:
        """The best try so far that left a patch; a later one takes its place only by being better."""
        return best_of(self.tries)

    @property
    def standing(self) -> Try:
        """What the newest round of candidates came to: the best of them, else why there is none."""
        return rounds_of(self.tries)[-1]


@dataclass(frozen=True, slots=True)
class Again:
    """Try once more with the model on `rung`, for this cause; above 0, `sample` is one more candidate of a round."""

    rung: int
    cause: Cause
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Climb:
    """The model on `to_rung` takes over the phase, because the one before it is stuck."""

    to_rung: int
    why: str


@dataclass(frozen=True, slots=True)
class ToReview:
    """This try's patch is ready to be reviewed."""

    made: Try


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The end of the loop, by name; `why` says in a clause what led there, empty where the name says it all."""

    end: LoopEnd
    why: str = ""


Move = Again | Climb | ToReview | GiveUp


def step(state: LoopState) -> Move:
    """The next move, from the state alone. Pure; every sequence of moves comes to an end."""
    if state.cut is not None:
        return GiveUp(state.cut.end, state.cut.why)
    if not state.tries:
        return Again(0, "first")
    last = state.tries[-1]
    if _draws_on(state, last):
        return Again(last.rung, last.cause, last.sample + 1)
    made = state.standing
    if isinstance(made.result, NoPatch):
        return _after_no_patch(state, made, made.result)
    review = next((found for found in reversed(state.reviews) if found.commit == made.result.commit), None)
    if review is not None:
        return _after_review(state, made, review)
    if made.cause == "review" and (circle := made.undoes or _repeats(state)):
        return _climb(state, circle, LoopEnd.PING_PONG)
    if not is_red(made):
        return ToReview(made)
    stuck = next(_stuck_on_tests(state, last), "")
    return _climb(state, stuck) if stuck else Again(made.rung, "tests")


def rounds_of(tries: tuple[Try, ...]) -> tuple[Try, ...]:
    """What each round of candidates came to: the best patch among them, else the newest reason why there is none."""
    rounds: list[list[Try]] = []
    for made in tries:
        if made.sample and rounds:
            rounds[-1].append(made)
        else:
            rounds.append([made])
    return tuple(best_of(drawn) or drawn[-1] for drawn in rounds)


def refusals_of(tries: tuple[Try, ...], rung: int, model: str) -> int:
    """How many answers of the model on this rung held no valid edit since its last patch there."""
    here = (made.result for made in reversed(rounds_of(tries)) if made.rung == rung)
    without = takewhile(lambda result: isinstance(result, NoPatch), here)
    return sum(one.refusals for one in without if isinstance(one, NoPatch) and one.model == model)


def _draws_on(state: LoopState, last: Try) -> bool:
    """Whether the round wants one more candidate: none is proved, and the model that draws is the free one."""
    rung = state.rungs[last.rung]
    if last.sample + 1 >= rung.samples or last.result.model != rung.model.name:
        return False
    if isinstance(last.result, NoPatch):
        return last.result.kind not in ("spent", "window")
    is_reviewed = any(found.commit == last.result.commit for found in state.reviews)
    verdict = last.evidence.verdict if last.evidence is not None else Verdict.NOT_RUN
    return verdict not in NO_MORE_DRAWS and not is_reviewed


def _after_no_patch(state: LoopState, made: Try, result: NoPatch) -> Move:
    who = made.model
    if result.kind == "spent":
        return _climb(state, f"{who} has used what one model may use: {result.why}", LoopEnd.RUNG_SPENT)
    at_once = {
        "unchanged": f"{who} changed nothing",
        "budget": f"{who} made no change in the calls it had: {result.why}",
    }
    if result.kind == "window":
        return _climb(state, result.why, LoopEnd.WINDOW)
    if result.kind in at_once:
        return _climb(state, at_once[result.kind])
    refusals = refusals_of(state.tries, made.rung, result.model)
    if refusals >= state.limits.refusals:
        return _climb(state, f"no valid edit of {who} came in {refusals} answers: {result.why}")
    worn = _worn_out(state)
    return _climb(state, worn) if worn else Again(made.rung, "edit")


def _after_review(state: LoopState, made: Try, review: Review) -> Move:
    if review.verdict == "approve":
        proved = made.evidence is not None and made.evidence.verdict is Verdict.PASSED
        return GiveUp(LoopEnd.SOLVED if proved else LoopEnd.APPROVED)
    if review.verdict == "inconclusive":
        return GiveUp(LoopEnd.NO_VERDICT, review.summary)
    if not state.limits.auto_fix:
        return GiveUp(LoopEnd.LEFT_TO_PEOPLE)
    repeated = _repeats(state)
    if repeated:
        return _climb(state, repeated, LoopEnd.PING_PONG)
    commits = {one.result.commit for one in _here(state) if isinstance(one.result, Patch)}
    rounds = len({found.round for found in state.reviews if found.commit in commits})
    if rounds >= state.limits.review_rounds:
        return _climb(state, f"review and coder have gone round {rounds} times", LoopEnd.DISPUTED)
    return Again(made.rung, "review")


def _stuck_on_tests(state: LoopState, last: Try) -> Iterator[str]:
    if isinstance(last.result, NoPatch) and last.result.kind == "spent":
        yield f"{last.model} has used what one model may use: {last.result.why}"
    repeated = _repeats(state)
    if repeated:
        yield repeated
    newest = failing(state.standing)
    same = _trailing(state, lambda made: failing(made) == newest)
    if same >= state.limits.same_failure:
        yield f"the same tests failed in the same way in {same} tries"
    if _trailing(state, stood_still) >= state.limits.standstill:
        yield f"no test came out otherwise than before in {state.limits.standstill} tries"
    worn = _worn_out(state)
    if worn:
        yield worn


def _repeats(state: LoopState) -> str:
    """A sentence when the newest patch is one that was there before, whoever wrote it."""
    newest = state.standing
    if not isinstance(newest.result, Patch):
        return ""
    before = len(state.tries) - 1
    while before and state.tries[before].sample:
        before -= 1
    for number, made in enumerate(state.tries[:before], start=1):
        if isinstance(made.result, Patch) and made.result.diff_digest == newest.result.diff_digest:
            return f"the patch repeats that of try {number}"
    return ""


def _worn_out(state: LoopState) -> str:
    """A sentence when the rung has tried as often as it may, by edits and tests; reviews have their own count."""
    here = _trailing(state, lambda made: made.cause != "review")
    most = state.limits.tries_of(state.rungs[state.tries[-1].rung].model)
    return f"{here} tries of {state.standing.model} did not do it" if here >= most else ""


def _here(state: LoopState) -> tuple[Try, ...]:
    """What the rounds of the newest rung came to."""
    rung = state.tries[-1].rung
    return tuple(made for made in rounds_of(state.tries) if made.rung == rung)


def _trailing(state: LoopState, holds: Callable[[Try], bool]) -> int:
    """How many of the newest rounds in a row, all on the newest rung, are so."""
    return len(tuple(takewhile(holds, reversed(_here(state)))))


def _climb(state: LoopState, why: str, end: LoopEnd = LoopEnd.LADDER_ENDED) -> Climb | GiveUp:
    rung = state.tries[-1].rung
    return Climb(rung + 1, why) if rung + 1 < len(state.rungs) else GiveUp(end, why)
