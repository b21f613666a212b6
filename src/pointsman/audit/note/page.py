"""The page of a note: one screen for people. Every text from outside stands in a code span, where it is inert."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pointsman.audit.note.statement import effective_routes
from pointsman.domain.history import ENVELOPE_SUFFIX
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import MODEL_PHASES, OF_COMMITS, Phase
from pointsman.domain.notes import NoteFacts
from pointsman.domain.outcome import CheckResult, Evidence, Finding, NoPatch, NoReproduction, Reproduction, Review
from pointsman.domain.pictures import Previews
from pointsman.domain.run import Refuse

_RESULTS = {
    "ready": "ready for people to look at",
    "needs-person": "a person has to decide",
    "reviewed": "reviewed only, nothing was written",
    "planned": "planned only, nothing was written",
    "answered": "a question was answered, nothing was written",
    "stopped": "stopped at a limit, no change came of it",
    "refused": "refused, no change came of it",
    "failed": "failed, no change came of it",
    "cancelled": "cancelled, no change came of it",
}
_MOST = 12


def page_of(facts: NoteFacts) -> str:
    """The note as Markdown without HTML, images, links or mentions."""
    sections = (
        _head(facts),
        _phases(facts),
        _reasons(facts),
        (*_evidence(facts.earlier.evidence), *_preview(facts.earlier.previews)),
        _reviews(facts.earlier.reviews),
        _hops(facts),
        _people(facts),
        _not_run(facts),
        _tail(facts),
    )
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def inert(text: str, longest: int = 160) -> str:
    """A text from outside as a code span: one line, no control or direction marks, nothing that can end the span.

    Inside a code span neither GitHub nor GitLab reads HTML, links, images, mentions or references (GitHub Flavored
    Markdown, section 6.3; GitLab Flavored Markdown follows CommonMark there).
    """
    visible = "".join(" " if letter.isspace() else letter for letter in text)
    visible = "".join(letter for letter in visible if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co"))
    line = " ".join(visible.replace("`", "'").replace("|", "¦").split())
    return f"`{line if len(line) <= longest else line[: longest - 1] + '…'}`" if line else "–"


def _head(facts: NoteFacts) -> Iterator[str]:
    spec, plan = facts.spec, facts.earlier.plan
    yield f"# Run {inert(facts.run_id)}: {_RESULTS[facts.result]}"
    yield ""
    yield f"* Issue {inert(spec.issue.key)}: {inert(spec.issue.title)}"
    yield f"* Repository {inert(spec.repository.name)} on {inert(spec.repository.forge)}, {spec.sensitivity}"
    yield f"* Asked for by {inert(spec.requester.login)} (id {spec.requester.id}) at {inert(spec.admitted_at)}"
    yield f"* Task {spec.task.value}, risk {spec.risk}"
    if facts.result in OF_COMMITS:
        yield f"* Branch {inert(facts.branch)}: from {_short(spec.base_commit)} to {_short(facts.head)}"
    else:
        yield f"* No branch; it began at {_short(spec.base_commit)}"
    yield (
        f"* Plan {inert(plan.digest)}" + (" (policy asked for none)" if plan.skipped else "") if plan else "* No plan"
    )
    patch = facts.earlier.patch
    if patch:
        added, removed = sum(edit.added for edit in patch.edits), sum(edit.removed for edit in patch.edits)
        yield f"* Change: {len(patch.edits)} files, {added} lines added, {removed} removed"
    if spec.issue.flags:
        yield f"* Left out of the issue's text: {_list(spec.issue.flags)}"


@dataclass(frozen=True, slots=True)
class _Row:
    """The calls of one phase to one model, as the table shows them."""

    phase: Phase
    calls: tuple[CallRecord, ...]

    def cells(self, outcome: str) -> tuple[str, ...]:
        calls = self.calls
        return (
            self.phase.value,
            inert(calls[0].model),
            _list(dict.fromkeys(call.served for call in calls if call.served)),
            inert(calls[0].provider) + _aside("via ", (call.via for call in calls)),
            str(calls[0].perimeter) + _aside("", (call.region for call in calls)),
            str(len(calls)),
            f"{sum(call.input_tokens for call in calls)} / {sum(call.output_tokens for call in calls)}",
            f"${sum(call.cost_usd for call in calls):.4f}",
            f"{sum(call.seconds for call in calls):.1f} s",
            outcome,
        )


def _phases(facts: NoteFacts) -> Iterator[str]:
    yield "## Phases"
    yield ""
    yield "| phase | asked | answered | provider | perimeter | calls | tokens in / out | cost | time | outcome |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    outcomes = _outcomes(facts)
    for phase in Phase:
        rows = _rows(facts.calls, phase)
        for row in rows:
            yield _cells(row.cells(outcomes[phase]))
        if not rows:
            yield _cells((phase.value, *("–" for _ in range(8)), outcomes[phase]))
    cost, calls = sum(call.cost_usd for call in facts.calls), len(facts.calls)
    yield ""
    yield f"Together {calls} calls, ${cost:.4f}."


def _rows(calls: tuple[CallRecord, ...], phase: Phase) -> list[_Row]:
    of_phase = [call for call in calls if call.phase == phase]
    asked = dict.fromkeys((call.model, call.provider) for call in of_phase)
    return [_Row(phase, tuple(call for call in of_phase if (call.model, call.provider) == who)) for who in asked]


def _outcomes(facts: NoteFacts) -> dict[Phase, str]:
    earlier = facts.earlier
    triage, plan, evidence, review = earlier.triage, earlier.plan, earlier.evidence, earlier.review
    failed = sum(isinstance(attempt.result, NoPatch) for attempt in earlier.tries)
    drawn = sum(bool(attempt.sample) for attempt in earlier.tries)
    among = f", {drawn} of them further candidates of a round" if drawn else ""
    tries = f"{len(earlier.tries)} tries, {failed} without a valid edit{among}"
    return {
        Phase.TRIAGE: f"{triage.task.value}, {triage.risk} risk (by {triage.decided_by})" if triage else "not run",
        Phase.PLAN: ("skipped" if plan.skipped else f"{len(plan.steps)} steps") if plan else "not run",
        Phase.CODE: tries if earlier.tries else "not run",
        Phase.VERIFY: f"{evidence.verdict.value} ({evidence.tier})" if evidence else "not run",
        Phase.REVIEW: f"{review.verdict}, {len(review.findings)} findings" if review else "not run",
        Phase.RECORD: "signed",
    }


def _reasons(facts: NoteFacts) -> Iterator[str]:
    yield "## Why these models"
    yield ""
    routes = effective_routes(facts.spec)
    triage = facts.earlier.triage
    if triage is not None:
        yield f"* Class {triage.task.value} by {triage.decided_by}: {inert(triage.why, 200)}"
    for phase in MODEL_PHASES:
        route = routes.get(phase)
        if isinstance(route, Refuse):
            yield f"* {phase.value}: no model, by rule {inert(route.rule)}: {inert(route.reason)}"
        elif route is not None:
            said = (
                f"{inert(it.model)} {'kept' if it.kept else 'dropped'} by {inert(it.rule)} ({inert(it.why)})"
                for it in route.reasons[:_MOST]
            )
            yield f"* {phase.value} goes to {inert(route.primary.name)}: {'; '.join(said) or 'no other candidate'}"
    yield f"* Policy {_short(facts.spec.digests.policy)}, routing file {_short(facts.spec.digests.routing)}"


def _evidence(evidence: Evidence | None) -> Iterator[str]:
    yield "## Evidence"
    yield ""
    if evidence is None:
        yield "Nothing was run."
        return
    yield f"**{evidence.verdict.value}** in sandbox {inert(evidence.tier)}: {inert(evidence.why, 400)}"
    yield ""
    yield "| on | command | ended | passed | failed | skipped | time |"
    yield "|---|---|---|---|---|---|---|"
    for where, checks in (
        ("base", evidence.base),
        ("change", evidence.candidate),
        ("change, with base's tests", evidence.old_tests),
    ):
        for check in checks:
            yield _cells((where, *_check(check)))
    yield from _shown(evidence.reproduction)
    if evidence.weakened:
        yield "\nBy this the change proves less than it seems to:\n"
        for one in evidence.weakened[:_MOST]:
            yield f"* {inert(f'{one.path}:{one.line}' if one.line else one.path)}: {inert(one.what)}"
        if len(evidence.weakened) > _MOST:
            yield f"* and {len(evidence.weakened) - _MOST} more in the signed data"
    if evidence.changed_tests:
        yield f"\nThe change touches tests or their configuration: {_list(evidence.changed_tests)}"
    if evidence.missing:
        yield f"\nTests that the base has and the change has not: {_list(evidence.missing)}"


def _preview(found: Previews | None) -> Iterator[str]:
    """How looking at pages went; the pictures are told by digest in the signed data."""
    if found is not None:
        why = found.after.why or found.before.why
        yield ""
        yield f"Preview: {found.before.status} before, {found.after.status} after" + (
            f": {inert(why, 300)}" if why else f", {len(found.pictures)} pictures"
        )


def _shown(found: Reproduction | NoReproduction | None) -> Iterator[str]:
    """The test that shows the bug, by whom, and how it did; or that there is none."""
    if isinstance(found, NoReproduction):
        yield f"\nTest written to show the bug: none. {inert(found.why, 300)}"
    elif found is not None:
        yield (
            f"\nTest written to show the bug: {inert(found.path)} by {inert(found.model)}, sha256 "
            f"{_short(found.digest)}; on base {inert(found.base)}, with the change {inert(found.candidate)}"
        )


def _check(check: CheckResult) -> tuple[str, ...]:
    ended = f"exit {check.exit_code}" if check.status == "exited" else check.status
    counts = (str(len(ids)) for ids in (check.passed, check.failed, check.skipped))
    return (inert(" ".join(check.command)), ended, *counts, f"{check.seconds:.1f} s")


def _reviews(reviews: tuple[Review, ...]) -> Iterator[str]:
    yield "## Review"
    yield ""
    if not reviews:
        yield "Not reviewed by a model."
        return
    for review in reviews:
        who = f"{inert(review.model)} on {_short(review.commit)}"
        dropped = f", {len(review.dropped)} findings without a ground in the diff dropped" if review.dropped else ""
        yield f"* Round {review.round} by {who}: **{review.verdict}**{dropped}"
    for finding in reviews[-1].findings[:_MOST]:
        place = inert(f"{finding.path}:{finding.line}")
        yield f"* {finding.severity} at {place}, {finding.fate}{_proved(finding)}: {inert(finding.message, 300)}"
    if len(reviews[-1].findings) > _MOST:
        yield f"* and {len(reviews[-1].findings) - _MOST} more in the signed data"


def _proved(finding: Finding) -> str:
    """What the test of its reviewer came to."""
    proof = finding.proof
    if proof is None:
        return ""
    by = f" by {inert(proof.path)} of {inert(proof.model)}" if proof.result == "confirmed" else ""
    return f", {proof.result}{by} ({inert(proof.why)})"


def _hops(facts: NoteFacts) -> Iterator[str]:
    yield "## Changes of model"
    yield ""
    if not facts.earlier.hops:
        yield "None: each phase was done by the model that it was routed to."
    for hop in facts.earlier.hops:
        models = f"from {inert(hop.from_model)} to {inert(hop.to_model)}"
        yield f"* {inert(hop.phase)}, {hop.kind} {models}: {inert(hop.why, 300)}"


def _people(facts: NoteFacts) -> Iterator[str]:
    yield "## People"
    yield ""
    if not facts.people:
        yield "Nobody approved or overrode anything."
    for act in facts.people:
        detail = f": {inert(act.detail)}" if act.detail else ""
        yield f"* {inert(act.at)} {inert(act.login)} (id {act.actor_id}), {act.act}{detail}"


def _not_run(facts: NoteFacts) -> Iterator[str]:
    yield "## Cut off or not run"
    yield ""
    if not facts.not_run:
        yield "Nothing."
    for what in facts.not_run[:_MOST]:
        yield f"* {inert(what, 300)}"
    if len(facts.not_run) > _MOST:
        yield f"* and {len(facts.not_run) - _MOST} more in the signed data"


def _tail(facts: NoteFacts) -> Iterator[str]:
    before = f"It follows note {inert(facts.previous)}." if facts.previous else "It is the first note of its chain."
    if facts.memory:
        yield f"With it the repository's memory was written, with the digest {inert(facts.memory)}."
    yield f"Signed as data in {inert(facts.name + ENVELOPE_SUFFIX)}. {before} Check it: `pointsman audit verify`."


def _list(texts: Iterable[str]) -> str:
    every = tuple(texts)
    more = f" and {len(every) - _MOST} more" if len(every) > _MOST else ""
    return (", ".join(inert(text) for text in every[:_MOST]) or "–") + more


def _aside(word: str, texts: Iterable[str]) -> str:
    """What providers said of where an answer was made, in brackets; nothing when they said nothing."""
    said = dict.fromkeys(text for text in texts if text)
    return f" ({word}{_list(said)})" if said else ""


def _short(digest: str) -> str:
    return inert(digest[:12])


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
