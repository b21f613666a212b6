"""What a model costs that keeps to a region, where the public list knows its price for anywhere only."""

import pytest

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.models import Price, ProviderKind
from pointsman.policy.catalogue import catalogue_of

TEXT = """\
providers:
  far: {PROVIDER, key: "file:/run/token"}
models:
  big: {provider: far, id: claude-x, vendor: v, family: f, tier: mid, context_window: 9000, max_output: 99}
  own: {provider: far, id: claude-y, vendor: v, family: f, tier: mid, context_window: 9000, max_output: 99,
        price: {input: 1, output: 2}}
sensitivities: {internal: {perimeters: [public]}}
caps: {run_usd: 1, repository_day_usd: 5, installation_day_usd: 50}
"""


def price_of(kind: ProviderKind, provider: str, model_id: str) -> Price:
    return Price(2.0, 10.0, 0.2, 2.5)


@pytest.mark.parametrize(
    ("provider", "dearer"),
    [
        ("kind: anthropic, perimeter: public", False),
        ("kind: anthropic, perimeter: public, region: us", True),
        ("kind: anthropic, perimeter: public, region: global", False),
        ("kind: anthropic-vertex, perimeter: public, region: europe-west1, project: acme-ai", True),
        ("kind: anthropic-vertex, perimeter: public, region: global, project: acme-ai", False),
    ],
)
def test_a_region_costs_a_tenth_more_than_the_list_and_a_declared_price_is_taken_as_it_is(
    provider: str, dearer: bool
) -> None:
    policy = load_policy(TEXT.replace("PROVIDER", provider).encode(), "p.yml")
    assert isinstance(policy, PolicyFile), policy
    models = catalogue_of(policy, price_of).models
    assert models["big"].price == (Price(2.2, 11.0, 0.22, 2.75) if dearer else Price(2.0, 10.0, 0.2, 2.5))
    assert models["own"].price == Price(1, 2)
