"""Which model does a phase, with which limits, and why: every candidate is kept or dropped by a named rule."""

from dataclasses import dataclass, field, replace
from hashlib import sha256

from pointsman.config.policy_file import PolicyFile
from pointsman.config.policy_parts import TaskDefaults
from pointsman.config.routing_file import CodeWish, RouteWish, RoutingFile, TaskWish
from pointsman.domain.figures import Figures, Measured
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.run import UNLIMITED, Allowance, Limits, Refuse, Route
from pointsman.policy.candidates import NOTHING_MORE, Asked, Bar
from pointsman.policy.catalogue import Catalogue
from pointsman.policy.choice import NOBODY, Chosen, cheapest, named, sift
from pointsman.policy.rules import Rule, dropped, refuse

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
    _typical: dict[Phase, Measured | None] = field(default_factory=dict, repr=False, compare=False)

    def typical(self, phase: Phase) -> Measured | None:
        """What a call of the phase comes to, whoever is asked; worked out once for all classes of task."""
        if phase not in self._typical:
            self._typical[phase] = self.figures.typical(phase)
        return self._typical[phase]


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
    asked = Asked(barred.first, wish.tier, wish.max_cost_usd, wish.max_latency_ms)
    catalogue = setting.catalogue
    first = named(wish.model, bar, asked, catalogue) if wish.model else cheapest(bar, asked, catalogue)
    if isinstance(first, Refuse):
        return first
    rest = Asked(barred.rest)
    fallback = _fallbacks(wish.fallback, first.models[0], bar, rest, task, setting)
    names = wish.escalate if isinstance(wish, CodeWish) else ()
    escalate = sift(names, Rule.ESCALATE, bar, rest, catalogue)
    reasons = (*first.reasons, *fallback.reasons, *escalate.reasons)
    route = Route(phase, first.models[0], fallback.models, escalate.models, bar.limits, reasons, "")
    if isinstance(wish, CodeWish):
        if (wish.samples or 1) > 1 and not first.models[0].is_free:
            return _samples_cost(first.models[0].name)
        route = replace(route, samples=wish.samples or 1, rung=_rung(wish))
    return sealed(route, catalogue)


def _rung(wish: CodeWish) -> Allowance:
    seconds = None if wish.rung_minutes is None else wish.rung_minutes * 60
    return Allowance(wish.rung_usd, wish.rung_tokens, wish.rung_calls, seconds)


def _samples_cost(name: str) -> Refuse:
    reason = f"several candidates are drawn only of a model that costs nothing, and {name} has a price"
    return refuse(Rule.SAMPLES, reason, Rule.SAMPLES.mend)


def sealed(route: Route, catalogue: Catalogue) -> Route:
    """The route with its digest, sha256 over everything else in it; models count by digests of their own."""
    limits = route.limits
    counts = (len(route.fallback), len(route.escalate), len(route.reasons))
    bounds = (limits.max_input_tokens, limits.max_output_tokens, limits.budget_usd, limits.max_calls, limits.seconds)
    models = [catalogue.digest(model) for model in route.models]
    parts = [route.phase, *map(repr, counts), *map(repr, bounds), *models]
    if (route.samples, route.rung) != (1, UNLIMITED):
        rung = route.rung
        parts += map(repr, (route.samples, rung.usd, rung.tokens, rung.calls, rung.seconds))
    for one in route.reasons:
        parts += (one.model, "kept" if one.kept else "dropped", one.rule, one.why)
    # No part holds a NUL, and the counts say where each list ends: other contents give another text.
    return replace(route, digest=sha256("\0".join(parts).encode()).hexdigest())


def bar_for(wish: RouteWish, phase: Phase, task: TaskClass, setting: Setting) -> Bar | None:
    """What every candidate of the phase must clear; None when the policy declares no level this closed."""
    level = setting.policy.rule_for(setting.sensitivity)
    if level is None:
        return None
    rule = setting.policy.task(task)
    return Bar(
        phase=phase,
        sensitivity=setting.sensitivity,
        perimeters=level.perimeters,
        limits=_limits(wish, phase, rule, setting),
        separation=setting.policy.separation,
        figures=setting.figures,
        typical=setting.typical(phase),
        least_tier="small" if phase is Phase.TRIAGE else rule.tier,
        explicit_output=min(wish.max_output_tokens or 0, rule.max_output_tokens),
        own_class=task if _is_own(wish, phase, setting.routing.tasks.get(task)) else None,
    )


def _is_own(wish: RouteWish, phase: Phase, own: TaskWish | None) -> bool:
    """Whether the route, or the coder that a reviewer must be far from, is named for one class of task alone."""
    if own is None:
        return False
    far_from_own = phase is Phase.REVIEW and own.code is not None
    return far_from_own or any(part is wish for part in (own.plan, own.code, own.qa))


def _limits(wish: RouteWish, phase: Phase, rule: TaskDefaults, setting: Setting) -> Limits:
    phase_rule = setting.policy.phase(phase)
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


def _fallbacks(
    names: tuple[str, ...], primary: Model, bar: Bar, asked: Asked, task: TaskClass, setting: Setting
) -> Chosen:
    if names and setting.policy.task(task).fallback == "never":
        why = "the policy uses no fallbacks for this class of task"
        return Chosen((), tuple(dropped(name, Rule.NO_FALLBACK, why) for name in names))
    if not names:
        return NOBODY
    # An outage must not move text further out than the owner sent it; only evidence or a person may.
    inner = tuple(place for place in bar.perimeters if place.rank <= primary.provider.perimeter.rank)
    return sift(names, Rule.FALLBACK, bar, replace(asked, within=inner), setting.catalogue)


def _triage_by_default(task: TaskClass, setting: Setting) -> Route | Refuse:
    """The cheapest small model that the file names at all, else the planner: nothing unnamed is ever asked."""
    routes = setting.routing.routes
    named = dict.fromkeys((*routes.plan.names, *routes.code.names, *routes.qa.names))
    models = setting.catalogue.models
    small = tuple(name for name in named if name in models and models[name].tier == "small")
    bar = bar_for(RouteWish(tier="small"), Phase.TRIAGE, task, setting)
    if bar is None:
        return _no_such_level(setting)
    chosen = cheapest(bar, NOTHING_MORE, setting.catalogue, small)
    if isinstance(chosen, Refuse):
        wish = routes.plan.model_copy(update={"budget_usd": None, "max_output_tokens": None})
        return route_by(wish, Phase.TRIAGE, task, setting, barred=Barred())
    route = Route(Phase.TRIAGE, chosen.models[0], (), (), bar.limits, chosen.reasons, "")
    return sealed(route, setting.catalogue)


def _no_such_level(setting: Setting) -> Refuse:
    reason = f"the policy declares no level as closed as {setting.sensitivity}"
    return refuse(Rule.SENSITIVITY, reason, Rule.SENSITIVITY.mend)
