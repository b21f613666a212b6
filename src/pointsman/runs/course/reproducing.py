"""The test that shows the bug, in a run: sought before the first try, and anew where only that test is left."""

from dataclasses import replace

from pointsman.domain.errors import Stopped
from pointsman.domain.outcome import Evidence, NoReproduction, Reproduction, Verdict
from pointsman.phases.reproduce import Sought, reproduce
from pointsman.runs.course.course import Course
from pointsman.runs.metering import RUNG_SPENT


async def begin_with_a_test(course: Course) -> None:
    """Look for a test that shows the bug before any code is written; what came of it is kept either way."""
    if course.earlier.reproduction is None and not course.earlier.tries:
        sought = await _sought(course, 0)
        course.learn(replace(course.earlier, base=sought.base, reproduction=sought.found))


async def another_test(course: Course, rung: int) -> None:
    """A new rung writes its own test where nothing but the old one speaks against what was tried.

    The old one may be wrong. It stays in force where the new model shows nothing either.
    """
    evidence = course.earlier.evidence
    if evidence is None or not evidence.disputed:
        return
    sought = await _sought(course, rung)
    if isinstance(sought.found, Reproduction):
        course.learn(replace(course.earlier, reproduction=sought.found))


async def _sought(course: Course, rung: int) -> Sought:
    """What came of looking. A model that has used what it may use shows nothing; the next one may still code."""
    try:
        return await reproduce(course.spec, course.earlier, course.ports, rung=rung)
    except Stopped as error:
        if error.code != RUNG_SPENT:
            raise
        return Sought(NoReproduction(f"The coder has used what it may use: {error.message}."), course.earlier.base)


def settled(evidence: Evidence | None) -> Evidence | None:
    """The evidence once nobody tries any more: where only that test fails, a person has to say which is wrong."""
    if evidence is None or not evidence.disputed:
        return evidence
    shown = evidence.reproduction
    path = shown.path if isinstance(shown, Reproduction) else "the test"
    why = (
        f"Everything else passes, but {path}, which a model wrote to show the bug, still fails. "
        "Either the change does not mend the bug or that test is wrong: a person has to say which."
    )
    return replace(evidence, verdict=Verdict.INCONCLUSIVE, why=why)
