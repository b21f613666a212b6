"""A note signed at its place in the chain: claimed by compare-and-set, kept in the store, given back if need be."""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter

from pointsman.domain.errors import TryAgain
from pointsman.domain.notes import KeptNote, PersonAct
from pointsman.domain.outcome import Note
from pointsman.phases.record import Closing, Recorded, record
from pointsman.runs.course.course import Course
from pointsman.runs.journal import NOTHING, durable

_CLOSING: TypeAdapter[Closing] = TypeAdapter(Closing)
_CHAIN_TRIES = 5


async def chained(course: Course, close: Callable[[], Awaitable[Closing]]) -> Recorded:
    """The note, signed and at its place in the chain. Raises TryAgain when others are faster time and again.

    `close` gathers what the note says, with the note before it as it stands then.
    """
    for _ in range(_CHAIN_TRIES - 1):
        try:
            return await _claimed(course, close)
        except TryAgain as error:
            if error.code != "note-head":
                raise
    return await _claimed(course, close)


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


async def _claimed(course: Course, close: Callable[[], Awaitable[Closing]]) -> Recorded:
    closing = await durable("closing", _CLOSING, close)
    made = await record(course.spec, course.earlier, course.ports, closing=closing)
    await durable("note-head", NOTHING, lambda: _claim(course, made, closing.branch))
    return made


async def _claim(course: Course, made: Recorded, branch: str) -> None:
    """Take the place in the chain, and keep the note; done again after a crash, it is kept once."""
    repository, note = course.spec.repository.id, made.note
    await course.ledger.set_note_head(
        repository, note.digest, course.run_id, previous=note.previous, key_id=note.key_id
    )
    await course.adapters.notes.keep_note(_kept(course, made, branch))


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
