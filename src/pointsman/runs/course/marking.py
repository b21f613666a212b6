"""What a run shows at its end, as the facts that figures are counted from.

It is kept outside the journal, under the run's id: what is kept again, after a crash or when a failed run goes on,
takes the place of what was kept before. Of a forked run counts what it did itself.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pointsman.domain.forge import Change
from pointsman.domain.levels import Phase
from pointsman.domain.marks import ChangeMark, FindingFate, FindingMark, Mark, RunMarks, What
from pointsman.domain.outcome import Hop, Patch, Review, Try, Verdict
from pointsman.domain.run import LOCAL, Route
from pointsman.runs.course.course import Course, Seen
from pointsman.runs.course.rounds import author_models
from pointsman.runs.journal import patiently

PEOPLE = "people"
"""Who wrote lines that no model wrote."""

_UNREADABLE = frozenset({"unreadable", "empty", "cut"})
_TESTS = {Verdict.PASSED: What.PASSED, Verdict.FAILED: What.FAILED, Verdict.INCONCLUSIVE: What.UNCLEAR}
_SAID = {"approve": What.APPROVED, "changes": What.OBJECTED, "inconclusive": What.UNDECIDED}
_HOPS = {"fallback": What.FALLBACK, "escalation": What.ESCALATION, "override": What.OVERRIDE}
_Key = tuple[Phase, str, What]


async def keep_marks(course: Course) -> None:
    """Keep what the run showed, and say what became of findings that earlier runs raised."""
    marks = course.adapters.marks
    if marks is None:
        return
    calls = await course.ledger.calls(course.run_id)
    own = _own(course, ((call.phase, call.call_id) for call in calls if call.run_id == course.run_id))
    shared = {(call.phase, call.model, What.SHARED) for call in calls if call.state == "answered"}
    reviews = tuple(one for one in own if isinstance(one, Review))
    before = frozenset(finding.id for finding in course.spec.prior.open) if course.spec.prior else frozenset()
    change = course.change
    left = RunMarks(
        run_id=course.run_id,
        repository_id=course.spec.repository.id,
        at=course.adapters.clock.now(),
        task=course.view.task,
        change=_key(course),
        marks=_counted(own, shared),
        findings=_raised(course, reviews, before),
        made=_made(course, change) if change is not None and course.earlier.patch is not None else None,
        looked=_is_approved(course) if reviews and course.spec.goal == "review" else None,
    )
    settled: dict[str, FindingFate] = {
        one.id: "upheld" for review in reviews for one in review.findings if one.id in before and one.fate == "fixed"
    }

    async def keep() -> None:
        await marks.keep(left)
        await marks.settle(left.repository_id, left.change, settled)

    await patiently(keep, course.adapters.clock.sleep)


def _own(course: Course, calls: Iterable[tuple[Phase, str]]) -> tuple[Try | Review | Hop, ...]:
    """What this run did itself: what came before its first own question in a phase, it was forked with."""
    first: dict[Phase, int] = {}
    for phase, call_id in calls:
        number = int(call_id.rpartition(":")[2])
        first[phase] = min(number, first.get(phase, number))
    return tuple(seen.what for seen in course.seen if seen.number >= first.get(_phase_of(seen), seen.number + 1))


def _phase_of(seen: Seen) -> Phase:
    match seen.what:
        case Try():
            return Phase.CODE
        case Review():
            return Phase.REVIEW
        case Hop(phase=phase):
            return Phase(phase)


def _key(course: Course) -> str:
    """The number of the change, or its branch; the run itself where there is none."""
    if course.change is not None:
        return course.change.number or course.change.branch
    return course.spec.change.number if course.spec.change else course.run_id


def _counted(own: Iterable[Try | Review | Hop], shared: Iterable[_Key]) -> tuple[Mark, ...]:
    counts: Counter[_Key] = Counter(shared)
    for one in own:
        match one:
            case Try():
                counts.update((Phase.CODE, one.result.model, what) for what in _of_try(one))
            case Review():
                counts[Phase.REVIEW, one.model, _SAID[one.verdict]] += 1
                counts[Phase.REVIEW, one.model, What.DROPPED] += len(one.dropped)
            case Hop():
                counts[Phase(one.phase), one.from_model, _HOPS[one.kind]] += 1
    return tuple(Mark(*key, count) for key, count in sorted(counts.items()) if count)


def _of_try(made: Try) -> tuple[What, ...]:
    if not isinstance(made.result, Patch):
        return (What.TRIED, What.UNREADABLE) if made.result.kind in _UNREADABLE else (What.TRIED,)
    tests = _TESTS.get(made.evidence.verdict) if made.evidence is not None else None
    return (What.TRIED, What.APPLIED, tests) if tests is not None else (What.TRIED, What.APPLIED)


def _raised(course: Course, reviews: Iterable[Review], before: frozenset[str]) -> tuple[FindingMark, ...]:
    """The findings that were raised here, each with what became of it within the run."""
    found: dict[str, FindingMark] = {}
    for review in reviews:
        coder = _coder_of(course, review.commit)
        for one in review.findings:
            if one.id in before:
                continue
            known = found.get(one.id) or FindingMark(one.id, review.model, coder, one.severity)
            fate: FindingFate = "upheld" if one.fate == "fixed" else known.fate
            proof = one.proof.result if one.proof is not None else known.proof
            found[one.id] = FindingMark(one.id, known.reviewer, known.coder, known.severity, fate, proof)
    return tuple(replace(mark, fate="disputed") if mark.id in _disputed(course) else mark for mark in found.values())


def _disputed(course: Course) -> frozenset[str]:
    """The findings that people were handed with both positions."""
    last = course.earlier.review
    return frozenset(one.id for one in last.findings if one.fate == "disputed") if last is not None else frozenset()


def _coder_of(course: Course, commit: str) -> str:
    """Who wrote what was reviewed: the model of that commit, else those that are known to have helped."""
    patches = (one.result for one in course.earlier.tries if isinstance(one.result, Patch))
    by_model = next((patch.model for patch in patches if patch.commit == commit), "")
    return by_model or ", ".join(dict.fromkeys(model.name for model in course.spec.authors)) or PEOPLE


def _made(course: Course, change: Change) -> ChangeMark | None:
    patch = course.earlier.patch
    if patch is None:
        return None
    return ChangeMark(
        key=_key(course),
        base=course.spec.base_commit,
        head=change.head_commit,
        commit=patch.commit,
        diff_digest=patch.diff_digest,
        is_approved=_is_approved(course),
        location=course.spec.repository.location if course.spec.repository.forge == LOCAL else "",
    )


def _is_approved(course: Course) -> bool:
    """Whether the newest review approved what stands now, and no author is of the reviewer's family.

    A policy may ask for less than another family; such an approval is not trusted.
    """
    review, patch, route = course.earlier.review, course.earlier.patch, course.spec.route(Phase.REVIEW)
    if review is None or review.verdict != "approve" or not isinstance(route, Route):
        return False
    if patch is not None and review.commit != patch.commit:
        return False
    families = {model.family for model in route.models if model.name == review.model}
    return len(families) == 1 and families.isdisjoint(model.family for model in author_models(course))
