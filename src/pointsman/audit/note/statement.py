"""The signed data of a note, made from the facts of a run: pure, integers only, texts by their digests."""

from typing import Literal

from pointsman import __version__
from pointsman.audit.note.predicate import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    CallPart,
    EditPart,
    HopPart,
    IssuePart,
    ModelPart,
    OrderPart,
    PersonPart,
    PlanPart,
    Predicate,
    ReasonPart,
    RepositoryPart,
    RoutePart,
    Statement,
    TriagePart,
    TryPart,
)
from pointsman.audit.note.shown_parts import evidence_part, preview_part, review_part
from pointsman.audit.note.told import micro_usd, sha256, told, told_all
from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import MODEL_PHASES, Phase
from pointsman.domain.models import Model
from pointsman.domain.notes import NoteFacts
from pointsman.domain.outcome import Patch, Plan, Triage, Try, confirmed_tests
from pointsman.domain.run import Refuse, Route, RunSpec


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
        branch=told(facts.branch),
        written_at=facts.written_at,
        result=facts.result,
        order=_order(facts.spec),
        models=_models(facts),
        routes=tuple(_route(phase, route) for phase, route in effective_routes(facts.spec).items()),
        plan=_plan(earlier.plan) if earlier.plan else None,
        calls=tuple(_call(call) for call in facts.calls),
        tries=tuple(_try(attempt) for attempt in earlier.tries),
        edits=_edits(earlier.patch),
        authors=authors_of(facts),
        evidence=evidence_part(earlier.evidence) if earlier.evidence else None,
        reviews=tuple(review_part(review) for review in earlier.reviews),
        hops=tuple(
            HopPart(
                phase=hop.phase, kind=hop.kind, from_model=hop.from_model, to_model=hop.to_model, why=told(hop.why)
            )
            for hop in earlier.hops
        ),
        people=tuple(
            PersonPart(actor_id=act.actor_id, login=told(act.login), act=act.act, detail=told(act.detail), at=act.at)
            for act in facts.people
        ),
        not_run=told_all(facts.not_run),
        page_sha256=sha256(page),
        previous=facts.previous,
        preview=preview_part(earlier.previews) if earlier.previews else None,
        memory_sha256=facts.memory,
        triage=_triage(earlier.triage) if earlier.triage else None,
        ended=facts.ended,
        ended_why=told(facts.ended_why),
        release=__version__,
    )


def _triage(found: Triage) -> TriagePart:
    # A model's own words may be those of the issue, whose text is not in a note.
    why = "" if found.decided_by == "model" else told(found.why)
    return TriagePart(task=found.task.value, risk=str(found.risk), decided_by=found.decided_by, why=why)


def _plan(made: Plan) -> PlanPart:
    return PlanPart(
        digest=made.digest,
        skipped=made.skipped,
        questions=len(made.questions),
        dropped_paths=told_all(made.dropped_paths),
    )


def _order(spec: RunSpec) -> OrderPart:
    repository = spec.repository
    return OrderPart(
        goal=spec.goal,
        repository=RepositoryPart(
            forge=repository.forge,
            id=repository.id,
            name=told(repository.name),
            default_branch=told(repository.default_branch),
        ),
        requester_id=spec.requester.id,
        requester_login=told(spec.requester.login),
        issue=IssuePart(key=told(spec.issue.key), digest=spec.issue.digest, flags=told_all(spec.issue.flags)),
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
        change=told(spec.change.number) if spec.change else "",
        authors_before=tuple(model.name for model in spec.authors),
        perimeters=tuple(str(perimeter) for perimeter in spec.perimeters),
        run_micro_usd=micro_usd(spec.caps.run_usd),
    )


def _catalogue(spec: RunSpec) -> dict[str, Model]:
    orders = (order.routes.values() for order in spec.orders.values())
    routes = [route for group in (*orders, (spec.overrides or {}).values()) for route in group]
    found = (model for route in routes if isinstance(route, Route) for model in route.models)
    return {model.name: model for model in (*spec.authors, *found)}


def _models(facts: NoteFacts) -> tuple[ModelPart, ...]:
    met = {call.model for call in facts.calls} | {review.model for review in facts.earlier.reviews}
    met |= {
        *authors_of(facts),
        *(model.name for model in facts.spec.authors),
        *(attempt.model for attempt in facts.earlier.tries),
    }
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
        budget_micro_usd=micro_usd(route.limits.budget_usd),
        reasons=tuple(
            ReasonPart(model=it.model, kept=it.kept, rule=it.rule, why=told(it.why)) for it in route.reasons
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
        served=told(call.served),
        provider=call.provider,
        perimeter=str(call.perimeter),
        origin=call.origin,
        template=call.template,
        state=call.state,
        prompt_sha256=call.sent_sha256,
        answer_sha256=call.received_sha256,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cost_micro_usd=micro_usd(call.cost_usd),
        milliseconds=round(call.seconds * 1000),
        at=call.at,
        why=told(call.why),
        region=told(call.region),
        via=told(call.via),
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
        refusals=0 if isinstance(result, Patch) else result.refusals,
        undoes=told(attempt.undoes),
    )


def _edits(patch: Patch | None) -> tuple[EditPart, ...]:
    return tuple(
        EditPart(
            path=told(edit.path),
            kind=edit.kind,
            hunks_sha256=edit.digest,
            added=edit.added,
            removed=edit.removed,
            model=edit.model,
            calls=edit.calls,
            lines_sha256=edit.lines,
        )
        for edit in (patch.edits if patch else ())
    )
