"""Path patterns in the manner of .gitignore, matched in bounded time and never by a regular expression."""

from dataclasses import dataclass
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
    return _fits_runs(pattern.split("*"), word)


@lru_cache(maxsize=4096)
def _segments(pattern: str) -> tuple[str, ...]:
    body = pattern.rstrip("/")
    anchored = "/" in body
    # To git more stars than two are two (wildmatch.c).
    segments = tuple(
        _DEEP if part.startswith(_DEEP) and not part.strip("*") else part for part in body.split("/") if part
    )
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
    if "?" in segment or "[" in segment:
        return _machine(segment).fits(part)
    return _fits_runs(segment.split("*"), part)


def _fits_runs(pieces: list[str], part: str) -> bool:
    """Whether the literal pieces stand in `part` in their order, the first at its start and the last at its end."""
    if len(pieces) == 1:
        return part == pieces[0]
    first, *middle, last = pieces
    at, end = len(first), len(part) - len(last)
    if end < at or not part.startswith(first) or not part.endswith(last):
        return False
    for piece in middle:
        at = part.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


@dataclass(frozen=True, slots=True)
class _Machine:
    """A segment as a machine whose states are the bits of one number: each character of a part costs a few steps.

    `runs` are the states at a run; `moves` holds the states that each character leads on from, once it was met.
    """

    tokens: tuple[_Token, ...]
    runs: int
    moves: dict[str, int]

    def fits(self, part: str) -> bool:
        """Whether all of `part` leads to the end."""
        states = 1 | (self.runs & 1) << 1
        for char in part:
            states = (states & self._moved_by(char)) << 1 | states & self.runs
            states |= (states & self.runs) << 1
            if not states:
                return False
        return bool(states >> len(self.tokens) & 1)

    def _moved_by(self, char: str) -> int:
        found = self.moves.get(char)
        if found is None:
            plain = (token is not _Wild.RUN and _is(token, char) for token in self.tokens)
            found = self.moves[char] = sum(1 << place for place, fits in enumerate(plain) if fits)
        return found


@lru_cache(maxsize=4096)
def _machine(segment: str) -> _Machine:
    every = _tokens(segment)
    # Two runs in a row are one.
    tokens = tuple(t for t, before in zip(every, ("", *every), strict=False) if not (t is before is _Wild.RUN))
    return _Machine(tokens, sum(1 << place for place, token in enumerate(tokens) if token is _Wild.RUN), {})


def _is(token: _Token, char: str) -> bool:
    if isinstance(token, _Wild):
        return True
    if isinstance(token, str):
        return token == char
    negated, ranges = token
    return any(low <= char <= high for low, high in ranges) is not negated


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
