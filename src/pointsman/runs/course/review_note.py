"""The note of a run that only reviewed: in the chain, the store and on the ref, and on nobody's branch."""

from pointsman.conversation.note_texts import note_in_full, note_part
from pointsman.domain.forge import Change, Topic
from pointsman.domain.levels import Phase
from pointsman.domain.outcome import Note, Verdict
from pointsman.phases.record import Closing, Recorded
from pointsman.runs.course.course import Course
from pointsman.runs.course.note_ref import on_the_ref
from pointsman.runs.course.noting import chained, people_of
from pointsman.runs.journal import NOTHING


async def note_of_review(course: Course, change: Change | None) -> Note:
    """Sign what was reviewed, by whom and with what verdict.

    Where notes are told in the text of a change, it is a comment of its own. Its place in the chain is never given
    back: a review is over when it is recorded. A ref that cannot be written keeps no review from people, since the
    installation has the note and the next run brings it there.
    """
    await course.begin(Phase.RECORD)
    made = await chained(course, lambda: _closing(course))
    made, _ = await on_the_ref(course, made, must=False)
    await _told(course, made, change)
    return made.note


async def _closing(course: Course) -> Closing:
    spec = course.spec
    sealed = await course.ports.workspace.sealed(spec.base_commit, spec.head_commit)
    return Closing(
        run_id=course.run_id,
        branch=spec.change.branch if spec.change else "",
        calls=await course.ledger.calls(course.run_id),
        people=await people_of(course),
        head=spec.head_commit,
        tree=sealed.tree,
        diff_digest=sealed.diff_digest,
        previous=await course.ledger.note_head(spec.repository.id),
        not_run=_not_run(course),
        result="reviewed",
    )


def _not_run(course: Course) -> tuple[str, ...]:
    evidence = course.earlier.evidence
    if evidence is None or evidence.verdict is Verdict.NOT_RUN:
        return (f"verify: {evidence.why if evidence else 'not asked for'}",)
    return ()


async def _told(course: Course, made: Recorded, change: Change | None) -> None:
    talk_for, spec = course.adapters.talk_for, course.spec
    if spec.audit_mode != "comment-only" or change is None or talk_for is None:
        return
    talk, topic = talk_for(spec.repository), Topic(spec.repository, change.number)
    said = "\n\n".join((note_part(made.note), note_in_full(made.signed, course.run_id)))
    await course.insist("note-told", NOTHING, lambda: talk.ensure_reply(topic, f"note-{course.run_id}", said))
