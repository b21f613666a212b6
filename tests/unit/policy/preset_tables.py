"""The routing table of a preset: what each phase gets, for each class of task at each level, as Markdown."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.config.routing_file import CodeWish, RoutingFile, load_routing
from pointsman.domain.figures import Figures
from pointsman.domain.levels import MODEL_PHASES, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.run import Refuse, Route, TaskOrder
from pointsman.models.prices import price_of
from pointsman.policy.catalogue import catalogue_of
from pointsman.policy.orders import orders_for_all
from pointsman.policy.routes import Setting, wish_of

ROOT = Path(__file__).resolve().parents[3]
POLICIES = ROOT / "policies"
GOLDEN = ROOT / "tests" / "golden" / "routing"
PRESETS = tuple(sorted(path.stem for path in POLICIES.glob("*.yml")))
AT_HOME = "local-only"
"""The preset whose routing file also serves the closed repositories of policies that know the same models."""

HEAD = (
    "| phase | model | on outage | when stuck | tokens in | out | calls | at most |",
    "|---|---|---|---|---|---|---|---|",
)
Orders = Mapping[TaskClass, TaskOrder]


def preset_policy(name: str) -> PolicyFile:
    """A policy that is shipped."""
    found = load_policy((POLICIES / f"{name}.yml").read_bytes(), f"policies/{name}.yml")
    assert isinstance(found, PolicyFile), [str(problem) for problem in found]
    return found


def preset_routing(name: str) -> RoutingFile:
    """The routing file that goes with it."""
    found = load_routing((POLICIES / "routing" / f"{name}.yml").read_bytes(), f"policies/routing/{name}.yml")
    assert isinstance(found, RoutingFile), [str(problem) for problem in found]
    return found


def orders_of(policy: PolicyFile, routing: RoutingFile, level: Sensitivity) -> Orders:
    """The orders of a build, for every class of task, in a repository of that level."""
    return orders_for_all(Setting(policy, routing, catalogue_of(policy, price_of), level, Figures()))


def routings_of(name: str) -> tuple[str, ...]:
    """The routing files that the preset is used with: its own, and that for closed repositories if it serves them."""
    closed = orders_of(preset_policy(name), preset_routing(AT_HOME), Sensitivity.SECRET)
    return tuple(dict.fromkeys((name, AT_HOME) if is_served(closed) else (name,)))


def is_served(orders: Orders) -> bool:
    """Whether a bug can be mended under these orders."""
    return not any(isinstance(route, Refuse) for route in orders[TaskClass.BUGFIX].routes.values())


def table_of(name: str) -> str:
    """The whole page. Levels, and classes of one level, that go the same way share a table."""
    policy = preset_policy(name)
    parts = [
        f"# {name}\n",
        f"Each phase, class of task and level under `policies/{name}.yml`. Written by "
        "`python -m tests.unit.policy.test_presets`; no prices stand here, since they change.\n",
    ]
    for used in routings_of(name):
        levels = sorted(policy.sensitivities, key=lambda level: level.rank)
        if used != name:
            levels = [level for level in levels if level.rank >= Sensitivity.RESTRICTED.rank]
        parts += _levels(policy, used, levels)
    return "\n".join(parts)


def _levels(policy: PolicyFile, used: str, levels: list[Sensitivity]) -> Iterator[str]:
    routing = preset_routing(used)
    pages = [(level, "\n".join(_classes(orders_of(policy, routing, level), routing))) for level in levels]
    for page, same in groupby(pages, key=lambda item: item[1]):
        yield f"## {', '.join(str(level) for level, _ in same)}, with `routing/{used}.yml`\n\n{page}"


def _classes(orders: Orders, routing: RoutingFile) -> Iterator[str]:
    alike: dict[str, list[TaskClass]] = {}
    for task, order in orders.items():
        alike.setdefault("\n".join((_asked(order), "", *HEAD, *_rows(order, routing), "")), []).append(task)
    for table, tasks in alike.items():
        yield f"**{', '.join(tasks)}** · {table}"


def _asked(order: TaskOrder) -> str:
    evidence, review = (
        "required" if wanted else "optional" for wanted in (order.evidence_required, order.review_required)
    )
    return f"plan: {order.plan} · evidence: {evidence} · review: {review} · lane: {order.lane}"


def _rows(order: TaskOrder, routing: RoutingFile) -> Iterator[str]:
    for phase in MODEL_PHASES:
        route, wish = order.routes[phase], wish_of(phase, order.task, routing)
        if isinstance(route, Refuse):
            yield f"| {phase} | refused: `{route.rule}` | | | | | | |"
            continue
        limits, stuck = route.limits, wish.escalate if isinstance(wish, CodeWish) else ()
        cells = (
            route.primary.name,
            _stand_ins(wish.fallback if wish else (), route.fallback, route),
            _stand_ins(stuck, route.escalate, route),
            f"{limits.max_input_tokens}",
            f"{limits.max_output_tokens}",
            f"{limits.max_calls} in {limits.seconds / 60:g} min",
            f"${limits.budget_usd:.2f}",
        )
        yield f"| {phase} |" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def _stand_ins(named: tuple[str, ...], used: tuple[Model, ...], route: Route) -> str:
    """The models of a list, those that policy dropped with the rule."""
    kept = {model.name for model in used}
    rules = {reason.model: reason.rule for reason in route.reasons if not reason.kept}
    return ", ".join(name if name in kept else f"~~{name}~~ (`{rules[name]}`)" for name in named)


def dropped(orders: Orders, routing: RoutingFile) -> set[tuple[str, str]]:
    """Every stand-in that a routing file names and policy drops, with the rule."""
    found: set[tuple[str, str]] = set()
    for order in orders.values():
        for phase, route in order.routes.items():
            wish = wish_of(phase, order.task, routing)
            if isinstance(route, Route) and wish is not None:
                found |= {(no.model, no.rule) for no in route.reasons if not no.kept and no.model in wish.names}
    return found
