"""Whether the requester may still write: asked of the forge by their numeric id whenever something is pushed."""

from pydantic import TypeAdapter

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Access
from pointsman.policy.admission import standing
from pointsman.runs.course.course import Course

_ACCESS: TypeAdapter[Access] = TypeAdapter(Access)

ASKED_ACCESS = "access"
"""The step from which a run that gave its place in the chain back is taken up again."""

NO_ACCESS = "access"
"""The code of the refusal."""


async def authorised(course: Course) -> None:
    """Ask the forge again, now, whether the requester may write, before anything is signed. Doubt is no."""
    _require(course, await course.insist(ASKED_ACCESS, _ACCESS, lambda: _access(course)))


async def require_access(course: Course) -> None:
    """The same within each step that pushes: a run that is resumed begins with that step, maybe days later."""
    _require(course, await _access(course))


async def _access(course: Course) -> Access:
    return await course.forge.access_of(course.spec.repository, course.spec.requester)


def _require(course: Course, may: Access) -> None:
    spec = course.spec
    # A bot among the requesters was listed by the policy when the run was admitted.
    if standing(may, spec.requester, (spec.requester.id,)) is not Access.WRITE:
        raise OwnerMust(
            f"`{spec.requester.login}` may not write to {spec.repository.name} any more; nothing was pushed.",
            code="access",
            hint="Somebody with write access can start the run again.",
        )
