"""The note of a run without a change: in the chain, the store and on the ref, and on nobody's branch.

A review signs its note before anything of it is said, as steps of its journal. Any other run that asked a model and
leaves no change, whatever its end, signs one when all is over, beside its journal: what failed has to stay the last
thing there, since a resumed run is taken up from it. So it may be done again after a crash, and finds the note that
it kept by its name.
"""

from collections.abc import Awaitable, Callable

from pydantic import TypeAdapter

from pointsman.conversation.note_texts import note_in_full, note_part
from pointsman.domain.levels import NoteResult, Phase
from pointsman.domain.note_names import name_of_end
from pointsman.domain.outcome import Note, Verdict
from pointsman.phases.record import Closing, Recorded
from pointsman.ports.talk import Talk
from pointsman.runs.course.course import Course
from pointsman.runs.course.note_ref import on_the_ref
from pointsman.runs.course.noting import T, chained, people_of
from pointsman.runs.journal import NOTHING


async def note_of_review(course: Course) -> Note:
    """Sign what was reviewed, by whom and with what verdict.

    Where notes are told in the text of a change, it is a comment of its own. Its place in the chain is never given
    back: a review is over when it is recorded. A ref that cannot be written keeps no review from people, since the
    installation has the note and the next run brings it there.
    """
    await course.begin(Phase.RECORD)
    made = await chained(course, lambda: _closing(course, "reviewed", course.spec.head_commit))
    made, _ = await on_the_ref(course, made, must=False)
    if talk := _talk(course):
        await course.insist("note-told", NOTHING, lambda: _told(course, talk, made))
    return made.note


async def note_of_end(course: Course, result: NoteResult) -> Note | None:
    """Sign what a run asked of models that comes to its end without a note; None when it asked nothing.

    The next run that writes a note brings one that could not be put on the ref.
    """
    calls = await course.ledger.calls(course.run_id)
    if not calls or course.has_note or await _is_kept(course, name_of_end(result, calls)):
        return None
    # Its place is its own: the run may be resumed, and its next note follows this one and never replaces it.
    made = await chained(
        course,
        lambda: _closing(course, result, course.spec.base_commit),
        step=_beside_the_journal,
        holder=f"{course.run_id}:{result}",
    )
    made, _ = await on_the_ref(course, made, must=False, in_passing=True)
    if talk := _talk(course):
        await _told(course, talk, made)
    return made.note


async def _is_kept(course: Course, named: str) -> bool:
    """Whether this very end was noted before a crash."""
    kept = await course.adapters.notes.note_of(course.run_id)
    return kept is not None and f"-{named}-" in kept.name


async def _beside_the_journal(_name: str, _kind: TypeAdapter[T], act: Callable[[], Awaitable[T]], /) -> T:
    return await act()


async def _closing(course: Course, result: NoteResult, head: str) -> Closing:
    spec = course.spec
    sealed = await course.ports.workspace.sealed(spec.base_commit, head)
    return Closing(
        run_id=course.run_id,
        branch=spec.change.branch if spec.change else "",
        calls=await course.ledger.calls(course.run_id),
        people=await people_of(course),
        head=head,
        tree=sealed.tree,
        diff_digest=sealed.diff_digest,
        previous=await course.ledger.note_head(spec.repository.id),
        not_run=_not_run(course, result),
        result=result,
    )


def _not_run(course: Course, result: NoteResult) -> tuple[str, ...]:
    evidence, view = course.earlier.evidence, course.view
    if result != "reviewed":
        return (f"{view.phase or 'end'}: {view.error_code}",) if view.error_code else ()
    if evidence is None or evidence.verdict is Verdict.NOT_RUN:
        return (f"verify: {evidence.why if evidence else 'not asked for'}",)
    return ()


async def _told(course: Course, talk: Talk, made: Recorded) -> None:
    said = "\n\n".join((note_part(made.note), note_in_full(made.signed, course.run_id)))
    await talk.ensure_reply(course.topic, f"note-{made.note.digest[:12]}", said)


def _talk(course: Course) -> Talk | None:
    """Where the note is a comment of its own; None where it is not, or where nobody is to comment to."""
    talk_for = course.adapters.talk_for
    return talk_for(course.spec.repository) if talk_for and course.spec.audit_mode == "comment-only" else None
