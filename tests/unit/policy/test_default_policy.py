"""The policy that is shipped: the examples of the documentation work with it, and every price is known."""

import re
from pathlib import Path

import pytest
from tests.unit.config.test_routing_file import LONG
from tests.unit.policy.policy_world import chosen, names, request, routing

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.config.routing_file import THREE_LINES
from pointsman.domain.levels import Perimeter, Phase, TaskClass
from pointsman.domain.run import Admit, RunSpec
from pointsman.models.prices import price_of
from pointsman.policy.admission import Rulebook, decide
from pointsman.policy.catalogue import catalogue_of, is_served
from pointsman.policy.commands import allowed

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def shipped() -> PolicyFile:
    found = load_policy((ROOT / "policies" / "default.yml").read_bytes(), "policies/default.yml")
    assert isinstance(found, PolicyFile)
    return found


def admitted_by(shipped: PolicyFile, text: str) -> RunSpec:
    decision = decide(request(), Rulebook(shipped, "p", routing(text), "r", price_of))
    assert isinstance(decision, Admit), decision
    return decision.spec


def test_every_model_has_a_price_and_a_provider_that_serves_it(shipped: PolicyFile) -> None:
    for name, model in catalogue_of(shipped, price_of).models.items():
        assert model.price is not None, name
        assert is_served(model), name
        assert (model.price.output_usd > 0) is (model.provider.perimeter is not Perimeter.LOCAL), name


def test_the_three_lines_of_the_documentation_work(shipped: PolicyFile) -> None:
    spec = admitted_by(shipped, THREE_LINES)
    assert names(chosen(spec, Phase.TRIAGE)) == ("ollama:qwen2.5-coder:14b", (), ())
    assert names(chosen(spec, Phase.PLAN)) == ("claude-opus", (), ())
    assert names(chosen(spec, Phase.CODE)) == ("ollama:qwen2.5-coder:14b", (), ())
    assert names(chosen(spec, Phase.REVIEW)) == ("claude-sonnet", (), ())


def test_the_long_form_of_the_documentation_works(shipped: PolicyFile) -> None:
    spec = admitted_by(shipped, LONG)
    code = chosen(spec, Phase.CODE)
    assert names(code) == ("ollama:qwen2.5-coder:14b", ("vllm:qwen3-coder-30b",), ())
    assert code.limits.budget_usd == 0.5
    assert names(chosen(spec, Phase.REVIEW, TaskClass.FEATURE))[0] == "claude-sonnet"


def test_a_whole_run_can_stay_on_own_hardware(shipped: PolicyFile) -> None:
    text = "plan: ollama:qwen2.5-coder:7b\ncode: ollama:qwen2.5-coder:1.5b\nqa: ollama:smollm2:135m\n"
    spec = admitted_by(shipped, text + "sensitivity: secret\n")
    assert chosen(spec, Phase.REVIEW).primary.name == "ollama:smollm2:135m"


@pytest.mark.parametrize(
    "argv",
    [
        ("python3", "-m", "pytest"),
        ("python3", "-m", "unittest", "discover"),
        ("npm", "test"),
        ("go", "test", "./..."),
        ("cargo", "test", "--offline"),
        ("make", "test"),
    ],
)
def test_the_usual_test_commands_are_allowed(shipped: PolicyFile, argv: tuple[str, ...]) -> None:
    assert allowed(argv, shipped.commands.verify)


def test_no_shell_and_no_installer_is_allowed_to_verify(shipped: PolicyFile) -> None:
    for argv in (
        ("sh", "-c", "pytest"),
        ("bash", "x.sh"),
        ("curl", "x"),
        ("python", "x.py"),
        ("pip", "install", "x"),
    ):
        assert not allowed(argv, shipped.commands.verify)


def test_the_examples_that_are_commented_out_can_be_used_as_they_stand() -> None:
    """Each `#` before a provider or model taken away, the policy still loads and knows every price."""
    text = (ROOT / "policies" / "default.yml").read_text(encoding="utf-8")
    opened = re.sub(r"^  # (?=(?:[a-z-]+:$|  ))", "  ", text, flags=re.MULTILINE)
    found = load_policy(opened.encode(), "opened.yml")
    assert isinstance(found, PolicyFile), [str(problem) for problem in found]
    assert {"bedrock", "vertex", "azure", "openrouter"} <= set(found.providers)
    assert all(model.price for model in catalogue_of(found, price_of).models.values())
    assert found.models["gpt-terra-in-account"].answers_as == "gpt-6.1-terra"
