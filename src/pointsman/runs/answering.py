"""A question is answered where it was asked: in the status text, or in the thread of a review."""

from dataclasses import replace

from pointsman.domain.levels import Phase
from pointsman.domain.run import Refuse
from pointsman.phases.anchors import files_of
from pointsman.phases.answer import answer
from pointsman.policy.touched import weigh
from pointsman.runs.course import Course, refused


async def answer_question(course: Course) -> None:
    """One call, and what came of it as the run's message. Raises OwnerMust for a change that is too closed."""
    spec = course.spec
    if spec.head_commit:
        diff = await course.ports.workspace.diff(spec.base_commit, spec.head_commit)
        too_closed = weigh(spec, tuple(file.path for file in files_of(diff)))
        if isinstance(too_closed, Refuse):
            raise refused(too_closed)
    if spec.hinted is not None:
        course.spec = replace(spec, task=spec.hinted)
    await course.begin(Phase.PLAN)
    found = await answer(course.spec, course.ports)
    course.learn(course.earlier)
    await course.finish("answered", message=found.value)
