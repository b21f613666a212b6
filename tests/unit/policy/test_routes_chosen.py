"""Which model a phase gets, and the reason for every candidate."""

import pytest
from tests.unit.policy.policy_world import admitted, barred, book, chosen, names, refused, request, times, why

from pointsman.domain.figures import Figures, Measured
from pointsman.domain.levels import Phase, TaskClass
from pointsman.domain.run import Admit, Refuse
from pointsman.policy.admission import decide

THREE = "plan: opus\ncode: qwen-s\nqa: sol\n"


def test_three_lines_route_every_phase_to_what_they_name() -> None:
    spec = admitted(THREE)
    assert {phase: names(chosen(spec, phase))[0] for phase in (Phase.PLAN, Phase.CODE, Phase.REVIEW)} == {
        Phase.PLAN: "opus",
        Phase.CODE: "qwen-s",
        Phase.REVIEW: "sol",
    }


def test_triage_goes_to_the_cheapest_small_model_that_the_file_names() -> None:
    spec = admitted("plan: haiku\ncode: qwen-s\nqa: sol\n")
    triage = chosen(spec, Phase.TRIAGE)
    assert triage.primary.name == "qwen-s"
    assert why(triage) == {"qwen-s": (True, "cheapest"), "haiku": (True, "fits")}


def test_triage_never_asks_a_model_that_the_file_does_not_name() -> None:
    assert chosen(admitted("plan: opus\ncode: qwen-m\nqa: sol\n"), Phase.TRIAGE).primary.name == "opus"


def test_triage_goes_where_the_file_says() -> None:
    assert chosen(admitted("triage: llama-m\n" + THREE), Phase.TRIAGE).primary.name == "llama-m"


def test_a_named_model_that_is_not_in_the_catalogue_is_refused_with_the_nearest() -> None:
    found = refused("plan: opsu\ncode: qwen-s\nqa: sol\n")
    assert found.rule == "not-in-catalogue"
    assert "did you mean opus?" in found.reason


def test_a_refused_primary_is_never_replaced_by_its_fallback() -> None:
    text = "plan: {model: opus, fallback: [llama-m]}\ncode: qwen-s\nqa: llama-s\nsensitivity: restricted\n"
    found = refused(text)
    assert found.rule == "perimeter"
    assert "opus" in found.reason


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        ("stray", "not-served"),
        ("dark", "unknown-price"),
        ("narrow", "context-window"),
        ("{model: narrow, max_output_tokens: 1500}", "output-limit"),
        ("{model: opus, budget_usd: 0.01}", "budget"),
        ("{tier: frontier, max_cost_usd: 0.0001}", "cost"),
        ("{tier: frontier, max_latency_ms: 10}", "unknown-figure"),
    ],
)
def test_a_candidate_that_cannot_do_the_phase_is_refused_by_its_rule(plan: str, rule: str) -> None:
    found = refused(f"plan: {plan}\ncode: qwen-s\nqa: sol\n")
    assert found.rule == rule
    assert found.mend


def test_a_model_that_is_too_weak_for_the_task_is_refused_for_that_task_alone() -> None:
    spec = admitted(THREE)
    assert barred(spec, Phase.CODE, TaskClass.SECURITY).rule == "tier"
    assert chosen(spec, Phase.CODE, TaskClass.DOCS).primary.name == "qwen-s"


def test_a_tier_takes_the_cheapest_that_fits_and_says_what_each_would_cost() -> None:
    code = chosen(admitted("plan: opus\ncode: {tier: small}\nqa: sol\n"), Phase.CODE)
    assert code.primary.name == "qwen-s"
    assert why(code) == {
        "qwen-s": (True, "cheapest"),
        "llama-s": (True, "fits"),
        "haiku": (True, "fits"),
        "narrow": (False, "context-window"),
    }


def test_a_tier_asks_for_measured_figures_where_it_names_a_time() -> None:
    text = "plan: {tier: small, max_latency_ms: 500}\ncode: qwen-s\nqa: sol\n"
    figures = times(**{"qwen-s": 900, "haiku": 400})
    decision = decide(request(), book(text, figures=figures))
    assert isinstance(decision, Admit)
    plan = chosen(decision.spec, Phase.PLAN)
    assert plan.primary.name == "haiku"
    assert why(plan)["qwen-s"] == (False, "latency")
    assert why(plan)["llama-s"] == (False, "unknown-figure")


def test_a_coder_chosen_by_tier_keeps_away_from_the_reviewer_that_is_named() -> None:
    spec = admitted("plan: opus\ncode: {tier: small}\nqa: qwen-m\n")
    code = chosen(spec, Phase.CODE)
    assert code.primary.name == "llama-s"
    assert why(code)["qwen-s"] == (False, "separation")


def test_a_reviewer_chosen_by_tier_keeps_away_from_the_coder() -> None:
    review = chosen(admitted("plan: opus\ncode: qwen-s\nqa: {tier: mid}\n"), Phase.REVIEW)
    assert review.primary.name == "llama-m"
    assert why(review)["qwen-m"] == (False, "separation")


def test_a_fallback_never_goes_further_out_than_the_first_model() -> None:
    text = "plan: opus\ncode: {model: qwen-s, fallback: [llama-m, qwen-m, haiku]}\nqa: sol\n"
    code = chosen(admitted(text), Phase.CODE)
    assert names(code)[1] == ("qwen-m",)
    assert why(code)["llama-m"] == (False, "perimeter")
    assert why(code)["haiku"] == (False, "perimeter")


def test_escalation_may_go_out_as_far_as_the_level_allows() -> None:
    text = "plan: opus\ncode: {model: qwen-s, escalate: [llama-m, opus]}\nqa: sol\n"
    assert names(chosen(admitted(text), Phase.CODE))[2] == ("llama-m", "opus")
    closed = text.replace("plan: opus", "plan: llama-m").replace("qa: sol", "qa: oss") + "sensitivity: restricted\n"
    code = chosen(admitted(closed), Phase.CODE)
    assert names(code)[2] == ("llama-m",)
    assert why(code)["opus"] == (False, "perimeter")


def test_the_policy_can_forbid_fallbacks_for_a_class_of_task() -> None:
    text = "plan: opus\ncode: {model: qwen-s, fallback: [qwen-m]}\nqa: sol\n"
    code = chosen(admitted(text), Phase.CODE, TaskClass.QUESTION)
    assert names(code)[1] == ()
    assert why(code)["qwen-m"] == (False, "no-fallback")


def test_the_family_of_the_coder_is_refused_as_reviewer_with_what_to_change() -> None:
    found = refused("plan: sol\ncode: opus\nqa: haiku\n")
    assert found.rule == "separation"
    assert "haiku" in found.reason
    assert "opus" in found.reason
    assert "another family" in found.mend


def test_a_class_of_task_with_its_own_coder_is_kept_apart_on_its_own() -> None:
    spec = admitted("plan: sol\ncode: qwen-s\nqa: haiku\ntasks: {docs: {code: opus}}\n")
    assert barred(spec, Phase.REVIEW, TaskClass.DOCS).rule == "separation"
    assert "docs: {qa: NAME}" in barred(spec, Phase.REVIEW, TaskClass.DOCS).mend
    assert chosen(spec, Phase.REVIEW, TaskClass.BUGFIX).primary.name == "haiku"


def test_those_after_the_first_coder_make_way_for_the_reviewer_that_is_named() -> None:
    text = "plan: sol\ncode: {model: qwen-s, escalate: [haiku, sol]}\nqa: {model: opus, fallback: [sol, llama-m]}\n"
    spec = admitted(text)
    code, review = chosen(spec, Phase.CODE), chosen(spec, Phase.REVIEW)
    assert names(code)[2] == ("sol",)
    assert why(code)["haiku"] == (False, "separation")
    assert names(review)[:2] == ("opus", ("llama-m",))
    assert why(review)["sol"] == (False, "separation")


@pytest.mark.parametrize(
    ("separation", "coder", "reviewer", "apart"),
    [
        ("model", "opus", "haiku", True),
        ("model", "opus", "opus", False),
        ("family", "opus", "haiku", False),
        ("family", "sol", "oss", True),
        ("vendor", "sol", "oss", False),
        ("vendor", "sol", "opus", True),
    ],
)
def test_what_may_not_be_shared_is_what_the_policy_declares(
    separation: str, coder: str, reviewer: str, apart: bool
) -> None:
    rules = book(f"plan: llama-s\ncode: {coder}\nqa: {reviewer}\n")
    law = rules.policy.model_copy(update={"separation": separation})
    decision = decide(request(), type(rules)(law, "p", rules.routing, "r", rules.price_of))
    assert isinstance(decision, Admit) is apart
    if isinstance(decision, Refuse):
        assert decision.rule == "separation"


def test_limits_are_the_lowest_of_what_both_files_say() -> None:
    own = "plan: {model: opus, budget_usd: 0.9, max_output_tokens: 2000}\ncode: qwen-s\nqa: sol\n"
    spec = admitted(own + "budget: {run_usd: 1.5}\n")
    plan, code = chosen(spec, Phase.PLAN).limits, chosen(spec, Phase.CODE).limits
    assert (plan.budget_usd, plan.max_output_tokens, plan.max_input_tokens) == (0.9, 2000, 20000)
    assert (code.budget_usd, code.max_output_tokens) == (1.5, 4096)
    wide = chosen(
        admitted("plan: {model: opus, budget_usd: 900, max_output_tokens: 6000}\ncode: qwen-s\nqa: sol\n"), Phase.PLAN
    )
    assert (wide.limits.budget_usd, wide.limits.max_output_tokens) == (2, 4096)


def test_of_a_tier_the_model_is_taken_that_usually_costs_least_once_calls_were_measured() -> None:
    text = "plan: {tier: frontier}\ncode: qwen-s\nqa: llama-s\n"
    # One call costs at most $0.20 with opus and $0.08 with sol; measured, sol thinks at length and opus does not.
    thinks = Figures(
        {"opus": {Phase.PLAN: Measured(9, 1, 1_000, 100)}, "sol": {Phase.PLAN: Measured(9, 1, 1_000, 4_000)}}
    )
    before, after = decide(request(), book(text)), decide(request(), book(text, figures=thinks))
    assert isinstance(before, Admit)
    assert isinstance(after, Admit)
    assert chosen(before.spec, Phase.PLAN).primary.name == "sol"
    assert chosen(after.spec, Phase.PLAN).primary.name == "opus"
    assert after.spec.figures == thinks
    assert [reason.why for reason in chosen(after.spec, Phase.PLAN).reasons] == [
        "a call usually costs $0.0075",
        "a call usually costs $0.042",
    ]


def test_a_model_that_was_never_measured_is_thought_to_need_the_tokens_that_others_need() -> None:
    text = "plan: {tier: frontier}\ncode: qwen-s\nqa: llama-s\n"
    figures = Figures(
        {"opus": {Phase.PLAN: Measured(9, 1, 1_000, 100)}, "qwen-s": {Phase.CODE: Measured(9, 1, 9, 9)}}
    )
    found = decide(request(), book(text, figures=figures))
    assert isinstance(found, Admit)
    assert chosen(found.spec, Phase.PLAN).primary.name == "sol"
    assert chosen(found.spec, Phase.PLAN).reasons[0].why == "a call usually costs $0.003"


def test_what_a_call_usually_costs_bounds_nothing() -> None:
    thrifty = Figures({"opus": {Phase.PLAN: Measured(9, 1, 10, 10)}})
    text = "plan: {tier: frontier, max_cost_usd: 0.01}\ncode: qwen-s\nqa: llama-s\n"
    found = decide(request(), book(text, figures=thrifty))
    assert isinstance(found, Refuse)
    assert found.rule == "cost"


def test_how_to_mend_names_a_class_only_where_the_file_has_routes_for_it() -> None:
    common = refused("plan: sol\ncode: opus\nqa: haiku\ntasks: {docs: {plan: skip}}\n")
    assert common.rule == "separation"
    assert "docs" not in common.mend
    spec = admitted("plan: sol\ncode: qwen-s\nqa: haiku\ntasks: {docs: {code: nobody}}\n")
    assert (
        "name a model of the policy's catalogue for tasks.docs.code" in barred(spec, Phase.CODE, TaskClass.DOCS).mend
    )


def test_a_route_may_wait_longer_than_a_second() -> None:
    text = "plan: {tier: small, max_latency_ms: 90000}\ncode: qwen-s\nqa: sol\n"
    found = decide(request(), book(text, figures=times(haiku=60_000)))
    assert isinstance(found, Admit)
    assert chosen(found.spec, Phase.PLAN).primary.name == "haiku"


def test_classes_that_nothing_tells_apart_share_their_routes_and_others_do_not() -> None:
    spec = admitted("plan: opus\ncode: qwen-s\nqa: sol\ntasks: {docs: {code: qwen-m}}\n")
    orders = spec.orders
    assert orders[TaskClass.BUGFIX].routes is orders[TaskClass.FEATURE].routes
    assert {task: order.task for task, order in orders.items()} == {task: task for task in TaskClass}
    for task in (TaskClass.DOCS, TaskClass.SECURITY, TaskClass.QUESTION):
        assert orders[task].routes is not orders[TaskClass.BUGFIX].routes
