"""Runs as JSON for scripts: stable keys, plain values, and nothing that a run view does not say."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pointsman.conversation.figures import phase_rows, route_rows
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.outcome import Earlier, Note, Patch, Try
from pointsman.domain.pictures import Previews
from pointsman.domain.run import RunSpec


def view_json(view: RunView) -> dict[str, object]:
    """One run: the fields of its view under their own names; times in ISO 8601 (UTC), cost in US dollars."""
    return {**asdict(view), "cost_usd": round(view.cost_usd, 6)}


def call_json(call: CallRecord) -> dict[str, object]:
    """One model call: what was asked, who answered, digests and figures."""
    return {**asdict(call), "phase": call.phase.value, "perimeter": str(call.perimeter)}


def try_json(made: Try) -> dict[str, object]:
    """One try at the code: a commit with what the tests say of it, or the kind of failure and why; never both."""
    patch, failed = (made.result, None) if isinstance(made.result, Patch) else (None, made.result)
    return {
        "rung": made.rung,
        "model": made.model,
        "cause": made.cause,
        "sample": made.sample,
        "tokens": made.tokens,
        "commit": patch.commit if patch else None,
        "kind": failed.kind if failed else None,
        "why": failed.why if failed else "",
        "evidence": made.evidence.verdict.value if made.evidence else None,
    }


def run_json(
    view: RunView,
    spec: RunSpec | None,
    earlier: Earlier | None,
    calls: tuple[CallRecord, ...],
    note: Note | None = None,
    picture_path: Callable[[str], Path | None] = lambda _sha256: None,
) -> dict[str, object]:
    """Everything that `pointsman show` prints, for a script."""
    whole: dict[str, object] = {
        "run": view_json(view),
        "phases": [{**asdict(row), "phase": row.phase.value} for row in phase_rows(calls)],
        "calls": [call_json(call) for call in calls],
    }
    if spec is not None:
        whole["task"] = spec.task.value
        whole["risk"] = str(spec.risk)
        whole["sensitivity"] = str(spec.sensitivity)
        whole["routes"] = [{**asdict(row), "phase": row.phase.value} for row in route_rows(spec)]
    if earlier is not None:
        if earlier.triage is not None:
            whole["triage"] = {"decided_by": earlier.triage.decided_by, "why": earlier.triage.why}
        whole["plan"] = asdict(earlier.plan) if earlier.plan else None
        whole["tries"] = [try_json(made) for made in earlier.tries]
        whole["hops"] = [asdict(hop) for hop in earlier.hops]
        whole["evidence"] = earlier.evidence.verdict.value if earlier.evidence else "not run"
        whole["preview"] = _preview(earlier.previews, picture_path) if earlier.previews else None
        whole["findings"] = [
            {**asdict(finding), "severity": str(finding.severity)}
            for finding in (earlier.review.findings if earlier.review else ())
        ]
        whole["review"] = earlier.review.verdict if earlier.review else None
        whole["dropped"] = [reason for found in earlier.reviews for reason in found.dropped]
    if note is not None:
        whole["note"] = asdict(note)
    return whole


def _preview(found: Previews, picture_path: Callable[[str], Path | None]) -> dict[str, object]:
    """Each side's status and pictures; `path` is where a picture lies, null once it is gone."""
    return {
        side: {
            "status": seen.status,
            "why": seen.why,
            "pictures": [{**asdict(one), "path": _named(picture_path(one.sha256))} for one in seen.pictures],
        }
        for side, seen in (("before", found.before), ("after", found.after))
    }


def _named(path: Path | None) -> str | None:
    return str(path) if path else None
