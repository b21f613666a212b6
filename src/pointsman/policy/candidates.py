"""One model judged for one phase: whether it may do it, and by which rule not."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.config.shapes import Tier
from pointsman.domain.figures import Figures
from pointsman.domain.levels import Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.run import Considered, Limits
from pointsman.policy.catalogue import is_served, worst_call_usd
from pointsman.policy.rules import Rule, dropped
from pointsman.policy.separation import Separation, nearest_author

TIERS: tuple[Tier, ...] = ("small", "mid", "frontier")
LEAST_QUESTION = 1_500
"""Tokens of question without which no phase can work; a window must hold them beside the answer."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a candidate must clear for one phase of one class of task.

    `least_tier` is the policy's, `tier` the one that the route asks for, if it asks for one. `barred` are the models
    that the candidate must not be near; `explicit_output` is the answer length that the route asks for, or 0.
    """

    phase: Phase
    task: TaskClass
    sensitivity: Sensitivity
    perimeters: tuple[Perimeter, ...]
    limits: Limits
    separation: Separation
    figures: Figures
    least_tier: Tier = "small"
    tier: Tier | None = None
    barred: tuple[Model, ...] = ()
    explicit_output: int = 0
    max_cost_usd: float | None = None
    max_latency_ms: int | None = None


def call_usd(model: Model, limits: Limits) -> float:
    """The most that one call of the phase can cost with this model, in US dollars; its price must be known."""
    assert model.price is not None
    output = min(limits.max_output_tokens, model.max_output)
    question = min(limits.max_input_tokens, model.context_window - output)
    return worst_call_usd(model.price, input_tokens=max(question, 0), output_tokens=output)


def objection(model: Model, bar: Bar) -> Considered | None:
    """The first thing that speaks against the model, or None."""
    for rule, why in _objections(model, bar):
        return dropped(model.name, rule, why)
    return None


def _objections(model: Model, bar: Bar) -> Iterator[tuple[Rule, str]]:
    yield from _where(model, bar)
    yield from _who(model, bar)
    yield from _what(model, bar)
    yield from _money(model, bar)


def _where(model: Model, bar: Bar) -> Iterator[tuple[Rule, str]]:
    provider = model.provider
    if provider.perimeter not in bar.perimeters:
        inside = ", ".join(str(place) for place in bar.perimeters)
        yield Rule.PERIMETER, f"{provider.name} is {provider.perimeter}; {bar.sensitivity} text stays {inside}"
    if not is_served(model):
        yield Rule.NOT_SERVED, f"{provider.name} may not be asked for {model.id}"


def _who(model: Model, bar: Bar) -> Iterator[tuple[Rule, str]]:
    near = nearest_author(model, bar.barred, bar.separation)
    if near is not None:
        shared = f"vendor ({model.vendor})" if bar.separation == "vendor" else f"family ({model.family})"
        role = "writes the code" if bar.phase is Phase.REVIEW else "reviews"
        yield Rule.SEPARATION, f"it is of the same {shared} as {near.name}, which {role}"
    if bar.tier is not None and model.tier != bar.tier:
        yield Rule.TIER, f"it is {model.tier}, the route asks for {bar.tier}"
    if TIERS.index(model.tier) < TIERS.index(bar.least_tier):
        yield Rule.TIER, f"it is {model.tier}, the task needs {bar.least_tier}"


def _what(model: Model, bar: Bar) -> Iterator[tuple[Rule, str]]:
    output = min(bar.limits.max_output_tokens, model.max_output)
    if bar.explicit_output > model.max_output:
        yield Rule.OUTPUT_LIMIT, f"it writes {model.max_output} tokens, the route asks for {bar.explicit_output}"
    if model.context_window < output + LEAST_QUESTION:
        yield Rule.CONTEXT_WINDOW, f"its window of {model.context_window} is too small for an answer of {output}"
    if bar.max_latency_ms is not None:
        measured = bar.figures.latency_ms(model.name, bar.phase)
        if measured is None:
            yield Rule.UNKNOWN_FIGURE, "its latency has not been measured"
        elif measured > bar.max_latency_ms:
            yield Rule.LATENCY, f"a call takes {measured} ms, at most {bar.max_latency_ms} are wanted"


def _money(model: Model, bar: Bar) -> Iterator[tuple[Rule, str]]:
    if model.price is None:
        yield Rule.UNKNOWN_PRICE, f"nobody knows what {model.id} costs"
        return
    cost = call_usd(model, bar.limits)
    if bar.max_cost_usd is not None and cost > bar.max_cost_usd:
        yield Rule.COST, f"a call may cost ${cost:.4f}, at most ${bar.max_cost_usd:.4f} is wanted"
    if cost > bar.limits.budget_usd:
        yield Rule.BUDGET, f"a call may cost ${cost:.4f}, the phase has ${bar.limits.budget_usd:.4f}"
