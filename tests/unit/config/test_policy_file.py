"""The organisation's policy, right and wrong."""

from pathlib import Path

import pytest

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.levels import Perimeter, Phase, Sensitivity, TaskClass
from pointsman.domain.models import Price, ProviderKind

SMALL = """\
providers:
  box: {kind: ollama, perimeter: local, base_url: "http://127.0.0.1:11434/"}
  far: {kind: anthropic, perimeter: public, key: env:FAR_KEY}
models:
  tiny: {provider: box, id: q, vendor: Ali, family: Qwen, tier: small, context_window: 8192, max_output: 99, price: 0}
  big: {provider: far, id: claude-opus-5-5, vendor: anthropic, family: claude, tier: frontier, context_window: 200000}
sensitivities:
  internal: {perimeters: [local, public]}
  secret: {perimeters: [local], approve_plan: true}
caps: {run_usd: 1, repository_day_usd: 5, installation_day_usd: 50}
"""


def policy(text: str) -> PolicyFile:
    found = load_policy(text.encode(), "p.yml")
    assert isinstance(found, PolicyFile), [str(problem) for problem in found]
    return found


def problems(text: str) -> list[str]:
    found = load_policy(text.encode(), "p.yml")
    assert isinstance(found, tuple)
    return [str(problem) for problem in found]


def changed(old: str, new: str) -> str:
    assert old in SMALL
    return SMALL.replace(old, new)


def test_providers_and_models_become_domain_values() -> None:
    models = policy(SMALL).domain_models()
    tiny, big = models["tiny"], models["big"]
    assert tiny.provider.base_url == "http://127.0.0.1:11434"
    assert tiny.provider.kind is ProviderKind.OLLAMA
    assert tiny.price == Price(0, 0)
    assert big.price is None
    assert big.provider.base_url == "https://api.anthropic.com"
    assert big.provider.key == "env:FAR_KEY"
    assert big.provider.perimeter is Perimeter.PUBLIC


def test_families_and_vendors_are_compared_without_case() -> None:
    assert policy(SMALL).domain_models()["tiny"].family == "qwen"
    assert policy(SMALL).domain_models()["tiny"].vendor == "ali"


def test_a_level_that_is_not_declared_goes_by_the_next_more_closed_one() -> None:
    found = policy(SMALL)
    assert found.rule_for(Sensitivity.PUBLIC) is found.sensitivities[Sensitivity.INTERNAL]
    assert found.rule_for(Sensitivity.RESTRICTED) is found.sensitivities[Sensitivity.SECRET]
    assert found.most_closed is Sensitivity.SECRET
    without = policy(changed("  secret: {perimeters: [local], approve_plan: true}\n", ""))
    assert without.rule_for(Sensitivity.SECRET) is None


def test_a_class_of_task_takes_what_it_does_not_say_from_the_defaults() -> None:
    text = SMALL + "defaults: {tier: mid, plan: required}\ntasks: {docs: {tier: small}}\n"
    assert policy(text).task(TaskClass.DOCS).tier == "small"
    assert policy(text).task(TaskClass.DOCS).plan == "required"
    assert policy(text).task(TaskClass.BUGFIX).tier == "mid"


def test_bounds_of_a_phase_have_defaults_and_can_be_set() -> None:
    text = SMALL + "phases: {code: {max_calls: 3, seconds: 60}}\n"
    assert policy(text).phase(Phase.CODE).max_calls == 3
    assert policy(text).phase(Phase.PLAN).max_calls == policy(SMALL).phase(Phase.PLAN).max_calls


def test_extras_of_a_provider_are_kept_as_written() -> None:
    extra = "key: env:FAR_KEY, extras: {metadata: {user_id: bot}, top_k: 5}"
    found = policy(changed("key: env:FAR_KEY", extra))
    assert found.domain_providers()["far"].extras == {"metadata": {"user_id": "bot"}, "top_k": 5}


@pytest.mark.parametrize("key", ["env:HOME_KEY", "file:/run/secrets/key"])
def test_a_key_is_named_by_where_it_is_found(key: str) -> None:
    assert policy(changed("env:FAR_KEY", key)).providers["far"].key == key


@pytest.mark.parametrize("key", ["hunter2hunter2", "env:no-name", "file:relative", "env:1X", "sk-ant-" + "a" * 40])
def test_a_key_that_is_written_down_is_refused_and_not_shown(key: str) -> None:
    found = problems(changed("env:FAR_KEY", key))
    assert found == [
        "p.yml:3:50: a key is named by where it is found, env:NAME or file:/path; what stands here is not shown"
    ]


@pytest.mark.parametrize("kind", ["copilot", "duo"])
def test_a_kind_that_is_not_built_yet_is_known_and_refused(kind: str) -> None:
    found = problems(changed("kind: anthropic,", f"kind: {kind},"))
    assert found == [f"p.yml:3:15: providers of kind {kind} are not supported by this version"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "kind: anthropic, perimeter: public",
            "kind: anthropic, perimeter: local",
            "3:8: api.anthropic.com is a public vendor; its perimeter is public",
        ),
        (
            "kind: anthropic, perimeter: public",
            'kind: openai-compatible, perimeter: account, base_url: "https://eu.openrouter.ai/api"',
            "3:8: eu.openrouter.ai is a public vendor; its perimeter is public",
        ),
        (
            "kind: anthropic, perimeter: public",
            'kind: openai-compatible, perimeter: public, base_url: "http://example.org"',
            "3:8: only a local provider may be asked over http; write https://",
        ),
        ("http://127.0.0.1:11434/", "127.0.0.1:11434", "2:8: an address begins with http:// or https://"),
        ("http://127.0.0.1:11434/", "http://u:p@127.0.0.1/", "2:8: an address holds no user, query or fragment"),
        (', base_url: "http://127.0.0.1:11434/"', "", "2:8: a provider of kind ollama needs a base_url"),
        ("provider: box", "provider: bxo", '5:20: provider "bxo" is not in this policy (did you mean "box"?)'),
        ("tier: small", "tier: tiny", '"tiny" is not one of: small, mid, frontier'),
        ("id: q,", 'id: "gpt-oss:120b-cloud",', 'Ollama forwards "gpt-oss:120b-cloud" to its public cloud'),
        ("max_output: 99", "max_output: 8192", "5:9: max_output is smaller than context_window"),
        (
            "max_output: 99",
            "edits: apply-patch, max_output: 99",
            "5:9: edits: apply-patch needs tools: native or text",
        ),
        ("price: 0", "price: false", "keys with values are wanted here"),
        ("price: 0", "price: {input: -1, output: 0}", "this should be greater than or equal to 0"),
        ("  tiny:", "  skip:", '5:9: a model cannot be called "skip"'),
        (
            "secret: {perimeters: [local]",
            "secret: {perimeters: [local, account]",
            "9:24: secret allows account, which internal does not (a more closed level never allows more)",
        ),
        (
            "internal: {perimeters: [local, public]",
            "internal: {perimeters: [local, public], evidence: required",
            "9:11: internal asks for evidence and secret does not (a more closed level never asks for less)",
        ),
        ("run_usd: 1, ", "", '10:1: key "run_usd" is missing'),
        (
            "run_usd: 1,",
            "run_usd: 1, person_day_usd: 2,",
            'unknown key "person_day_usd"',
        ),
        (
            "caps:",
            "sandbox: {interpreters: [python3]}\ncaps:",
            "an interpreter is named by its whole path, from / on",
        ),
        ("caps:", "commands: {verify: ['* x']}\ncaps:", "a command pattern names its program in full"),
        ("caps:", "commands: {verify: ['a | b']}\ncaps:", "| is a shell's sign"),
        ("caps:", "phases: {verify: {max_calls: 1, seconds: 1}}\ncaps:", "known here: triage, plan, code, review"),
    ],
)
def test_a_fault_of_the_policy_is_told_with_its_place(old: str, new: str, said: str) -> None:
    found = problems(changed(old, new))
    assert len(found) == 1
    assert said in found[0]


def test_one_model_id_has_one_family_whatever_it_is_called() -> None:
    twin = "  twin: {provider: box, id: q, vendor: ali, family: other, tier: small, context_window: 8192}\n"
    text = changed("sensitivities:\n", twin.replace("8192}", "9000}") + "sensitivities:\n")
    assert problems(text) == [
        'p.yml:7:53: "q" stands here with another family or vendor than before (it was "qwen" by "ali")'
    ]


def test_the_policy_that_is_shipped_loads() -> None:
    root = Path(__file__).resolve().parents[3]
    data = (root / "policies" / "default.yml").read_bytes()
    assert isinstance(load_policy(data, "policies/default.yml"), PolicyFile)
    assert (root / "src/pointsman/entrypoints/shipped/default.yml").read_bytes() == data
