"""The newest review of a change, kept so that the next one says only what is new."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from pointsman.domain.outcome import Review
from pointsman.ports.memory import LAST_REVIEW, Memory
from pointsman.runs.course.course import Course
from pointsman.runs.journal import NOTHING, durable

_LAST = "last"
"""The only key of this kind of memory."""


@dataclass(frozen=True)
class LastReview:
    """What was reviewed, from where the change parted to its head then, and what was said."""

    base: str
    head: str
    review: Review


_REVIEW: TypeAdapter[LastReview] = TypeAdapter(LastReview)


async def remember_review(course: Course, number: str, last: LastReview) -> None:
    """Keep the review under the number of its change. Without a memory or a number there is nobody to remember it."""
    memory = course.adapters.memory
    if memory is None or not number:
        return
    facts = facts_of(last)
    repository = course.spec.repository.id
    await durable("remember-review", NOTHING, lambda: memory.remember(repository, number, LAST_REVIEW, facts))


def facts_of(last: LastReview) -> dict[str, str]:
    """What is kept of a review."""
    return {_LAST: _REVIEW.dump_json(last).decode()}


def last_of(facts: dict[str, str]) -> LastReview | None:
    """The newest review of a change, from what is remembered of it."""
    return _REVIEW.validate_json(facts[_LAST]) if _LAST in facts else None


async def last_review(memory: Memory, repository_id: str, number: str) -> LastReview | None:
    """The newest review of a change, if there was one."""
    return last_of(await memory.recall(repository_id, number, LAST_REVIEW))
