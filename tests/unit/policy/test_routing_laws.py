"""The laws of routing, over generated policies and routing files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, permutations, product
from typing import TypedDict

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.policy.policy_world import admitted, request, times

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import RoutingFile
from pointsman.domain.figures import Figures
from pointsman.domain.levels import MODEL_PHASES, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model, Price, ProviderKind
from pointsman.domain.run import Admit, PathRule, Refuse, Route
from pointsman.policy.admission import Rulebook, decide
from pointsman.policy.catalogue import catalogue_of, is_served
from pointsman.policy.orders import order_for
from pointsman.policy.override import override
from pointsman.policy.routes import Setting, sealed
from pointsman.policy.separation import reviewers, too_near
from pointsman.policy.touched import sensitivity_at, weigh

NAMES = tuple(f"m{number}" for number in range(7))
ASKED = (*NAMES, "nobody")
PROVIDERS = {
    "near": {"kind": "ollama", "perimeter": "local", "base_url": "http://127.0.0.1:11434"},
    "own": {"kind": "openai-compatible", "perimeter": "account", "base_url": "https://m.example.org"},
    "far": {"kind": "openai", "perimeter": "public", "serves": ["id*"]},
}


class Wish(TypedDict, total=False):
    model: str
    tier: str
    max_cost_usd: float
    max_latency_ms: int
    fallback: list[str]
    escalate: list[str]
    budget_usd: float
    max_output_tokens: int


LEVELS = tuple(Sensitivity)
# Docs may have routes of its own, security asks for more; every other class goes by the common routes.
TASKS = (TaskClass.BUGFIX, TaskClass.DOCS, TaskClass.SECURITY)


@dataclass(frozen=True)
class Case:
    policy: PolicyFile
    routing: RoutingFile
    figures: Figures

    def setting(self, level: Sensitivity) -> Setting:
        catalogue = catalogue_of(self.policy, price_of)
        return Setting(self.policy, self.routing, catalogue, level, self.figures)

    def book(self) -> Rulebook:
        return Rulebook(self.policy, "p", self.routing, "r", price_of, self.figures)


def price_of(kind: ProviderKind, provider: str, model_id: str) -> Price | None:
    """Models whose id says so are on no price list."""
    return None if model_id.endswith("-unpriced") else Price(1, 4)


# Whole models and whole orders are drawn at once: a draw for each of their parts took most of the time of an example.
MODELS = st.sampled_from(
    tuple(
        product(
            ("", "", "", "-unpriced"),
            ("id", "id", "id", "x"),
            sorted(PROVIDERS),
            ("f1", "f2", "f3"),
            ("v1", "v2"),
            ("small", "mid", "frontier"),
            (2_000, 8_000, 100_000),
            (500, 1_500),
            ({}, {"price": 0}),
        )
    )
)
ORDERS = st.sampled_from(tuple(permutations(ASKED, 6)))


@st.composite
def models(draw: st.DrawFn) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for number, name in enumerate(NAMES):
        odd, head, provider, family, vendor, tier, window, output, price = draw(MODELS)
        found[name] = {
            "provider": provider,
            "id": f"{head}{number}{odd}",
            "family": family,
            "vendor": vendor,
            "tier": tier,
            "context_window": window,
            "max_output": output,
            **price,
        }
    return found


@st.composite
def policies(draw: st.DrawFn) -> PolicyFile:
    places = ["local", "account", "public"]
    cuts = sorted(draw(st.lists(st.integers(1, 3), min_size=4, max_size=4)), reverse=True)
    levels = {level.value: {"perimeters": places[:cut]} for level, cut in zip(Sensitivity, cuts, strict=True)}
    for level in draw(st.sets(st.sampled_from(sorted(levels)), max_size=3)):
        del levels[level]
    # Validated as plain data, since reading YAML would take most of the time of every example.
    return PolicyFile.model_validate(
        {
            "providers": PROVIDERS,
            "models": draw(models()),
            "sensitivities": levels,
            "repositories": [{"match": "**", "sensitivity": draw(st.sampled_from(sorted(levels)))}],
            "defaults": {"max_input_tokens": 4000, "max_output_tokens": 1000},
            "tasks": {"security": {"tier": "mid", "fallback": draw(st.sampled_from(["outage", "never"]))}},
            "separation": draw(st.sampled_from(["model", "family", "vendor"])),
            "caps": {"run_usd": 1, "repository_day_usd": 1, "installation_day_usd": 1},
        }
    )


@st.composite
def wishes(draw: st.DrawFn, *, named: bool, code: bool = False) -> Wish:
    order = draw(ORDERS)
    wish: Wish = {}
    if named or draw(st.booleans()):
        wish["model"], order = order[0], order[1:]
    else:
        wish["tier"] = draw(st.sampled_from(["small", "mid", "frontier"]))
        if draw(st.booleans()):
            wish["max_cost_usd"] = draw(st.sampled_from([0.001, 0.1]))
        if draw(st.booleans()):
            wish["max_latency_ms"] = 500
    wish["fallback"] = list(order[: draw(st.integers(0, 2))])
    if code:
        wish["escalate"] = list(order[3 : 3 + draw(st.integers(0, 2))])
    if draw(st.booleans()):
        wish["budget_usd"] = draw(st.sampled_from([0.001, 5.0]))
    if draw(st.booleans()):
        wish["max_output_tokens"] = draw(st.sampled_from([200, 1_400]))
    return wish


@st.composite
def cases(draw: st.DrawFn, *, named: bool = False) -> Case:
    routes: dict[str, object] = {
        "plan": draw(wishes(named=named)),
        "code": draw(wishes(named=named, code=True)),
        "qa": draw(wishes(named=named)),
    }
    if named or draw(st.booleans()):
        routes["triage"] = draw(wishes(named=named))
    own = {"docs": {"code": draw(wishes(named=named, code=True))}} if draw(st.booleans()) else {}
    figures = times(**draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from([100, 900]))))
    return Case(draw(policies()), RoutingFile.model_validate({"routes": routes, "tasks": own}), figures)


def all_routes(case: Case, level: Sensitivity) -> Iterator[tuple[TaskClass, Phase, Route]]:
    setting = case.setting(level)
    for task in TASKS:
        order = order_for(task, setting)
        for phase in MODEL_PHASES:
            found = order.routes[phase]
            if isinstance(found, Route):
                yield task, phase, found


def models_of(route: Route) -> tuple[Model, ...]:
    return (route.primary, *route.fallback, *route.escalate)


@given(cases(named=True))
def test_law_1_raising_the_sensitivity_never_adds_a_candidate(case: Case) -> None:
    for lower, higher in pairwise(LEVELS):
        open_routes = {(task, phase): route for task, phase, route in all_routes(case, lower)}
        for task, phase, route in all_routes(case, higher):
            before = open_routes[task, phase]
            assert {m.name for m in models_of(route)} <= {m.name for m in models_of(before)}
            assert {r.model for r in route.reasons if r.kept} <= {r.model for r in before.reasons if r.kept}


@given(cases())
def test_law_1_text_never_goes_further_out_at_a_higher_level(case: Case) -> None:
    allowed = [rule.perimeters if (rule := case.policy.rule_for(level)) else () for level in LEVELS]
    for number, level in enumerate(LEVELS):
        for _, _, route in all_routes(case, level):
            for model in models_of(route):
                assert all(model.provider.perimeter in places for places in allowed[: number + 1])


@given(cases(), st.sampled_from(LEVELS))
def test_law_1_a_routing_file_never_allows_what_the_policy_does_not(case: Case, level: Sensitivity) -> None:
    rule = case.policy.rule_for(level)
    for task, phase, route in all_routes(case, level):
        assert rule is not None
        bounds, own = case.policy.task(task), case.policy.phase(phase)
        assert route.limits.max_input_tokens <= bounds.max_input_tokens
        assert route.limits.max_output_tokens <= bounds.max_output_tokens
        assert route.limits.budget_usd <= case.policy.caps.run_usd
        assert (route.limits.max_calls, route.limits.seconds) == (own.max_calls, own.seconds)
        for model in models_of(route):
            assert case.policy.domain_models()[model.name].id == model.id
            assert is_served(model)
            assert model.provider.perimeter in rule.perimeters
            if phase is not Phase.TRIAGE and bounds.tier == "mid":
                assert model.tier != "small"


@given(cases(), st.sampled_from(LEVELS))
def test_law_2_no_reviewer_is_near_anybody_who_may_write_the_code(case: Case, level: Sensitivity) -> None:
    setting = case.setting(level)
    for order in (order_for(task, setting) for task in TASKS):
        code, review = order.routes[Phase.CODE], order.routes[Phase.REVIEW]
        if isinstance(code, Route) and isinstance(review, Route):
            for author in models_of(code):
                for reviewer in models_of(review):
                    assert not too_near(reviewer, author, case.policy.separation)


@given(cases(), st.sampled_from(LEVELS), st.sets(st.sampled_from(NAMES)))
def test_law_2_holds_again_for_those_who_really_wrote(case: Case, level: Sensitivity, wrote: set[str]) -> None:
    known = case.policy.domain_models()
    authors = tuple(known[name] for name in sorted(wrote))
    for _, phase, route in all_routes(case, level):
        if phase is Phase.REVIEW:
            found = reviewers(route, authors, case.policy.separation)
            if isinstance(found, Refuse):
                assert found.rule == "separation"
                continue
            assert found
            for reviewer in found:
                assert not any(too_near(reviewer, author, case.policy.separation) for author in authors)


@given(cases(), st.sampled_from(NAMES), st.sampled_from(MODEL_PHASES))
def test_law_2_and_the_policy_hold_for_a_model_that_a_person_names(case: Case, name: str, phase: Phase) -> None:
    decision = decide(request(), case.book())
    if not isinstance(decision, Admit):
        return
    spec = decision.spec.triaged(TaskClass.BUGFIX, decision.spec.risk)
    found = override(spec, phase, name, case.policy, price_of)
    if isinstance(found, Refuse):
        return
    rule = case.policy.rule_for(spec.sensitivity)
    assert rule is not None
    assert (found.primary.name, found.fallback, found.escalate) == (name, (), ())
    assert found.primary.provider.perimeter in rule.perimeters
    assert found.primary.price is not None
    after = replace(spec, overrides={phase: found})
    code, review = after.route(Phase.CODE), after.route(Phase.REVIEW)
    if phase in (Phase.CODE, Phase.REVIEW) and isinstance(code, Route) and isinstance(review, Route):
        assert not isinstance(reviewers(review, (code.primary,), case.policy.separation), Refuse)


@given(cases(), st.sampled_from(LEVELS))
def test_law_3_a_fallback_never_crosses_a_perimeter_line(case: Case, level: Sensitivity) -> None:
    for task, _, route in all_routes(case, level):
        for model in route.fallback:
            assert case.policy.task(task).fallback == "outage"
            assert model.provider.perimeter.rank <= route.primary.provider.perimeter.rank


@given(cases(), st.sampled_from(LEVELS))
def test_law_4_what_is_unknown_is_never_asked(case: Case, level: Sensitivity) -> None:
    file = case.routing
    for task, phase, route in all_routes(case, level):
        for model in models_of(route):
            assert model.name in case.policy.models
            assert model.price is not None
        wish = {Phase.PLAN: file.routes.plan, Phase.REVIEW: file.routes.qa}.get(phase)
        if wish is not None and wish.max_latency_ms is not None and task is not TaskClass.DOCS:
            assert (case.figures.latency_ms(route.primary.name, phase) or 0) <= wish.max_latency_ms


ORDER = admitted("plan: opus\ncode: qwen-s\nqa: sol\n")
PATHS = st.sampled_from(["a.py", "src/a.py", "src/Auth/a.py", "auth/b.py", "db/x.sql", "README.md"])
RULES = st.builds(
    PathRule, st.sampled_from(["src/", "auth/", "*.sql", "**/a.py"]), st.sampled_from(LEVELS), st.booleans()
)


@given(st.lists(RULES, max_size=4), st.sets(PATHS, max_size=4), st.sampled_from(LEVELS))
def test_law_5_a_touched_path_more_closed_than_the_routes_stops_the_run(
    rules: list[PathRule], paths: set[str], level: Sensitivity
) -> None:
    spec = replace(ORDER, sensitivity=level, paths=tuple(rules))
    touched = tuple(sorted(paths))
    levels = [sensitivity_at(spec, path) for path in touched]
    assert all(found.rank >= level.rank for found in levels)
    stopped = weigh(spec, touched)
    assert (stopped is not None) is any(found.rank > level.rank for found in levels)
    if stopped is not None:
        worst = max(levels, key=lambda found: found.rank)
        assert f"pointsman:{worst}" in stopped.mend


@given(cases(), st.sampled_from(LEVELS))
def test_law_6_the_same_inputs_give_the_same_routes_and_digests(case: Case, level: Sensitivity) -> None:
    first, second = tuple(all_routes(case, level)), tuple(all_routes(case, level))
    assert first == second
    for _, _, route in first:
        catalogue = case.setting(level).catalogue
        assert sealed(replace(route, digest=""), catalogue).digest == route.digest
        for other in (
            replace(route, limits=replace(route.limits, max_calls=route.limits.max_calls + 1)),
            replace(route, phase=Phase.RECORD),
            replace(route, primary=replace(route.primary, max_output=route.primary.max_output + 1)),
            replace(route, fallback=(*route.fallback, route.primary)),
            replace(route, escalate=(*route.escalate, route.primary)),
            replace(route, reasons=route.reasons[1:]),
        ):
            assert sealed(other, catalogue_of(case.policy, price_of)).digest != route.digest
