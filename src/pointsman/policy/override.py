"""Another model for one phase of a run, because a person says so; the policy holds for it all the same."""

from dataclasses import replace

from pointsman.config.policy_file import PolicyFile
from pointsman.domain.levels import MODEL_PHASES, Phase
from pointsman.domain.models import Model
from pointsman.domain.run import Considered, Refuse, Route, RunSpec
from pointsman.policy.candidates import NOTHING_MORE, Bar
from pointsman.policy.catalogue import Catalogue, PriceOf, catalogue_of
from pointsman.policy.choice import cannot, judge
from pointsman.policy.routes import sealed
from pointsman.policy.rules import Rule, kept, refuse
from pointsman.policy.separation import reviewers


def override(
    spec: RunSpec,
    phase: Phase,
    model_name: str,
    policy: PolicyFile,
    price_of: PriceOf,
    *,
    authors: tuple[Model, ...] | None = None,
) -> Route | Refuse:
    """The route of `phase` with `model_name` alone: no fallbacks, no escalation, since a person chose it.

    `authors` are the models that really wrote the code so far; without them, all that may write it count.
    """
    if phase not in MODEL_PHASES:
        mend = f"name one of: {', '.join(known.value for known in MODEL_PHASES)}"
        return refuse(Rule.OVERRIDE, f"{phase} asks no model", mend)
    catalogue = catalogue_of(policy, price_of)
    found = _judged(spec, phase, model_name, policy, catalogue)
    if isinstance(found, Refuse):
        return found
    reasons = (kept(found.name, Rule.OVERRIDE, Rule.OVERRIDE.as_reason),)
    old = spec.route(phase)
    assert isinstance(old, Route)
    route = sealed(replace(old, primary=found, fallback=(), escalate=(), reasons=reasons), catalogue)
    return _apart(spec, route, authors) or route


def to_come(spec: RunSpec, phase: Phase) -> tuple[Phase, ...]:
    """The phases from `phase` on in which this order asks a model."""
    order = tuple(Phase)
    last = {"plan": Phase.PLAN, "ask": Phase.PLAN}.get(spec.goal, Phase.RECORD)
    first = {"review": Phase.REVIEW, "ask": Phase.PLAN, "fix": Phase.CODE}.get(spec.goal, phase)
    start = max(order.index(first), order.index(phase))
    return tuple(each for each in MODEL_PHASES if start <= order.index(each) <= order.index(last))


def no_longer_allowed(
    spec: RunSpec, phase: Phase, policy: PolicyFile, price_of: PriceOf, *, named: bool
) -> Refuse | None:
    """The first model of the phases to come that today's policy does not let do them, or knows as another one.

    A phase that the order refused is left to the run; with `named` a person chose the model of `phase` itself.
    """
    catalogue = catalogue_of(policy, price_of)
    for each in to_come(spec, phase):
        route = spec.route(each)
        if isinstance(route, Refuse) or (named and each is phase):
            continue
        for model in route.models:
            found = _judged(spec, each, model.name, policy, catalogue)
            if isinstance(found, Refuse):
                return found
            if replace(found, price=model.price) != model:
                reason = f"{each} was ordered from {model.name}, which is another model in the policy of today"
                return refuse(Rule.NOT_IN_CATALOGUE, reason, "start a new run, or name a model with --model")
    return None


def _judged(spec: RunSpec, phase: Phase, name: str, policy: PolicyFile, catalogue: Catalogue) -> Model | Refuse:
    old, level = spec.route(phase), policy.rule_for(spec.sensitivity)
    if isinstance(old, Refuse):
        return old
    bar = Bar(
        phase=phase,
        sensitivity=spec.sensitivity,
        perimeters=tuple(place for place in level.perimeters if place in spec.perimeters) if level else (),
        limits=old.limits,
        separation=spec.review.separation,
        figures=spec.figures,
        least_tier="small" if phase is Phase.TRIAGE else policy.task(spec.task).tier,
    )
    found = judge(name, bar, NOTHING_MORE, catalogue)
    return cannot(phase, name, found) if isinstance(found, Considered) else found


def _apart(spec: RunSpec, route: Route, authors: tuple[Model, ...] | None) -> Refuse | None:
    """A refusal when the new route leaves no reviewer that is far enough from the authors."""
    if route.phase is Phase.REVIEW:
        code = spec.route(Phase.CODE)
        possible = code.models if isinstance(code, Route) and spec.goal != "review" else ()
        wrote = (*spec.authors, *(possible if authors is None else authors))
        found = reviewers(route, wrote, spec.review.separation)
    elif route.phase is Phase.CODE:
        review = spec.route(Phase.REVIEW)
        if isinstance(review, Refuse):
            return review
        found = reviewers(review, (*(authors or ()), route.primary), spec.review.separation)
    else:
        return None
    return found if isinstance(found, Refuse) else None
