"""The newest verdict told anew without asking a model: on a head of the same tree, and once all is settled."""

from dataclasses import dataclass, replace

from pointsman.conversation.checks import Ground, check_order
from pointsman.domain.forge import Change, ChangeView
from pointsman.domain.ledger import RunView
from pointsman.domain.outcome import Review
from pointsman.phases.reviewing.findings import verdict_of
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.course.conduct import End
from pointsman.runs.course.remembering import LastReview, facts_of, last_of
from pointsman.runs.hearing.case import Case
from pointsman.runs.hearing.starting import open_of, settled_in

_REVIEWED = frozenset({"ready", "needs-person", "reviewed"})


@dataclass(frozen=True)
class _Source:
    """The run that a verdict is of, and what it left behind."""

    view: RunView
    end: End


async def carried_over(case: Case, change: ChangeView, head: str) -> None:
    """The verdict on the head before holds for `head` as well, whose tree is the same."""
    last = last_of(await case.recall(LAST_REVIEW))
    if last is None or not _is_of(last, change) or head == last.head:
        return

    async def told() -> None:
        source = await _source(case)
        if source is not None:
            await _tell(case, replace(change, head_commit=head), source, last.review, source.view.result)

    await case.do("check", told)
    await case.remember(LAST_REVIEW, facts_of(LastReview(last.base, head, last.review)))


async def settled_check(case: Case, last: LastReview, ignored: str) -> None:
    """When nothing is open any more, the check of the head that was reviewed says so."""
    settled = (*await settled_in(case), ignored)
    change = await case.change()
    if open_of(last.review.findings, settled) or change is None or not _is_of(last, change):
        return

    async def told() -> None:
        source = await _source(case)
        if source is None or last.review.verdict == "approve":
            return
        required, unread = source.end.spec.order.evidence_required, bool(last.review.unread)
        verdict = verdict_of((), source.end.earlier.evidence, evidence_required=required, is_partial=unread)
        await _tell(case, change, source, replace(last.review, findings=(), verdict=verdict), "reviewed")

    await case.do("check", told)


def _is_of(last: LastReview, change: ChangeView) -> bool:
    """Whether a review is of the lines that the change brings now: of its head, where it parted from its base."""
    return (last.base, last.head) == (change.base_commit, change.head_commit)


async def _source(case: Case) -> _Source | None:
    for view in await case.runs_now():
        if view.result in _REVIEWED and view.change:
            end = await case.engine.end_of(view.run_id)
            # An older verdict never stands for one whose words are gone; then a new review is to be asked for.
            return _Source(view, end) if end is not None else None
    return None


async def _tell(case: Case, change: ChangeView, source: _Source, review: Review, result: str) -> None:
    run_id, end = source.view.run_id, source.end
    ground = Ground(end.spec, await case.parts.ledger.calls(run_id), end.note)
    order = check_order(run_id, result, review, end.earlier.evidence, ground=ground)
    place = Change(case.repository, change.branch, change.head_commit, page=change.page, number=change.number)
    await case.forge.ensure_check(place, order)
