"""Routes in plain words, the same on a terminal and in a comment."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.conversation import figures
from pointsman.domain.levels import MODEL_PHASES, Phase
from pointsman.domain.models import Model
from pointsman.domain.run import Considered, Limits, Need, Refuse, Route, TaskOrder

ROUTE_HEAD = ("phase", "model", "family", "runs at", "on outage", "when stuck", "limits")


@dataclass(frozen=True, slots=True)
class RouteWords:
    """One phase: who does it, who steps in, and within what; or, in `nobody` and `rule`, why nobody does."""

    phase: Phase
    model: str = ""
    family: str = ""
    runs_at: str = ""
    on_outage: tuple[str, ...] = ()
    when_stuck: tuple[str, ...] = ()
    limits: str = ""
    nobody: str = ""
    rule: str = ""
    is_skipped: bool = False


def routes_in_words(order: TaskOrder) -> tuple[RouteWords, ...]:
    """The phases of an order that ask a model."""
    return tuple(
        route_in_words(phase, order.routes[phase], is_skipped=phase is Phase.PLAN and order.plan is Need.SKIP)
        for phase in MODEL_PHASES
        if phase in order.routes
    )


def route_in_words(phase: Phase, route: Route | Refuse, *, is_skipped: bool = False) -> RouteWords:
    """One phase of an order, or what stands for it after a person named another model."""
    if isinstance(route, Refuse):
        return RouteWords(phase, nobody=route.reason, rule=route.rule, is_skipped=is_skipped)
    model = route.primary
    return RouteWords(
        phase=phase,
        model=model.name,
        family=model.family,
        runs_at=str(model.provider.perimeter),
        on_outage=_names(route.fallback),
        when_stuck=_names(route.escalate),
        limits=limits_in_words(route.limits),
        is_skipped=is_skipped,
    )


def limits_in_words(limits: Limits) -> str:
    """The bounds of a phase on one line."""
    return (
        f"{figures.tokens(limits.max_output_tokens)} tokens an answer, {figures.usd(limits.budget_usd)}, "
        f"{limits.max_calls} calls, {figures.duration(limits.seconds)}"
    )


def order_in_words(order: TaskOrder) -> str:
    """What is asked for besides the routes; empty when nothing is."""
    words = ["A person approves the plan."] if order.plan is Need.APPROVE else []
    if order.evidence_required:
        words.append("Without passed tests the change needs a person.")
    return " ".join(words)


def reasons_of(order: TaskOrder) -> Iterator[tuple[Phase, Considered]]:
    """Every candidate of every phase, with what was thought of it."""
    for phase in MODEL_PHASES:
        route = order.routes.get(phase)
        if isinstance(route, Route):
            for reason in route.reasons:
                yield phase, reason


def kept_or_not(reason: Considered) -> str:
    """`kept` or `left out`."""
    return "kept" if reason.kept else "left out"


def _names(models: tuple[Model, ...]) -> tuple[str, ...]:
    return tuple(model.name for model in models)
