"""What a run leaves in the repository's memory, beside its note."""

import logging

from pointsman.domain.errors import PointsmanError, Stopped
from pointsman.phases.learning import Learned, learned
from pointsman.runs.course.course import Course

logger = logging.getLogger(__name__)


async def learned_by(course: Course) -> Learned:
    """What the memory file should read on the change; a run whose work is done does not fail by what it misses."""
    if course.memory_at is None or course.earlier.patch is None:
        return Learned()
    text, size = await course.memory_at(course.earlier.patch.commit)
    try:
        return await learned(course.spec, course.earlier, course.ports, text=text, size=size)
    except PointsmanError as error:
        # A run whose time is up hands over what it has; every other stop is somebody's word.
        if isinstance(error, Stopped) and error.code != "time":
            raise
        logger.warning("a run could not learn of its repository", extra={"run": course.run_id, "code": error.code})
        return Learned(why=f"what this run saw could not be looked at again ({error.code})")
