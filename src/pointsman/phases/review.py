"""Review: what a model that did not write the change says of it, held to lines of the diff and to what tests show."""

from dataclasses import dataclass, replace

from pointsman.domain.errors import OwnerMust
from pointsman.domain.levels import Phase
from pointsman.domain.models import Model
from pointsman.domain.outcome import Earlier, Finding, Review
from pointsman.domain.run import RunSpec
from pointsman.phases.asking import Asking, Unreadable, ask_shaped, route_of
from pointsman.phases.reading import reader
from pointsman.phases.reviewing.anchors import FileDiff
from pointsman.phases.reviewing.changed import changed_code
from pointsman.phases.reviewing.claims import Claims, claims_of
from pointsman.phases.reviewing.findings import (
    Grounded,
    ReviewDraft,
    carried,
    grounded,
    most_grave,
    short,
    verdict_of,
)
from pointsman.phases.reviewing.review_question import Case, fits, question
from pointsman.phases.reviewing.subject import parted, subject_of
from pointsman.phases.shown.context import room_of
from pointsman.ports.bundle import Ports

_TOO_LARGE = "context-window"


@dataclass(frozen=True, slots=True)
class _Read:
    """What the answers held, over all parts of a diff; `calls` is how many questions were asked about them."""

    summaries: tuple[str, ...]
    found: Grounded
    still_open: tuple[str, ...]
    mended: tuple[str, ...]
    model: str
    unread: str = ""
    unread_paths: tuple[str, ...] = ()
    calls: int = 0


async def review(
    spec: RunSpec, earlier: Earlier, ports: Ports, *, reviewers: tuple[Model, ...], round: int
) -> Review:
    """One round of review by the first of `reviewers`; the others stand in on an outage.

    The first round sees the whole diff, or what is new in it since the change was reviewed before; later ones see
    what changed since, and may then raise only what a test bears out. For a grave finding the reviewer is asked for a
    test, which is run; whether a finding that was confirmed so still holds, that test decides and no model. What was
    settled by people is not raised again. The verdict is computed from findings and evidence; what fits no window is
    named as unread. Raises OwnerMust when nobody may review, TryAgain when all are out, and what the door raises.
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
    limit = room_of(asking).file_chars
    shown = await changed_code(ports.workspace, subject.commit, subject.files, limit=limit)
    asked = tuple(one for one in subject.stand if not one.is_confirmed)
    case = Case(asking, earlier, subject, shown, asked)
    claims = await claims_of(case, base=parted(spec))
    if not subject.files:
        return await _nothing_new(case, claims)
    parts, left_out = _parts(case)
    read = await _read_all(case, parts)
    return await _concluded(case, claims, read, left_out)


async def _nothing_new(case: Case, claims: Claims) -> Review:
    subject = case.subject
    before = await claims.again(subject.before)
    held = frozenset(finding.id for finding in (*subject.stand, *_by_test(subject.before)))
    findings = carried(before, subject.stand, held)
    is_partial = not subject.whole or bool(subject.unread)
    required = case.spec.order.evidence_required
    verdict = verdict_of(findings, case.evidence, evidence_required=required, is_partial=is_partial)
    since = "round" if subject.round > 1 else "review"
    said = f"Nothing was changed since the last {since}." if subject.whole else "There is no change to review."
    model, commit = case.asking.model.name, subject.commit
    return Review(verdict, said, findings, (), model, subject.round, commit, subject.unread)


def _parts(case: Case) -> tuple[tuple[tuple[FileDiff, ...], ...], tuple[str, ...]]:
    """The diff in as few parts as fit the window, and the files that fit none of the calls."""
    parts: list[tuple[FileDiff, ...]] = []
    left_out: list[str] = []
    most = max(1, case.asking.limits.max_calls)
    for file in case.subject.files:
        if parts and fits(case, (*parts[-1], file)):
            parts[-1] = (*parts[-1], file)
        elif len(parts) < most and fits(case, (file,)):
            parts.append((file,))
        else:
            left_out.append(file.path)
    return tuple(parts), tuple(left_out)


async def _read_all(case: Case, parts: tuple[tuple[FileDiff, ...], ...]) -> _Read:
    read = _Read((), Grounded((), ()), (), (), case.asking.model.name)
    for number, part in enumerate(parts):
        rest = tuple(file.path for other in parts[number:] for file in other)
        try:
            answer = await ask_shaped(case.asking.ports, question(case, part), reader(ReviewDraft))
        except OwnerMust as error:
            if error.code != _TOO_LARGE:
                raise
            return replace(read, unread_paths=rest)
        if isinstance(answer, Unreadable):
            return replace(read, model=answer.model, unread=answer.why, unread_paths=rest)
        found = grounded(answer.value.findings, part, case.wanted)
        summary = (answer.value.summary,) if answer.value.summary else ()
        read = _Read(
            (*read.summaries, *summary),
            Grounded((*read.found.findings, *found.findings), (*read.found.dropped, *found.dropped)),
            (*read.still_open, *answer.value.still_open),
            (*read.mended, *answer.value.mended),
            answer.model,
            calls=number + 1,
        )
    return read


async def _concluded(case: Case, claims: Claims, read: _Read, left_out: tuple[str, ...]) -> Review:
    subject, spec = case.subject, case.spec
    chosen = _new(case, read)
    shown = await claims.shown(chosen.findings, asked=read.calls)
    new, too_late = _timely(subject.round, shown)
    again = frozenset(finding.id for finding in new)
    known = await claims.again(subject.before)
    by_test = frozenset(finding.id for finding in _by_test(subject.before))
    before = carried(known, subject.stand, _held(case, read) | by_test)
    findings = (*(one for one in before if one.id not in again), *new)
    unread = tuple(dict.fromkeys((*subject.unread, *left_out, *read.unread_paths)))
    verdict = verdict_of(
        findings, case.evidence, evidence_required=spec.order.evidence_required, is_partial=bool(unread)
    )
    said = _summary(read, (*left_out, *(() if read.unread else read.unread_paths)), subject.unread)
    dropped = (*chosen.dropped, *too_late)
    return Review(verdict, said, findings, dropped, read.model, subject.round, subject.commit, unread)


def _held(case: Case, read: _Read) -> frozenset[str]:
    """The ids of earlier findings that the reviewer holds; whoever raises one again holds it.

    Within a run, silence lets a finding go. What an earlier review told people is open until somebody says that it is
    mended: a weak model forgets ids.
    """
    stand = frozenset(finding.id for finding in case.asked)
    held = frozenset((*read.still_open, *(finding.id for finding in read.found.findings)))
    if read.unread:
        return stand
    return held if case.spec.prior is None else stand - (frozenset(read.mended) - held)


def _new(case: Case, read: _Read) -> Grounded:
    """What is raised for the first time, or again after it was fixed; and why the rest is not."""
    review, prior = case.spec.review, case.spec.prior
    settled = prior.settled if prior else ()
    by_test = _by_test(case.subject.before)
    standing = {finding.id for finding in (*case.subject.stand, *by_test) if finding.fate == "open"}
    kept: list[Finding] = []
    dropped = list(read.found.dropped)
    for one in read.found.findings:
        if one.id in settled:
            dropped.append(f"{short(one.message)}: people settled it before")
        elif case.subject.round > 1 and not one.is_grave:
            dropped.append(f"{one.message[:80]}: too slight to be raised in a later round")
        elif one.id not in standing:
            kept.append(one)
    chosen = most_grave(tuple(kept), review.max_findings)
    return Grounded(chosen.findings, (*dropped, *chosen.dropped))


def _by_test(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.is_confirmed)


def _timely(round: int, found: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """A later round raises nothing new that no test bears out; the first one raises what it has."""
    if round == 1:
        return found, ()
    late = (one for one in found if not one.is_confirmed)
    reasons = tuple(f"{short(one.message)}: no test shows it, so it comes too late" for one in late)
    return _by_test(found), reasons


def _summary(read: _Read, left_out: tuple[str, ...], unread: tuple[str, ...]) -> str:
    parts = [" ".join(summary.split()) for summary in dict.fromkeys(read.summaries)]
    if read.unread:
        parts.append(f"The reviewer's answer could not be read after one repair turn: {read.unread}.")
    if left_out:
        parts.append(f"Not reviewed, because they do not fit the reviewer's window: {', '.join(left_out)}.")
    if unread:
        parts.append(f"Changed before this run and reviewed by nobody so far: {', '.join(unread)}.")
    return " ".join(parts) or "The reviewer gave no summary."
