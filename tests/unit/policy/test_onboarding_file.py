"""The routing file that is proposed works at once under the policy that it is proposed by."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.policy.policy_world import POLICY, policy, price_of, request

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.config.routing_file import RoutingFile, load_routing
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.outcome import Hint
from pointsman.domain.run import Admit, Route, RunSpec
from pointsman.models.prices import price_of as listed_price
from pointsman.policy.admission import Rulebook, decide
from pointsman.policy.catalogue import PriceOf
from pointsman.policy.onboarding import onboarding_routing, unlisted

ROOT = Path(__file__).resolve().parents[3]


def _shipped() -> PolicyFile:
    found = load_policy((ROOT / "policies" / "default.yml").read_bytes(), "policies/default.yml")
    assert isinstance(found, PolicyFile)
    return found


def _admitted(law: PolicyFile, text: str, price: PriceOf, name: str = "acme/shop") -> RunSpec:
    file = load_routing(text.encode())
    assert isinstance(file, RoutingFile), file
    asked = replace(request(name), hint=Hint(TaskClass.BUGFIX, "label", "a label says so"))
    decision = decide(asked, Rulebook(law, "p", file, "r", price))
    assert isinstance(decision, Admit), decision
    return decision.spec


@pytest.mark.parametrize("price", [listed_price, unlisted])
def test_the_shipped_policy_proposes_a_file_that_is_read_and_admitted(price: PriceOf) -> None:
    law = _shipped()
    text = onboarding_routing(law, price, repository="acme/shop")
    spec = _admitted(law, text, price)
    assert text.count("\n") == 3
    code, review = (spec.orders[TaskClass.BUGFIX].routes[phase] for phase in (Phase.CODE, Phase.REVIEW))
    assert isinstance(code, Route) and isinstance(review, Route)
    assert code.primary.family != review.primary.family
    assert code.primary.price is not None and code.primary.price.output_usd == 0


def test_a_closed_repository_is_offered_only_models_that_may_read_it() -> None:
    shipped = _shipped()
    law = shipped.model_copy(
        update={"repositories": (shipped.repositories[0].model_copy(update={"sensitivity": Sensitivity.SECRET}),)}
    )
    text = onboarding_routing(law, listed_price, repository="acme/vault")
    spec = _admitted(law, text, listed_price, "acme/vault")
    assert spec.sensitivity is Sensitivity.SECRET
    assert "gpt-" not in text and "claude" not in text


def test_nothing_is_proposed_when_everything_is_of_one_family() -> None:
    assert onboarding_routing(policy(POLICY), price_of, repository="acme/shop") != ""
    one = {name: entry.model_copy(update={"family": "one"}) for name, entry in policy().models.items()}
    assert onboarding_routing(policy().model_copy(update={"models": one}), price_of, repository="acme/shop") == ""
