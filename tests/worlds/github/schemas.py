"""GitHub's own descriptions of its API and webhooks, as judges over what the world is asked, answers and sends."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator
from tests.worlds.github.wire import Json, Value

PACKAGES = Path(__file__).resolve().parents[3] / ".venv" / "github" / "node_modules" / "@octokit"
_SHOWN = 3
# The API description forgets that a fork may be gone and that a remark may be outdated; the schemas of webhooks, and
# GitHub itself, know both.
_FORGOTTEN = (
    "head/repo: None is not of type 'object'",
    "position: None is not of type 'integer'",
    "line: None is not of type 'integer'",
)
# Any request for a renamed repository may be sent on (GitHub REST documentation, "Redirects").
_MOVED = (301, 307)


def _read(path: str) -> Value:
    place = PACKAGES / path
    if not place.exists():
        raise FileNotFoundError(f"{place} is missing; `make test` brings GitHub's schemas (it needs npm)")
    return json.loads(place.read_bytes())


def octokit_examples() -> Iterator[tuple[str, Json]]:
    """Every example webhook that GitHub's package publishes: (event, payload)."""
    for entry in _read("webhooks-examples/api.github.com/index.json"):
        for example in entry["examples"]:
            yield entry["name"], example


def hook_problems(event: str, payload: Json) -> list[str]:
    """How a webhook differs from GitHub's schema of it; empty when it does not."""
    name = f"{event}${payload['action']}" if "action" in payload else f"{event}$event"
    validator = _hook_validator(name)
    if validator is None:
        return [f"webhook {name}: GitHub publishes no schema of it"]
    return _problems(f"webhook {name}", validator, payload)


def request_problems(method: str, template: str, body: Value) -> list[str]:
    """How the body of a request differs from the API description."""
    operation = _operation(method, template)
    if operation is None:
        return [f"{method} {template}: the API description has no such operation"]
    schema = _json_of(operation.get("requestBody", {}))
    if schema is None:
        return []
    return _problems(f"{method} {template} (asked)", _api_validator(method, template, "request"), body or {})


def answer_problems(method: str, template: str, status: int, body: Value) -> list[str]:
    """How an answer differs from the API description; statuses that it does not name are let be from 400 on."""
    operation = _operation(method, template)
    if operation is None:
        return [f"{method} {template}: the API description has no such operation"]
    described = operation["responses"].get(str(status))
    if described is None:
        return [] if status >= 400 or status in _MOVED else [f"{method} {template}: {status} is no answer of it"]
    if _json_of(_followed(described)) is None:
        return []
    return _problems(f"{method} {template} ({status})", _api_validator(method, template, str(status)), body)


def _problems(what: str, validator: Validator, value: Value) -> list[str]:
    found = []
    for error in validator.iter_errors(value):
        place = "/".join(str(part) for part in error.absolute_path)
        problem = f"{place or 'the whole'}: {error.message[:300]}"
        if not problem.endswith(_FORGOTTEN):
            found.append(f"{what}: {problem}")
        if len(found) == _SHOWN:
            break
    return found


@cache
def _hooks() -> Json:
    schema: Json = _read("webhooks-schemas/schema.json")
    return schema


@cache
def _hook_validator(name: str) -> Validator | None:
    if name not in _hooks()["definitions"]:
        return None
    definitions = _reached(_hooks()["definitions"], name, "#/definitions/")
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


@cache
def _api() -> Json:
    """The description of github.com's REST API: 13 MB, read once per process and only when somebody asks."""
    description: Json = _read("openapi/generated/api.github.com.json")
    return {"paths": description["paths"], "components": description["components"]}


@cache
def _templates() -> dict[str, str]:
    """Paths with the names of their parts left out, so that the world may name them as it likes."""
    return {_shape(path): path for path in _api()["paths"]}


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "{}", path)


def _operation(method: str, template: str) -> Json | None:
    path = _templates().get(_shape(template), "")
    operation: Json | None = _api()["paths"].get(path, {}).get(method.lower())
    return operation


def _followed(value: Json) -> Json:
    """The thing itself, when it is a reference to a response or request body."""
    while "$ref" in value:
        found: Value = _api()
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def _json_of(value: Json) -> Json | None:
    content = _followed(value).get("content", {})
    schema: Json | None = content.get("application/json", {}).get("schema")
    return schema


@cache
def _api_validator(method: str, template: str, part: str) -> Validator:
    operation = _operation(method, template) or {}
    where = operation.get("requestBody", {}) if part == "request" else operation["responses"][part]
    schema = _plain(_json_of(where) or {})
    schemas = _api()["components"]["schemas"]
    reached: Json = {}
    for name in _names_in(schema, "#/components/schemas/"):
        reached |= _reached(schemas, name, "#/components/schemas/")
    plain = {name: _plain(part) for name, part in reached.items()}
    return Draft202012Validator({**schema, "components": {"schemas": plain}})


def _reached(all_of_them: Json, name: str, prefix: str) -> Json:
    """A definition and all that it leads to."""
    found: Json = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found[current] = all_of_them[current]
            waiting += _names_in(found[current], prefix)
    return found


def _names_in(value: Value, prefix: str) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].removeprefix(prefix)] if isinstance(value.get("$ref"), str) else []
        return own + [name for part in value.values() for name in _names_in(part, prefix)]
    if isinstance(value, list):
        return [name for part in value for name in _names_in(part, prefix)]
    return []


def _plain(value: Value) -> Value:
    """OpenAPI 3.0 as JSON Schema: `nullable` is a type of its own, examples are no part of it."""
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, dict):
        return value
    plain = {name: _plain(part) for name, part in value.items() if name not in ("nullable", "example", "examples")}
    if [part.get("title") for part in value.get("allOf", ())] == ["Simple User", "Enterprise"]:
        # An installation's account is described as both at once in one place, as either of them everywhere else.
        plain["anyOf"] = plain.pop("allOf")
    if value.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
