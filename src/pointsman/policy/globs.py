"""Path patterns in the manner of .gitignore, matched in bounded time and never by a regular expression."""

from enum import Enum
from functools import lru_cache


class _Wild(Enum):
    """One character of any kind, or any run of them; neither crosses a slash in a path."""

    ANY = "?"
    RUN = "*"


# A token of one path segment: a literal character, a wildcard, or a set (whether it is negated, and its ranges).
_Token = str | _Wild | tuple[bool, tuple[tuple[str, str], ...]]
_WILD: dict[str, _Token] = {"?": _Wild.ANY, "*": _Wild.RUN}
_DEEP = "**"


def matches(pattern: str, path: str, *, fold: bool = False) -> bool:
    """Whether `path`, or a folder that it lies in, is matched by `pattern` as git documents it in gitignore(5).

    Negation and backslash escapes are not part of the grammar; the files that hold patterns refuse them.
    `fold` ignores case, for paths that a case-insensitive file system would confuse.
    """
    if fold:
        pattern, path = pattern.casefold(), path.casefold()
    segments = _segments(pattern)
    parts = tuple(path.strip("/").split("/"))
    folder_only = pattern.endswith("/")
    ends = range(1, len(parts) if folder_only else len(parts) + 1)
    return any(_fits(segments, parts[:end]) for end in ends)


def first_match(patterns: tuple[str, ...], path: str, *, fold: bool = False) -> str:
    """The first of `patterns` that matches, or empty."""
    return next((pattern for pattern in patterns if matches(pattern, path, fold=fold)), "")


def matches_word(pattern: str, word: str) -> bool:
    """Whether `word` fits a pattern in which only * has a meaning: any run of characters, slashes too."""
    return _walk(tuple(_Wild.RUN if char == "*" else char for char in pattern), word)


@lru_cache(maxsize=4096)
def _segments(pattern: str) -> tuple[str, ...]:
    body = pattern.rstrip("/")
    anchored = "/" in body
    segments = tuple(part for part in body.split("/") if part)
    return segments if anchored else (_DEEP, *segments)


def _fits(segments: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the segments fit all parts; one row per segment, so that the time is their product."""
    reached = {0}
    for number, segment in enumerate(segments):
        if segment == _DEEP:
            # At the end `**` stands for everything inside, so for one part at least.
            least = 1 if number == len(segments) - 1 else 0
            reached = set(range(min(reached) + least, len(parts) + 1))
        else:
            reached = {at + 1 for at in reached if at < len(parts) and _fits_part(segment, parts[at])}
        if not reached:
            return False
    return len(parts) in reached


def _fits_part(segment: str, part: str) -> bool:
    return _walk(_tokens(segment), part)


def _walk(tokens: tuple[_Token, ...], part: str) -> bool:
    """The two-pointer walk over one segment: on a mismatch only the last run is stretched."""
    at_token = at_char = 0
    run, run_char = -1, 0
    while at_char < len(part):
        if at_token < len(tokens) and tokens[at_token] is _Wild.RUN:
            run, run_char = at_token, at_char
            at_token += 1
        elif at_token < len(tokens) and _is(tokens[at_token], part[at_char]):
            at_token += 1
            at_char += 1
        elif run >= 0:
            run_char += 1
            at_token, at_char = run + 1, run_char
        else:
            return False
    return all(token is _Wild.RUN for token in tokens[at_token:])


def _is(token: _Token, char: str) -> bool:
    if isinstance(token, _Wild):
        return True
    if isinstance(token, str):
        return token == char
    negated, ranges = token
    return any(low <= char <= high for low, high in ranges) is not negated


@lru_cache(maxsize=4096)
def _tokens(segment: str) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    at = 0
    while at < len(segment):
        char = segment[at]
        token, at = _set_at(segment, at) if char == "[" else (_WILD.get(char, char), at + 1)
        tokens.append(token)
    return tuple(tokens)


def _set_at(segment: str, at: int) -> tuple[_Token, int]:
    """The set that opens at `at`, and where it ends; one that is never closed fits nothing, as in git."""
    negated = segment[at + 1 : at + 2] in ("!", "^")
    first = at + 1 + negated
    close = segment.find("]", first + 1)
    if close < 0:
        return (False, ()), len(segment)
    inside, ranges, index = segment[first:close], [], 0
    while index < len(inside):
        wide = index + 2 < len(inside) and inside[index + 1] == "-"
        ranges.append((inside[index], inside[index + 2 * wide]))
        index += 3 if wide else 1
    return (negated, tuple(ranges)), close + 1
