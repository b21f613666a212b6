"""Review: what a model that did not write the change says of it, held to lines of the diff."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase, Severity
from pointsman.domain.models import Ask, Model, Shape
from pointsman.domain.outcome import Earlier, Evidence, Finding, Review
from pointsman.domain.run import RunSpec
from pointsman.domain.work import Source
from pointsman.phases.anchors import FileDiff
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
from pointsman.phases.context import joined, room_of, sources
from pointsman.phases.findings import Grounded, ReviewDraft, carried, grounded, most_grave, short, verdict_of
from pointsman.phases.reading import choice_schema, list_schema, object_schema, reader, text_schema
from pointsman.phases.subject import Subject, subject_of
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
    suggestion=text_schema("the exact text that replaces the quoted line, or empty"),
)
_FIRST = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING)))
_IDS = list_schema({"type": "string"})
_AGAIN = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING), still_open=_IDS))
_SINCE = Shape("review", object_schema(summary=_TEXT, findings=list_schema(_FINDING), still_open=_IDS, mended=_IDS))
_STILL_OPEN = "- still_open: the ids of earlier findings that still hold"
_MENDED = "- mended: the ids of earlier findings that no longer hold, as the code shows"
_AROUND = 3


@dataclass(frozen=True, slots=True)
class _Case:
    """One round of review: who is asked, about what, and the sources behind it."""

    asking: Asking
    earlier: Earlier
    subject: Subject
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
    mended: tuple[str, ...]
    model: str
    unread: str = ""
    unread_paths: tuple[str, ...] = ()


async def review(
    spec: RunSpec, earlier: Earlier, ports: Ports, *, reviewers: tuple[Model, ...], round: int
) -> Review:
    """One round of review by the first of `reviewers`; the others stand in on an outage.

    The first round sees the whole diff, or what is new in it since the change was reviewed before; later ones see
    what changed since, and may then raise only grave new findings. What people settled is not raised again. The
    verdict is computed from findings and evidence. Raises OwnerMust when nobody may review or nothing fits the
    window, TryAgain when all are out, and what the door raises.
    """
    if not reviewers:
        raise OwnerMust(
            "No model may review this change.",
            code="separation",
            hint="Name a reviewer of another model family for `qa` in the routing file.",
        )
    limits = route_of(spec, Phase.REVIEW).limits
    asking = Asking(spec, ports, Phase.REVIEW, reviewers[0], reviewers[1:], limits)
    subject = await subject_of(spec, earlier, ports.workspace, round=round)
    shown = await sources(ports.workspace, subject.commit, tuple(file.path for file in subject.files))
    case = _Case(asking, earlier, subject, shown)
    if not subject.files:
        return _nothing_new(case)
    parts, left_out = _parts(case)
    read = await _read_all(case, parts)
    return _concluded(case, read, left_out)


def _nothing_new(case: _Case) -> Review:
    subject = case.subject
    findings = carried(subject.before, subject.stand, frozenset(finding.id for finding in subject.stand))
    is_partial = not subject.whole or bool(subject.unread)
    required = case.asking.spec.order.evidence_required
    verdict = verdict_of(findings, case.evidence, evidence_required=required, is_partial=is_partial)
    since = "round" if subject.round > 1 else "review"
    said = f"Nothing was changed since the last {since}." if subject.whole else "There is no change to review."
    model, commit = case.asking.model.name, subject.commit
    return Review(verdict, said, findings, (), model, subject.round, commit, subject.unread)


def _parts(case: _Case) -> tuple[tuple[tuple[FileDiff, ...], ...], tuple[str, ...]]:
    """The diff in as few parts as fit the window, and the files that fit none of the calls."""
    parts: list[tuple[FileDiff, ...]] = []
    left_out: list[str] = []
    most = max(1, case.asking.limits.max_calls)
    for file in case.subject.files:
        if parts and _fits(case, (*parts[-1], file)):
            parts[-1] = (*parts[-1], file)
        elif len(parts) < most and _fits(case, (file,)):
            parts.append((file,))
        else:
            left_out.append(file.path)
    return tuple(parts), tuple(left_out)


def _fits(case: _Case, part: tuple[FileDiff, ...]) -> bool:
    """Whether the part fits in its smallest form: without any file whole, and with the names of those left out."""
    return case.asking.fits(_question(case, part, (), tuple(one.path for one in _wholes(case, part))))


async def _read_all(case: _Case, parts: tuple[tuple[FileDiff, ...], ...]) -> _Read:
    read = _Read((), Grounded((), ()), (), (), case.asking.model.name)
    for number, part in enumerate(parts):
        answer = await ask_shaped(case.asking.ports, _shown(case, part), reader(ReviewDraft))
        if isinstance(answer, Unreadable):
            rest = tuple(file.path for other in parts[number:] for file in other)
            return replace(read, model=answer.model, unread=answer.why, unread_paths=rest)
        found = grounded(answer.value.findings, part)
        summary = (answer.value.summary,) if answer.value.summary else ()
        read = _Read(
            (*read.summaries, *summary),
            Grounded((*read.found.findings, *found.findings), (*read.found.dropped, *found.dropped)),
            (*read.still_open, *answer.value.still_open),
            (*read.mended, *answer.value.mended),
            answer.model,
        )
    return read


def _shown(case: _Case, part: tuple[FileDiff, ...]) -> Ask:
    mark = _mark(case, part)
    pieces = tuple(
        Piece(one.path, fenced(mark, f"file {one.path} after the change", one.text))
        for one in sorted(_wholes(case, part), key=lambda one: len(one.text))
    )
    return fit(case.asking, pieces, lambda kept, left_out: _question(case, part, kept, left_out))


def _wholes(case: _Case, part: tuple[FileDiff, ...]) -> tuple[Source, ...]:
    limit = room_of(case.asking).file_chars
    about = tuple(file.path for file in part)
    return tuple(one for one in case.shown if one.path in about and len(one.text) <= limit)


def _mark(case: _Case, part: tuple[FileDiff, ...]) -> str:
    issue = case.asking.spec.issue
    tails = (result.tail for result in (case.evidence.candidate if case.evidence else ()))
    texts = (*(file.text for file in part), *(one.text for one in case.shown), *case.subject.texts.values())
    return mark_of(issue.title, issue.body, *texts, *tails)


def _question(case: _Case, part: tuple[FileDiff, ...], kept: tuple[Piece, ...], left_out: tuple[str, ...]) -> Ask:
    mark = _mark(case, part)
    subject = case.subject
    others = len(subject.files) - len(part)
    scope = f"This is a part of the change; {others} other files are reviewed apart.\n" if others else ""
    shape, settling = _settling(case)
    prompt = fill(
        "review/2",
        mark=mark,
        task=_task(case, mark),
        evidence=_evidence(case.evidence, mark),
        earlier=_earlier(subject, mark),
        diff=fenced(mark, subject.label, "".join(file.text for file in part)),
        context=joined(kept, left_out),
        scope=scope,
        most=str(case.asking.spec.review.max_findings),
        settling=settling,
    )
    return case.asking.ask(prompt, shape=shape, temperature=temperature_of(case.asking.model))


def _settling(case: _Case) -> tuple[Shape, str]:
    """What is asked of earlier findings. Of those of another review the model must say itself what is mended."""
    if not case.subject.stand:
        return _FIRST, ""
    return (_AGAIN, _STILL_OPEN) if case.asking.spec.prior is None else (_SINCE, f"{_STILL_OPEN}\n{_MENDED}")


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


def _earlier(subject: Subject, mark: str) -> str:
    lines = [
        f"{one.id} {one.path}: {one.quote.strip()}\n  {one.message}{_surroundings(one, subject.texts)}"
        for one in subject.stand
    ]
    return fenced(mark, "earlier findings, with their ids", "\n".join(lines)) if lines else ""


def _surroundings(finding: Finding, texts: Mapping[str, str]) -> str:
    """The code around a finding as it is now, so that whether it still holds can be judged."""
    if finding.side == "old" or finding.path not in texts:
        return ""
    start = max(0, finding.line - 1 - _AROUND)
    lines = texts[finding.path].split("\n")[start : finding.line + _AROUND]
    return "\n  the code now:\n" + "\n".join(f"  | {shorten(line, 200)}" for line in lines)


def _concluded(case: _Case, read: _Read, left_out: tuple[str, ...]) -> Review:
    subject, spec = case.subject, case.asking.spec
    new, dropped = _new(case, read)
    again = frozenset(finding.id for finding in new)
    before = carried(subject.before, subject.stand, _held(case, read))
    findings = (*(one for one in before if one.id not in again), *new)
    unread = tuple(dict.fromkeys((*subject.unread, *left_out, *read.unread_paths)))
    verdict = verdict_of(
        findings, case.evidence, evidence_required=spec.order.evidence_required, is_partial=bool(unread)
    )
    if read.unread:
        verdict = "inconclusive"
    said = _summary(read, left_out, subject.unread)
    return Review(verdict, said, findings, dropped, read.model, subject.round, subject.commit, unread)


def _held(case: _Case, read: _Read) -> frozenset[str]:
    """The ids of earlier findings that the reviewer holds; whoever raises one again holds it.

    Within a run, silence lets a finding go. What an earlier review told people is open until somebody says that it is
    mended: a weak model forgets ids.
    """
    stand = frozenset(finding.id for finding in case.subject.stand)
    held = frozenset((*read.still_open, *(finding.id for finding in read.found.findings)))
    if read.unread:
        return stand
    return held if case.asking.spec.prior is None else stand - (frozenset(read.mended) - held)


def _new(case: _Case, read: _Read) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What is raised for the first time, or again after it was fixed; and why the rest is not."""
    review, prior = case.asking.spec.review, case.asking.spec.prior
    settled = prior.settled if prior else ()
    standing = {finding.id for finding in case.subject.stand}
    kept: list[Finding] = []
    dropped = list(read.found.dropped)
    for one in read.found.findings:
        if one.id in settled:
            dropped.append(f"{short(one.message)}: people settled it before")
        elif case.subject.round > 1 and not _is_grave(one):
            dropped.append(f"{one.message[:80]}: too slight to be raised in a later round")
        elif one.id not in standing:
            kept.append(one)
    chosen = most_grave(tuple(kept), review.max_findings)
    return chosen.findings, (*dropped, *chosen.dropped)


def _is_grave(finding: Finding) -> bool:
    return finding.severity.rank >= Severity.MAJOR.rank


def _summary(read: _Read, left_out: tuple[str, ...], unread: tuple[str, ...]) -> str:
    parts = [" ".join(summary.split()) for summary in dict.fromkeys(read.summaries)]
    if read.unread:
        parts.append(f"The reviewer's answer could not be read after one repair turn: {read.unread}.")
    if left_out:
        parts.append(f"Not reviewed, because they do not fit the reviewer's window: {', '.join(left_out)}.")
    if unread:
        parts.append(f"Changed before this run and reviewed by nobody so far: {', '.join(unread)}.")
    return " ".join(parts) or "The reviewer gave no summary."
