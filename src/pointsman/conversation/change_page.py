"""The page of a change: what was asked, what was done, what shows that it works, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.conversation import figures
from pointsman.conversation.evidence_page import evidence_part
from pointsman.conversation.fitting import Part, fitted
from pointsman.conversation.note_texts import note_in_full, note_part, squash_part
from pointsman.conversation.outbound import OUTBOUND_CAP, inline_code, outbound, outbound_code, outbound_line
from pointsman.conversation.previews import previews_part
from pointsman.conversation.tables import spending_table, table
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import Severity
from pointsman.domain.notes import SignedNote
from pointsman.domain.outcome import Earlier, Evidence, Finding, Note, Plan, Review, Verdict
from pointsman.domain.pictures import NOWHERE, Shown
from pointsman.domain.run import LOCAL, RunSpec

_FLAG_WORDS = {
    "unicode-tags": "invisible tag characters",
    "bidi": "characters that turn the direction of writing",
    "zero-width": "characters of no width",
    "variation-selectors": "runs of variation selectors",
    "control-characters": "control characters",
    "html-comment": "HTML comments",
    "html": "HTML tags",
    "hidden-html": "HTML that is not shown",
    "reference-comment": "link definitions that nothing refers to",
    "image-text": "texts behind images",
    "link-title": "titles behind links",
    "truncated": "everything beyond 64,000 characters",
}

_PROVED = {
    "confirmed": "**Confirmed** by a test of the reviewer",
    "refuted": "Refuted",
    "older": "Not of this change",
    "unconfirmed": "Unconfirmed",
}
_LONGEST_TEST, _LONGEST_OUTPUT = 3_000, 1_500

_CI_LINE = "- The repository's own CI has not run on this; `/pointsman ci` lets it.\n"


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page is written from. `issue_line` links the issue in the forge's way, such as `Fixes #12`.

    `signed` is the note itself, where the page is the place that it is kept in.
    """

    run_id: str
    issue_line: str
    spec: RunSpec
    earlier: Earlier
    calls: tuple[CallRecord, ...]
    note: Note | None = None
    not_run: tuple[str, ...] = ()
    learned: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    shown: Shown = NOWHERE
    signed: SignedNote | None = None


def change_page(facts: PageFacts) -> str:
    """The whole page in Markdown, at most 60,000 characters; texts of models have passed `outbound`.

    Its only HTML are the folds that we put around the message for a squash and around a note.
    """
    earlier = facts.earlier
    parts = (
        Part(_opening(facts)),
        Part(plan_part(earlier.plan) if earlier.plan else "", 4),
        Part(_changed_files(earlier), 5),
        Part(evidence_part(earlier), 6),
        Part(previews_part(earlier.previews, facts.shown, facts.run_id), 6),
        Part(review_part(earlier.review) if earlier.review else "", 3),
        Part(_routing_part(facts.spec, earlier), 7),
        Part(_cost_part(facts.calls), 2),
        Part(memory_part(facts.learned), 2),
        Part(note_part(facts.note), 1),
        Part(_not_run_part(facts.not_run), 2),
        Part(squash_part(facts.spec, facts.earlier, facts.run_id), 1),
        Part(_next_part(facts), 1),
    )
    whole = note_in_full(facts.signed, facts.run_id) if facts.signed is not None else ""
    return "\n\n".join(part for part in (fitted(parts, OUTBOUND_CAP - 2 - len(whole)), whole) if part) + "\n"


def change_title(spec: RunSpec) -> str:
    """The title of the change: that of the issue, on one line, at most 120 characters."""
    return outbound_line(spec.issue.title, limit=120) or f"Issue {spec.issue.key}"


def _opening(facts: PageFacts) -> str:
    lines = [facts.issue_line] if facts.issue_line else []
    lines.append(f"{standing(facts.earlier)} Whether it is merged is up to people.")
    if facts.spec.issue.flags:
        lines.append(unseen_text(facts.spec.issue.flags))
    if facts.unseen:
        said = "The repository's guidance held text that people do not see. It was left out before any model read it:"
        lines.append(f"{said}\n\n{bullets(facts.unseen)}")
    return "\n\n".join(lines)


def standing(earlier: Earlier) -> str:
    """Where the change stands, in one sentence."""
    return standing_of(earlier.review, earlier.evidence)


def standing_of(review: Review | None, evidence: Evidence | None) -> str:
    """The same, from the two things that it rests on."""
    if review is None and evidence is None:
        return "This is a draft that was neither tested nor reviewed."
    if evidence is not None and evidence.verdict is Verdict.FAILED:
        return "This is a draft whose tests fail; it needs a person."
    if review is None:
        return "This is a draft that was not reviewed; it needs a person."
    if review.verdict == "changes":
        return "This is a draft with which its reviewer does not agree; it needs a person."
    if review.verdict == "inconclusive":
        return "This is a draft about which its reviewer came to no verdict; it needs a person."
    if evidence is None or evidence.verdict is not Verdict.PASSED:
        return "The reviewer found nothing in the way, but the tests prove nothing; it needs a person."
    return "The tests pass and the reviewer found nothing in the way."


def unseen_text(flags: Sequence[str]) -> str:
    """What people are told when an issue held what they do not see."""
    named = ", ".join(_FLAG_WORDS.get(flag, flag) for flag in flags)
    return f"The issue held text that people do not see: {named}. It was left out before any model read the issue."


def plan_part(plan: Plan) -> str:
    """The plan as a section; empty for a plan that policy skipped."""
    if plan.skipped:
        return ""
    parts = [f"## Plan\n\n{outbound(plan.goal)}"]
    for title, items in (
        ("Done when", plan.criteria),
        ("Steps", plan.steps),
        ("Tests", plan.tests),
        ("Risks", plan.risks),
        ("Open questions", plan.questions),
    ):
        if items:
            parts.append(f"**{title}**\n\n{bullets(items)}")
    touched = [inline_code(path) for path in plan.change] + [f"{inline_code(path)} (new)" for path in plan.create]
    if touched:
        parts.append("**Files**: " + ", ".join(touched))
    return "\n\n".join(parts)


def memory_part(learned: Sequence[str]) -> str:
    """What the run learned about the repository, as a section; empty when it learned nothing new."""
    if not learned:
        return ""
    said = (
        "This run saw the following of the repository, and wrote it into `.pointsman/memory.md` for later runs. "
        "Strike out (`~~like this~~`) or delete there what is not right; it is not raised again."
    )
    return f"## Repository memory\n\n{said}\n\n{bullets(learned)}"


def bullets(items: Sequence[str]) -> str:
    """A list, one line for each item."""
    return "\n".join(f"- {outbound_line(item)}" for item in items)


def _changed_files(earlier: Earlier) -> str:
    if earlier.patch is None:
        return ""
    rows = [
        (inline_code(edit.path), edit.kind, f"+{edit.added} −{edit.removed}", edit.model)
        for edit in earlier.patch.edits
    ]
    return "## Files\n\n" + table(("file", "what", "lines", "model"), rows)


def review_part(review: Review) -> str:
    """The review as a section: its summary, and each finding with the line that it quotes."""
    parts = [f"## Review\n\n**{review.verdict}** by {review.model}, round {review.round}. {outbound(review.summary)}"]
    parts.extend(finding_text(finding) for finding in review.findings)
    if not review.findings:
        parts.append("No findings.")
    if review.dropped:
        word = "finding was" if len(review.dropped) == 1 else "findings were"
        parts.append(f"{len(review.dropped)} {word} left out, since nothing in the diff bears them out.")
    return "\n\n".join(parts)


def finding_text(finding: Finding) -> str:
    """One finding: grave ones first in words, its place, its ground, its suggestion."""
    mark = "**" if finding.severity in {Severity.BLOCKING, Severity.MAJOR} else ""
    fate = "" if finding.fate == "open" else f" ({finding.fate})"
    place = inline_code(f"{finding.path}:{finding.line}")
    parts = [
        f"{mark}{finding.severity}{mark} {place}{fate}: {outbound(finding.message)}",
        outbound_code(finding.quote, limit=400),
    ]
    parts.extend(_proof_parts(finding))
    if finding.suggestion:
        parts.append(f"Suggestion:\n\n{outbound_code(finding.suggestion, limit=2_000)}")
    return "\n\n".join(parts)


def _proof_parts(finding: Finding) -> list[str]:
    """What its test shows, and, where review and coder could not agree, what each of them says."""
    proof = finding.proof
    if proof is None:
        return []
    said = f"{_PROVED[proof.result]}: {outbound_line(proof.why)}."
    if proof.result != "confirmed":
        return [said]
    parts = [f"{said} The test, for {inline_code(proof.path)}:", outbound_code(proof.test, limit=_LONGEST_TEST)]
    if finding.fate != "fixed" and proof.output:
        parts += ["How it fails:", outbound_code(proof.output, limit=_LONGEST_OUTPUT)]
    if finding.fate == "disputed":
        parts += ["What the coder did about it:", outbound_code(finding.answer, limit=_LONGEST_OUTPUT)]
    return parts


def _routing_part(spec: RunSpec, earlier: Earlier) -> str:
    rows = [
        (row.phase.value, row.model, row.family, row.perimeter, outbound_line(row.why, limit=500))
        for row in figures.route_rows(spec)
    ]
    parts = ["## Who did what, and why", table(("phase", "model", "family", "runs at", "why"), rows)]
    hops = [f"{hop.phase}: from {hop.from_model} to {hop.to_model} ({hop.kind}): {hop.why}" for hop in earlier.hops]
    if hops:
        parts.append(bullets(hops))
    parts.append(
        f"Class of task: {spec.task}{_sorted_by(earlier)}. Risk: {spec.risk}. Sensitivity: {spec.sensitivity}."
    )
    return "\n\n".join(parts)


def _sorted_by(earlier: Earlier) -> str:
    """Who said the class of task and why; a model's words are not ours."""
    found = earlier.triage
    return f" (by {found.decided_by}: {outbound_line(found.why, limit=200)})" if found else ""


def _cost_part(calls: tuple[CallRecord, ...]) -> str:
    spent = spending_table(calls)
    return f"## Cost\n\n{spent}" if spent else ""


def _not_run_part(not_run: tuple[str, ...]) -> str:
    return f"## Cut off or not run\n\n{bullets(not_run)}" if not_run else ""


def _next_part(facts: PageFacts) -> str:
    read = "- Read the diff. If it is right, mark the change as ready and merge it as you would any other."
    if facts.spec.repository.forge != LOCAL:
        return (
            f"## What to do next\n\n{read}\n"
            "- Comment `/pointsman fix` to have the open findings mended, "
            "or `/pointsman rerun code --model NAME` to have the coding done again by another model.\n"
            f"{_CI_LINE if facts.spec.ci == 'on-request' else ''}"
            "- `/pointsman help` tells the rest."
        )
    return (
        f"## What to do next\n\n{read}\n"
        f"- `pointsman rerun {facts.run_id} code --model NAME` does the coding again with another model.\n"
        f"- `pointsman show {facts.run_id}` prints the run."
    )
