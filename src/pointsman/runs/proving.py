"""Code, verify and review in turn until the change is proved, or until there is nothing left to try."""

from dataclasses import dataclass, replace

from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Evidence, NoPatch, Patch, Review, Try, Verdict
from pointsman.domain.run import RunSpec
from pointsman.phases.code import code
from pointsman.phases.coding import Attempt
from pointsman.phases.verify import verify
from pointsman.policy.ladder import Again, Cause, Climb, GiveUp, LadderLimits, next_move
from pointsman.policy.touched import risk_with, unapproved, weigh
from pointsman.runs.course import Course, refused
from pointsman.runs.rounds import review_once

_RANK = {Verdict.PASSED: 3, Verdict.NOT_RUN: 2, Verdict.INCONCLUSIVE: 1, Verdict.FAILED: 0}


@dataclass(frozen=True)
class Proved:
    """What is handed over: the best patch there is with its evidence and review, and why it ended there."""

    patch: Patch | None
    evidence: Evidence | None
    review: Review | None
    why: str


async def prove(course: Course) -> Proved:
    """Go round until review has nothing left to say or the ladder ends; the best state is never lost.

    Raises OwnerMust when no model may review, or when the patch reached into a path that is too sensitive.
    """
    await course.begin(Phase.CODE)
    route = course.route(Phase.CODE)
    rungs = (route.primary, *route.escalate)
    limits = _limits(course.spec)
    rung = 0
    while True:
        move = next_move(rungs, course.earlier.tries, course.earlier.reviews, limits)
        match move:
            case Again(rung=rung, cause=cause):
                await _try(course, rung, cause)
            case Climb(to_rung=to, why=why):
                course.climbed(rungs[rung].name, rungs[to].name, why)
                rung = to
                await _try(course, rung, course.earlier.tries[-1].cause)
            case GiveUp(why=why, approved=approved):
                return _handed_over(course, "" if approved else why)
            case _:
                await review_once(course)


def _limits(spec: RunSpec) -> LadderLimits:
    """The bounds of the ladder; the class of task may go round less often than the review's order lets it."""
    rounds = min(spec.order.rounds or spec.review.rounds, spec.review.rounds)
    return LadderLimits(review_rounds=rounds, auto_fix=spec.review.auto_fix)


async def _try(course: Course, rung: int, cause: Cause) -> None:
    earlier = course.earlier
    route = course.route(Phase.CODE)
    model = (route.primary, *route.escalate)[rung].name
    await course.show(replace(course.view, phase=str(Phase.CODE), model=model))
    attempt = Attempt(rung, cause, _feedback(earlier.tries, earlier.review, cause), _onto(course, rung, cause))
    result = await code(course.spec, earlier, course.ports, attempt=attempt)
    course.learn(course.earlier)
    if isinstance(result, NoPatch):
        return _remember(course, Try(rung, result.model, result, None, cause))
    await _require_clear(course, result)
    await course.begin(Phase.VERIFY)
    evidence = await verify(course.spec, earlier, course.ports, commit=result.commit)
    course.learn(replace(course.earlier, patch=result, evidence=evidence, authors=_authors(course, result)))
    return _remember(course, Try(rung, result.model, result, evidence, cause))


def _remember(course: Course, made: Try) -> None:
    course.saw(Phase.CODE, made)
    course.earlier = replace(course.earlier, tries=(*course.earlier.tries, made))


def _authors(course: Course, patch: Patch) -> tuple[str, ...]:
    """Every model that answered while the code was written, those that stood in for another one included."""
    answered = course.models.answered.get(Phase.CODE, [])
    return tuple(dict.fromkeys((*course.earlier.authors, *answered, patch.model)))


def _feedback(tries: tuple[Try, ...], reviewed: Review | None, cause: Cause) -> str:
    if not tries:
        return ""
    last = tries[-1]
    if cause == "review" and reviewed is not None:
        return "\n\n".join(
            f"{f.path}:{f.line} `{f.quote}`\n{f.message}" for f in reviewed.findings if f.fate == "open"
        )
    if isinstance(last.result, NoPatch):
        return last.result.why
    return last.evidence.feedback if last.evidence else ""


def _onto(course: Course, rung: int, cause: Cause) -> str:
    """The same model goes on from its last patch, unless that broke what base had whole; others start anew."""
    earlier = course.earlier
    if earlier.patch is None:
        return course.spec.base_commit
    if cause == "review":
        return earlier.patch.commit
    same_hand = earlier.tries[-1].rung == rung
    return earlier.patch.commit if same_hand and not _broke(earlier.evidence) else course.spec.base_commit


def _broke(evidence: Evidence | None) -> bool:
    if evidence is None:
        return False
    before = {test for check in evidence.base for test in check.passed}
    return any(test in before for check in evidence.candidate for test in check.failed)


async def _require_clear(course: Course, patch: Patch) -> None:
    """Weigh the paths that were really touched, before a byte of the diff goes to anybody else; the risk may rise."""
    touched = tuple(edit.path for edit in patch.edits)
    no = weigh(course.spec, touched) or unapproved(course.spec, course.earlier.plan, touched)
    if no is not None:
        raise refused(no)
    diff = await course.ports.workspace.diff(course.spec.base_commit, patch.commit)
    course.spec = course.spec.risen(risk_with(course.spec, touched, len(diff)))


def _handed_over(course: Course, why: str) -> Proved:
    """The newest state when it was reviewed, else the best one that any try came to."""
    earlier = course.earlier
    if earlier.review is not None and earlier.patch is not None and earlier.review.commit == earlier.patch.commit:
        return Proved(earlier.patch, earlier.evidence, earlier.review, why)
    states = [(made.result, made.evidence) for made in earlier.tries if isinstance(made.result, Patch)]
    if not states:
        return Proved(None, None, None, why)
    patch, evidence = max(reversed(states), key=lambda state: _worth(state[1]))
    known = next((r for r in reversed(earlier.reviews) if r.commit == patch.commit), None)
    return Proved(patch, evidence, known, why)


def _worth(evidence: Evidence | None) -> tuple[int, int]:
    if evidence is None:
        return (-1, 0)
    return (_RANK[evidence.verdict], -sum(len(check.failed) for check in evidence.candidate))
