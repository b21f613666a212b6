"""The one status text of a run, edited in place while it goes on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pointsman.conversation.figures import duration, run_figures
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.outbound import inline_code, outbound
from pointsman.conversation.tables import spending_table
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.outcome import Hop
from pointsman.domain.run import LOCAL

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
    "answered": "Answered; nothing was changed.",
}
SHORT_HASH = 12


def status_text(
    view: RunView, calls: Sequence[CallRecord] = (), hops: Sequence[Hop] = (), *, forge: str = LOCAL, link: str = ""
) -> str:
    """State, phase, model, what there is to say, the change, and the figures so far.

    With `calls` there is a row for each phase that asked a model, with `hops` a line for each that another did.
    On a served forge commands are written as comments, and the change is named by `link`, or by its number in the
    forge's way.
    """
    parts = (
        Part(f"**{_state(view)}**{_doing(view)}"),
        Part(outbound(view.message) if view.message else "", 2),
        Part(_where(view, forge, link)),
        Part(_next(view, forge)),
        Part(spending_table(calls), 1),
        Part(_hops(hops), 2),
        Part(f"Run `{view.run_id}`: {run_figures(view)}{_elapsed(view)}."),
    )
    return fitted(parts)


def approval_commands(run_id: str, plan_hash: str) -> tuple[str, str]:
    """The one command that lets the run go on with exactly this plan, and the one that stops it."""
    return f"pointsman approve {run_id} {plan_hash}", f"pointsman cancel {run_id}"


def reference(forge: str, number: str) -> str:
    """A change as the forge links it: `!12` on GitLab, `#12` elsewhere."""
    return f"!{number}" if forge == "gitlab" else f"#{number}"


def _state(view: RunView) -> str:
    return _RESULTS.get(view.result, _STATES[view.state]) if view.state == "done" else _STATES[view.state]


def _doing(view: RunView) -> str:
    if view.state != "running" or not view.phase:
        return ""
    return f" Phase: {view.phase}" + (f", with {inline_code(view.model)}." if view.model else ".")


def _hops(hops: Sequence[Hop]) -> str:
    """Who stood in for whom, from the model that was to answer to the one that did in the end."""
    chains: list[Hop] = []
    for hop in hops:
        if (
            hop.kind == "fallback"
            and chains
            and (chains[-1].phase, chains[-1].to_model) == (hop.phase, hop.from_model)
        ):
            chains[-1] = replace(chains[-1], to_model=hop.to_model)
        elif hop.kind == "fallback":
            chains.append(hop)
    lines = (
        f"- {hop.phase}: {inline_code(hop.to_model)} stood in for {inline_code(hop.from_model)}, which was out."
        for hop in chains
        if hop.from_model != hop.to_model
    )
    return "\n".join(dict.fromkeys(lines))


def _where(view: RunView, forge: str, link: str) -> str:
    change = link or (reference(forge, view.change) if view.change and forge != LOCAL else "")
    named = [f"Change: {change}"] if change else []
    return " · ".join([*named, *([f"Branch: `{view.branch}`"] if view.branch else [])])


def _next(view: RunView, forge: str) -> str:
    if view.state != "waiting" or not view.plan_hash:
        return ""
    agree, stop = approval_commands(view.run_id, view.plan_hash)
    if forge != LOCAL:
        agree, stop = f"/pointsman approve {view.plan_hash[:SHORT_HASH]}", "/pointsman cancel"
    return f"To go on: `{agree}`\n\nTo stop: `{stop}`"


def _elapsed(view: RunView) -> str:
    """The time from the first to the newest word on the run; empty when it cannot be told."""
    try:
        passed = datetime.fromisoformat(view.updated_at) - datetime.fromisoformat(view.started_at)
    except (TypeError, ValueError):
        return ""
    seconds = passed.total_seconds()
    return f", {duration(seconds)}" if seconds > 0 else ""
