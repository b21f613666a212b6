"""Finding JSON objects in what a model wrote: fenced, in prose, after thoughts, with the slips that models make."""

import ast
import json
import re
from collections.abc import Iterator

LONGEST = 400_000
DEEPEST = 60
TRIES = 60

_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\]]', re.DOTALL)
_OUTSIDE = re.compile(
    r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|,(?=\s*[}\]])|\b(?:true|false|null)\b|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_WORDS = {"true": "True", "false": "False", "null": "None"}


def without_thoughts(text: str) -> str:
    """The text without what stands between thinking tags; an opening tag that the template kept is assumed."""
    text = _THOUGHTS.sub("", text)
    for tag in ("</think>", "</thinking>", "</reasoning>"):
        text = text.rpartition(tag)[2]
    return text


def strict(text: str) -> object:
    """The JSON value that the whole text is, or None."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def found(text: str) -> Iterator[object]:
    """JSON values in the text, in order. Never raises, never looks deeper than DEEPEST, gives up on endless text."""
    text = without_thoughts(text[:LONGEST]).strip()
    whole = strict(text)
    if isinstance(whole, dict | list | str):
        yield whole
        return
    place, tries = text.find("{"), 0
    while place >= 0 and tries < TRIES:
        tries += 1
        span = _balanced(text, place)
        value = lenient(span) if span else None
        if value is not None:
            yield value
        place = text.find("{", place + len(span) if value is not None else place + 1)


def _balanced(text: str, start: int) -> str:
    depth = 0
    for token in _TOKENS.finditer(text, start):
        mark = token.group()
        if mark in "{[":
            depth += 1
        elif mark in "}]":
            depth -= 1
        if depth > DEEPEST:
            return ""
        if depth == 0:
            return text[start : token.end()]
    return ""


def lenient(span: str) -> object:
    """The value of a balanced span, read as JSON, then with stray commas and comments taken out, then as Python."""
    tidy = _OUTSIDE.sub(lambda hit: _tidied(hit.group(), python=False), span)
    for candidate in (span, tidy, _BAD_ESCAPE.sub(_escaped, tidy)):
        value = strict(candidate)
        if value is not None:
            return value
    try:
        literal: object = ast.literal_eval(_OUTSIDE.sub(lambda hit: _tidied(hit.group(), python=True), span))
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return literal if isinstance(literal, dict) and all(isinstance(key, str) for key in literal) else None


def _tidied(mark: str, *, python: bool) -> str:
    if mark[0] in "\"'":
        return mark
    if mark[0] in ",/":
        return ""
    return _WORDS[mark] if python else mark


def _escaped(hit: re.Match[str]) -> str:
    return hit.group() if hit.group(1) else "\\\\"
