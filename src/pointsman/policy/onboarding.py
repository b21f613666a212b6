"""The routing file that is proposed to a repository that has none: three lines, from the policy's own catalogue."""

from pointsman.config.policy_file import PolicyFile
from pointsman.domain.levels import Sensitivity
from pointsman.domain.models import Model, Price, ProviderKind
from pointsman.policy.admission import level_of
from pointsman.policy.catalogue import PriceOf, catalogue_of, is_served, worst_call_usd
from pointsman.policy.separation import nearest_author

_TIERS = ("frontier", "mid", "small")


def unlisted(kind: ProviderKind, provider: str, model_id: str) -> Price | None:
    """The price list of somebody who has none: only what the policy declares is known."""
    return None


def onboarding_routing(policy: PolicyFile, price_of: PriceOf = unlisted, *, repository: str = "") -> str:
    """`.pointsman.yml` for a repository of this name, as the policy sees it. Pure; empty when no file could work.

    The planner is the cheapest model of the strongest tier, the coder the cheapest of all that may code, the reviewer
    the strongest that is far enough from the coder. Only models whose price is known and that may read the repository
    are proposed; of equals, the first in the policy.
    """
    models = _usable(policy, price_of, level_of(repository, policy))
    strong = sorted(models, key=lambda model: (_TIERS.index(model.tier), _cost(model, policy)))
    for coder in sorted(models, key=lambda model: _cost(model, policy)):
        reviewer = next((m for m in strong if nearest_author(m, (coder,), policy.separation) is None), None)
        if reviewer is not None:
            return f"plan: {strong[0].name}\ncode: {coder.name}\nqa: {reviewer.name}\n"
    return ""


def _usable(policy: PolicyFile, price_of: PriceOf, level: Sensitivity) -> list[Model]:
    rule = policy.rule_for(level)
    allowed = rule.perimeters if rule else ()
    weakest = _TIERS.index(policy.defaults.tier)
    return [
        model
        for model in catalogue_of(policy, price_of).models.values()
        if model.price is not None
        and is_served(model)
        and model.provider.perimeter in allowed
        and _TIERS.index(model.tier) <= weakest
        and model.context_window > 2 * model.max_output
        and _cost(model, policy) <= policy.caps.run_usd
    ]


def _cost(model: Model, policy: PolicyFile) -> float:
    """The most that one call of the usual size can cost, in US dollars."""
    assert model.price is not None
    answer = min(model.max_output, policy.defaults.max_output_tokens)
    question = min(policy.defaults.max_input_tokens, model.context_window - answer)
    return worst_call_usd(model.price, input_tokens=question, output_tokens=answer)
