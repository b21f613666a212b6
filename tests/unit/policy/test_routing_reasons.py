"""Every decision explains itself: each candidate stands in it once, kept or dropped by a rule that has a page."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import Phase as Stage
from hypothesis import find, given, settings
from hypothesis import strategies as st
from tests.unit.policy.test_routing_laws import LEVELS, TASKS, Case, all_routes, cases

from pointsman.config.routing_file import CodeWish
from pointsman.domain.levels import MODEL_PHASES, Phase, Sensitivity
from pointsman.domain.run import Considered, Refuse, Route
from pointsman.policy.orders import order_for
from pointsman.policy.routes import wish_of
from pointsman.policy.rules import BY_WORD, Rule


@given(cases(), st.sampled_from(LEVELS))
def test_each_candidate_is_kept_or_dropped_once_and_those_kept_are_the_route(case: Case, level: Sensitivity) -> None:
    for task, phase, route in all_routes(case, level):
        wish = wish_of(phase, task, case.routing)
        if wish is None or (phase is Phase.TRIAGE and case.routing.routes.triage is None):
            continue
        named = Counter((wish.model,) if wish.model else ())
        named.update(wish.fallback)
        named.update(wish.escalate if isinstance(wish, CodeWish) else ())
        told = Counter(reason.model for reason in route.reasons)
        if wish.tier is not None:
            of_tier = [name for name, model in case.policy.models.items() if model.tier == wish.tier]
            named.update(of_tier)
        assert told == named
        assert _kept(route.reasons, Rule.FALLBACK) == [model.name for model in route.fallback]
        assert _kept(route.reasons, Rule.ESCALATE) == [model.name for model in route.escalate]
        assert [*_kept(route.reasons, Rule.NAMED), *_kept(route.reasons, Rule.CHEAPEST)] == [route.primary.name]


@given(cases(), st.sampled_from(LEVELS))
def test_each_reason_and_each_refusal_names_a_rule_that_has_a_page(case: Case, level: Sensitivity) -> None:
    for task in TASKS:
        order = order_for(task, case.setting(level))
        for phase in MODEL_PHASES:
            found = order.routes[phase]
            if isinstance(found, Refuse):
                assert BY_WORD[found.rule].mend
                assert found.mend
                assert "{" not in found.mend.replace("{qa: NAME}", "").replace(f"{{{task}: }}", "")
            else:
                assert all(reason.rule in BY_WORD and reason.why for reason in found.reasons)
                assert all(bool(BY_WORD[reason.rule].mend) is not reason.kept for reason in found.reasons)


def _kept(reasons: tuple[Considered, ...], rule: Rule) -> list[str]:
    return [reason.model for reason in reasons if reason.kept and reason.rule == rule]


@pytest.mark.parametrize(
    "wanted",
    [
        lambda route: bool(route.fallback),
        lambda route: bool(route.escalate),
        lambda route: any(not reason.kept for reason in route.reasons),
    ],
    ids=["fallback", "escalation", "somebody dropped"],
)
def test_the_routes_of_these_worlds_are_not_all_refusals(wanted: Callable[[Route], bool]) -> None:
    """Sought in one and the same order of worlds, so that it is found today as it was yesterday."""

    def has_one(drawn: tuple[Case, Sensitivity]) -> bool:
        return any(wanted(route) for _, _, route in all_routes(*drawn))

    drawn = st.tuples(cases(), st.sampled_from(LEVELS))
    first = settings(max_examples=2000, phases=(Stage.generate,), database=None)
    assert has_one(find(drawn, has_one, settings=first, random=Random(0)))
