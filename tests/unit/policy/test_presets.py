"""The presets: complete policies with their routing files, and golden tables of who does what under each.

`python -m tests.unit.policy.test_presets` writes the tables anew.
"""

import pytest
from tests.unit.policy.preset_tables import (
    AT_HOME,
    GOLDEN,
    POLICIES,
    PRESETS,
    dropped,
    is_served,
    orders_of,
    preset_policy,
    preset_routing,
    routings_of,
    table_of,
)

from pointsman.config.policy_file import read_policy_text
from pointsman.config.routing_file import read_routing
from pointsman.config.written import Written
from pointsman.domain.levels import Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.run import Need, Refuse, Route
from pointsman.models.prices import price_of
from pointsman.policy.admission import Rulebook
from pointsman.policy.catalogue import catalogue_of
from pointsman.policy.catalogue import is_served as provider_serves
from pointsman.policy.checking import Checked, check_policy, check_routing
from pointsman.policy.separation import nearest_author

ALL = (
    "default",
    "local-only",
    "primary-with-budget-fallback",
    "provider-diversity",
    "regulated",
    "self-hosted-and-premium",
    "speed-and-depth",
)
OUTSIDE_ONLY = ("provider-diversity", "speed-and-depth")
COMMAND = "python -m tests.unit.policy.test_presets"


def _routes(name: str, used: str, level: Sensitivity) -> dict[tuple[TaskClass, Phase], Route]:
    orders = orders_of(preset_policy(name), preset_routing(used), level)
    return {
        (task, phase): route
        for task, order in orders.items()
        for phase, route in order.routes.items()
        if isinstance(route, Route)
    }


def test_every_preset_has_a_routing_file_of_its_name() -> None:
    assert PRESETS == ALL == tuple(sorted(path.stem for path in (POLICIES / "routing").glob("*.yml")))


@pytest.mark.parametrize("name", ALL)
def test_the_routing_table_of_a_preset_is_the_golden_one(name: str) -> None:
    written = GOLDEN / f"{name}.md"
    held = written.read_text(encoding="utf-8") if written.is_file() else ""
    assert table_of(name) == held, f"if this is meant, write the tables anew: {COMMAND}"


@pytest.mark.parametrize("name", ALL)
def test_every_model_of_a_preset_has_a_price_and_a_provider_that_serves_it(name: str) -> None:
    for model in catalogue_of(preset_policy(name), price_of).models.values():
        assert model.price is not None, model.name
        assert provider_serves(model), model.name
        assert (model.price.output_usd > 0) is (model.provider.perimeter is not Perimeter.LOCAL), model.name


@pytest.mark.parametrize("name", ALL)
def test_a_model_that_the_default_knows_is_the_same_everywhere(name: str) -> None:
    known = preset_policy("default").models
    for short, entry in preset_policy(name).models.items():
        if short in known:
            assert entry == known[short].model_copy(update={"provider": entry.provider}), short


@pytest.mark.parametrize("name", ALL)
def test_with_its_own_routing_file_every_class_of_task_is_served_at_the_level_that_it_starts_at(name: str) -> None:
    policy = preset_policy(name)
    level = policy.repositories[0].sensitivity
    assert len(_routes(name, name, level)) == 4 * len(TaskClass)


@pytest.mark.parametrize("name", ALL)
def test_a_preset_and_its_routing_file_are_checked_without_a_remark(name: str) -> None:
    policy = read_policy_text((POLICIES / f"{name}.yml").read_bytes(), "policy.yml")
    routing = read_routing((POLICIES / "routing" / f"{name}.yml").read_bytes())
    assert isinstance(policy, Written)
    assert isinstance(routing, Written)
    found = check_policy(policy, price_of)
    without_hardware = {level for level in ("restricted", "secret") for no in found.warnings if level in no.message}
    assert without_hardware == ({"restricted", "secret"} if name in OUTSIDE_ONLY else set())
    assert len(found.warnings) == len(without_hardware)
    book = Rulebook(policy.content, "", routing.content, "", price_of)
    assert check_routing(routing, book, policy.content.repositories[0].sensitivity) == Checked()


@pytest.mark.parametrize("name", ALL)
def test_no_stand_in_of_a_preset_is_dropped(name: str) -> None:
    policy = preset_policy(name)
    for level in policy.sensitivities:
        routing = preset_routing(name)
        orders = orders_of(policy, routing, level)
        if is_served(orders):
            assert dropped(orders, routing) == set(), level


@pytest.mark.parametrize("name", ALL)
def test_no_reviewer_of_a_preset_is_near_to_anybody_who_may_write(name: str) -> None:
    policy = preset_policy(name)
    for used in routings_of(name):
        for level in Sensitivity:
            routes = _routes(name, used, level)
            for task in TaskClass:
                code, review = routes.get((task, Phase.CODE)), routes.get((task, Phase.REVIEW))
                if code is not None and review is not None:
                    for reviewer in (review.primary, *review.fallback):
                        assert nearest_author(reviewer, code.models, policy.separation) is None


def test_whoever_has_own_hardware_can_serve_secret_repositories_with_the_file_for_them() -> None:
    served = {name for name in ALL if AT_HOME in routings_of(name)}
    assert served == {"default", "local-only", "regulated", "self-hosted-and-premium"}
    for name in served:
        for route in _routes(name, AT_HOME, Sensitivity.SECRET).values():
            models = (route.primary, *route.fallback, *route.escalate)
            assert {model.provider.perimeter for model in models} == {Perimeter.LOCAL}


@pytest.mark.parametrize("name", [name for name in ALL if name != AT_HOME])
def test_a_secret_repository_never_gets_its_plan_or_review_from_outside(name: str) -> None:
    orders = orders_of(preset_policy(name), preset_routing(name), Sensitivity.SECRET)
    for order in orders.values():
        assert isinstance(order.routes[Phase.REVIEW], Refuse), order.task


def test_local_only_has_no_address_outside_and_at_least_three_families_and_no_money_at_all() -> None:
    policy = preset_policy("local-only")
    assert {entry.perimeter for entry in policy.providers.values()} == {Perimeter.LOCAL}
    assert len({entry.family for entry in policy.models.values()}) >= 3
    assert {value for key, value in policy.caps.model_dump().items() if key.endswith("usd")} == {0}


def test_regulated_knows_no_public_provider_no_fallback_and_no_plan_without_a_person() -> None:
    policy = preset_policy("regulated")
    assert Perimeter.PUBLIC not in {entry.perimeter for entry in policy.providers.values()}
    assert all(policy.task(task).fallback == "never" for task in TaskClass)
    assert policy.separation == "vendor"
    for level in (Sensitivity.PUBLIC, Sensitivity.RESTRICTED):
        for task, order in orders_of(policy, preset_routing("regulated"), level).items():
            assert order.evidence_required
            assert order.plan is Need.APPROVE, (level, task)


def test_provider_diversity_asks_another_maker_in_each_phase_and_never_one_on_both_sides() -> None:
    routes = _routes("provider-diversity", "provider-diversity", Sensitivity.INTERNAL)
    for task in TaskClass:
        phases = [routes[task, phase] for phase in (Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.REVIEW)]
        assert task is TaskClass.DOCS or len({route.primary.vendor for route in phases}) == 4, task
        writers = {model.vendor for model in phases[2].models}
        reviewers = {model.vendor for model in (phases[3].primary, *phases[3].fallback)}
        assert not writers & reviewers, task


if __name__ == "__main__":
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for preset in PRESETS:
        (GOLDEN / f"{preset}.md").write_text(table_of(preset), encoding="utf-8")
