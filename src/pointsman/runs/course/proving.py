"""Code, verify and review in turn until the change is proved, or until there is nothing left to try."""

import logging
from dataclasses import dataclass, field, replace

from pointsman.domain.errors import OwnerMust, PointsmanError, Stopped, TryAgain
from pointsman.domain.levels import Phase
from pointsman.domain.loop_end import LoopEnd
from pointsman.domain.outcome import Evidence, Patch, Review, Try
from pointsman.domain.run import RunSpec
from pointsman.phases.verify import verify
from pointsman.policy.ladder import Again, Climb, Cut, GiveUp, LadderLimits, LoopState, Rung, ToReview, step
from pointsman.runs.course.course import Course
from pointsman.runs.course.reproducing import another_test, begin_with_a_test, settled
from pointsman.runs.course.rounds import review_once
from pointsman.runs.course.trying import try_once

_CUTS = {end.value: end for end in LoopEnd if end.is_cut}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proved:
    """What is handed over: the best patch there is with its evidence and review, and how it ended, by name.

    `why` says in a clause what led to the end, empty where its name says it all.
    """

    patch: Patch | None
    evidence: Evidence | None
    review: Review | None
    end: LoopEnd
    why: str = ""


@dataclass
class _Loop:
    """The state of the loop, and the error that cut it off, if one did."""

    course: Course
    rungs: tuple[Rung, ...]
    limits: LadderLimits
    cut: Cut | None = None
    error: PointsmanError | None = field(default=None, repr=False)

    @property
    def state(self) -> LoopState:
        """What the next move is decided on."""
        earlier = self.course.earlier
        return LoopState(self.rungs, earlier.tries, earlier.reviews, self.limits, self.cut)


async def prove(course: Course) -> Proved:
    """Go round until review has nothing left to say or the loop ends; the best state is never lost.

    A limit or an outage on the way ends the loop, and what there is by then is handed over; with nothing at hand its
    error is raised. Raises OwnerMust when no model may review, or when the patch reached into a path that is too
    sensitive.
    """
    await course.begin(Phase.CODE)
    course.models.meter.climbs(course.route(Phase.CODE).rung)
    await begin_with_a_test(course)
    loop = _Loop(course, _rungs(course), _limits(course.spec))
    while True:
        move = step(loop.state)
        if isinstance(move, GiveUp):
            if loop.error is not None and loop.state.best is None:
                raise loop.error
            return await _as_it_stands(course, _handed_over(loop.state, move))
        try:
            await _made(course, move, loop.state)
        except (OwnerMust, Stopped, TryAgain) as error:
            loop.cut, loop.error = _cut_by(error, course), error
            if loop.cut is None:
                raise
            logger.warning("a run was cut off", extra={"run": course.run_id, "code": error.code})


async def _made(course: Course, move: Again | Climb | ToReview, state: LoopState) -> None:
    match move:
        case Again():
            await _tried(course, move)
        case Climb(to_rung=to, why=why):
            last = state.tries[-1]
            course.climbed(state.rungs[last.rung].model.name, state.rungs[to].model.name, why)
            course.models.meter.climbs(course.route(Phase.CODE).rung)
            await another_test(course, to)
            await _tried(course, Again(to, last.cause))
        case ToReview(made=made):
            await _reviewed(course, made)


async def _tried(course: Course, move: Again) -> None:
    await try_once(course, move)
    best = LoopState((), course.earlier.tries).best
    if best is not None and isinstance(best.result, Patch):
        await course.ports.workspace.hold(course.run_id, best.result.commit)


async def _reviewed(course: Course, made: Try) -> None:
    assert isinstance(made.result, Patch)
    course.learn(replace(course.earlier, patch=made.result, evidence=made.evidence))
    await review_once(course)


def _cut_by(error: PointsmanError, course: Course) -> Cut | None:
    """How an error ends the loop; None for one that ends the run whatever there is.

    Where a person sits before it, who can start a provider and go on, an outage is not for good. Where providers are,
    and what they said, is for the operator alone.
    """
    end = _CUTS.get(error.code)
    if end is LoopEnd.OUTAGE:
        out = Cut(end, f"no model could be reached for {course.view.phase}")
        return None if course.spec.is_attended else out
    return Cut(end, error.message) if end is not None else None


def _rungs(course: Course) -> tuple[Rung, ...]:
    route = course.route(Phase.CODE)
    return tuple(Rung(model, route.samples if model.is_free else 1) for model in route.ladder)


def _limits(spec: RunSpec) -> LadderLimits:
    """The bounds of the ladder; the class of task may go round less often than the review's order lets it."""
    rounds = min(spec.order.rounds or spec.review.rounds, spec.review.rounds)
    return LadderLimits(review_rounds=rounds, auto_fix=spec.review.auto_fix)


def _handed_over(state: LoopState, move: GiveUp) -> Proved:
    """What was reviewed to the end as it stands, else the best state that any try came to."""
    made = state.standing if state.tries and move.end in _AS_REVIEWED else state.best
    if made is None or not isinstance(made.result, Patch):
        return Proved(None, None, None, move.end, move.why)
    commit = made.result.commit
    known = next((review for review in reversed(state.reviews) if review.commit == commit), None)
    return Proved(made.result, settled(made.evidence), known, move.end, move.why)


async def _as_it_stands(course: Course, proved: Proved) -> Proved:
    """What is handed over, with evidence of that very state: a review may have put a test on top at last.

    Where the run has no time left for that, the evidence stays that of the state below.
    """
    patch, evidence = proved.patch, proved.evidence
    if patch is None or evidence is None or await _is_of(course, evidence, patch):
        return proved
    await course.show(replace(course.view, phase=str(Phase.VERIFY)))
    try:
        found = await verify(course.spec, course.earlier, course.ports, commit=patch.commit)
    except (Stopped, TryAgain) as error:
        if _cut_by(error, course) is None:
            raise
        return proved
    return replace(proved, evidence=settled(found))


async def _is_of(course: Course, evidence: Evidence, patch: Patch) -> bool:
    """Whether the evidence speaks of this patch, or of the same files under another commit; or of nothing at all."""
    ran = next((result.commit for result in evidence.candidate), patch.commit)
    files = course.ports.workspace.files
    return ran == patch.commit or await files(ran) == await files(patch.commit)


_AS_REVIEWED = frozenset({LoopEnd.SOLVED, LoopEnd.APPROVED, LoopEnd.LEFT_TO_PEOPLE, LoopEnd.NO_VERDICT})
