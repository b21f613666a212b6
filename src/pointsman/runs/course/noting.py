"""A note signed at its place in the chain: claimed by compare-and-set, kept in the store, given back if need be."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from pydantic import TypeAdapter

from pointsman.domain.errors import TryAgain
from pointsman.domain.levels import WITH_CHANGE
from pointsman.domain.notes import KeptNote, PersonAct
from pointsman.domain.outcome import Note
from pointsman.phases.record import Closing, Recorded, record
from pointsman.runs.course.course import Course
from pointsman.runs.journal import NOTHING, durable

_CLOSING: TypeAdapter[Closing] = TypeAdapter(Closing)
_CHAIN_TRIES = 5
T = TypeVar("T")


class Step(Protocol):
    """How an effect of noting is done: as a step of the journal, or beside it."""

    async def __call__(self, name: str, kind: TypeAdapter[T], act: Callable[[], Awaitable[T]], /) -> T:
        """Do it, and return what it returned."""


async def chained(
    course: Course, close: Callable[[], Awaitable[Closing]], *, step: Step = durable, holder: str = ""
) -> Recorded:
    """The note, signed and at its place in the chain. Raises TryAgain when others are faster time and again.

    `close` gathers what the note says, with the note before it as it stands then.
    """
    for _ in range(_CHAIN_TRIES - 1):
        try:
            return await _claimed(course, close, step, holder)
        except TryAgain as error:
            if error.code != "note-head":
                raise
    return await _claimed(course, close, step, holder)


async def give_back(course: Course, note: Note) -> None:
    """Give the place of a note back that came to no branch, as long as no other follows it."""
    await course.ledger.give_back_note_head(course.spec.repository.id, note.digest, course.run_id)


async def people_of(course: Course) -> tuple[PersonAct, ...]:
    """Who asked for this run and who agreed to its plan, the runs included that it was forked from."""
    plan_hash = course.earlier.plan.digest if course.earlier.plan else ""
    acts = await course.ledger.acts(course.run_id)
    parent = course.view.parent
    while parent:
        before = await course.ledger.acts(parent)
        acts = (*(act for act in before if act.act != "approve" or act.detail == plan_hash), *acts)
        view = await course.ledger.run(parent)
        parent = view.parent if view else ""
    return acts


async def _claimed(course: Course, close: Callable[[], Awaitable[Closing]], step: Step, holder: str) -> Recorded:
    closing = await step("closing", _CLOSING, close)
    # What a run has not handed over is told by its tries, and is no edit of anything.
    earlier = course.earlier if closing.result in WITH_CHANGE else replace(course.earlier, patch=None)
    ports = course.ports if step is durable else replace(course.ports, signer=course.signer)
    made = await record(course.spec, earlier, ports, closing=closing)
    kept = _kept(course, made, closing.branch)
    await step("note-head", NOTHING, lambda: course.ledger.take_place(kept, holder=holder))
    course.has_note = True
    return made


def _kept(course: Course, made: Recorded, branch: str) -> KeptNote:
    spec, signed = course.spec, made.signed
    return KeptNote(
        repository_id=spec.repository.id,
        repository=spec.repository.name,
        run_id=course.run_id,
        change=spec.change.number if spec.change else "",
        branch=branch,
        name=signed.name,
        page=signed.page,
        envelope=signed.envelope,
        digest=signed.digest,
        previous=made.note.previous,
        key_id=signed.key_id,
        written_at=made.written_at,
    )
