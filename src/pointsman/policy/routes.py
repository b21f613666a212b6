"""Which model does a phase, with which limits, and why: every candidate is kept or dropped by a named rule."""

from dataclasses import dataclass, replace

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import CodeWish, RouteWish, RoutingFile
from pointsman.domain.figures import Figures
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.run import Considered, Limits, Refuse, Route
from pointsman.policy.candidates import Bar, call_usd, objection
from pointsman.policy.canonical import digest_of
from pointsman.policy.catalogue import Catalogue
from pointsman.policy.mending import how_to_mend
from pointsman.policy.rules import Rule, dropped, kept, refuse

TRIAGE_INPUT, TRIAGE_OUTPUT = 12_000, 1_024


@dataclass(frozen=True, slots=True)
class Setting:
    """What a route is decided in.

    `authors` are models known to have written the code already; `builds` says whether the run writes any itself.
    """

    policy: PolicyFile
    routing: RoutingFile
    catalogue: Catalogue
    sensitivity: Sensitivity
    figures: Figures
    authors: tuple[Model, ...] = ()
    builds: bool = True


@dataclass(frozen=True, slots=True)
class Barred:
    """Models that a candidate must not be near: the one that is named first, and those after it."""

    first: tuple[Model, ...] = ()
    rest: tuple[Model, ...] = ()


def wish_of(phase: Phase, task: TaskClass, routing: RoutingFile) -> RouteWish | None:
    """What the routing file asks for, the task's own route over the common one; None where it is silent."""
    own, routes = routing.tasks.get(task), routing.routes
    if phase is Phase.TRIAGE:
        return routes.triage
    if phase is Phase.PLAN:
        return own.plan if own and own.plan and not own.skips_plan else routes.plan
    if phase is Phase.CODE:
        return own.code if own and own.code else routes.code
    return own.qa if own and own.qa else routes.qa


def route(phase: Phase, task: TaskClass, setting: Setting, *, barred: Barred | None = None) -> Route | Refuse:
    """The route of one phase for one class of task. Pure: the same arguments give the same route and digest."""
    wish = wish_of(phase, task, setting.routing)
    if wish is None:
        return _triage_by_default(task, setting)
    return route_by(wish, phase, task, setting, barred=barred or Barred())


def route_by(wish: RouteWish, phase: Phase, task: TaskClass, setting: Setting, *, barred: Barred) -> Route | Refuse:
    """The route that `wish` asks for, if everything lets it."""
    bar = bar_for(wish, phase, task, setting)
    if bar is None:
        return _no_such_level(setting)
    first = replace(bar, tier=wish.tier, barred=barred.first)
    chosen = _named(wish.model, first, setting) if wish.model else _cheapest(first, setting.catalogue)
    if isinstance(chosen, Refuse):
        return chosen
    primary, reasons = chosen
    rest = replace(bar, barred=barred.rest, max_cost_usd=None, max_latency_ms=None)
    fallback, why_fallback = _fallbacks(wish.fallback, primary, rest, task, setting)
    names = wish.escalate if isinstance(wish, CodeWish) else ()
    escalate, why_escalate = _sift(names, Rule.ESCALATE, rest, setting.catalogue)
    return sealed(
        Route(
            phase=phase,
            primary=primary,
            fallback=fallback,
            escalate=escalate,
            limits=bar.limits,
            reasons=(*reasons, *why_fallback, *why_escalate),
            digest="",
        )
    )


def sealed(route: Route) -> Route:
    """The route with its digest, sha256 over everything else in it."""
    return replace(route, digest=digest_of(replace(route, digest="")))


def bar_for(wish: RouteWish, phase: Phase, task: TaskClass, setting: Setting) -> Bar | None:
    """What every candidate of the phase must clear; None when the policy declares no level this closed."""
    level = setting.policy.rule_for(setting.sensitivity)
    if level is None:
        return None
    rule = setting.policy.task(task)
    return Bar(
        phase=phase,
        task=task,
        sensitivity=setting.sensitivity,
        perimeters=level.perimeters,
        limits=_limits(wish, phase, task, setting),
        separation=setting.policy.separation,
        figures=setting.figures,
        least_tier="small" if phase is Phase.TRIAGE else rule.tier,
        explicit_output=min(wish.max_output_tokens or 0, rule.max_output_tokens),
        max_cost_usd=wish.max_cost_usd,
        max_latency_ms=wish.max_latency_ms,
    )


def _limits(wish: RouteWish, phase: Phase, task: TaskClass, setting: Setting) -> Limits:
    rule, phase_rule = setting.policy.task(task), setting.policy.phase(phase)
    triage = phase is Phase.TRIAGE
    outputs = (wish.max_output_tokens, rule.max_output_tokens, TRIAGE_OUTPUT if triage else None)
    money = (wish.budget_usd, setting.routing.budget.run_usd, setting.policy.caps.run_usd)
    return Limits(
        max_input_tokens=min(rule.max_input_tokens, TRIAGE_INPUT) if triage else rule.max_input_tokens,
        max_output_tokens=min(limit for limit in outputs if limit is not None),
        budget_usd=min(limit for limit in money if limit is not None),
        max_calls=phase_rule.max_calls,
        seconds=phase_rule.seconds,
    )


_Chosen = tuple[Model, tuple[Considered, ...]]


def _named(name: str, bar: Bar, setting: Setting) -> _Chosen | Refuse:
    found = _judge(name, bar, setting.catalogue)
    if isinstance(found, Considered):
        reason = f"{bar.phase} cannot go to {name}: {found.why}"
        return refuse(found.rule, reason, how_to_mend(found.rule, bar.phase, bar.task))
    return found, (kept(name, Rule.NAMED, "named in the routing file"),)


def _cheapest(bar: Bar, catalogue: Catalogue, names: tuple[str, ...] | None = None) -> _Chosen | Refuse:
    """The cheapest model of the asked tier, or of `names`, that clears the bar; of equals, the policy's first."""
    pool = [model for name, model in catalogue.models.items() if names is None or name in names]
    judged = [(model, objection(model, bar)) for model in pool if bar.tier in (None, model.tier)]
    free = sorted((model for model, no in judged if no is None), key=lambda model: call_usd(model, bar.limits))
    against = tuple(no for _, no in judged if no is not None)
    if not free:
        return _nobody(bar, against)
    reasons = tuple(_fitting(model, bar.limits, first=model is free[0]) for model in free)
    return free[0], (*reasons, *against)


def _fitting(model: Model, limits: Limits, *, first: bool) -> Considered:
    why = f"a call costs at most ${call_usd(model, limits):.4f}"
    return kept(model.name, Rule.CHEAPEST if first else Rule.FITS, why)


def _fallbacks(
    names: tuple[str, ...], primary: Model, bar: Bar, task: TaskClass, setting: Setting
) -> tuple[tuple[Model, ...], tuple[Considered, ...]]:
    if setting.policy.task(task).fallback == "never":
        why = f"the policy uses no fallbacks for {task}"
        return (), tuple(dropped(name, Rule.NO_FALLBACK, why) for name in names)
    # An outage must not move text further out than the owner sent it; only evidence or a person may.
    inner = tuple(place for place in bar.perimeters if place.rank <= primary.provider.perimeter.rank)
    return _sift(names, Rule.FALLBACK, replace(bar, perimeters=inner), setting.catalogue)


def _sift(
    names: tuple[str, ...], role: Rule, bar: Bar, catalogue: Catalogue
) -> tuple[tuple[Model, ...], tuple[Considered, ...]]:
    judged = [_judge(name, bar, catalogue) for name in names]
    models = tuple(found for found in judged if isinstance(found, Model))
    reasons = tuple(
        found if isinstance(found, Considered) else kept(found.name, role, role.meaning) for found in judged
    )
    return models, reasons


def _judge(name: str, bar: Bar, catalogue: Catalogue) -> Model | Considered:
    model = catalogue.models.get(name)
    if model is None:
        near = catalogue.nearest(name)
        hint = f"; did you mean {near}?" if near else ""
        return dropped(name, Rule.NOT_IN_CATALOGUE, f"the catalogue has no {name}{hint}")
    return objection(model, bar) or model


def _triage_by_default(task: TaskClass, setting: Setting) -> Route | Refuse:
    """The cheapest small model that the file names at all, else the planner: nothing unnamed is ever asked."""
    routes = setting.routing.routes
    named = dict.fromkeys((*routes.plan.names, *routes.code.names, *routes.qa.names))
    models = setting.catalogue.models
    small = tuple(name for name in named if name in models and models[name].tier == "small")
    bar = bar_for(RouteWish(tier="small"), Phase.TRIAGE, task, setting)
    if bar is None:
        return _no_such_level(setting)
    chosen = _cheapest(bar, setting.catalogue, small)
    if isinstance(chosen, Refuse):
        wish = routes.plan.model_copy(update={"budget_usd": None, "max_output_tokens": None})
        return route_by(wish, Phase.TRIAGE, task, setting, barred=Barred())
    primary, reasons = chosen
    return sealed(Route(Phase.TRIAGE, primary, (), (), bar.limits, reasons, ""))


def _nobody(bar: Bar, against: tuple[Considered, ...]) -> Refuse:
    rule = against[0].rule if against else Rule.TIER
    wanted = f"{bar.tier} model" if bar.tier else "model"
    why = "; ".join(f"{no.model}: {no.why}" for no in against[:3]) or "the catalogue has none"
    return refuse(rule, f"no {wanted} can do {bar.phase}: {why}", how_to_mend(rule, bar.phase, bar.task))


def _no_such_level(setting: Setting) -> Refuse:
    reason = f"the policy declares no level as closed as {setting.sensitivity}"
    return refuse(Rule.SENSITIVITY, reason, "ask the operator to declare the level under sensitivities")
