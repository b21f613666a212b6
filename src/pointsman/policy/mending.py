"""What to do about a refusal, by the rule that refused."""

from collections.abc import Mapping

from pointsman.domain.levels import Phase, TaskClass
from pointsman.policy.rules import Rule

_MEND: Mapping[str, str] = {
    Rule.NOT_IN_CATALOGUE: "name a model of the policy's catalogue for {key}, or ask the operator to add this one",
    Rule.NOT_SERVED: "ask the operator to let the provider serve this id, or name another model for {key}",
    Rule.PERIMETER: "name a model for {key} that runs where this text may go",
    Rule.SEPARATION: "name a qa model of another family than the coder{here}",
    Rule.TIER: "name a stronger model for {key}",
    Rule.UNKNOWN_PRICE: "ask the operator to declare the model's price in the policy",
    Rule.UNKNOWN_FIGURE: "name a model for {key} instead of max_latency_ms",
    Rule.CONTEXT_WINDOW: "lower max_output_tokens for {key}, or name a model with a larger window",
    Rule.OUTPUT_LIMIT: "lower max_output_tokens for {key}",
    Rule.COST: "raise max_cost_usd for {key}, or lower max_output_tokens",
    Rule.LATENCY: "raise max_latency_ms for {key}",
    Rule.BUDGET: "raise the budget of {key} or of the run, or lower max_output_tokens",
}


def how_to_mend(rule: str, phase: Phase, own_class: TaskClass | None) -> str:
    """One sentence for the owner of the routing file; its key for the review is `qa`.

    `own_class` is the class of task that has routes of its own in the file, if the refused route is one of them.
    """
    key = "qa" if phase is Phase.REVIEW else phase.value
    if own_class is None:
        return _MEND.get(rule, "").format(key=key, here="")
    return _MEND.get(rule, "").format(key=f"tasks.{own_class}.{key}", here=f" (tasks: {{{own_class}: {{qa: NAME}}}})")
