"""Every text that the bot says, as a function of domain values: short, calm, and it pings nobody."""

from collections.abc import Sequence

from pointsman.conversation.change_page import (
    PageFacts,
    bullets,
    change_page,
    change_title,
    finding_text,
    plan_part,
    review_part,
    unseen_text,
)
from pointsman.conversation.figures import tokens, usd
from pointsman.conversation.outbound import outbound, outbound_line
from pointsman.domain.ledger import RunView
from pointsman.domain.outcome import Evidence, NoPatch, Plan, Review, Verdict
from pointsman.domain.run import Refuse

__all__ = [
    "PageFacts",
    "cancelled",
    "change_page",
    "change_title",
    "check_text",
    "finding_text",
    "missing_routing_file",
    "no_change",
    "plan_for_approval",
    "plan_part",
    "question",
    "refusal",
    "review_text",
    "run_failed",
    "status_text",
    "stopped",
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
    lines.append(
        f"Run `{view.run_id}`: {view.calls} model calls, {tokens(view.input_tokens)} tokens in, "
        f"{tokens(view.output_tokens)} out, {usd(view.cost_usd)}."
    )
    return "\n\n".join(lines)


def refusal(refuse: Refuse) -> str:
    """No, by which rule, why, and what to do."""
    text = f"Nothing was done: {outbound_line(refuse.reason, limit=1_000)} (rule `{refuse.rule}`)"
    return f"{text}\n\n{outbound(refuse.mend)}" if refuse.mend else text


def plan_for_approval(plan: Plan, plan_hash: str, run_id: str) -> str:
    """The plan, and the one command that lets the run go on with exactly this plan."""
    return (
        f"{plan_part(plan)}\n\n"
        "The run waits for a person with write access to agree to this plan. Nothing has been changed yet.\n\n"
        f"To go on: `pointsman approve {run_id} {plan_hash}`\n\n"
        f"To stop: `pointsman cancel {run_id}`"
    )


def question(questions: Sequence[str], run_id: str) -> str:
    """What only a person can answer."""
    return (
        f"The plan cannot be made without an answer from a person.\n\n{bullets(questions)}\n\n"
        f"Write the answer into the issue and start again. Run `{run_id}` changed nothing."
    )


def no_change(tries: Sequence[NoPatch], run_id: str) -> str:
    """No try left a change; what each of them came to."""
    came_to = bullets([f"{attempt.model}: {attempt.why} ({attempt.kind})" for attempt in tries])
    return (
        f"No change came of this run: {len(tries)} {'try' if len(tries) == 1 else 'tries'} left nothing that could "
        f"be committed.\n\n{came_to}\n\n"
        f"Another model may do better: `pointsman rerun {run_id} code --model NAME` keeps the plan."
    )


def run_failed(run_id: str, code: str) -> str:
    """A fault on our side: neutral, with what an operator needs to find it."""
    return (
        f"The run came to an end through a fault of the installation, not of the issue (`{code}`, run `{run_id}`). "
        "The operator finds the details in the log. Nothing was pushed."
    )


def stopped(message: str, run_id: str) -> str:
    """A limit was reached; the message says which one and how far the run got."""
    return f"The run was stopped: {outbound_line(message, limit=1_000)}\n\nRun `{run_id}`. What was paid for is kept."


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


def check_text(review: Review | None, evidence: Evidence | None) -> str:
    """The text of the check `pointsman/review`, in two sentences."""
    tests = evidence.verdict if evidence is not None else Verdict.NOT_RUN
    if review is None:
        return f"Not reviewed. Tests: {tests.value}."
    count = len(review.findings)
    found = "no findings" if count == 0 else f"{count} finding" + ("s" if count > 1 else "")
    return f"Review by {review.model}: {review.verdict}, {found}. Tests: {tests.value}."
