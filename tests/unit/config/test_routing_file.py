"""The routing file as people write it, right and wrong."""

import pytest

from pointsman.config.routing_file import THREE_LINES, RoutingFile, idle_keys, load_routing
from pointsman.domain.levels import Sensitivity, TaskClass

LONG = """\
version: 1
sensitivity: internal              # may only raise what the organisation says of this repository
trigger: {label: pointsman}        # one-shot: removed when taken, put back to retry
routes:
  triage: claude-haiku
  plan:   {model: claude-opus, max_output_tokens: 8000, latency: background}
  code:
    model: ollama:qwen2.5-coder:14b
    fallback: [vllm:qwen3-coder-30b]      # on outage only
    escalate: [claude-sonnet]             # on evidence
    budget_usd: 0.50
  qa:     {model: claude-sonnet, evidence: required, rounds: 2}
tasks:                                    # over the routes above, by class of task
  docs:     {plan: skip, code: claude-haiku}
  security: {code: claude-opus, approval: plan}
paths:                                    # most sensitive touched path wins
  - {match: "src/auth/**", sensitivity: restricted, approval: plan}
verify:
  prepare:  {commands: ["pip install -r requirements.txt"], key: [requirements.txt]}
  commands: ["python -m pytest -q"]       # in the sandbox, no network
budget: {run_usd: 2.00, day_usd: 20.00}
review: {max_findings: 10, auto_fix: true}
protected: ["infra/**"]                   # never edited by a model, on top of the built-in list
"""


def problems(text: str) -> list[str]:
    found = load_routing(text.encode())
    assert isinstance(found, tuple)
    return [str(problem) for problem in found]


def routing(text: str) -> RoutingFile:
    found = load_routing(text.encode())
    assert isinstance(found, RoutingFile), [str(problem) for problem in found]
    return found


def test_three_lines_are_a_whole_file() -> None:
    found = routing(THREE_LINES)
    assert found.routes.plan.model == "claude-opus"
    assert found.routes.code.model == "ollama:qwen2.5-coder:14b"
    assert found.routes.qa.model == "claude-sonnet"
    assert found.routes.triage is None


def test_the_long_form_says_all_that_its_documentation_says() -> None:
    found = routing(LONG)
    assert found.sensitivity is Sensitivity.INTERNAL
    assert found.routes.code.names == ("ollama:qwen2.5-coder:14b", "vllm:qwen3-coder-30b", "claude-sonnet")
    assert found.routes.code.budget_usd == 0.5
    assert found.routes.plan.max_output_tokens == 8000
    assert found.tasks[TaskClass.DOCS].skips_plan
    assert found.tasks[TaskClass.SECURITY].approval == "plan"
    assert found.paths[0].sensitivity is Sensitivity.RESTRICTED
    assert found.verify.commands == ("python -m pytest -q",)
    assert found.budget.day_usd == 20
    assert found.protected == ("infra/**",)


def test_keys_that_are_read_and_not_acted_on_are_named() -> None:
    assert idle_keys(routing(LONG)) == ("verify.prepare",)
    assert idle_keys(routing(THREE_LINES)) == ()


def test_short_routes_may_stand_beside_other_keys() -> None:
    assert routing(THREE_LINES + "protected: [x]\n").protected == ("x",)


def test_a_typo_is_named_with_line_column_and_nearest_key() -> None:
    text = "plan: a\nqa: c\ncode:\n  modle: b\n"
    assert problems(text) == ['.pointsman.yml:4:3: unknown key "modle" (did you mean "model"?)']


def test_every_problem_is_told_in_the_order_of_the_file() -> None:
    text = "plan: 5\ncode: b\nqa: c\nsensitivity: secrte\nreview: {auto_fix: no}\ntasks: {dcos: {plan: skip}}\n"
    assert problems(text) == [
        ".pointsman.yml:1:7: keys with values are wanted here",
        '.pointsman.yml:4:14: "secrte" is not one of: public, internal, restricted, secret (did you mean "secret"?)',
        '.pointsman.yml:5:20: true or false is wanted here ("no" is text here, as YAML 1.2 has it)',
        '.pointsman.yml:6:9: unknown key "dcos" (did you mean "docs"?)',
    ]


def test_a_missing_route_shows_what_a_whole_file_is() -> None:
    assert problems("plan: a\ncode: b\n") == [
        '.pointsman.yml:1:1: key "qa" is missing '
        "(a whole file is: plan: claude-opus, code: ollama:qwen2.5-coder:14b, qa: claude-sonnet)"
    ]


def test_an_empty_file_is_a_problem_and_no_permission() -> None:
    assert problems("")[0].startswith(".pointsman.yml:1:1: keys with values are wanted here (a whole file is: plan:")


def test_routes_are_written_in_one_place() -> None:
    text = THREE_LINES + "routes: {plan: a, code: b, qa: c}\n"
    assert problems(text) == [
        '.pointsman.yml:1:1: "plan" stands beside "routes" (keep the routes in one place, under "routes")'
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("code: {model: b, tier: small}", "2:7: a route names either a model or a tier"),
        ("code: {budget_usd: 1}", "2:7: a route names either a model or a tier"),
        ("code: {model: b, max_cost_usd: 0.1}", "2:7: max_cost_usd and max_latency_ms go with a tier"),
        ("code: {model: b, fallback: [b]}", "2:7: a route names each model once"),
        ("code: {model: b, budget_usd: -1}", "2:30: this should be greater than or equal to 0"),
        ("code: {model: b, budget_usd: free}", "2:30: a number is wanted here"),
        ("code: {model: b, fallback: c}", "2:28: a list is wanted here"),
        ("code: 'a b'", '2:7: "a b" is no name'),
        ("code: {model: b, rounds: 2}", '2:18: unknown key "rounds"'),
        ("code: b\nverify: {commands: ['a && b']}", "3:21: & is a shell's sign"),
        ("code: b\nverify: {commands: ['X=1 pytest']}", "3:21: a command cannot set environment variables"),
        ("code: b\nverify: {commands: ['pytest \"']}", "3:21: a quote is opened in this command and not closed"),
        ("code: b\nprotected: ['!keep']", "3:13: a path pattern cannot begin with !"),
        ("code: b\nprotected: ['../x']", "3:13: a path pattern stays inside the repository"),
        ("code: b\nversion: 2", "3:10: one of these is wanted here: 1"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_with_its_place(line: str, said: str) -> None:
    found = problems(f"plan: a\n{line}\nqa: c\n")
    assert len(found) == 1
    assert f".pointsman.yml:{said}" in found[0]


def test_a_credential_is_refused_and_never_shown() -> None:
    key = "sk-ant-api03-" + "a" * 30
    found = problems(f"plan: a\ncode: b\nqa: c\ntrigger: {{label: {key}}}\n")
    assert "looks like a credential" in found[0]
    assert key not in found[0]
    assert key not in problems(f"plan: a\ncode: b\nqa: c\n{key}: x\n")[0]
