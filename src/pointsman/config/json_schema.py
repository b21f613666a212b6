"""Both files as JSON Schema, for editors: what the models say, and what people may write in short."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from pointsman.config.policy_file import PolicyFile
from pointsman.config.routing_file import ROUTE_KEYS, RoutingFile
from pointsman.domain.json import JsonObject

Which = Literal["routing", "policy"]

# The draft that the language servers of editors know best.
_DRAFT = "http://json-schema.org/draft-07/schema#"
_TITLES: Mapping[Which, str] = {
    "routing": "The routing file of Pointsman, .pointsman.yml",
    "policy": "The organisation's policy of Pointsman",
}
_WISHES = ("RouteWish", "CodeWish", "QaWish")
_NOTHING = {"type": "null"}
_TEXT = {"type": "string"}
_WITH_A_MODEL = {"model": _TEXT, "tier": _NOTHING, "max_cost_usd": _NOTHING, "max_latency_ms": _NOTHING}
_ONE_WAY = (
    {"required": ["model"], "properties": _WITH_A_MODEL},
    {"required": ["tier"], "properties": {"tier": _TEXT, "model": _NOTHING}},
)


def schema_of(which: Which) -> JsonObject:
    """The schema of one of the two files. It lets pass whatever the code reads, and a few mistakes besides."""
    whole = _plain(RoutingFile if which == "routing" else PolicyFile)
    return {"$schema": _DRAFT, "title": _TITLES[which], **(_with_short_forms(whole) if which == "routing" else whole)}


def _plain(model: type[BaseModel]) -> dict[str, object]:
    whole = _tidy(model.model_json_schema())
    parts = whole.get("$defs")
    assert isinstance(parts, dict)
    if "PriceEntry" in parts:
        free = {"const": 0, "description": "Free: own hardware."}
        parts["PriceEntry"] = {"anyOf": [free, parts["PriceEntry"]]}
    return whole


def _with_short_forms(whole: dict[str, object]) -> dict[str, object]:
    """A bare word for a route, and the routes at the top of the file."""
    parts, properties = whole["$defs"], whole["properties"]
    assert isinstance(parts, dict)
    assert isinstance(properties, dict)
    for name in _WISHES:
        parts[name] = _word_or(parts[name])
    parts |= {"Word": parts["RouteWish"]["anyOf"][0]}
    for name in _WISHES:
        parts[name]["anyOf"][0] = {"$ref": "#/$defs/Word"}
    short = {key: parts["Routes"]["properties"][key] for key in ROUTE_KEYS}
    long = {"required": ["routes"], "properties": dict.fromkeys(ROUTE_KEYS, False)}
    at_the_top = {"required": parts["Routes"]["required"], "properties": {"routes": False}}
    rest = {key: value for key, value in whole.items() if key not in ("properties", "required")}
    return {**rest, "properties": {**properties, **short}, "oneOf": [long, at_the_top]}


def _word_or(wish: object) -> dict[str, object]:
    """A route: a bare word, or keys that name either a model or a tier."""
    assert isinstance(wish, dict)
    word = wish["properties"]["model"]["anyOf"][0]
    return {"anyOf": [word, {**wish, "oneOf": list(_ONE_WAY)}]}


def _tidy(value: object) -> dict[str, object]:
    found = _tidied(value)
    assert isinstance(found, dict)
    return found


def _tidied(value: object, *, names: bool = False) -> object:
    """Without made-up titles and defaults of nothing; a mapping by name holds no other names.

    `names` says that the keys are those of the file, and no words of JSON Schema.
    """
    if isinstance(value, list):
        return [_tidied(part) for part in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _tidied(part, names=key in ("properties", "$defs", "patternProperties"))
        for key, part in value.items()
        if names or not (key == "title" or (key == "default" and part is None))
    }
    if not names and "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept
