"""What touched paths mean for a run, how risk rises, and what a person may override."""

from dataclasses import replace

import pytest
from tests.unit.policy.policy_world import admitted, barred, chosen, policy, price_of, request

from pointsman.domain.levels import Phase, Risk, Sensitivity, TaskClass
from pointsman.domain.outcome import Plan
from pointsman.domain.run import Refuse, Route
from pointsman.policy.override import override
from pointsman.policy.risk import risk_of
from pointsman.policy.separation import reviewers
from pointsman.policy.touched import approval_wanted, unapproved, weigh

THREE = "plan: opus\ncode: qwen-s\nqa: sol\n"
SPEC = admitted(THREE).triaged(TaskClass.BUGFIX, Risk.LOW)
PLAN = Plan("goal", (), (), (), (), (), (), (), (), "digest")


def test_a_touched_path_more_closed_than_the_routes_stops_the_run_and_says_how_to_go_on() -> None:
    found = weigh(SPEC, ("src/cart.py", "src/Auth/login.py"))
    assert found is not None
    assert found.rule == "path-sensitivity"
    assert "src/Auth/login.py" in found.reason
    assert "src/cart.py" not in found.reason
    assert "pointsman:restricted" in found.mend


def test_the_label_that_the_refusal_names_lets_the_same_paths_through() -> None:
    text = "plan: qwen-m\ncode: qwen-s\nqa: llama-s\n"
    spec = admitted(text, request(labels=("pointsman:restricted",)))
    assert spec.sensitivity is Sensitivity.RESTRICTED
    assert weigh(spec, ("src/auth/login.py",)) is None


def test_a_person_approves_plans_by_class_by_path_and_by_risk() -> None:
    assert approval_wanted(SPEC, replace(PLAN, change=("src/cart.py",))) == ""
    assert "security" in approval_wanted(SPEC.triaged(TaskClass.SECURITY, Risk.HIGH), PLAN)
    assert "db/migrations/1.sql" in approval_wanted(SPEC, replace(PLAN, create=("db/migrations/1.sql",)))
    assert approval_wanted(SPEC, replace(PLAN, change=("src/crypto/keys.py",))) == "its risk is high"
    assert approval_wanted(SPEC.triaged(TaskClass.BUGFIX, Risk.HIGH), PLAN) == "its risk is high"


@pytest.mark.parametrize(
    ("task", "paths", "labels", "size", "risk"),
    [
        (TaskClass.DOCS, ("docs/a.md",), (), 100, Risk.LOW),
        (TaskClass.BUGFIX, ("src/a.py",), ("bug",), 100, Risk.LOW),
        (TaskClass.FEATURE, (), (), 100, Risk.MEDIUM),
        (TaskClass.UNKNOWN, (), (), 100, Risk.MEDIUM),
        (TaskClass.SECURITY, (), (), 100, Risk.HIGH),
        (TaskClass.DOCS, ("src/auth/x.md",), (), 100, Risk.HIGH),
        (TaskClass.BUGFIX, ("Dockerfile",), (), 100, Risk.MEDIUM),
        (TaskClass.BUGFIX, (), ("Breaking",), 100, Risk.HIGH),
        (TaskClass.DOCS, tuple(f"d{n}.md" for n in range(11)), (), 100, Risk.MEDIUM),
        (TaskClass.DOCS, (), (), 30_000, Risk.MEDIUM),
        (TaskClass.BUGFIX, ("src/authors.py", "src/tokens.py"), (), 100, Risk.LOW),
    ],
)
def test_risk_is_the_highest_that_anything_says(
    task: TaskClass, paths: tuple[str, ...], labels: tuple[str, ...], size: int, risk: Risk
) -> None:
    assert risk_of(task, paths, labels, size) is risk
    assert risk_of(task, paths, labels, size, floor=Risk.HIGH) is Risk.HIGH


def overridden(phase: Phase, name: str) -> Route | Refuse:
    return override(SPEC, phase, name, policy(), price_of)


def test_a_person_may_name_another_model_for_a_phase() -> None:
    found = overridden(Phase.CODE, "llama-m")
    assert isinstance(found, Route)
    assert (found.primary.name, found.reasons[0].rule) == ("llama-m", "override")
    assert found.limits == chosen(SPEC, Phase.CODE).limits
    assert found.digest != chosen(SPEC, Phase.CODE).digest


@pytest.mark.parametrize(
    ("phase", "name", "rule"),
    [
        (Phase.CODE, "lama-s", "not-in-catalogue"),
        (Phase.CODE, "sol", "separation"),
        (Phase.REVIEW, "qwen-m", "separation"),
        (Phase.CODE, "dark", "unknown-price"),
        (Phase.CODE, "narrow", "context-window"),
        (Phase.VERIFY, "opus", "override"),
    ],
)
def test_the_policy_holds_for_what_a_person_names(phase: Phase, name: str, rule: str) -> None:
    found = overridden(phase, name)
    assert isinstance(found, Refuse)
    assert found.rule == rule
    assert found.mend


def test_an_override_stays_inside_the_perimeter_of_the_run() -> None:
    spec = admitted("plan: qwen-m\ncode: qwen-s\nqa: llama-s\n", request("acme/vault-1"))
    found = override(spec, Phase.CODE, "haiku", policy(), price_of)
    assert isinstance(found, Refuse)
    assert found.rule == "perimeter"


def test_a_review_by_another_hand_counts_who_really_wrote() -> None:
    opus = chosen(SPEC, Phase.PLAN).primary
    found = override(SPEC, Phase.REVIEW, "haiku", policy(), price_of, authors=(opus,))
    assert isinstance(found, Refuse)
    assert isinstance(override(SPEC, Phase.REVIEW, "haiku", policy(), price_of), Route)


def test_a_phase_that_was_refused_stays_refused() -> None:
    spec = SPEC.triaged(TaskClass.SECURITY, Risk.HIGH)
    assert override(spec, Phase.CODE, "haiku", policy(), price_of) == barred(spec, Phase.CODE, TaskClass.SECURITY)


def test_before_the_review_the_real_authors_are_held_against_every_candidate() -> None:
    text = "plan: opus\ncode: qwen-s\nqa: {model: sol, fallback: [opus]}\n"
    review, models = chosen(admitted(text), Phase.REVIEW), policy().domain_models()
    assert [m.name for m in review.fallback] == ["opus"]
    free = reviewers(review, (models["stray"],), "family")
    assert not isinstance(free, Refuse)
    assert [model.name for model in free] == ["opus"]
    found = reviewers(review, (models["stray"], models["haiku"]), "family")
    assert isinstance(found, Refuse)
    assert "stray, haiku" in found.reason


def test_a_path_that_a_person_approves_is_not_hidden_among_the_tests_of_a_plan() -> None:
    assert "db/migrations/1.sql" in approval_wanted(SPEC, replace(PLAN, tests=("db/migrations/1.sql",)))
    assert approval_wanted(SPEC, replace(PLAN, tests=("src/crypto/keys.py",))) == "its risk is high"


def test_a_coder_that_strays_into_a_path_that_a_person_approves_is_stopped() -> None:
    strayed = unapproved(SPEC, replace(PLAN, change=("src/cart.py",)), ("src/cart.py", "DB/migrations/2.sql"))
    assert strayed is not None
    assert (strayed.rule, "DB/migrations/2.sql" in strayed.reason) == ("path-approval", True)
    assert unapproved(SPEC, replace(PLAN, create=("db/migrations/2.sql",)), ("db/migrations/2.sql",)) is None
    assert unapproved(SPEC, None, ("src/cart.py",)) is None
