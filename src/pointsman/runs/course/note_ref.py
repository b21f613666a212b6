"""The note of a run on the ref of notes, with those that could not be brought there before.

* What is there stays there. So a note that is on the ref, or may be, keeps its place in the chain for ever.
* Only notes that stand before ours in the chain are brought along: none of them can be given back any more.
* Where the note is in the tree as well, the ref is a second place. When it cannot be written, people are told and the
  change is published; the store has every note, and the next run brings what is missing.
"""

import logging
from dataclasses import replace

from pointsman.domain.errors import OperatorMust, OwnerMust, TryAgain
from pointsman.domain.history import ENVELOPE_SUFFIX, NOTES, PAGE_SUFFIX
from pointsman.domain.levels import WITH_CHANGE
from pointsman.domain.notes import KeptNote
from pointsman.domain.trailers import run_trailer
from pointsman.domain.work import NoteFiles
from pointsman.phases.record import Recorded, note_words
from pointsman.runs.course.authority import NO_ACCESS, require_access
from pointsman.runs.course.course import Course
from pointsman.runs.journal import TEXT

MOST_LATE = 100
"""So many missing notes are brought by one run, the oldest first."""

logger = logging.getLogger(__name__)


async def on_the_ref(
    course: Course, made: Recorded, *, must: bool, in_passing: bool = False
) -> tuple[Recorded, bool]:
    """Put the note onto the ref where it belongs there; tell whether it is there now, or may be.

    When it `must` be there, what stands in the way is raised. Else the note says why the ref has it not. What is done
    `in_passing` is tried once, and not written into the journal.
    """
    if not course.spec.has_note_on_ref and made.note.mode != "ref":
        return made, False
    try:
        if in_passing:
            await _appended(course, made)
        else:
            await course.insist("note-ref", TEXT, lambda: _appended(course, made))
    except (OwnerMust, OperatorMust, TryAgain) as error:
        if must or error.code == NO_ACCESS:
            raise
        logger.warning("a note is not on its ref", extra={"run": course.run_id, "code": error.code})
        refused = isinstance(error, OwnerMust)
        why = error.message if refused else f"it could not be written to ({error.code})"
        # After an answer that was lost nobody knows; a refusal is a refusal.
        return replace(made, note=replace(made.note, off_ref=why)), not refused
    return made, True


async def _appended(course: Course, made: Recorded) -> str:
    repository, notes = course.spec.repository, course.adapters.notes

    async def late(held: frozenset[str]) -> tuple[NoteFiles, ...]:
        if not course.spec.has_note_on_ref:
            return ()
        names = frozenset(
            path.removeprefix(NOTES).removesuffix(ENVELOPE_SUFFIX) for path in held if path.endswith(ENVELOPE_SUFFIX)
        )
        return tuple(map(_files, await notes.lacking(repository.id, names, made.note.digest, MOST_LATE)))

    if made.result in WITH_CHANGE:
        # Nothing of anybody's is pushed otherwise, so it takes nobody's leave to write.
        await require_access(course)
    words = replace(made.words, trailers=(run_trailer(course.run_id),))
    return await course.adapters.append_note(repository, NoteFiles(made.files, words), late)


def _files(note: KeptNote) -> NoteFiles:
    words = note_words(note.digest, at=note.written_at)
    return NoteFiles(
        {
            NOTES + note.name + PAGE_SUFFIX: note.page.encode("utf-8"),
            NOTES + note.name + ENVELOPE_SUFFIX: note.envelope,
        },
        replace(words, trailers=(run_trailer(note.run_id),)),
    )
