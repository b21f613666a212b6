"""The signed data of a note, made from the facts of a run: pure, integers only, texts by their digests."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from pointsman.audit.predicate import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    CallPart,
    CheckPart,
    EditPart,
    EvidencePart,
    FindingPart,
    HopPart,
    IssuePart,
    ModelPart,
    OrderPart,
    PersonPart,
    PicturePart,
    PlanPart,
    Predicate,
    PreviewPart,
    ProofPart,
    ReasonPart,
    RepositoryPart,
    ReproductionPart,
    ReviewPart,
    RoutePart,
    Statement,
    TryPart,
    WeakeningPart,
)
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import MODEL_PHASES, Phase
from pointsman.domain.models import Model
from pointsman.domain.notes import NoteFacts
from pointsman.domain.outcome import (
    CheckResult,
    Evidence,
    NoReproduction,
    Patch,
    Proof,
    Reproduction,
    Review,
    Try,
    confirmed_tests,
)
from pointsman.domain.pictures import Previews, Rendering
from pointsman.domain.run import Refuse, Route, RunSpec

_LONGEST = 500
_MOST_NAMES = 100


def sha256(text: str) -> str:
    """sha256 of a text's UTF-8 bytes, in hexadecimal; what is no Unicode text is replaced by question marks."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def note_name(written_at: str, branch: str, run_id: str) -> str:
    """The file name of a note without folder and suffix: `<date>-<branch-slug>-<run>`."""
    day = datetime.fromisoformat(written_at).date().isoformat()
    return f"{day}-{_slug(branch)[:40].strip('-') or 'change'}-{_slug(run_id) or 'run'}"


def statement_of(facts: NoteFacts, page: str) -> Statement:
    """The in-toto Statement of a run; `page` is bound to it by its digest."""
    subject: tuple[tuple[Literal["commit", "tree", "diff"], str, str], ...] = (
        ("commit", "gitCommit", facts.head),
        ("tree", "gitTree", facts.tree),
        ("diff", "sha256", facts.diff_digest),
    )
    return Statement.model_validate(
        {
            "_type": STATEMENT_TYPE,
            "subject": tuple({"name": name, "digest": {kind: digest}} for name, kind, digest in subject),
            "predicateType": PREDICATE_TYPE,
            "predicate": _predicate(facts, page),
        }
    )


def effective_routes(spec: RunSpec) -> dict[Phase, Route | Refuse]:
    """The routes of the run's class of task, with a rerun's overrides in their place, in the order of phases."""
    order = spec.orders.get(spec.task)
    known: dict[Phase, Route | Refuse] = {**(order.routes if order else {}), **(spec.overrides or {})}
    return {phase: known[phase] for phase in MODEL_PHASES if phase in known}


def authors_of(facts: NoteFacts) -> tuple[str, ...]:
    """Every model that wrote code of the change, by name, each once.

    Whoever wrote no more than a test that the sandbox confirmed a finding by is a reviewer with evidence, no author.
    """
    patch = facts.earlier.patch
    if patch is None:
        return ()
    tests = {(one.path, one.model) for one in confirmed_tests(facts.earlier.reviews)}
    edited = (edit.model for edit in patch.edits if (edit.path, edit.model) not in tests)
    wrote = (*facts.earlier.authors, *edited, patch.model)
    return tuple(dict.fromkeys(name for name in wrote if name))


def _predicate(facts: NoteFacts, page: str) -> Predicate:
    earlier = facts.earlier
    return Predicate(
        run=facts.run_id,
        branch=_text(facts.branch),
        written_at=facts.written_at,
        result=facts.result,
        order=_order(facts.spec),
        models=_models(facts),
        routes=tuple(_route(phase, route) for phase, route in effective_routes(facts.spec).items()),
        plan=PlanPart(digest=earlier.plan.digest, skipped=earlier.plan.skipped) if earlier.plan else None,
        calls=tuple(_call(call) for call in facts.calls),
        tries=tuple(_try(attempt) for attempt in earlier.tries),
        edits=_edits(earlier.patch),
        authors=authors_of(facts),
        evidence=_evidence(earlier.evidence) if earlier.evidence else None,
        reviews=tuple(_review(review) for review in earlier.reviews),
        hops=tuple(
            HopPart(
                phase=hop.phase, kind=hop.kind, from_model=hop.from_model, to_model=hop.to_model, why=_text(hop.why)
            )
            for hop in earlier.hops
        ),
        people=tuple(
            PersonPart(
                actor_id=act.actor_id, login=_text(act.login), act=act.act, detail=_text(act.detail), at=act.at
            )
            for act in facts.people
        ),
        not_run=_texts(facts.not_run),
        page_sha256=sha256(page),
        previous=facts.previous,
        preview=_preview(earlier.previews) if earlier.previews else None,
        memory_sha256=facts.memory,
    )


def _order(spec: RunSpec) -> OrderPart:
    repository = spec.repository
    return OrderPart(
        goal=spec.goal,
        repository=RepositoryPart(
            forge=repository.forge,
            id=repository.id,
            name=_text(repository.name),
            default_branch=_text(repository.default_branch),
        ),
        requester_id=spec.requester.id,
        requester_login=_text(spec.requester.login),
        issue=IssuePart(key=_text(spec.issue.key), digest=spec.issue.digest, flags=_texts(spec.issue.flags)),
        base_commit=spec.base_commit,
        admitted_at=spec.admitted_at,
        sensitivity=str(spec.sensitivity),
        task=spec.task.value,
        risk=str(spec.risk),
        separation=spec.review.separation,
        audit_mode=spec.audit_mode,
        policy_digest=spec.digests.policy,
        routing_digest=spec.digests.routing,
        decision_digest=spec.digests.decision,
    )


def _catalogue(spec: RunSpec) -> dict[str, Model]:
    orders = (order.routes.values() for order in spec.orders.values())
    routes = [route for group in (*orders, (spec.overrides or {}).values()) for route in group]
    found = (model for route in routes if isinstance(route, Route) for model in route.models)
    return {model.name: model for model in found}


def _models(facts: NoteFacts) -> tuple[ModelPart, ...]:
    met = {call.model for call in facts.calls} | {review.model for review in facts.earlier.reviews}
    met |= {*authors_of(facts), *(attempt.model for attempt in facts.earlier.tries)}
    for route in effective_routes(facts.spec).values():
        if isinstance(route, Route):
            met |= {model.name for model in route.models}
    return tuple(
        ModelPart(
            name=model.name,
            id=model.id,
            vendor=model.vendor,
            family=model.family,
            tier=model.tier,
            provider=model.provider.name,
            perimeter=str(model.provider.perimeter),
        )
        for name, model in sorted(_catalogue(facts.spec).items())
        if name in met
    )


def _route(phase: Phase, route: Route | Refuse) -> RoutePart:
    if isinstance(route, Refuse):
        return RoutePart(phase=phase.value, refused_by=route.rule)
    return RoutePart(
        phase=phase.value,
        primary=route.primary.name,
        fallback=tuple(model.name for model in route.fallback),
        escalate=tuple(model.name for model in route.escalate),
        max_input_tokens=route.limits.max_input_tokens,
        max_output_tokens=route.limits.max_output_tokens,
        max_calls=route.limits.max_calls,
        budget_micro_usd=_micro(route.limits.budget_usd),
        reasons=tuple(
            ReasonPart(model=it.model, kept=it.kept, rule=it.rule, why=_text(it.why)) for it in route.reasons
        ),
        digest=route.digest,
    )


def _call(call: CallRecord) -> CallPart:
    return CallPart(
        call_id=call.call_id,
        attempt=call.attempt,
        run=call.run_id,
        phase=call.phase.value,
        model=call.model,
        served=_text(call.served),
        provider=call.provider,
        perimeter=str(call.perimeter),
        origin=call.origin,
        template=call.template,
        state=call.state,
        prompt_sha256=call.sent_sha256,
        answer_sha256=call.received_sha256,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cost_micro_usd=_micro(call.cost_usd),
        milliseconds=round(call.seconds * 1000),
        at=call.at,
        why=_text(call.why),
        region=_text(call.region),
        via=_text(call.via),
    )


def _try(attempt: Try) -> TryPart:
    result, evidence = attempt.result, attempt.evidence
    return TryPart(
        rung=attempt.rung,
        model=attempt.model,
        cause=attempt.cause,
        ending="patch" if isinstance(result, Patch) else result.kind,
        evidence=evidence.verdict.value if evidence else "",
        sample=attempt.sample,
        tokens=attempt.tokens,
        commit=result.commit if isinstance(result, Patch) else "",
        calls=attempt.calls,
    )


def _edits(patch: Patch | None) -> tuple[EditPart, ...]:
    return tuple(
        EditPart(
            path=_text(edit.path),
            kind=edit.kind,
            hunks_sha256=edit.digest,
            added=edit.added,
            removed=edit.removed,
            model=edit.model,
            calls=edit.calls,
        )
        for edit in (patch.edits if patch else ())
    )


def _evidence(evidence: Evidence) -> EvidencePart:
    return EvidencePart(
        verdict=evidence.verdict.value,
        why=_text(evidence.why),
        tier=evidence.tier,
        base=tuple(_check(check) for check in evidence.base),
        candidate=tuple(_check(check) for check in evidence.candidate),
        changed_tests=_texts(evidence.changed_tests),
        missing_tests=_texts(evidence.missing),
        old_tests=tuple(_check(check) for check in evidence.old_tests),
        weakened=tuple(
            WeakeningPart(path=_text(one.path), line=one.line, what=_text(one.what), kind=one.kind)
            for one in evidence.weakened
        ),
        reproduction=_reproduction(evidence.reproduction),
    )


def _reproduction(found: Reproduction | NoReproduction | None) -> ReproductionPart | None:
    if found is None:
        return None
    if isinstance(found, NoReproduction):
        return ReproductionPart(why=_text(found.why))
    return ReproductionPart(
        path=_text(found.path), sha256=found.digest, model=found.model, base=found.base, candidate=found.candidate
    )


def _preview(found: Previews) -> PreviewPart:
    sides: tuple[tuple[Literal["before", "after"], Rendering], ...] = (
        ("before", found.before),
        ("after", found.after),
    )
    return PreviewPart(
        before=found.before.status,
        after=found.after.status,
        why=_text(found.after.why or found.before.why),
        pictures=tuple(
            PicturePart(
                page=_text(one.page),
                side=side,
                sha256=one.sha256,
                width=one.width,
                height=one.height,
                bytes=one.size,
            )
            for side, seen in sides
            for one in seen.pictures
        ),
    )


def _check(check: CheckResult) -> CheckPart:
    return CheckPart(
        command=_texts(check.command),
        commit=check.commit,
        status=check.status,
        exit_code=check.exit_code,
        passed=len(check.passed),
        failed=_texts(check.failed),
        skipped=len(check.skipped),
        output_sha256=sha256(check.tail),
        milliseconds=round(check.seconds * 1000),
    )


def _review(review: Review) -> ReviewPart:
    return ReviewPart(
        model=review.model,
        round=review.round,
        commit=review.commit,
        verdict=review.verdict,
        summary_sha256=sha256(review.summary),
        findings=tuple(
            FindingPart(
                id=_text(finding.id),
                path=_text(finding.path),
                line=finding.line,
                side=finding.side,
                severity=str(finding.severity),
                quote_sha256=sha256(finding.quote),
                message_sha256=sha256(finding.message),
                fate=finding.fate,
                proof=_proof(finding.proof) if finding.proof else None,
            )
            for finding in review.findings
        ),
        dropped=len(review.dropped),
    )


def _proof(proof: Proof) -> ProofPart:
    return ProofPart(
        result=proof.result,
        why=_text(proof.why),
        path=_text(proof.path),
        model=proof.model,
        test_sha256=sha256(proof.test) if proof.test else "",
    )


def _micro(usd: float) -> int:
    return round(usd * 1_000_000)


def _text(text: str) -> str:
    """A short text that every JSON reader can read."""
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    shown = tuple(_text(text) for text in texts)
    more = len(shown) - _MOST_NAMES
    return (*shown[:_MOST_NAMES], f"… and {more} more") if more > 0 else shown


def _slug(text: str) -> str:
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in text.lower())
    return "-".join(part for part in kept.split("-") if part)
