"""The pages of a candidate looked at after its tests, where its class of task names any."""

from dataclasses import replace

from pydantic import TypeAdapter

from pointsman.domain.levels import Sensitivity
from pointsman.domain.outcome import Earlier, Evidence, Verdict
from pointsman.domain.pictures import NOWHERE, Previews, Shown
from pointsman.domain.run import LOCAL, RunSpec
from pointsman.phases.preview import preview, weighed
from pointsman.runs.course.course import Course
from pointsman.runs.journal import durable

_SHOWN: TypeAdapter[Shown] = TypeAdapter(Shown)
_LINKED = (Sensitivity.PUBLIC, Sensitivity.INTERNAL)


async def looked_at(course: Course, evidence: Evidence, *, commit: str) -> Evidence:
    """The evidence as it stands once the pages were looked at; the pictures are remembered beside it.

    What fails its tests goes back to code first, and is not looked at.
    """
    if evidence.verdict is Verdict.FAILED:
        return evidence
    found = await preview(course.spec, course.earlier, course.ports, commit=commit)
    if found is not None:
        course.earlier = replace(course.earlier, looks=(*course.earlier.looks, found))
    return weighed(evidence, found)


def seen_again(earlier: Earlier, *, before: str, now: str) -> Earlier:
    """What was seen at one commit stands for another of the same pages: the same tree, or one with tests on top."""
    known = next((look for look in reversed(earlier.looks) if look.after.commit == before), None)
    if known is None or before == now:
        return earlier
    return replace(earlier, looks=(*earlier.looks, known.seen_at(now)))


async def shown_of(course: Course) -> Shown:
    """Where people find the pictures of the run's end."""
    found, show = course.earlier.previews, course.adapters.show
    if found is None or not found.pictures or show is None or not may_be_told(course.spec, found):
        return NOWHERE
    return await durable("shown", _SHOWN, lambda: show(course.run_id, course.spec, found))


def may_be_told(spec: RunSpec, found: Previews) -> bool:
    """Whether a change may say where its pictures are: of what is closed, a link is never made.

    A page on the operator's own disk names files there, whatever they show.
    """
    return spec.repository.forge == LOCAL or (spec.sensitivity in _LINKED and not found.is_closed)
