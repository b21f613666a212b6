"""A question is answered where it was asked: in the status text, or in the thread of a review."""

from dataclasses import replace

from pointsman.domain.levels import Phase
from pointsman.phases.answer import answer
from pointsman.runs.course.course import Course
from pointsman.runs.course.reviewing import open_paths


async def answer_question(course: Course) -> None:
    """One call, and what came of it as the run's message. Raises OwnerMust for a change that is too closed."""
    spec = course.spec
    if spec.head_commit:
        await open_paths(course)
    if spec.hinted is not None:
        course.spec = replace(spec, task=spec.hinted)
    await course.begin(Phase.PLAN)
    found = await answer(course.spec, course.ports)
    course.learn(course.earlier)
    await course.finish("answered", message=found.value)
