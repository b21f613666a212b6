"""Who may, with what, and the whole order of the run."""

import pickle
from dataclasses import replace

import pytest
from pydantic import TypeAdapter
from tests.unit.policy.policy_world import POLICY, admitted, barred, book, chosen, refused, request

from pointsman.domain.forge import Access
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.outcome import Hint
from pointsman.domain.run import Need, Refuse, RunSpec
from pointsman.policy.admission import decide

THREE = "plan: opus\ncode: qwen-s\nqa: sol\n"
CLOSED = "plan: qwen-m\ncode: qwen-s\nqa: llama-s\n"


@pytest.mark.parametrize("access", [Access.READ, Access.NONE])
def test_a_stranger_is_refused_with_the_rule_that_refused(access: Access) -> None:
    decision = decide(replace(request(), access=access), book(THREE))
    assert isinstance(decision, Refuse)
    assert decision.rule == "access"
    assert "ann" in decision.reason


def test_a_forge_that_the_policy_does_not_name_for_the_repository_is_refused() -> None:
    found = refused(THREE, request("acme/lab"))
    assert found.rule == "forge"
    assert "gitlab" in found.reason


@pytest.mark.parametrize(
    ("name", "labels", "line", "level"),
    [
        ("acme/shop", (), "", Sensitivity.INTERNAL),
        ("acme/vault-1", (), "", Sensitivity.SECRET),
        ("other/thing", (), "", Sensitivity.SECRET),
        ("acme/shop", (), "sensitivity: restricted\n", Sensitivity.RESTRICTED),
        ("acme/shop", (), "sensitivity: public\n", Sensitivity.INTERNAL),
        ("acme/vault-1", (), "sensitivity: public\n", Sensitivity.SECRET),
        ("acme/shop", ("bug", "pointsman:secret"), "", Sensitivity.SECRET),
        ("acme/shop", ("pointsman:public",), "", Sensitivity.INTERNAL),
    ],
)
def test_sensitivity_is_the_highest_that_anybody_says(
    name: str, labels: tuple[str, ...], line: str, level: Sensitivity
) -> None:
    assert admitted(CLOSED + line, request(name, labels=labels)).sensitivity is level


def test_a_level_beyond_every_declared_one_lets_nothing_through() -> None:
    law = POLICY.replace("  secret: {perimeters: [local], evidence: required, approve_plan: true}\n", "")
    law = law.replace("sensitivity: secret}", "sensitivity: restricted}")
    found = refused(CLOSED + "sensitivity: secret\n", law=law)
    assert found.rule == "sensitivity"


def test_there_is_an_order_for_every_class_of_task() -> None:
    assert set(admitted(THREE).orders) == set(TaskClass)


def test_a_run_is_refused_early_when_no_class_of_task_could_be_served() -> None:
    assert refused("plan: opus\ncode: qwen-s\nqa: qwen-m\n").rule == "separation"


def test_a_class_that_labels_name_must_be_served_and_others_need_not() -> None:
    hint = Hint(TaskClass.SECURITY, "command", "a person asked for security")
    assert refused(THREE, replace(request(), hint=hint)).rule == "tier"
    docs = replace(hint, task=TaskClass.DOCS)
    assert admitted(THREE, replace(request(), hint=docs)).hint == docs


def test_only_the_phases_of_the_goal_must_be_served() -> None:
    no_reviewer = "plan: opus\ncode: qwen-s\nqa: qwen-m\n"
    assert admitted(no_reviewer, request(goal="plan")).goal == "plan"
    no_planner = "plan: dark\ncode: qwen-s\nqa: sol\n"
    assert refused(no_planner, request(goal="plan")).rule == "unknown-price"
    assert admitted(no_planner, request(goal="review")).goal == "review"


def test_a_review_alone_counts_the_authors_that_are_known_and_not_the_coder_of_the_file() -> None:
    text = "plan: opus\ncode: qwen-s\nqa: qwen-m\n"
    spec = admitted(text, request(goal="review"))
    assert chosen(spec, Phase.REVIEW).primary.name == "qwen-m"
    author = chosen(spec, Phase.CODE).primary
    found = refused(text, replace(request(goal="review"), authors=(author,)))
    assert found.rule == "separation"


@pytest.mark.parametrize(
    ("lines", "task", "level", "need"),
    [
        ("", TaskClass.BUGFIX, "internal", Need.DO),
        ("tasks: {docs: {plan: skip}}\n", TaskClass.DOCS, "internal", Need.SKIP),
        ("tasks: {docs: {plan: skip}}\n", TaskClass.BUGFIX, "internal", Need.DO),
        ("tasks: {docs: {plan: skip}}\n", TaskClass.DOCS, "secret", Need.APPROVE),
        ("tasks: {docs: {plan: skip, approval: plan}}\n", TaskClass.DOCS, "internal", Need.APPROVE),
        ("tasks: {security: {plan: skip}}\n", TaskClass.SECURITY, "internal", Need.APPROVE),
        ("tasks: {question: {plan: skip}}\n", TaskClass.QUESTION, "internal", Need.DO),
    ],
)
def test_a_routing_file_may_ask_for_more_than_the_policy_and_never_for_less(
    lines: str, task: TaskClass, level: str, need: Need
) -> None:
    spec = admitted(f"{CLOSED}sensitivity: {level}\n{lines}")
    assert spec.orders[task].plan is need


def test_evidence_is_required_as_soon_as_one_side_says_so() -> None:
    assert not admitted(CLOSED).orders[TaskClass.BUGFIX].evidence_required
    asked = CLOSED.replace("qa: llama-s", "qa: {model: llama-s, evidence: required}")
    assert admitted(asked).orders[TaskClass.BUGFIX].evidence_required
    loose = CLOSED.replace("qa: llama-s", "qa: {model: llama-s, evidence: optional}")
    assert admitted(loose + "sensitivity: restricted\n").orders[TaskClass.BUGFIX].evidence_required


def test_the_order_holds_the_lower_of_two_limits() -> None:
    lines = (
        "verify: {commands: [pytest -q], timeout_seconds: 900, memory_mb: 512}\nbudget: {run_usd: 9, day_usd: 3}\n"
    )
    spec = admitted(
        CLOSED.replace("qa: llama-s", "qa: {model: llama-s, rounds: 9}") + lines + "review: {max_findings: 3}\n"
    )
    assert (spec.verify.timeout_seconds, spec.verify.memory_mb) == (300, 512)
    assert (spec.caps.run_usd, spec.caps.repository_day_usd, spec.caps.installation_day_usd) == (2, 3, 50)
    assert (spec.review.rounds, spec.review.max_findings, spec.review.auto_fix) == (2, 3, True)


def test_rounds_of_a_class_replace_those_of_the_route_and_never_pass_the_policys() -> None:
    law = f"{POLICY}review: {{rounds: 3}}\n"
    lines = "tasks: {docs: {qa: {model: llama-s, rounds: 2}}, bugfix: {qa: {model: llama-s, rounds: 9}}}\n"
    spec = admitted(CLOSED.replace("qa: llama-s", "qa: {model: llama-s, rounds: 1}") + lines, law=law)
    rounds = {task: spec.orders[task].rounds for task in (TaskClass.DOCS, TaskClass.BUGFIX, TaskClass.FEATURE)}
    assert rounds == {TaskClass.DOCS: 2, TaskClass.BUGFIX: 3, TaskClass.FEATURE: 1}
    assert spec.review.rounds == 3


def test_a_routing_file_may_ask_for_a_more_patient_lane_and_never_for_a_faster_one() -> None:
    law = POLICY.replace("tasks: {", "tasks: {docs: {latency: interactive}, tests: {latency: batch}, ")
    assert _lanes_of(admitted(CLOSED, law=law)) == ("interactive", "batch", "background")
    fast = CLOSED.replace("qa: llama-s", "qa: {model: llama-s, latency: fast}")
    assert _lanes_of(admitted(fast, law=law)) == ("interactive", "batch", "background")
    slow = CLOSED.replace("plan: qwen-m", "plan: {model: qwen-m, latency: background}")
    assert _lanes_of(admitted(slow, law=law)) == ("background", "batch", "background")
    skipped = f"{slow}tasks: {{docs: {{plan: skip}}}}\n"
    assert _lanes_of(admitted(skipped, law=law)) == ("interactive", "batch", "background")
    slower = "tasks: {docs: {code: {model: qwen-s, latency: batch}}}\n"
    assert _lanes_of(admitted(CLOSED + slower, law=law)) == ("batch", "batch", "background")


def _lanes_of(spec: RunSpec) -> tuple[str, ...]:
    return tuple(str(spec.orders[task].lane) for task in (TaskClass.DOCS, TaskClass.TESTS, TaskClass.BUGFIX))


def test_the_order_holds_commands_paths_and_protected_paths() -> None:
    lines = "verify: {commands: ['pytest -q \"a b\"']}\nprotected: [db/]\npaths: [{match: x/, sensitivity: secret}]\n"
    spec = admitted(CLOSED + lines)
    assert spec.verify.commands == (("pytest", "-q", "a b"),)
    assert spec.verify.allowed == ("pytest *", "make test", "npm run test*")
    assert [(rule.pattern, rule.source) for rule in spec.paths] == [
        ("src/auth/", "policy"),
        ("migrations/", "policy"),
        ("x/", "routing"),
    ]
    assert {"db/", "infra/", ".pointsman.yml", ".github/workflows/"} <= set(spec.protected)


def test_the_same_request_gives_the_same_order_and_digest_and_another_one_another() -> None:
    first, second = admitted(THREE), admitted(THREE)
    assert first == second
    assert len(first.digests.decision) == 64
    other = admitted(THREE + "protected: [x]\n")
    assert other.digests.decision != first.digests.decision
    assert (first.digests.policy, first.digests.routing) == ("p" * 64, "r" * 64)


def test_an_order_survives_being_written_down() -> None:
    spec = admitted(THREE)
    adapter = TypeAdapter(RunSpec)
    assert adapter.validate_json(adapter.dump_json(spec)) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_a_refused_phase_of_a_class_keeps_its_reason_in_the_order() -> None:
    assert barred(admitted(THREE), Phase.CODE, TaskClass.SECURITY).reason.startswith("code cannot go to qwen-s")
