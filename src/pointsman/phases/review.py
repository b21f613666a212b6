"""Review: what a model that did not write the change says of it, held to lines of the diff."""

from dataclasses import dataclass, replace

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase, Severity
from pointsman.domain.models import Ask, Model, Shape
from pointsman.domain.outcome import Earlier, Evidence, Finding, Review
from pointsman.domain.run import RunSpec
from pointsman.domain.work import Source
from pointsman.phases.anchors import FileDiff, files_of
from pointsman.phases.asking import (
    CHARS_PER_TOKEN,
    Asking,
    Piece,
    Unreadable,
    ask_shaped,
    fit,
    route_of,
    temperature_of,
)
from pointsman.phases.context import ROOMS, joined, sources
from pointsman.phases.findings import Grounded, ReviewDraft, grounded, most_grave, settled, verdict_of
from pointsman.phases.reading import choice_schema, list_schema, object_schema, reader, text_schema
from pointsman.phases.templates import bullets, fenced, fill, mark_of, shorten
from pointsman.ports.bundle import Ports

_TEXT = text_schema("")
_FINDING = object_schema(
    path=_TEXT,
    quote=text_schema("one whole line copied from the diff"),
    severity=choice_schema("blocking", "major", "minor", "note"),
    kind=choice_schema("bug", "security", "criteria", "tests", "other"),
    message=_TEXT,
    failing_input=text_schema("the concrete input for which it goes wrong"),
    suggestion=_TEXT,
)
_FIRST = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING)))
_AGAIN = Shape(
    "review",
    object_schema(summary=_TEXT, findings=list_schema(_FINDING), still_open=list_schema({"type": "string"})),
)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one round is about: the commit, the diff since the last round, and what is still open from it."""

    asking: Asking
    earlier: Earlier
    commit: str
    round: int
    files: tuple[FileDiff, ...]
    whole: tuple[FileDiff, ...]
    open_before: tuple[Finding, ...]
    shown: tuple[Source, ...]

    @property
    def evidence(self) -> Evidence | None:
        return self.earlier.evidence


@dataclass(frozen=True, slots=True)
class _Read:
    """What the answers held, over all parts of a diff."""

    summaries: tuple[str, ...]
    found: Grounded
    still_open: tuple[str, ...]
    model: str
    unread: str = ""


async def review(
    spec: RunSpec, earlier: Earlier, ports: Ports, *, reviewers: tuple[Model, ...], round: int
) -> Review:
    """One round of review by the first of `reviewers`; the others stand in on an outage.

    The first round sees the whole diff, later ones what changed since, and may then raise only grave new findings.
    The verdict is computed from findings and evidence. Raises OwnerMust when nobody may review or nothing fits the
    window, TryAgain when all are out, and what the door raises.
    """
    if not reviewers:
        raise OwnerMust(
            "No model may review this change.",
            code="separation",
            hint="Name a reviewer of another model family for `qa` in the routing file.",
        )
    limits = route_of(spec, Phase.REVIEW).limits
    case = await _case(Asking(spec, ports, Phase.REVIEW, reviewers[0], reviewers[1:], limits), earlier, round)
    if not case.files:
        return _nothing_new(case)
    parts, left_out = _parts(case)
    read = await _read_all(case, parts)
    return _concluded(case, read, left_out)


async def _case(asking: Asking, earlier: Earlier, round: int) -> _Case:
    spec, workspace = asking.spec, asking.ports.workspace
    commit = earlier.patch.commit if earlier.patch else spec.head_commit
    whole = files_of(await workspace.diff(spec.base_commit, commit))
    before = earlier.review if round > 1 else None
    files = files_of(await workspace.diff(before.commit, commit)) if before else whole
    shown = await sources(workspace, commit, tuple(file.path for file in files))
    open_before = before.findings if before else ()
    return _Case(asking, earlier, commit, round, files, whole, open_before, shown)


def _nothing_new(case: _Case) -> Review:
    ids = tuple(finding.id for finding in case.open_before)
    findings = settled(case.open_before, ids, case.whole)
    verdict = verdict_of(
        findings, case.evidence, evidence_required=case.asking.spec.order.evidence_required, is_partial=not case.whole
    )
    said = "Nothing was changed since the last round." if case.whole else "There is no change to review."
    return Review(verdict, said, findings, (), case.asking.model.name, case.round, case.commit)


def _parts(case: _Case) -> tuple[tuple[tuple[FileDiff, ...], ...], tuple[str, ...]]:
    """The diff in as few parts as fit the window, and the files that fit none of the calls."""
    parts: list[tuple[FileDiff, ...]] = []
    left_out: list[str] = []
    most = max(1, case.asking.limits.max_calls)
    for file in case.files:
        if parts and _fits(case, (*parts[-1], file)):
            parts[-1] = (*parts[-1], file)
        elif len(parts) < most and _fits(case, (file,)):
            parts.append((file,))
        else:
            left_out.append(file.path)
    return tuple(parts), tuple(left_out)


def _fits(case: _Case, part: tuple[FileDiff, ...]) -> bool:
    return case.asking.fits(_question(case, part, (), ()))


async def _read_all(case: _Case, parts: tuple[tuple[FileDiff, ...], ...]) -> _Read:
    read = _Read((), Grounded((), ()), (), case.asking.model.name)
    for part in parts:
        answer = await ask_shaped(case.asking.ports, _shown(case, part), reader(ReviewDraft))
        if isinstance(answer, Unreadable):
            return replace(read, model=answer.model, unread=answer.why)
        found = grounded(answer.value.findings, part)
        summary = (answer.value.summary,) if answer.value.summary else ()
        read = _Read(
            (*read.summaries, *summary),
            Grounded((*read.found.findings, *found.findings), (*read.found.dropped, *found.dropped)),
            (*read.still_open, *answer.value.still_open),
            answer.model,
        )
    return read


def _shown(case: _Case, part: tuple[FileDiff, ...]) -> Ask:
    limit = ROOMS[case.asking.model.tier].file_chars
    about = tuple(file.path for file in part)
    wholes = tuple(one for one in case.shown if one.path in about and len(one.text) <= limit)
    mark = _mark(case, part)
    pieces = tuple(
        Piece(one.path, fenced(mark, f"file {one.path} after the change", one.text))
        for one in sorted(wholes, key=lambda one: len(one.text))
    )
    return fit(case.asking, pieces, lambda kept, left_out: _question(case, part, kept, left_out))


def _mark(case: _Case, part: tuple[FileDiff, ...]) -> str:
    issue = case.asking.spec.issue
    tails = (result.tail for result in (case.evidence.candidate if case.evidence else ()))
    return mark_of(issue.title, issue.body, *(file.text for file in part), *(one.text for one in case.shown), *tails)


def _question(case: _Case, part: tuple[FileDiff, ...], kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
    mark = _mark(case, part)
    others = len(case.files) - len(part)
    scope = f"This is a part of the change; {others} other files are reviewed apart.\n" if others else ""
    label = "the change" if case.round == 1 else "what was changed since the last round"
    prompt = fill(
        "review/1",
        mark=mark,
        task=_task(case, mark),
        evidence=_evidence(case.evidence, mark),
        earlier=_earlier(case.open_before, mark),
        diff=fenced(mark, label, "".join(file.text for file in part)),
        context=joined(kept, left_out),
        scope=scope,
        most=str(case.asking.spec.review.max_findings),
        settling="- still_open: the ids of earlier findings that still hold" if case.open_before else "",
    )
    shape = _AGAIN if case.open_before else _FIRST
    return case.asking.ask(prompt, shape=shape, temperature=temperature_of(case.asking.model))


def _task(case: _Case, mark: str) -> str:
    issue = case.asking.spec.issue
    text = shorten(f"{issue.title}\n\n{issue.body}", case.asking.input_tokens * CHARS_PER_TOKEN // 5)
    plan = case.earlier.plan
    criteria = f"It is done when:\n{bullets(plan.criteria)}\n" if plan and plan.criteria else ""
    return f"{fenced(mark, 'issue', text)}{criteria}"


def _evidence(evidence: Evidence | None, mark: str) -> str:
    if evidence is None:
        return "The tests were not run.\n"
    said = [f"Verdict: {evidence.verdict}. {evidence.why}"]
    said += [evidence.feedback] if evidence.feedback else []
    return fenced(mark, "what the tests show", shorten("\n".join(said), 2000))


def _earlier(findings: tuple[Finding, ...], mark: str) -> str:
    lines = [f"{one.id} {one.path}: {one.quote.strip()}\n  {one.message}" for one in findings if one.fate == "open"]
    return fenced(mark, "earlier findings, with their ids", "\n".join(lines)) if lines else ""


def _concluded(case: _Case, read: _Read, left_out: tuple[str, ...]) -> Review:
    spec = case.asking.spec
    before = settled(case.open_before, read.still_open, case.whole)
    known = frozenset(finding.id for finding in before)
    new = tuple(one for one in read.found.findings if one.id not in known)
    late: tuple[str, ...] = ()
    if case.round > 1:
        late = tuple(
            f"{one.message[:80]}: too slight to be raised in a later round" for one in new if not _is_grave(one)
        )
        new = tuple(one for one in new if _is_grave(one))
    chosen = most_grave(new, spec.review.max_findings)
    findings = (*before, *chosen.findings)
    verdict = verdict_of(
        findings,
        case.evidence,
        evidence_required=spec.order.evidence_required,
        is_partial=bool(left_out or read.unread),
    )
    if read.unread:
        verdict = "inconclusive"
    dropped = (*read.found.dropped, *late, *chosen.dropped)
    return Review(verdict, _summary(read, left_out), findings, dropped, read.model, case.round, case.commit)


def _is_grave(finding: Finding) -> bool:
    return finding.severity.rank >= Severity.MAJOR.rank


def _summary(read: _Read, left_out: tuple[str, ...]) -> str:
    parts = [" ".join(summary.split()) for summary in dict.fromkeys(read.summaries)]
    if read.unread:
        parts.append(f"The reviewer's answer could not be read after one repair turn: {read.unread}.")
    if left_out:
        parts.append(f"Not reviewed, because they do not fit the reviewer's window: {', '.join(left_out)}.")
    return " ".join(parts) or "The reviewer gave no summary."
