"""What became of changes and findings after the run, kept for the figures: merged, closed, taken back, settled."""

from collections.abc import Iterable, Mapping
from functools import partial

from pointsman.domain.events import ChangeClosed
from pointsman.domain.marks import ChangeEnd, ChangeFacts, FindingFate
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.course.remembering import last_of
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.starting import IGNORED, settled_in
from pointsman.runs.journal import FLAG


async def note_fates(case: Case, fates: Mapping[str, FindingFate]) -> None:
    """Keep what became of findings of the change at hand."""
    marks = case.parts.marks
    if marks is not None and fates:
        await case.do("mark", partial(marks.settle, case.repository.id, case.number, fates))


async def note_end(case: Case, event: ChangeClosed) -> None:
    """Keep how a change ended: whether as it was reviewed, which findings people settled, and what it takes back.

    A thread that somebody with write access resolved counts as upheld, unless somebody said to ignore its finding.
    """
    marks, last = case.parts.marks, last_of(await case.recall(LAST_REVIEW))
    if marks is None:
        return
    if last is not None:
        ignored = await case.recall(IGNORED)
        await note_fates(case, {one: "upheld" for one in await settled_in(case) if one not in ignored})
    change = await case.change()
    end = ChangeEnd(
        state="merged" if event.merged else "closed",
        at=case.delivery.received_at,
        landed=event.landed,
        is_as_reviewed=last is not None and change is not None and last.head == change.head_commit,
    )
    await case.do("mark", partial(marks.ended, case.repository.id, case.number, end))
    await note_reverts(case, event.reverts)


async def note_open(case: Case) -> None:
    """Keep that a change of ours is open again. A webhook may come late, so the forge says whether it is."""
    marks = case.parts.marks
    if marks is None:
        return

    async def was_closed() -> bool:
        changes = await marks.changes(case.repository.id)
        return any(one.made.key == case.number and one.end.state == "closed" for one in changes)

    if await case.step("was-closed", FLAG, was_closed):
        change = await case.change()
        if change is not None and change.state == "open":
            await case.do("mark", partial(marks.ended, case.repository.id, case.number, ChangeEnd("open", "")))


async def note_reverts(case: Case, reverts: tuple[str, ...]) -> None:
    """Keep that changes of ours were taken back, named by their numbers or by the ids of their commits."""
    marks = case.parts.marks
    if marks is None or not reverts:
        return

    async def noted() -> None:
        for change in taken_back(await marks.changes(case.repository.id), reverts):
            await marks.reverted(case.repository.id, change.made.key, case.delivery.received_at)

    await case.do("mark", noted)


def taken_back(changes: Iterable[ChangeFacts], reverts: tuple[str, ...]) -> tuple[ChangeFacts, ...]:
    """The changes that are meant by those numbers and ids: as they landed, or one of their own commits."""
    named = frozenset(reverts)
    return tuple(
        one for one in changes if named & {one.made.key, one.end.landed, one.made.head, one.made.commit} - {""}
    )
