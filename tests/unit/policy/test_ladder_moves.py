"""The loop as a table: what has happened so far, and what comes next; and its laws, over every sequence."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policy.policy_world import policy

from pointsman.domain.loop_end import LoopEnd
from pointsman.domain.outcome import CheckResult, EditRecord, Evidence, NoPatch, Patch, Review, Try, Verdict
from pointsman.policy.ladder import (
    Again,
    Cause,
    Climb,
    Cut,
    GiveUp,
    LadderLimits,
    LoopState,
    Move,
    Rung,
    ToReview,
    step,
)
from pointsman.policy.worth import best_of

MODELS = policy().domain_models()
RUNGS = (Rung(MODELS["qwen-s"]), Rung(MODELS["qwen-m"]), Rung(MODELS["opus"]))
DRAWS = (Rung(MODELS["qwen-s"], 3), *RUNGS[1:])


def results(passed: tuple[str, ...], failed: tuple[str, ...]) -> tuple[CheckResult, ...]:
    return (CheckResult(("pytest",), "c", "exited", int(bool(failed)), passed, failed, (), "", 1.0),)


def evidence(
    verdict: Verdict, failed: tuple[str, ...] = (), feedback: str = "", *, passed: tuple[str, ...] = ("t0",)
) -> Evidence:
    base = results(("t0",), ("target",))
    return Evidence(verdict, verdict.value, base, results(passed, failed), (), (), "bubblewrap", feedback)


def patched(digest: str, found: Evidence, *, rung: int = 0, cause: Cause = "first", sample: int = 0) -> Try:
    name = RUNGS[rung].model.name
    patch = Patch("base", f"commit-{digest}-{rung}", "tree", (), digest, name)
    return Try(rung, name, patch, found, cause, sample)


def red(
    digest: str,
    failed: str = "t1",
    feedback: str = "E   AssertionError",
    *,
    rung: int = 0,
    cause: Cause = "tests",
    sample: int = 0,
) -> Try:
    found = evidence(Verdict.FAILED, (failed,), feedback)
    return patched(digest, found, rung=rung, cause=cause, sample=sample)


def green(digest: str, *, rung: int = 0, cause: Cause = "tests", sample: int = 0) -> Try:
    found = evidence(Verdict.PASSED, passed=("t0", "target"))
    return patched(digest, found, rung=rung, cause=cause, sample=sample)


BAD = {
    "unreadable": NoPatch("unreadable", "no block in it", "qwen-s"),
    "twice": NoPatch("unreadable", "no block in it", "qwen-s", refusals=2),
    "unchanged": NoPatch("unchanged", "same text", "qwen-s"),
    "budget": NoPatch("budget", "no change in 12 turns", "qwen-s"),
    "spent": NoPatch("spent", "20 calls", "qwen-s"),
    "window": NoPatch("window", "too long", "qwen-s"),
}


def bad(kind: str = "unreadable", *, rung: int = 0, sample: int = 0) -> Try:
    name = RUNGS[rung].model.name
    return Try(rung, name, replace(BAD[kind], model=name), None, "edit", sample)


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
    rungs: tuple[Rung, ...] = RUNGS


SAME = "the same tests failed in the same way in 2 tries"
WORN = "2 tries of qwen-s did not do it"
UNDONE = replace(green("b", cause="review"), undoes="the newest fix takes back an earlier one in a.py")
ROWS = (
    Row("nothing happened yet", (), (), Again(0, "first")),
    Row("one failure", (red("a"),), (), Again(0, "tests")),
    Row("the same failure twice", (red("a"), red("b")), (), Climb(1, SAME)),
    Row("a small model tries twice", (red("a"), red("b", "t2")), (), Climb(1, WORN)),
    Row("a stronger one a third time", (red("a", rung=1), red("b", "t2", rung=1)), (), Again(1, "tests")),
    Row(
        "the same test fails otherwise",
        (red("a", rung=1), red("b", "t1", "E   TypeError: no", rung=1)),
        (),
        Again(1, "tests"),
    ),
    Row(
        "no test moved",
        (red("a", "target", rung=1), red("b", "target", "E   TypeError", rung=1)),
        (),
        Climb(2, "no test came out otherwise than before in 2 tries"),
    ),
    Row("a patch comes back", (red("a"), red("a", "t2")), (), Climb(1, "the patch repeats that of try 1")),
    Row("a stronger model repeats it", (red("a"), red("a", rung=1)), (), Climb(2, "the patch repeats that of try 1")),
    Row("a failure from the rung below does not count", (red("a"), red("b", rung=1)), (), Again(1, "tests")),
    Row("one unreadable reply", (bad(rung=1),), (), Again(1, "edit")),
    Row("two unreadable replies", (bad(rung=1), bad(rung=1)), (), Again(1, "edit")),
    Row(
        "three change the model",
        (bad("twice", rung=1), bad(rung=1)),
        (),
        Climb(2, "no valid edit of qwen-m came in 3 answers: no block in it"),
    ),
    Row("a valid edit between them", (bad("twice", rung=1), red("a", rung=1)), (), Again(1, "tests")),
    Row("a small model with two tries", (bad(), bad()), (), Climb(1, WORN)),
    Row("nothing changed", (bad("unchanged"),), (), Climb(1, "qwen-s changed nothing")),
    Row("too long", (bad("window"),), (), Climb(1, "too long")),
    Row(
        "turns for nothing",
        (bad("budget"),),
        (),
        Climb(1, "qwen-s made no change in the calls it had: no change in 12 turns"),
    ),
    Row("a rung is spent", (bad("spent"),), (), Climb(1, "qwen-s has used what one model may use: 20 calls")),
    Row(
        "the last rung is spent",
        (bad("spent", rung=2),),
        (),
        GiveUp(LoopEnd.RUNG_SPENT, "opus has used what one model may use: 20 calls"),
    ),
    Row("tests pass", (green("a"),), (), ToReview(green("a"))),
    Row(
        "tests were not run",
        (patched("a", evidence(Verdict.NOT_RUN)),),
        (),
        ToReview(patched("a", evidence(Verdict.NOT_RUN))),
    ),
    Row("approved", (green("a"),), (said("approve", green("a"), 1),), GiveUp(LoopEnd.SOLVED)),
    Row(
        "approved without a proof",
        (patched("a", evidence(Verdict.INCONCLUSIVE)),),
        (said("approve", green("a"), 1),),
        GiveUp(LoopEnd.APPROVED),
    ),
    Row("changes are wanted", (green("a"),), (said("changes", green("a"), 1),), Again(0, "review")),
    Row(
        "after the fix",
        (green("a"), green("b", cause="review")),
        (said("changes", green("a"), 1),),
        ToReview(green("b", cause="review")),
    ),
    Row(
        "review and coder go round",
        (green("a"), green("b", cause="review")),
        (said("changes", green("a"), 1), said("changes", green("b"), 2)),
        Climb(1, "review and coder have gone round 2 times"),
    ),
    Row(
        "they go round on the last rung",
        (green("a", rung=2), green("b", rung=2, cause="review")),
        (said("changes", green("a", rung=2), 1), said("changes", green("b", rung=2), 2)),
        GiveUp(LoopEnd.DISPUTED, "review and coder have gone round 2 times"),
    ),
    Row(
        "a fix takes back an earlier one",
        (green("a"), UNDONE),
        (said("changes", green("a"), 1),),
        Climb(1, "the newest fix takes back an earlier one in a.py"),
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
        GiveUp(LoopEnd.NO_VERDICT, "could not be read"),
    ),
    Row("the last rung is stuck", (red("a", rung=2), red("b", rung=2)), (), GiveUp(LoopEnd.LADDER_ENDED, SAME)),
    Row("one more candidate", (red("a"),), (), Again(0, "tests", 1), DRAWS),
    Row("also after an unusable one", (red("a"), bad(sample=1)), (), Again(0, "edit", 2), DRAWS),
    Row("and after one that changed nothing", (bad("unchanged"),), (), Again(0, "edit", 1), DRAWS),
    Row("the first green one is enough", (red("a"), green("b", sample=1)), (), ToReview(green("b", sample=1)), DRAWS),
    Row("a round counts once", (red("a"), red("b", sample=1), red("c", sample=2)), (), Again(0, "tests"), DRAWS),
    Row(
        "where the tests cannot be run nothing can choose",
        (patched("a", evidence(Verdict.NOT_RUN)),),
        (),
        ToReview(patched("a", evidence(Verdict.NOT_RUN))),
        DRAWS,
    ),
    Row(
        "a model that stands in draws no more",
        (replace(red("a"), result=Patch("base", "c", "t", (), "a", "paid")),),
        (),
        Again(0, "tests"),
        DRAWS,
    ),
    Row("a rung that draws one does not", (red("a", rung=1),), (), Again(1, "tests"), DRAWS),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_next_move_follows_from_what_happened(row: Row) -> None:
    assert step(LoopState(row.rungs, row.tries, row.reviews)) == row.move


def test_without_auto_fix_what_the_review_wants_is_left_to_people() -> None:
    tries = (green("a"),)
    state = LoopState(RUNGS, tries, (said("changes", tries[0], 1),), LadderLimits(auto_fix=False))
    assert step(state) == GiveUp(LoopEnd.LEFT_TO_PEOPLE)


@pytest.mark.parametrize("tries", [(), (red("a"),), (green("a"),), (bad(),)], ids=["none", "red", "green", "bad"])
def test_what_is_cut_off_ends_by_the_name_of_the_limit(tries: tuple[Try, ...]) -> None:
    state = LoopState(RUNGS, tries, cut=Cut(LoopEnd.TOKENS, "20000 of 20000 tokens"))
    assert step(state) == GiveUp(LoopEnd.TOKENS, "20000 of 20000 tokens")


def test_the_evidence_chooses_by_old_tests_then_target_tests_then_size() -> None:
    sized = (EditRecord("a.py", "changed", "d", 9, 9, "m"),)
    breaks = patched("breaks", evidence(Verdict.FAILED, ("t0", "t9"), passed=("target",)))
    mends = patched("mends", evidence(Verdict.FAILED, ("t9",), passed=("t0", "target")))
    small = patched("small", evidence(Verdict.FAILED, ("t9", "target"), passed=("t0",)))
    large = replace(small, result=replace(small.result, edits=sized)) if isinstance(small.result, Patch) else small
    assert best_of((breaks, bad(), large, small, mends)) == mends
    assert best_of((breaks, large, small)) == small
    assert best_of((breaks, large)) == large
    assert best_of((small, green("g"), red("x"))) == green("g")
    assert best_of((bad(),)) is None


def test_of_two_that_test_alike_the_one_that_heeds_the_reviewer_is_better() -> None:
    assert best_of((green("a"), green("b", cause="review"))) == green("b", cause="review")
    assert best_of((green("a"), UNDONE)) == green("a")


KINDS = st.sampled_from(["red", "red", "moved", "green", "bad", "twice", "unchanged", "spent", "again"])
VERDICTS = st.sampled_from(["changes", "changes", "approve", "inconclusive"])


def made_of(kind: str, turn: int, move: Again) -> Try:
    """What a try comes to; `again` is a patch that was there before."""
    rung, cause, sample = move.rung, move.cause, move.sample
    match kind:
        case "red":
            return red(f"p{turn}", f"t{turn}", rung=rung, cause=cause, sample=sample)
        case "moved":
            return red(f"p{turn}", rung=rung, cause=cause, sample=sample)
        case "again":
            return red("p0", rung=rung, cause=cause, sample=sample)
        case "green":
            return green(f"p{turn}", rung=rung, cause=cause, sample=sample)
    known = {"bad": "unreadable"}.get(kind, kind)
    return replace(bad(known, rung=rung, sample=sample), cause=cause)


@given(st.data(), st.integers(1, 3), st.sampled_from([1, 2, 5]))
def test_every_sequence_ends_never_goes_down_and_never_loses_the_best(
    data: st.DataObject, rungs: int, samples: int
) -> None:
    ladder = (Rung(MODELS["qwen-s"], samples), *RUNGS[1:])[:rungs]
    state, rung = LoopState(ladder), 0
    for turn in range(300):
        move = step(state)
        if isinstance(move, GiveUp):
            assert move.end in LoopEnd
            return
        if isinstance(move, ToReview):
            verdict = data.draw(VERDICTS)
            state = replace(state, reviews=(*state.reviews, said(verdict, move.made, len(state.reviews) + 1)))
            continue
        if isinstance(move, Climb):
            assert move.to_rung == rung + 1
            rung, move = move.to_rung, Again(move.to_rung, state.tries[-1].cause)
        assert move.rung == rung
        assert move.sample < ladder[rung].samples
        made = made_of(data.draw(KINDS), turn, move)
        before = state.best
        state = replace(state, tries=(*state.tries, made))
        assert before is None or state.best is not None
        assert state.best in (before, made)
    raise AssertionError("the loop never ended")


@given(st.sampled_from(["digest", "failing set"]), st.integers(0, 2))
def test_a_patch_or_a_failing_set_that_comes_back_climbs(what: str, rung: int) -> None:
    second = red("a", "t2", rung=rung) if what == "digest" else red("b", rung=rung)
    move = step(LoopState(RUNGS, (red("a", rung=rung), second)))
    assert isinstance(move, Climb if rung < 2 else GiveUp)
