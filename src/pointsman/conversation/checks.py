"""The check `pointsman/review`: what it says at the start, at the end, and when there is no verdict."""

from dataclasses import dataclass
from typing import Literal

from pointsman.conversation.change_page import finding_text, standing_of
from pointsman.conversation.figures import counted, short, usd
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.note_texts import note_part
from pointsman.conversation.outbound import outbound_line
from pointsman.conversation.tables import route_table, spending_table
from pointsman.domain.forge import CheckImage, CheckOrder, CheckState
from pointsman.domain.ledger import CallRecord
from pointsman.domain.outcome import Evidence, Note, Review, Verdict
from pointsman.domain.run import RunSpec

Ender = Literal["person", "newer", "closed"]
"""What ended a run: somebody who cancelled it, a newer state of its change, or the end of its change."""

_ENDED: dict[Ender, tuple[str, str]] = {
    "person": (
        "Cancelled by a person",
        "A person cancelled the run `{}`. Comment `/pointsman review` to have the change reviewed.",
    ),
    "newer": (
        "The change moved on",
        "The change moved on while the run `{}` was at it, which ended the run. Its newest state is what counts.",
    ),
    "closed": (
        "The change was closed",
        "The change was closed, which ended the run `{}`. Once it is open again, `/pointsman review` reviews it.",
    ),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands behind a verdict: the order, the calls, the signed note, the pictures; as far as there are any."""

    spec: RunSpec | None = None
    calls: tuple[CallRecord, ...] = ()
    note: Note | None = None
    images: tuple[CheckImage, ...] = ()


def check_order(
    run_id: str, result: str, review: Review | None, evidence: Evidence | None, *, ground: Ground | None = None
) -> CheckOrder:
    """The check at the end of a run; `result` is what the run came to.

    The summary holds verdict, evidence and cost; the text the findings, the note, the cost and the routing.
    """
    behind = ground or Ground()
    return CheckOrder(
        run_id=run_id,
        state=_check_state(result, review),
        title=outbound_line(standing_of(review, evidence), limit=120),
        summary=_summary(run_id, review, evidence, behind),
        text=_text(review, behind),
        findings=review.findings if review else (),
        images=behind.images,
    )


def check_running(run_id: str, spec: RunSpec | None = None) -> CheckOrder:
    """The check while the work goes on; with the order, who will do what."""
    said = f"Run `{run_id}` is at work. This check is replaced by its verdict."
    return CheckOrder(run_id, CheckState.RUNNING, "At work", said, route_table(spec) if spec else "")


def check_stale(run_id: str, head: str) -> CheckOrder:
    """The change moved on to `head`; what the run said is of an older state."""
    said = (
        f"Run `{run_id}` looked at an earlier state of this change, which is now at `{short(head)}`. "
        "Comment `/pointsman review` for a review of what is new."
    )
    return CheckOrder(run_id, CheckState.STALE, "Not reviewed since the change moved", said)


def check_fault(run_id: str, code: str) -> CheckOrder:
    """A fault on our side, which says nothing about the change."""
    said = (
        f"A fault of the installation, not of the change, ended the run (`{code}`). "
        f"It says nothing about the change. The operator finds the details with `pointsman show {run_id}`; "
        "`/pointsman review` tries again."
    )
    return CheckOrder(run_id, CheckState.FAULT, "No verdict: a fault of the installation", said)


def check_without_verdict(run_id: str, code: str) -> CheckOrder:
    """The run was refused or stopped before it came to a verdict; its status text says why."""
    said = f"Run `{run_id}` ended before it came to a verdict (`{code}`). Its status text says why and what helps."
    return CheckOrder(run_id, CheckState.NEEDS_PERSON, "No verdict: it needs a person", said)


def check_cancelled(run_id: str, by: Ender = "person") -> CheckOrder:
    """The run was ended before it came to a verdict, and by what."""
    title, said = _ENDED[by]
    return CheckOrder(run_id, CheckState.CANCELLED, title, said.format(run_id))


def check_text(review: Review | None, evidence: Evidence | None) -> str:
    """Verdict and tests in two sentences."""
    tests = evidence.verdict if evidence is not None else Verdict.NOT_RUN
    if review is None:
        return f"Not reviewed. Tests: {tests.value}."
    count = len(review.findings)
    found = counted(count, "finding") if count else "no findings"
    return f"Review by {review.model}: {review.verdict}, {found}. Tests: {tests.value}."


def _check_state(result: str, review: Review | None) -> CheckState:
    if review is not None and review.verdict == "changes":
        return CheckState.FAILED
    if result == "ready" or (result == "reviewed" and review is not None and review.verdict == "approve"):
        return CheckState.PASSED
    return CheckState.NEEDS_PERSON


def _summary(run_id: str, review: Review | None, evidence: Evidence | None, behind: Ground) -> str:
    why = outbound_line(evidence.why) if evidence is not None else ""
    parts = [check_text(review, evidence) + (f" {why[:1].upper()}{why[1:].rstrip('.')}." if why else "")]
    if behind.calls:
        cost = usd(sum(call.cost_usd for call in behind.calls))
        parts.append(f"Cost: {cost} in {counted(len(behind.calls), 'model call')}.")
    if behind.note is not None:
        parts.append(f"Chain head: `{behind.note.digest}`.")
    parts.append(f"Run `{run_id}`.")
    return "\n\n".join(parts)


def _text(review: Review | None, behind: Ground) -> str:
    findings = "\n\n".join(finding_text(finding) for finding in review.findings) if review else ""
    spent = spending_table(behind.calls)
    return fitted(
        (
            Part(f"## Findings\n\n{findings}" if findings else "", 1),
            Part(note_part(behind.note)),
            Part(f"## Cost\n\n{spent}" if spent else "", 2),
            Part(f"## Who did what, and why\n\n{route_table(behind.spec)}" if behind.spec else "", 3),
        )
    )
