"""Our checks: one of each name for each head and run, in GitHub's words and within its limits."""

from collections.abc import Mapping
from typing import Final, Literal

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Change, CheckOrder, CheckState, Mark
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Finding
from pointsman.forges.github import rest_wire as wire
from pointsman.forges.github.app import Api, GitHubApp
from pointsman.forges.github.markers import cut, same
from pointsman.forges.github.refusals import NotThere, Refused

# A red cross is for what was found, never for the bot's own faults. But a rule that requires the check takes success,
# skipped and neutral alike (GitHub documentation, "About protected branches"); nothing unjudged is called so.
_CONCLUSIONS: Final[Mapping[CheckState, str]] = {
    CheckState.PASSED: "success",
    CheckState.FAILED: "failure",
    CheckState.NEEDS_PERSON: "action_required",
    CheckState.STALE: "action_required",
    CheckState.CANCELLED: "cancelled",
    CheckState.FAULT: "cancelled",
}
_LEVELS: Final[Mapping[Severity, Literal["notice", "warning", "failure"]]] = {
    Severity.NOTE: "notice",
    Severity.MINOR: "warning",
    Severity.MAJOR: "failure",
    Severity.BLOCKING: "failure",
}
_REVIEW = {"label": "Review again", "identifier": "review", "description": "Review this change once more."}
_FIX = {"label": "Fix findings", "identifier": "fix", "description": "One commit for the open findings."}
_CI = {"label": "Run CI", "identifier": "ci", "description": "Let the repository's CI run on this."}
# GitHub REST documentation, "Create a check run": characters of summary and text, annotations of one request,
# characters of an annotation's message and title.
_TEXT, _BATCH, _MESSAGE, _TITLE = 65_000, 50, 16_000, 255
_OURS = "pointsman/"


def ensure_check(app: GitHubApp, change: Change, order: CheckOrder) -> None:
    """Make or change the check, and bring the annotations that are not there yet.

    Raises OwnerMust(check-refused) in GitHub's words when it cannot be.
    """
    api = app.api(change.repository)
    with app.one_at_a_time(change.repository.id, change.head_commit, order.run_id):
        try:
            known = _found(app, api, change, order)
            _annotated(api, _told(api, change, order, known), order, change)
        except NotThere as error:
            raise _not_made(change, "the commit is not there") from error
        except Refused as error:
            raise _not_made(change, error.said) from error


def _found(app: GitHubApp, api: Api, change: Change, order: CheckOrder) -> wire.Check | None:
    query = {"check_name": _name(order), "filter": "all", "per_page": "100", "app_id": str(app.account.app_id)}
    path = f"/commits/{change.head_commit}/check-runs"
    for check in api.get(wire.Checks, path, purpose="check", query=query).check_runs:
        if check.external_id == order.run_id and check.app is not None and check.app.id == app.account.app_id:
            return check
    return None


def _told(api: Api, change: Change, order: CheckOrder, known: wire.Check | None) -> wire.Check:
    if known is not None and _says(known, order):
        return known
    output = {**_output(order), **({"images": _images(order)} if order.images else {})}
    wanted = {**_state(order), "output": output, "actions": _actions(change, order)}
    if known is not None:
        return api.made(wire.Check, "PATCH", f"/check-runs/{known.id}", wanted, purpose="check")
    first = {"name": _name(order), "head_sha": change.head_commit, "external_id": order.run_id}
    return api.made(wire.Check, "POST", "/check-runs", {**first, **wanted}, purpose="check")


def _annotated(api: Api, check: wire.Check, order: CheckOrder, change: Change) -> None:
    """Annotations are only ever added, so their number says how far we got."""
    marks = [_annotation(finding) for finding in order.findings if _is_shown(finding)]
    marks += [_marked(mark) for mark in order.marks]
    for start in range(check.output.annotations_count, len(marks), _BATCH):
        output = {**_output(order), "annotations": marks[start : start + _BATCH]}
        api.write("PATCH", f"/check-runs/{check.id}", {"output": output}, purpose="check")


def _says(check: wire.Check, order: CheckOrder) -> bool:
    wanted, said = _output(order), check.output
    state = {"status": check.status} | ({"conclusion": check.conclusion} if check.conclusion else {})
    return (
        state == _state(order)
        and same(said.title, wanted["title"])
        and same(said.summary, wanted["summary"])
        and same(said.text, wanted.get("text", ""))
    )


def _state(order: CheckOrder) -> dict[str, str]:
    if order.state is CheckState.RUNNING:
        return {"status": "in_progress"}
    return {"status": "completed", "conclusion": _CONCLUSIONS[order.state]}


def _output(order: CheckOrder) -> dict[str, str]:
    output = {"title": order.title[:_TITLE], "summary": cut(order.summary, _TEXT)}
    return output | ({"text": cut(order.text, _TEXT)} if order.text else {})


def _images(order: CheckOrder) -> list[dict[str, str]]:
    """Pictures beside the text (GitHub REST documentation, "Create a check run", `output.images`)."""
    return [{"alt": one.alt, "image_url": one.url, "caption": one.caption} for one in order.images]


def _actions(change: Change, order: CheckOrder) -> list[dict[str, str]]:
    """Buttons for what may be asked for: nothing is fixed on, and no CI started for, a change that is not ours."""
    if order.state is CheckState.RUNNING or order.about != "review":
        return []
    ours = change.branch.startswith(_OURS) and order.state is not CheckState.STALE
    is_open = any(finding.fate == "open" for finding in order.findings)
    return [_REVIEW, *([_FIX] if ours and is_open else []), *([_CI] if ours else [])]


def _name(order: CheckOrder) -> str:
    return f"{_OURS}{order.about}"


def _marked(mark: Mark) -> dict[str, object]:
    return {
        "path": mark.path,
        "start_line": mark.line,
        "end_line": mark.line,
        "start_column": mark.column,
        "end_column": mark.column,
        "annotation_level": "failure" if mark.is_mistake else "warning",
        "message": cut(mark.message, _MESSAGE),
    }


def _is_shown(finding: Finding) -> bool:
    return finding.side == "new" and finding.line > 0 and finding.fate != "fixed"


def _annotation(finding: Finding) -> dict[str, object]:
    return {
        "path": finding.path,
        "start_line": finding.line,
        "end_line": finding.line,
        "annotation_level": _LEVELS[finding.severity],
        "message": cut(finding.message, _MESSAGE) or finding.id,
        "title": f"{finding.severity.value} · {finding.id}"[:_TITLE],
    }


def _not_made(change: Change, why: str) -> OwnerMust:
    return OwnerMust(
        f"GitHub took no check on {change.head_commit[:12]} of {change.repository.name}: {why}.",
        code="check-refused",
        hint="See that the installation of the App has the permission checks:write.",
    )
