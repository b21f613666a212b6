"""Findings with a ground in the diff, and the verdict that follows from them and from the evidence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BeforeValidator

from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Evidence, Finding, Review, Verdict
from pointsman.domain.run import PriorReview
from pointsman.phases.paths import cleaned
from pointsman.phases.reading import AsList, Draft, Text, Texts
from pointsman.phases.reviewing.anchors import FileDiff, anchor, normal
from pointsman.phases.reviewing.suggestions import suggestion_of

Fate = Literal["fixed", "open"]

_SEVERITIES = {"critical": "blocking", "high": "blocking", "blocker": "blocking", "medium": "major", "low": "minor",
               "error": "major", "warning": "minor", "info": "note", "nit": "note", "trivial": "note"}  # fmt: skip
_KINDS = ("bug", "security", "criteria", "tests", "other")
_CONCRETE = re.compile(r"""[\d"'`(\[{]|\b(None|null|nil|empty|true|false|negative|zero)\b""", re.IGNORECASE)
_LONGEST_CODE = 4000
_LEAST_WORDS = 2
_NOTHING = frozenset({"", "n/a", "na", "none", "-", "null", "no", "unknown", "any", "not applicable"})


def _as_severity(value: object) -> object:
    word = str(value).strip().casefold() if isinstance(value, str) else ""
    word = _SEVERITIES.get(word, word)
    return word if word in ("note", "minor", "major", "blocking") else "minor"


def _as_code(value: object) -> object:
    """A text as it is: its first spaces are the indentation of code."""
    if isinstance(value, list):
        return "\n".join(str(line) for line in value)[:_LONGEST_CODE]
    return value[:_LONGEST_CODE] if isinstance(value, str) else ""


_Code = Annotated[str, BeforeValidator(_as_code)]


class FindingDraft(Draft):
    """One remark as a model writes it."""

    path: Text = ""
    quote: Text
    severity: Annotated[Severity, BeforeValidator(_as_severity)] = Severity.MINOR
    kind: Text = "other"
    message: Text
    failing_input: Text = ""
    criterion: Text = ""
    suggestion: _Code = ""


class ReviewDraft(Draft):
    """An answer of a reviewer. It holds no verdict: that is computed."""

    summary: Text = ""
    findings: Annotated[tuple[FindingDraft, ...], AsList]
    still_open: Texts = ()
    mended: Texts = ()


@dataclass(frozen=True, slots=True)
class Grounded:
    """Findings that have a place in the diff, and a reason for each one that has none."""

    findings: tuple[Finding, ...]
    dropped: tuple[str, ...]


def grounded(drafts: tuple[FindingDraft, ...], files: tuple[FileDiff, ...], wanted: tuple[str, ...] = ()) -> Grounded:
    """The findings that quote a line of the diff, each once; the others are counted with a reason.

    `wanted` are the texts that say what was asked for: a criterion counts when it stands in one of them.
    """
    kept: dict[str, Finding] = {}
    dropped = []
    for draft in drafts:
        finding = _ground(draft, files, wanted)
        if isinstance(finding, str):
            dropped.append(f"{short(draft.message)}: {finding}")
        elif finding.id in kept:
            dropped.append(f"{short(draft.message)}: it repeats another finding")
        else:
            kept[finding.id] = finding
    return Grounded(tuple(kept.values()), tuple(dropped))


def _ground(draft: FindingDraft, files: tuple[FileDiff, ...], wanted: tuple[str, ...]) -> Finding | str:
    if not draft.message:
        return "it says nothing"
    place = anchor(files, cleaned(draft.path), draft.quote)
    if isinstance(place, str):
        return place
    severity, message = _weighed(draft)
    criterion = _criterion(draft.criterion, wanted)
    kind = _kind(draft.kind)
    lines = next(file.lines for file in files if file.path == place.path)
    return Finding(
        id=finding_id(place.path, place.line.text, draft.kind),
        path=place.path,
        line=place.line.line,
        side=place.line.side,
        severity=severity,
        quote=place.line.text,
        message=message,
        suggestion=suggestion_of(draft.suggestion, place.path, place.line, lines),
        kind="other" if kind == "criteria" and not criterion else kind,
        criterion=criterion,
    )


def _criterion(said: str, wanted: tuple[str, ...]) -> str:
    """What was asked for, as a finding quotes it; empty when nobody asked for that."""
    quote = normal(said.strip(" \t\n-*>`'\"."))
    if len(re.findall(r"\w+", quote)) < _LEAST_WORDS:
        return ""
    return quote if any(quote.casefold() in normal(text).casefold() for text in wanted) else ""


def _kind(said: str) -> str:
    word = said.strip().casefold()
    return word if word in _KINDS else "other"


def finding_id(path: str, quote: str, kind: str) -> str:
    """The same for the same line and kind of defect, however the message is worded and wherever the line moves."""
    digest = sha256(f"{path}\0{normal(quote)}\0{_kind(kind)}".encode("utf-8", "replace")).hexdigest()
    return f"f-{digest[:12]}"


def _weighed(draft: FindingDraft) -> tuple[Severity, str]:
    """A grave finding must name an input for which the code goes wrong; else it is minor."""
    case = draft.failing_input.strip()
    is_concrete = case.casefold().rstrip(".") not in _NOTHING and _CONCRETE.search(case) is not None
    message = f"{draft.message}\nFails for: {case}" if is_concrete else draft.message
    if draft.severity.rank >= Severity.MAJOR.rank and not is_concrete:
        return Severity.MINOR, message
    return draft.severity, message


def short(message: str) -> str:
    """The beginning of a message, on one line."""
    line = " ".join(message.split())
    return f"{line[:80]}…" if len(line) > 80 else line or "a finding"


def most_grave(found: tuple[Finding, ...], most: int) -> Grounded:
    """At most `most` findings, the gravest first; the order of equals is kept."""
    ordered = sorted(found, key=lambda finding: -finding.severity.rank)
    rest = tuple(f"{short(finding.message)}: over the limit of {most} findings" for finding in ordered[most:])
    return Grounded(tuple(ordered[:most]), rest)


def found_again(findings: tuple[Finding, ...], whole: tuple[FileDiff, ...]) -> tuple[Finding, ...]:
    """The open findings of the round before whose quote is in the diff, each where it stands now."""
    places = ((one, anchor(whole, one.path, one.quote)) for one in findings if one.fate == "open")
    return tuple(
        replace(one, line=place.line.line, side=place.line.side)
        for one, place in places
        if not isinstance(place, str)
    )


def standing(
    findings: tuple[Finding, ...], whole: tuple[FileDiff, ...], texts: Mapping[str, str]
) -> tuple[Finding, ...]:
    """The open findings of an earlier review whose line stands as it was, each where it stands now.

    A line that left the diff, as after a merge of the base, is looked for in the text of its file. What counts is
    what a line says and its side; of several the nearest one is meant.
    """
    diffs = {file.path: file.lines for file in whole}
    after = []
    for one in (finding for finding in findings if finding.fate == "open"):
        quote = normal(one.quote)
        hits = [line for line in diffs.get(one.path, ()) if line.side == one.side and normal(line.text) == quote]
        numbers = [line.line for line in hits if line.kind != "context"] or [line.line for line in hits]
        if not numbers and one.side == "new":
            lines = enumerate(texts.get(one.path, "").split("\n"), 1)
            numbers = [number for number, line in lines if normal(line) == quote]
        if numbers:
            after.append(replace(one, line=min(numbers, key=lambda number: abs(number - one.line))))
    return tuple(after)


def carried(before: tuple[Finding, ...], stand: tuple[Finding, ...], held: frozenset[str]) -> tuple[Finding, ...]:
    """The findings of an earlier look: open where they stand now when they are held, else fixed."""
    now = {finding.id: finding for finding in stand}

    def then(one: Finding) -> Finding:
        if one.fate != "open":
            return one
        if one.id not in held:
            return replace(one, fate="fixed")
        place = now.get(one.id, one)
        return replace(one, line=place.line, side=place.side)

    return tuple(then(one) for one in before)


def fates(prior: PriorReview, review: Review | None) -> dict[str, Fate]:
    """What became of each finding that was open, by its id. What no review speaks of is open."""
    said = {finding.id: finding.fate for finding in review.findings} if review is not None else {}
    return {finding.id: "fixed" if said.get(finding.id) == "fixed" else "open" for finding in prior.open}


def verdict_of(
    findings: tuple[Finding, ...], evidence: Evidence | None, *, evidence_required: bool, is_partial: bool
) -> Literal["approve", "changes", "inconclusive"]:
    """The verdict, by rules alone: no text in a change or in a reviewer's answer can approve it or turn it down.

    Only what a test showed asks for changes. A grave finding that nothing bears out or refutes is doubt, which is for
    people; what was refuted, is older than the change, or is slight stands in nobody's way.
    """
    still = tuple(one for one in findings if one.fate != "fixed")
    tests = evidence.verdict if evidence else Verdict.NOT_RUN
    if any(one.is_confirmed for one in still) or (evidence_required and tests is Verdict.FAILED):
        return "changes"
    in_doubt = is_partial or any(one.is_doubt for one in still)
    if in_doubt or (evidence_required and tests is not Verdict.PASSED):
        return "inconclusive"
    return "approve"
