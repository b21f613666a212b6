"""From plain data to typed values; pydantic's errors become problems with line, column and the nearest known word."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from enum import Enum
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pointsman.config.problem import ConfigProblem, looks_like_a_key, quoted
from pointsman.config.yaml_source import KeyPath, YamlText

T = TypeVar("T", bound=BaseModel)
MAX_PROBLEMS = 20

_WANTED = {
    "bool_type": "true or false is wanted here",
    "dict_type": "keys with values are wanted here",
    "float_type": "a number is wanted here",
    "int_type": "a whole number is wanted here",
    "mapping_type": "keys with values are wanted here",
    "model_type": "keys with values are wanted here",
    "model_attributes_type": "keys with values are wanted here",
    "string_type": "text is wanted here",
    "tuple_type": "a list is wanted here",
}


def validated(
    source: YamlText, model: type[T], advice: Mapping[str, str], also: tuple[str, ...] = ()
) -> T | tuple[ConfigProblem, ...]:
    """The file as `model`, or its problems in the order of the file (the first twenty).

    `advice` has a hint for unknown keys that people try, and under `missing KEY` for keys that they leave out;
    `also` names keys that may stand at the top besides those of the model.
    """
    try:
        value = model.model_validate(source.value)
    except ValidationError as errors:
        details = errors.errors(include_url=False, include_input=False)
        unknown = {_path(detail) for detail in details if "[key]" in detail["loc"]}
        told = [detail for detail in details if "[key]" in detail["loc"] or not _is_inside(_path(detail), unknown)]
        return in_order(_problem(source, detail, model, advice, also) for detail in told)
    return in_order(_credentials(source)) or value


def in_order(problems: Iterator[ConfigProblem]) -> tuple[ConfigProblem, ...]:
    """Each problem once, as they stand in the file, the first twenty."""
    return tuple(sorted(set(problems), key=lambda p: (p.line, p.column, p.message)))[:MAX_PROBLEMS]


def nearest(word: str, known: tuple[str, ...]) -> str:
    """The known word that `word` was probably meant to be, or empty."""
    return next(iter(get_close_matches(word[:100], known, n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """A hint that names the nearest known word, or all of them when none is near."""
    found = nearest(word, known)
    if found:
        return f'did you mean "{found}"?'
    return f"known here: {', '.join(known)}" if known else ""


def _path(detail: ErrorDetails) -> KeyPath:
    return tuple(step for step in detail["loc"] if step != "[key]")


def _is_inside(path: KeyPath, unknown: set[KeyPath]) -> bool:
    """Whether a key on the way there is not known: what stands below it needs no mending."""
    return any(path[:length] in unknown for length in range(1, len(path) + 1))


def _problem(
    source: YamlText,
    detail: ErrorDetails,
    model: type[BaseModel],
    advice: Mapping[str, str],
    also: tuple[str, ...],
) -> ConfigProblem:
    path = _path(detail)
    last = str(path[-1]) if path else ""
    if detail["type"] == "extra_forbidden" or "[key]" in detail["loc"]:
        known = _known_at(model, path[:-1], keys="[key]" in detail["loc"])
        hint = advice.get(last) or did_you_mean(last, known if path[:-1] else (*known, *also))
        return source.problem(source.place(path), f"unknown key {quoted(last)}", hint)
    if detail["type"] == "missing":
        message = f'key "{last}" is missing'
        return source.problem(source.place(path[:-1]), message, advice.get(f"missing {last}", ""))
    message, hint = _sentence(detail, _at(source.value, path), _known_at(model, path))
    return source.problem(source.place_of_value(path), message, hint)


def _sentence(detail: ErrorDetails, value: object, known: tuple[str, ...]) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in ("enum", "literal_error"):
        if not isinstance(value, str):
            return f"one of these is wanted here: {', '.join(known)}", ""
        return f"{quoted(value)} is not one of: {', '.join(known)}", did_you_mean(value, known)
    if kind == "value_error":
        return str(context.get("error", "this cannot be used")), ""
    if kind == "string_pattern_mismatch":
        return f"{quoted(str(value))} is no name", "letters, digits and . _ : / @ + - make a name"
    if kind == "bool_type" and isinstance(value, str):
        return _WANTED[kind], f"{quoted(value)} is text here, as YAML 1.2 has it"
    if kind in _WANTED:
        return _WANTED[kind], "put it in quotes" if kind == "string_type" and value is not None else ""
    if kind == "too_short" and not value:
        return "at least one is wanted here", ""
    message = detail["msg"].removeprefix("Input ")
    return f"this {message}", ""


def _at(value: object, path: KeyPath) -> object:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step]
    return value


def _known_at(annotation: object, path: KeyPath, *, keys: bool = False) -> tuple[str, ...]:
    """The words that may stand at `path`: keys of a mapping, or members of a closed set (`keys`: its own keys)."""
    for step in path:
        annotation = _inside(annotation, step)
    model = next(_parts(annotation, BaseModel), None)
    if model is not None and not keys:
        return tuple(model.model_fields)
    members = next(_parts(annotation, Enum), None)
    if members is not None:
        return tuple(str(member.value) for member in members)
    return tuple(str(word) for word in _words(annotation))


def _inside(annotation: object, step: str | int) -> object:
    model = next(_parts(annotation, BaseModel), None)
    if model is not None and step in model.model_fields:
        return model.model_fields[str(step)].annotation
    return annotation


K = TypeVar("K")


def _parts(annotation: object, kind: type[K]) -> Iterator[type[K]]:
    """The classes of `kind` in an annotation, last argument first: the values of a mapping before its keys."""
    if isinstance(annotation, type) and issubclass(annotation, kind):
        yield annotation
    for part in reversed(get_args(annotation)):
        yield from _parts(part, kind)


def _words(annotation: object) -> Iterator[object]:
    for part in get_args(annotation):
        if get_args(part):
            yield from _words(part)
        elif not isinstance(part, type) and part is not None:
            yield part


def _credentials(source: YamlText) -> Iterator[ConfigProblem]:
    for path in source.values:
        value = _at(source.value, path)
        if isinstance(value, str) and looks_like_a_key(value):
            hint = "the policy names where a key is found, env:NAME or file:/path; revoke this one"
            yield source.problem(source.place_of_value(path), "what stands here looks like a credential", hint)
