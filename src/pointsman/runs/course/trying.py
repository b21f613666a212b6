"""One try at the code: from which state and with which words it starts, and what the sandbox says of it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from pointsman.domain.errors import Stopped
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Evidence, NoPatch, Patch, Review, Try, confirmed_tests
from pointsman.phases.code import code
from pointsman.phases.verify import verify
from pointsman.phases.writing.coding import Attempt, Left, with_calls
from pointsman.policy.ladder import Again, refusals_of, rounds_of
from pointsman.policy.ping_pong import taken_back
from pointsman.policy.touched import risk_with, unapproved, weigh
from pointsman.policy.worth import best_of, broken_by
from pointsman.runs.course.course import Course, refused
from pointsman.runs.course.previewing import looked_at, seen_again
from pointsman.runs.course.rounds import back_to_code, with_authors
from pointsman.runs.metering import RUNG_SPENT


async def try_once(course: Course, move: Again) -> None:
    """One candidate of the model on the rung, tested if it left a patch; remembered whatever came of it.

    A patch that was tested before is not tested again. When the tests cannot be run to their end, the patch is
    remembered without evidence before the error goes on.
    """
    model = course.route(Phase.CODE).ladder[move.rung].name
    await course.show(replace(course.view, phase=str(Phase.CODE), model=model))
    attempt = await attempt_for(course, move)
    before, asked = course.models.meter.used.tokens, course.models.asked(Phase.CODE)
    result = await _coded(course, attempt, model)
    tokens, calls = course.models.meter.used.tokens - before, course.models.asked(Phase.CODE)[len(asked) :]
    course.learn(course.earlier)
    made = Try(move.rung, result.model, result, None, move.cause, move.sample, tokens=tokens, calls=calls)
    if isinstance(result, NoPatch):
        _remember(course, made)
        return
    result = with_authors(course, with_calls(result, _state_at(course, attempt.onto)))
    await require_clear(course, result)
    undoes = await _undoes(course, result) if move.cause == "review" else ""
    course.earlier = replace(course.earlier, authors=_authors(course, result))
    made = replace(made, result=result, undoes=undoes)
    try:
        made = replace(made, evidence=await _evidence(course, result))
    finally:
        _remember(course, made)


def _state_at(course: Course, commit: str) -> Patch | None:
    """The patch of an earlier try that a new one goes on from; None where it starts from the issue."""
    patches = (one.result for one in course.earlier.tries if isinstance(one.result, Patch))
    return next((patch for patch in patches if patch.commit == commit), None)


async def _coded(course: Course, attempt: Attempt, model: str) -> Patch | NoPatch:
    try:
        return await code(course.spec, course.earlier, course.ports, attempt=attempt)
    except Stopped as error:
        if error.code != RUNG_SPENT:
            raise
        return NoPatch("spent", error.message, model)


async def _evidence(course: Course, patch: Patch) -> Evidence:
    for one in course.earlier.tries:
        if isinstance(one.result, Patch) and one.result.tree == patch.tree and one.evidence is not None:
            course.earlier = seen_again(course.earlier, before=one.result.commit, now=patch.commit)
            return one.evidence
    await course.begin(Phase.VERIFY)
    evidence = await verify(course.spec, course.earlier, course.ports, commit=patch.commit)
    return await looked_at(course, evidence, commit=patch.commit)


def _remember(course: Course, made: Try) -> None:
    course.saw(Phase.CODE, made)
    earlier = replace(course.earlier, tries=(*course.earlier.tries, made))
    if isinstance(made.result, Patch):
        earlier = replace(earlier, patch=made.result, evidence=made.evidence)
    course.earlier = earlier


def _authors(course: Course, patch: Patch) -> tuple[str, ...]:
    """Every model that answered while the code was written, those that stood in for another one included."""
    answered = course.models.answered.get(Phase.CODE, [])
    return tuple(dict.fromkeys((*course.earlier.authors, *answered, patch.model)))


async def require_clear(course: Course, patch: Patch) -> None:
    """Weigh the paths that were really touched, before a byte of the diff goes to anybody else; the risk may rise."""
    touched = tuple(edit.path for edit in patch.edits)
    shown = course.earlier.shown
    # The test that shows the bug is the harness's own addition, at a path of its choice; no plan names it.
    strayed = tuple(path for path in touched if shown is None or path != shown.path)
    no = weigh(course.spec, touched) or unapproved(course.spec, course.earlier.plan, strayed)
    if no is not None:
        raise refused(no)
    diff = await course.ports.workspace.diff(course.spec.base_commit, patch.commit)
    course.spec = course.spec.risen(risk_with(course.spec, touched, len(diff)))


async def _undoes(course: Course, patch: Patch) -> str:
    """In words, which earlier fix this one takes back; states are those that were reviewed, and this one."""
    reviewed = tuple(dict.fromkeys(review.commit for review in course.earlier.reviews))
    if len(reviewed) < 2:
        return ""
    diff = course.ports.workspace.diff
    before = [await diff(old, new) for old, new in pairwise(reviewed)]
    ours = [proof.path for proof in confirmed_tests(course.earlier.reviews)]
    path = taken_back(before, await diff(reviewed[-1], patch.commit), ours=ours)
    return f"the newest fix takes back an earlier one in {path}" if path else ""


async def attempt_for(course: Course, move: Again) -> Attempt:
    """Where a try starts and what it is told. Further candidates of a round start as its first one did.

    The same model goes on from the best state that it came to, unless that broke what base had whole; a new one
    starts from the issue, and is told what those before it came to.
    """
    tries = course.earlier.tries
    before = tries[: len(tries) - move.sample]
    names = (model.name for model in course.route(Phase.CODE).models)
    refusals = {name: refusals_of(before, move.rung, name) for name in names}
    return replace(await _begun(course, move, before), refusals=refusals)


async def _begun(course: Course, move: Again, before: tuple[Try, ...]) -> Attempt:
    earlier, base = course.earlier, course.earlier.start(course.spec.base_commit)
    if not before:
        return Attempt(move.rung, move.cause, "", base, sample=move.sample)
    last = rounds_of(before)[-1]
    if last.rung != move.rung:
        left = await _left(course, before)
        said = "" if left else _wrong(last, earlier.reviews)
        return Attempt(move.rung, move.cause, said, base, left, move.sample)
    best = last if move.cause == "review" else best_of(one for one in before if one.rung == move.rung)
    if best is None or not isinstance(best.result, Patch) or _broke(best.evidence):
        return Attempt(move.rung, move.cause, _wrong(last, earlier.reviews), base, sample=move.sample)
    said = _wrong(best, earlier.reviews)
    if best is not last:
        said = f"{said}\n\nA later try did worse and is not in the files: {_wrong(last, earlier.reviews)}".strip()
    return Attempt(move.rung, move.cause, said, best.result.commit, sample=move.sample)


async def _left(course: Course, before: Iterable[Try]) -> Left | None:
    best = best_of(before)
    if best is None or not isinstance(best.result, Patch):
        return None
    diff = await course.ports.workspace.diff(course.spec.base_commit, best.result.commit)
    return Left(diff, _wrong(best, course.earlier.reviews))


def _wrong(made: Try, reviews: tuple[Review, ...]) -> str:
    """What is wrong with a try: why it left nothing, what its reviewer found, what its tests say."""
    if isinstance(made.result, NoPatch):
        return made.result.why
    commit = made.result.commit
    review = next((found for found in reversed(reviews) if found.commit == commit), None)
    shown = back_to_code(review) if review is not None else ""
    said = [shown] if shown else []
    if made.evidence is not None and made.evidence.feedback:
        said.append(made.evidence.feedback)
    return "\n\n".join(said)


def _broke(evidence: Evidence | None) -> bool:
    return evidence is not None and bool(broken_by(evidence))
