"""Every value that holds in the end, with the line that says so; the same values that a run is ordered with."""

import pytest
from tests.unit.policy.policy_world import POLICY, admitted, book, request

from pointsman.config.policy_file import read_policy_text
from pointsman.config.routing_file import read_routing
from pointsman.config.written import Written
from pointsman.domain.effective import BUILT_IN, Held, Origin
from pointsman.domain.levels import MODEL_PHASES, Phase, TaskClass
from pointsman.domain.run import Need, Route
from pointsman.policy.checking import KEY_OF
from pointsman.policy.effective import Both, effective

LONG = """\
sensitivity: internal
routes:
  plan: opus
  code:
    model: qwen-m
    fallback: [llama-s]
    escalate: [haiku, sol]
    budget_usd: 0.5
  qa: {model: opus, evidence: required, rounds: 1}
tasks:
  docs: {plan: skip, code: {model: oss, max_output_tokens: 2000}}
  security: {approval: plan}
verify: {commands: ["pytest -q"], timeout_seconds: 20, memory_mb: 4096}
budget: {run_usd: 1, day_usd: 99}
review: {max_findings: 3, auto_fix: false}
paths:
  - {match: "src/**", sensitivity: restricted, approval: plan}
protected: ["vault/"]
"""
SHORT = "plan: opus\ncode: qwen-m\nqa: sol\n"


def both(text: str, name: str = "acme/shop") -> Both:
    routing, policy = read_routing(text.encode()), read_policy_text(POLICY.encode(), "policy.yml")
    assert isinstance(routing, Written)
    assert isinstance(policy, Written)
    return Both(routing, policy, name)


def held(text: str, task: TaskClass = TaskClass.UNKNOWN, name: str = "acme/shop") -> dict[str, Held]:
    found = effective(both(text, name), book(text), task)
    return {f"{one.section}: {one.key}": one for one in found}


def test_a_value_is_told_with_the_line_that_says_so_and_what_it_was_lower_than() -> None:
    found = held(LONG)
    budget = found["routes: code.budget_usd"]
    assert (budget.value, budget.by) == (0.5, Origin("routing", 8))
    assert budget.besides == ((1, Origin("routing", 14)), (2, Origin("policy", 28)))
    assert found["routes: code.model"].by == Origin("routing", 5)
    assert found["verify: memory_mb"] == Held(
        "verify", "memory_mb", 1024, Origin("policy", 30), ((4096, Origin("routing", 13)),)
    )
    assert found["work: review.rounds"].by == Origin("routing", 9)
    assert found["repository: separation"].by == BUILT_IN
    assert found["protected: vault/"].by == Origin("routing", 18)


def test_who_is_named_and_left_out_stands_beside_who_is_kept() -> None:
    escalate = held(LONG)["routes: code.escalate"]
    assert (escalate.value, escalate.besides) == (("sol",), ((("haiku",), Origin("routing", 7)),))


def test_a_class_of_task_has_its_own_lines() -> None:
    docs, security = held(LONG, TaskClass.DOCS), held(LONG, TaskClass.SECURITY)
    assert (docs["routes: plan.model"].value, docs["routes: plan.model"].by) == ("skip", Origin("routing", 11))
    assert docs["routes: code.max_output_tokens"].by == Origin("routing", 11)
    assert security["work: a person approves the plan"].by == Origin("policy", 27)
    assert security["work: weakest tier"].by == Origin("policy", 27)


def test_the_level_is_the_policys_unless_the_file_raises_it() -> None:
    assert held(SHORT)["repository: sensitivity"].by == Origin("policy", 23)
    assert held(SHORT, name="acme/vault1")["repository: sensitivity"].by == Origin("policy", 24)
    assert held(SHORT, name="elsewhere")["repository: sensitivity"].value == "secret"
    raised = held(SHORT + "sensitivity: restricted\n")["repository: sensitivity"]
    assert (raised.value, raised.by) == ("restricted", Origin("routing", 4))
    assert raised.besides == (("internal", Origin("policy", 23)),)


def test_a_refused_phase_says_by_which_rule() -> None:
    assert str(held(SHORT, name="acme/vault1")["routes: plan.model"].value).endswith("(perimeter)")


@pytest.mark.parametrize("task", TaskClass)
@pytest.mark.parametrize("text", [SHORT, LONG, LONG.replace("internal", "restricted").replace("opus", "oss")])
def test_what_is_told_is_what_a_run_is_ordered_with(text: str, task: TaskClass) -> None:
    spec, found = admitted(text, request()), held(text, task)
    order = spec.orders[task]
    for phase in MODEL_PHASES:
        route, key = order.routes[phase], KEY_OF[phase]
        if not isinstance(route, Route) or (phase is Phase.PLAN and order.plan is Need.SKIP):
            continue
        assert found[f"routes: {key}.model"].value == route.primary.name
        for limit in ("budget_usd", "max_input_tokens", "max_output_tokens", "max_calls", "seconds"):
            assert found[f"routes: {key}.{limit}"].value == getattr(route.limits, limit), (key, limit)
    assert found["work: a person approves the plan"].value is (order.plan is Need.APPROVE)
    assert found["work: passed tests"].value is order.evidence_required
    assert found["work: review"].value is order.review_required
    assert found["work: lane"].value == str(order.lane)
    assert found["work: review.rounds"].value == order.rounds
    assert found["work: review.max_findings"].value == spec.review.max_findings
    assert found["work: review.auto_fix"].value is spec.review.auto_fix
    assert found["verify: timeout_seconds"].value == spec.verify.timeout_seconds
    assert found["verify: memory_mb"].value == spec.verify.memory_mb
    assert found["money: run_usd"].value == spec.caps.run_usd
    assert found["money: repository_day_usd"].value == spec.caps.repository_day_usd
    assert found["repository: sensitivity"].value == str(spec.sensitivity)
