"""The ladder as a table: what has happened so far, and what comes next."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policy.policy_world import policy

from pointsman.domain.outcome import CheckResult, Evidence, NoPatch, Patch, Review, Try, Verdict
from pointsman.policy.ladder import Again, Cause, Climb, GiveUp, LadderLimits, Move, ToReview, next_move

MODELS = policy().domain_models()
RUNGS = (MODELS["qwen-s"], MODELS["qwen-m"], MODELS["opus"])


def evidence(verdict: Verdict, failed: tuple[str, ...] = (), feedback: str = "") -> Evidence:
    check = CheckResult(("pytest",), "c", "exited", int(bool(failed)), (), failed, (), "", 1.0)
    return Evidence(verdict, verdict.value, (), (check,), (), (), "bubblewrap", feedback)


def patched(digest: str, found: Evidence, *, rung: int = 0, cause: Cause = "first") -> Try:
    patch = Patch("base", f"commit-{digest}-{rung}", "tree", (), digest, RUNGS[rung].name)
    return Try(rung, RUNGS[rung].name, patch, found, cause)


def red(digest: str, failed: str = "t1", feedback: str = "boom", *, rung: int = 0, cause: Cause = "tests") -> Try:
    return patched(digest, evidence(Verdict.FAILED, (failed,), feedback), rung=rung, cause=cause)


def green(digest: str, *, rung: int = 0, cause: Cause = "tests") -> Try:
    return patched(digest, evidence(Verdict.PASSED), rung=rung, cause=cause)


def bad(kind: str = "unreadable", *, rung: int = 0) -> Try:
    kinds = {
        "unreadable": NoPatch("unreadable", "no block in it", "m"),
        "unchanged": NoPatch("unchanged", "same text", "m"),
        "budget": NoPatch("budget", "$0.50 of $0.50", "m"),
    }
    return Try(rung, RUNGS[rung].name, kinds[kind], None, "edit")


def said(verdict: str, of: Try, number: int) -> Review:
    assert isinstance(of.result, Patch)
    verdicts = {
        "approve": Review("approve", "fine", (), (), "r", number, of.result.commit),
        "changes": Review("changes", "not yet", (), (), "r", number, of.result.commit),
        "inconclusive": Review("inconclusive", "could not be read", (), (), "r", number, of.result.commit),
    }
    return verdicts[verdict]


@dataclass(frozen=True)
class Row:
    name: str
    tries: tuple[Try, ...]
    reviews: tuple[Review, ...]
    move: Move


SAME = "the same tests failed with the same message in 2 tries"
ROWS = (
    Row("nothing happened yet", (), (), Again(0, "first")),
    Row("one failure", (red("a"),), (), Again(0, "tests")),
    Row("the same failure twice", (red("a"), red("b")), (), Climb(1, SAME)),
    Row("another test fails", (red("a"), red("b", "t2")), (), Again(0, "tests")),
    Row("the same test fails otherwise", (red("a"), red("b", "t1", "bang")), (), Again(0, "tests")),
    Row("a patch comes back", (red("a"), red("b", "t2"), red("a")), (), Climb(1, "the patch repeats that of try 1")),
    Row("a stronger model repeats it", (red("a"), red("a", rung=1)), (), Climb(2, "the patch repeats that of try 1")),
    Row("a failure from the rung below does not count", (red("a"), red("b", rung=1)), (), Again(1, "tests")),
    Row("one unreadable reply", (bad(),), (), Again(0, "edit")),
    Row("two unreadable replies", (bad(), bad()), (), Again(0, "edit")),
    Row("three", (bad(), bad(), bad()), (), Climb(1, "no valid edit came in 3 tries: no block in it")),
    Row("a valid edit between them", (bad(), bad(), red("a"), bad()), (), Again(0, "edit")),
    Row("nothing changed", (bad("unchanged"),), (), Climb(1, "it changed nothing")),
    Row("the money is spent", (bad("budget"),), (), GiveUp("the money for the phase is spent: $0.50 of $0.50")),
    Row("tests pass", (green("a"),), (), ToReview()),
    Row("tests were not run", (patched("a", evidence(Verdict.NOT_RUN)),), (), ToReview()),
    Row("tests are inconclusive", (patched("a", evidence(Verdict.INCONCLUSIVE)),), (), ToReview()),
    Row("approved", (green("a"),), (said("approve", green("a"), 1),), GiveUp("the review approves", approved=True)),
    Row("changes are wanted", (green("a"),), (said("changes", green("a"), 1),), Again(0, "review")),
    Row("after the fix", (green("a"), green("b", cause="review")), (said("changes", green("a"), 1),), ToReview()),
    Row(
        "review and coder go round",
        (green("a"), green("b", cause="review")),
        (said("changes", green("a"), 1), said("changes", green("b"), 2)),
        Climb(1, "review and coder have gone round 2 times"),
    ),
    Row(
        "rounds begin anew on the next rung",
        (green("a"), green("b", cause="review"), green("c", rung=1, cause="review")),
        (said("changes", green("a"), 1), said("changes", green("b"), 2), said("changes", green("c", rung=1), 3)),
        Again(1, "review"),
    ),
    Row(
        "no verdict",
        (green("a"),),
        (said("inconclusive", green("a"), 1),),
        GiveUp("the review came to no verdict: could not be read"),
    ),
    Row(
        "the last rung is stuck",
        (red("a", rung=2), red("b", rung=2)),
        (),
        GiveUp(f"{SAME}, and no other model is named to take over"),
    ),
    Row(
        "six tries, each failing in its own way",
        tuple(red(f"p{number}", f"t{number}") for number in range(6)),
        (),
        Climb(1, "6 tries did not do it"),
    ),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_next_move_follows_from_what_happened(row: Row) -> None:
    assert next_move(RUNGS, row.tries, row.reviews) == row.move


def test_without_auto_fix_what_the_review_wants_is_left_to_people() -> None:
    tries, limits = (green("a"),), LadderLimits(auto_fix=False)
    move = next_move(RUNGS, tries, (said("changes", tries[0], 1),), limits)
    assert move == GiveUp("the review asks for changes, and they are left to people")


@given(st.data(), st.integers(1, 3))
def test_every_sequence_of_moves_comes_to_an_end(data: st.DataObject, rungs: int) -> None:
    ladder, tries, reviews = RUNGS[:rungs], list[Try](), list[Review]()
    rung = 0
    for turn in range(200):
        move = next_move(ladder, tuple(tries), tuple(reviews))
        if isinstance(move, GiveUp):
            return
        if isinstance(move, ToReview):
            verdict = data.draw(st.sampled_from(["changes", "changes", "approve", "inconclusive"]))
            reviews.append(said(verdict, tries[-1], len(reviews) + 1))
            continue
        if isinstance(move, Climb):
            assert move.to_rung == rung + 1
            rung = move.to_rung
        else:
            assert move.rung == rung
        kind = data.draw(st.sampled_from(["red", "red", "green", "bad"]))
        made = {
            "red": red(f"p{turn}", f"t{turn}", rung=rung),
            "green": green(f"p{turn}", rung=rung, cause="review" if reviews else "first"),
            "bad": bad(rung=rung),
        }
        tries.append(made[kind])
    raise AssertionError("the ladder never ended")
