"""What today's policy says of doing a run again: who may do it, under which caps, and by which rule it is refused."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.phases.memory_workspace import MemoryWorkspace
from tests.unit.policy.policy_world import POLICY, admitted, book

from pointsman.domain.ledger import Spent
from pointsman.domain.levels import Phase, Sensitivity, TaskClass
from pointsman.domain.run import Actor, Goal, PathRule, Refuse, RunSpec
from pointsman.policy.override import to_come
from pointsman.runs.again import Again, Anew, may_again
from pointsman.runs.intake import Law

PAID = "plan: opus\ncode: qwen-s\nqa: sol\n"
BOB = Actor(8, "bob")
NOTHING = Spent("2026-11-21", 0, 0, 0)


def again(
    phase: Phase,
    model: str = "",
    *,
    law: str = POLICY,
    spent: Spent = NOTHING,
    routing: str = PAID,
    spec: RunSpec | None = None,
    labels: tuple[str, ...] = (),
) -> Anew | Refuse:
    """What comes of asking, when the policy has been `law` since, and the default branch has this routing file."""
    tree: Mapping[str, str] = {".pointsman.yml": routing} if routing else {}
    workspace = MemoryWorkspace({"main": dict(tree)})
    now = book(PAID, law=law)
    ordered = spec or replace(admitted(PAID), task=TaskClass.BUGFIX)
    asked = Again(ordered, phase, model, BOB, labels)
    return asyncio.run(may_again(asked, Law(now.policy, b"", now.price_of), workspace, spent))


def begun(found: Anew | Refuse) -> Anew:
    assert isinstance(found, Anew), found
    return found


def rule_of(found: Anew | Refuse) -> str:
    assert isinstance(found, Refuse), found
    assert found.mend
    return found.rule


def test_whoever_asks_is_who_pays_and_answers_for_it() -> None:
    assert begun(again(Phase.CODE)).requester == BOB


@pytest.mark.parametrize(
    ("phase", "model", "rule"),
    [
        (Phase.CODE, "nobody", "not-in-catalogue"),
        (Phase.CODE, "stray", "not-served"),
        (Phase.CODE, "dark", "unknown-price"),
        (Phase.CODE, "narrow", "context-window"),
        (Phase.CODE, "sol", "separation"),
        (Phase.REVIEW, "qwen-m", "separation"),
        (Phase.VERIFY, "opus", "override"),
        (Phase.RECORD, "opus", "override"),
    ],
)
def test_a_named_model_is_refused_by_the_rule_that_speaks_against_it_with_what_helps(
    phase: Phase, model: str, rule: str
) -> None:
    assert rule_of(again(phase, model)) == rule


def test_a_named_model_must_run_where_the_text_may_go_be_strong_enough_and_cheap_enough() -> None:
    closed = "plan: qwen-m\ncode: qwen-s\nqa: llama-s\n"
    secret = admitted(closed + "sensitivity: secret\n")
    assert rule_of(again(Phase.CODE, "opus", spec=secret, routing=closed)) == "perimeter"
    strict = replace(admitted(PAID.replace("qwen-s", "qwen-m")), task=TaskClass.SECURITY)
    assert rule_of(again(Phase.CODE, "qwen-s", spec=strict)) == "tier"
    small = admitted("plan: qwen-m\ncode: {model: qwen-s, budget_usd: 0.01}\nqa: llama-s\n")
    assert rule_of(again(Phase.CODE, "opus", spec=small)) == "budget"


def test_the_policy_of_today_decides_and_not_that_of_the_order() -> None:
    other = POLICY.replace(
        "vendor: openai, family: gpt, tier: frontier", "vendor: other, family: gpt, tier: frontier"
    )
    assert rule_of(again(Phase.REVIEW, law=other)) == "not-in-catalogue"
    closed = POLICY.replace(
        "internal: {perimeters: [local, account, public]", "internal: {perimeters: [local, account]"
    )
    assert rule_of(again(Phase.REVIEW, law=closed)) == "perimeter"
    assert rule_of(again(Phase.CODE, law=closed)) == "perimeter"
    removed = "\n".join(line for line in POLICY.splitlines() if not line.startswith("  sol:"))
    assert rule_of(again(Phase.CODE, law=removed)) == "not-in-catalogue"
    # The plan is not made again, so its model may be gone.
    begun(again(Phase.CODE, law=POLICY.replace("  opus:", "  opus-2:")))


@pytest.mark.parametrize("model", ["", "opus"])
def test_what_was_closed_since_is_not_sent_by_routes_that_were_made_before(model: str) -> None:
    closed = POLICY.replace("repositories:", "repositories:\n  - {match: acme/shop, sensitivity: restricted}", 1)
    assert rule_of(again(Phase.CODE, model, law=closed)) == "perimeter"
    assert rule_of(again(Phase.CODE, model, routing=PAID + "sensitivity: restricted\n")) == "perimeter"
    assert rule_of(again(Phase.CODE, model, labels=("bug", "pointsman:restricted"))) == "perimeter"
    begun(again(Phase.CODE, model, labels=("bug", "pointsman:public")))


def test_paths_that_were_closed_since_are_closed() -> None:
    ruled = PAID + 'paths: [{match: "plans/**", sensitivity: secret}]\n'
    before = admitted(PAID).paths
    found = begun(again(Phase.CODE, routing=ruled)).paths
    assert found == (*before, PathRule("plans/**", Sensitivity.SECRET))
    assert begun(again(Phase.CODE, routing="")).paths == before


def test_caps_are_those_of_today() -> None:
    low = POLICY.replace("run_usd: 2,", "run_usd: 1,")
    assert begun(again(Phase.CODE, law=low)).caps.run_usd == 1
    high = POLICY.replace("repository_day_usd: 10", "repository_day_usd: 20")
    assert begun(again(Phase.CODE, law=high)).caps.repository_day_usd == 20
    lowered = begun(again(Phase.CODE, law=high, routing=PAID + "budget: {day_usd: 5}\n"))
    assert lowered.caps.repository_day_usd == 5
    assert begun(again(Phase.CODE, law=high, routing="")).caps.repository_day_usd == 10


def test_a_used_up_day_refuses_what_costs_and_lets_free_models_work() -> None:
    gone = Spent("2026-11-21", 10, 0, 10)
    assert rule_of(again(Phase.CODE, spent=gone)) == "cap"
    assert rule_of(again(Phase.REVIEW, spent=gone)) == "cap"
    free = "plan: qwen-m\ncode: qwen-s\nqa: llama-s\n"
    begun(again(Phase.CODE, spent=gone, spec=admitted(free), routing=free))
    begun(again(Phase.RECORD, spent=gone))


@pytest.mark.parametrize(
    ("goal", "phase", "phases"),
    [
        ("build", Phase.TRIAGE, (Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.REVIEW)),
        ("build", Phase.VERIFY, (Phase.REVIEW,)),
        ("build", Phase.RECORD, ()),
        ("plan", Phase.TRIAGE, (Phase.TRIAGE, Phase.PLAN)),
        ("review", Phase.VERIFY, (Phase.REVIEW,)),
        ("fix", Phase.CODE, (Phase.CODE, Phase.REVIEW)),
        ("ask", Phase.PLAN, (Phase.PLAN,)),
    ],
)
def test_only_the_phases_to_come_are_judged(goal: Goal, phase: Phase, phases: tuple[Phase, ...]) -> None:
    assert to_come(replace(admitted(PAID), goal=goal), phase) == phases
