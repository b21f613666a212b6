"""One model judged for one phase: whether it may do it, and by which rule not."""

from collections.abc import Mapping
from dataclasses import dataclass

from pointsman.config.shapes import Tier
from pointsman.domain.figures import Figures, Measured
from pointsman.domain.levels import Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Model
from pointsman.domain.money import dollars
from pointsman.domain.run import Considered, Limits
from pointsman.policy.catalogue import is_served, worst_call_usd
from pointsman.policy.rules import Rule, dropped
from pointsman.policy.separation import Separation, nearest_author

STRENGTH: Mapping[Tier, int] = {"small": 0, "mid": 1, "frontier": 2}
LEAST_QUESTION = 1_500
"""Tokens of question without which no phase can work; a window must hold them beside the answer."""

_No = tuple[Rule, str]


@dataclass(frozen=True, slots=True)
class Bar:
    """What every candidate must clear for one phase of one class of task. `typical` is what its calls come to.

    `least_tier` is the policy's; `explicit_output` the answer length that the route asks for, or 0. `own_class` is
    the class of task where the routing file has routes for it alone, for the words about how to mend a refusal.
    """

    phase: Phase
    sensitivity: Sensitivity
    perimeters: tuple[Perimeter, ...]
    limits: Limits
    separation: Separation
    figures: Figures
    typical: Measured | None = None
    least_tier: Tier = "small"
    explicit_output: int = 0
    own_class: TaskClass | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a candidate besides: by its place in the route, and by those it must not be near.

    `within` narrows the perimeters of the bar.
    """

    barred: tuple[Model, ...] = ()
    tier: Tier | None = None
    max_cost_usd: float | None = None
    max_latency_ms: int | None = None
    within: tuple[Perimeter, ...] | None = None


NOTHING_MORE = Asked()


def call_usd(model: Model, limits: Limits) -> float:
    """The most that one call of the phase can cost with this model, in US dollars; its price must be known."""
    assert model.price is not None
    output = min(limits.max_output_tokens, model.max_output)
    question = min(limits.max_input_tokens, model.context_window - output)
    return worst_call_usd(model.price, input_tokens=max(question, 0), output_tokens=output)


def weighed(model: Model, bar: Bar, asked: Asked = NOTHING_MORE) -> float | Considered:
    """The most that one call costs in US dollars, or the first thing that speaks against the model."""
    no = _where(model, bar, asked) or _who(model, bar, asked) or _what(model, bar, asked)
    if no is not None:
        return dropped(model.name, *no)
    cost = _cost(model, bar, asked)
    return cost if isinstance(cost, float) else dropped(model.name, *cost)


def _where(model: Model, bar: Bar, asked: Asked) -> _No | None:
    provider = model.provider
    perimeters = bar.perimeters if asked.within is None else asked.within
    if provider.perimeter not in perimeters:
        inside = ", ".join(str(place) for place in perimeters)
        return Rule.PERIMETER, f"{provider.name} is {provider.perimeter}; {bar.sensitivity} text stays {inside}"
    if not is_served(model):
        return Rule.NOT_SERVED, f"{provider.name} may not be asked for {model.id}"
    return None


def _who(model: Model, bar: Bar, asked: Asked) -> _No | None:
    near = nearest_author(model, asked.barred, bar.separation) if asked.barred else None
    if near is not None:
        shared = f"vendor ({model.vendor})" if bar.separation == "vendor" else f"family ({model.family})"
        role = "writes the code" if bar.phase is Phase.REVIEW else "reviews"
        return Rule.SEPARATION, f"it is of the same {shared} as {near.name}, which {role}"
    if asked.tier is not None and model.tier != asked.tier:
        return Rule.TIER, f"it is {model.tier}, the route asks for {asked.tier}"
    if STRENGTH[model.tier] < STRENGTH[bar.least_tier]:
        return Rule.TIER, f"it is {model.tier}, the task needs {bar.least_tier}"
    return None


def _what(model: Model, bar: Bar, asked: Asked) -> _No | None:
    if bar.explicit_output > model.max_output:
        return Rule.OUTPUT_LIMIT, f"it writes {model.max_output} tokens, the route asks for {bar.explicit_output}"
    output = min(bar.limits.max_output_tokens, model.max_output)
    if model.context_window < output + LEAST_QUESTION:
        return Rule.CONTEXT_WINDOW, f"its window of {model.context_window} is too small for an answer of {output}"
    return _speed(model, bar, asked.max_latency_ms) if asked.max_latency_ms is not None else None


def _speed(model: Model, bar: Bar, most: int) -> _No | None:
    measured = bar.figures.latency_ms(model.name, bar.phase)
    if measured is None:
        return Rule.UNKNOWN_FIGURE, "its latency has not been measured"
    if measured > most:
        return Rule.LATENCY, f"a call takes {measured} ms, at most {most} are wanted"
    return None


def _cost(model: Model, bar: Bar, asked: Asked) -> float | _No:
    if model.price is None:
        return Rule.UNKNOWN_PRICE, f"nobody knows what {model.id} costs"
    cost = call_usd(model, bar.limits)
    if asked.max_cost_usd is not None and cost > asked.max_cost_usd:
        return Rule.COST, f"a call may cost {dollars(cost, 4)}, at most {dollars(asked.max_cost_usd, 4)} is wanted"
    if cost > bar.limits.budget_usd:
        return Rule.BUDGET, f"a call may cost {dollars(cost, 4)}, the phase has {dollars(bar.limits.budget_usd, 4)}"
    return cost
