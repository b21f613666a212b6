"""The JSON Schemas say what the code reads; `python tests/docs/test_schemas.py` writes them anew."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
from tests.unit.config.test_policy_file import SMALL as SMALL_POLICY
from tests.unit.config.test_routing_file import LONG
from tests.unit.policy.policy_world import POLICY as WORLD_POLICY
from tests.worlds.repositories import ROUTING as STORY_ROUTING
from tests.worlds.stage import SEATS, policy_of

from pointsman.config.json_schema import Which, schema_of
from pointsman.config.policy_file import load_policy
from pointsman.config.routing_file import THREE_LINES, load_routing
from pointsman.config.yaml_source import YamlText, read_yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[Which, Path] = {
    "routing": ROOT / "docs" / "routing-file.schema.json",
    "policy": ROOT / "docs" / "policy.schema.json",
}
_YAML = re.compile(r"^```yaml\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
_ROUTE = re.compile(r"^(?:plan|routes):", re.MULTILINE)


def written(which: Which) -> str:
    return json.dumps(schema_of(which), indent=1, ensure_ascii=False) + "\n"


def data_of(text: str) -> object:
    found = read_yaml(text.encode(), "example.yml", max_bytes=1_000_000)
    assert isinstance(found, YamlText), str(found)
    return found.value


def fits(which: Which, text: str) -> bool:
    return jsonschema.Draft7Validator(schema_of(which)).is_valid(data_of(text))


def examples() -> Iterator[str]:
    """Whole routing files in the pages: those that the code reads as such."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for block in _YAML.finditer(page.read_text(encoding="utf-8")):
            if _ROUTE.search(block["text"]) and not isinstance(load_routing(block["text"].encode()), tuple):
                yield block["text"]


ROUTINGS = (
    THREE_LINES,
    LONG,
    STORY_ROUTING,
    "routes: {plan: a, code: {tier: small, max_cost_usd: 0.01}, qa: {model: c, tier: null}}\n",
    "plan: a\ncode: b\nqa: c\nbudget: {run_usd: null}\n",
    *examples(),
)
WRONG_ROUTINGS = {
    "no routes": "version: 1\n",
    "a route is missing": "plan: a\ncode: b\n",
    "routes in two places": "plan: a\nroutes: {plan: a, code: b, qa: c}\n",
    "an unknown key at the top": THREE_LINES + "colour: red\n",
    "an unknown key in a route": "plan: a\ncode: {modle: b}\nqa: c\n",
    "both a model and a tier": "plan: a\ncode: {model: b, tier: small}\nqa: c\n",
    "neither a model nor a tier": "plan: a\ncode: {fallback: [b]}\nqa: c\n",
    "a cost beside a model": "plan: a\ncode: {model: b, max_cost_usd: 1}\nqa: c\n",
    "escalation of a planner": "plan: {model: a, escalate: [b]}\ncode: b\nqa: c\n",
    "a level that is none": THREE_LINES + "sensitivity: top-secret\n",
    "a class of task that is none": THREE_LINES + "tasks: {doc: {code: b}}\n",
    "a number as text": THREE_LINES + 'budget: {run_usd: "2"}\n',
    "less than no money": THREE_LINES + "budget: {run_usd: -1}\n",
    "a command for a shell": THREE_LINES + 'verify: {commands: ["pytest && rm x"]}\n',
    "a negated pattern": THREE_LINES + 'protected: ["!infra/"]\n',
    "a name with a blank": "plan: a b\ncode: b\nqa: c\n",
}
POLICIES = (
    SMALL_POLICY,
    WORLD_POLICY,
    policy_of(SEATS, "http://127.0.0.1:1"),
    *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "policies").glob("*.yml"))),
)
WRONG_POLICIES = {
    "a kind that is none": ("kind: ollama", "kind: llama"),
    "a perimeter that is none": ("perimeter: local", "perimeter: home"),
    "no caps": ("caps:", "cap:"),
    "a level that is none": ("restricted: {", "closed: {"),
    "a key that is written down": ("kind: anthropic,", "kind: anthropic, key: sk-1,"),
    "a tier that is none": ("tier: small", "tier: tiny"),
    "an unknown key": ("protected:", "protect:"),
    "a price below nothing": ("price: 0", "price: -1"),
    "a window as text": ("context_window: 32768", 'context_window: "32768"'),
    "an empty list of perimeters": ("perimeters: [local]", "perimeters: []"),
    "a repository without a level": ('{match: "acme/*", sensitivity: internal}', '{match: "acme/*"}'),
    "a name that is none": ("qwen-s:", '"qwen s":'),
}


@pytest.mark.parametrize("which", PAGES)
def test_a_schema_is_what_the_code_says(which: Which) -> None:
    jsonschema.Draft7Validator.check_schema(schema_of(which))
    assert PAGES[which].read_text(encoding="utf-8") == written(which), "python tests/docs/test_schemas.py"


@pytest.mark.parametrize("text", ROUTINGS)
def test_every_routing_file_that_is_right_fits_the_schema(text: str) -> None:
    assert not isinstance(load_routing(text.encode()), tuple)
    assert fits("routing", text)


@pytest.mark.parametrize("what", WRONG_ROUTINGS)
def test_a_wrong_routing_file_does_not_fit_the_schema(what: str) -> None:
    assert isinstance(load_routing(WRONG_ROUTINGS[what].encode()), tuple)
    assert not fits("routing", WRONG_ROUTINGS[what])


@pytest.mark.parametrize("text", POLICIES, ids=range(len(POLICIES)))
def test_every_policy_that_is_right_fits_the_schema(text: str) -> None:
    assert not isinstance(load_policy(text.encode(), "policy.yml"), tuple)
    assert fits("policy", text)


@pytest.mark.parametrize("what", WRONG_POLICIES)
def test_a_wrong_policy_does_not_fit_the_schema(what: str) -> None:
    right, wrong = WRONG_POLICIES[what]
    text = WORLD_POLICY.replace(right, wrong)
    assert text != WORLD_POLICY
    assert isinstance(load_policy(text.encode(), "policy.yml"), tuple)
    assert not fits("policy", text)


def test_each_key_of_both_schemas_is_described() -> None:
    for which in PAGES:
        schema = schema_of(which)
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert all("description" in part or "$ref" in part for part in properties.values()), which


if __name__ == "__main__":
    for name, page in PAGES.items():
        page.write_text(written(name), encoding="utf-8")
