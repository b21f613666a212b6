"""Every text that the bot says, as a function of domain values: short, calm, and it pings nobody."""

from dataclasses import replace

from pointsman.conversation.change_page import (
    PageFacts,
    change_page,
    change_title,
    finding_text,
    plan_part,
    review_part,
    standing_of,
    unseen_text,
)
from pointsman.conversation.figures import run_figures
from pointsman.conversation.outbound import outbound, outbound_line
from pointsman.domain.forge import CheckOrder, CheckState, Remark, ReviewPost
from pointsman.domain.ledger import RunView
from pointsman.domain.outcome import Evidence, Plan, Review, Verdict

__all__ = [
    "PageFacts",
    "approval_commands",
    "cancelled",
    "change_page",
    "change_title",
    "check_order",
    "check_text",
    "finding_text",
    "missing_routing_file",
    "plan_for_approval",
    "plan_part",
    "review_post",
    "review_text",
    "run_failed",
    "status_text",
    "unseen_text",
]

_THREE_LINES = "plan: claude-opus\ncode: ollama:qwen2.5-coder:14b\nqa: claude-sonnet"

_STATES = {
    "queued": "Waiting for its turn.",
    "running": "At work.",
    "waiting": "Waiting for a person.",
    "done": "Done.",
    "refused": "Refused.",
    "stopped": "Stopped.",
    "failed": "Failed.",
    "cancelled": "Cancelled.",
}
_RESULTS = {
    "ready": "The change is ready to be looked at.",
    "needs-person": "The change is there, but it needs a person.",
    "planned": "The plan is there; nothing was changed.",
    "reviewed": "The review is there; nothing was changed.",
}


def status_text(view: RunView) -> str:
    """The one status text of a run, edited in place while it goes on."""
    state = _RESULTS.get(view.result, _STATES[view.state]) if view.state == "done" else _STATES[view.state]
    doing = (
        f" Phase: {view.phase}" + (f", with {view.model}." if view.model else ".") if view.state == "running" else ""
    )
    lines = [f"**{state}**{doing}"]
    if view.message:
        lines.append(outbound(view.message))
    if view.branch:
        lines.append(f"Branch: `{view.branch}`")
    if view.state == "waiting" and view.plan_hash:
        agree, stop = approval_commands(view.run_id, view.plan_hash)
        lines.append(f"To go on: `{agree}`\n\nTo stop: `{stop}`")
    lines.append(f"Run `{view.run_id}`: {run_figures(view)}.")
    return "\n\n".join(lines)


def plan_for_approval(plan: Plan, why: str) -> str:
    """The plan, and why a person is asked about it; `approval_commands` are what that person can type."""
    return (
        f"{plan_part(plan)}\n\n"
        f"The run waits for a person with write access to agree to this plan: {why}. Nothing has been changed yet."
    )


def approval_commands(run_id: str, plan_hash: str) -> tuple[str, str]:
    """The one command that lets the run go on with exactly this plan, and the one that stops it."""
    return f"pointsman approve {run_id} {plan_hash}", f"pointsman cancel {run_id}"


def run_failed(run_id: str, code: str) -> str:
    """A fault on our side: neutral, since its details may be the operator's alone, and where to find those."""
    return (
        f"A fault of the installation, not of the issue, ended the run (`{code}`). What was finished is kept. "
        f"The operator finds the details with `pointsman show {run_id}`."
    )


def cancelled(run_id: str, branch: str = "") -> str:
    """Somebody cancelled the run; what was kept."""
    kept = f"The branch `{branch}` is kept." if branch else "Nothing had been pushed."
    return f"The run `{run_id}` was cancelled. {kept}"


def missing_routing_file(path: str = ".pointsman.yml") -> str:
    """There is no routing file; the three lines that make one."""
    return (
        f"Nothing was done: the default branch has no `{path}`, and without it no model is asked. "
        "Three lines are a whole file; put in models that your installation knows:\n\n"
        f"```yaml\n{_THREE_LINES}\n```"
    )


def review_text(review: Review, evidence: Evidence | None) -> str:
    """The review as it is posted on its own, with what the tests said."""
    tests = f"\n\nTests: {evidence.verdict.value}. {outbound_line(evidence.why)}" if evidence is not None else ""
    return review_part(review) + tests


def review_post(run_id: str, review: Review, evidence: Evidence | None) -> ReviewPost:
    """The review as it goes onto a change: an opening, and a remark for each finding that is still open."""
    bare = replace(review, findings=())
    open_ones = tuple(finding for finding in review.findings if finding.fate != "fixed")
    whole = review_text(bare, evidence)
    body = whole.replace("\n\nNo findings.", "") if open_ones else whole
    remarks = tuple(Remark(finding, finding_text(finding)) for finding in open_ones)
    return ReviewPost(run_id, review, body, remarks, unplaced="**On lines outside the diff**")


def check_order(run_id: str, result: str, review: Review | None, evidence: Evidence | None) -> CheckOrder:
    """The check `pointsman/review` at the end of a run; `result` is what the run came to."""
    title = outbound_line(standing_of(review, evidence), limit=120)
    findings = review.findings if review else ()
    return CheckOrder(run_id, _check_state(result, review), title, check_text(review, evidence), findings=findings)


def _check_state(result: str, review: Review | None) -> CheckState:
    if review is not None and review.verdict == "changes":
        return CheckState.FAILED
    if result == "ready" or (result == "reviewed" and review is not None and review.verdict == "approve"):
        return CheckState.PASSED
    return CheckState.NEEDS_PERSON


def check_text(review: Review | None, evidence: Evidence | None) -> str:
    """The text of the check `pointsman/review`, in two sentences."""
    tests = evidence.verdict if evidence is not None else Verdict.NOT_RUN
    if review is None:
        return f"Not reviewed. Tests: {tests.value}."
    count = len(review.findings)
    found = "no findings" if count == 0 else f"{count} finding" + ("s" if count > 1 else "")
    return f"Review by {review.model}: {review.verdict}, {found}. Tests: {tests.value}."
