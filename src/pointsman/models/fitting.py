"""Whether a JSON value has a wanted form, with repairs that lose nothing ("3" for 3, "Approve" for "approve")."""

import math
from collections.abc import Mapping

from pointsman.domain.json import JsonObject

DEEPEST = 40
_INNER = 2
"""The depth at which the fields of an object begin that lies within the answer."""


class Misfit(ValueError):
    """The value does not have the form."""


def fit(value: object, schema: object, root: JsonObject, depth: int = 0) -> object:
    """`value` in the form that `schema` describes; `root` holds its `$defs`. Raises Misfit.

    Reads the part of JSON Schema that answers need: type, properties, required, additionalProperties, items, enum,
    const, default, anyOf, oneOf and local $ref. The object itself must have its form; in one that lies within it, a
    missing text is empty and another word than those to choose from is kept, since one such slip would cost the whole
    answer, and whoever reads it knows better what can be done without.
    """
    if depth > DEEPEST or not isinstance(schema, Mapping):
        raise Misfit
    if "$ref" in schema:
        return fit(value, _referred(schema["$ref"], root), root, depth + 1)
    choices = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(choices, list):
        return _first(value, choices, root, depth)
    if "const" in schema:
        return _one_of(value, [schema["const"]])
    if isinstance(options := schema.get("enum"), list):
        return _one_of(value, options, is_strict=depth < _INNER)
    kinds = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kinds, list):
        return _first(value, [{**schema, "type": kind} for kind in kinds], root, depth)
    if kinds == "object":
        return _object(value, schema, root, depth)
    if kinds == "array":
        return _array(value, schema, root, depth)
    return value if kinds is None else _scalar(value, str(kinds))


def _referred(reference: object, root: JsonObject) -> object:
    found: object = root
    for part in str(reference).removeprefix("#/").split("/"):
        if not isinstance(found, Mapping) or part not in found:
            raise Misfit
        found = found[part]
    return found


def _first(value: object, choices: list[object], root: JsonObject, depth: int) -> object:
    exact = [one for one in choices if isinstance(one, Mapping) and one.get("type") == _kind(value)]
    for choice in [*exact, *choices]:
        try:
            return fit(value, choice, root, depth + 1)
        except Misfit:
            continue
    raise Misfit


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {str: "string", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return kinds.get(type(value), "")


def _one_of(value: object, options: list[object], *, is_strict: bool = True) -> object:
    for option in options:
        if type(option) is type(value) and option == value:
            return option
    if isinstance(value, str):
        plain = value.strip().casefold()
        for option in options:
            if isinstance(option, str) and option.casefold() == plain:
                return option
        if not is_strict:
            return value
    raise Misfit


def _object(value: object, schema: Mapping[str, object], root: JsonObject, depth: int) -> object:
    if not isinstance(value, dict):
        raise Misfit
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    fitted: dict[str, object] = {}
    for name, held in value.items():
        if name in known:
            if held is None and name not in needed and not _allows_null(known[name]):
                continue
            fitted[name] = fit(held, known[name], root, depth + 1)
        elif schema.get("additionalProperties", True) is not False:
            fitted[name] = held
    for name in needed:
        if name not in fitted:
            fitted[str(name)] = _default(known.get(name), is_strict=depth == 0)
    return fitted


def _allows_null(schema: object) -> bool:
    return isinstance(schema, Mapping) and (
        "anyOf" in schema or "oneOf" in schema or "null" in str(schema.get("type"))
    )


def _default(schema: object, *, is_strict: bool) -> object:
    if isinstance(schema, Mapping) and "default" in schema:
        return schema["default"]
    if not is_strict and isinstance(schema, Mapping) and schema.get("type") == "string" and "enum" not in schema:
        return ""
    raise Misfit


def _array(value: object, schema: Mapping[str, object], root: JsonObject, depth: int) -> object:
    items = schema.get("items", {})
    if isinstance(value, str) and isinstance(items, Mapping) and items.get("type") == "string":
        return [value] if value.strip() else []
    if not isinstance(value, list):
        raise Misfit
    return [fit(one, items, root, depth + 1) for one in value]


def _scalar(value: object, kind: str) -> object:
    readers = {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean, "null": _null}
    if kind not in readers:
        raise Misfit
    return readers[kind](value)


def _string(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise Misfit


def _integer(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = _number(value)
    if isinstance(number, float) and number.is_integer():
        return int(number)
    raise Misfit


def _number(value: object) -> object:
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value)
        except ValueError as error:
            raise Misfit from error
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Misfit
    return value


def _boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in ("true", "false"):
        return value.strip().casefold() == "true"
    raise Misfit


def _null(value: object) -> object:
    if value is not None:
        raise Misfit
    return None
