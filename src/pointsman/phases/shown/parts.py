"""A source text in shorter forms: its outline, the functions that matter, one line."""

import re

from pointsman.domain.work import Symbol

_SIGNATURE = re.compile(
    r"^\s*(export\s+|default\s+|pub(\(\w+\))?\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+)*"
    r"(def|class|func|function|fn|interface|struct|enum|trait|impl|type|module)\b\W*(?P<name>[A-Za-z_]\w*)?.*"
)
_LONGEST_LINE = 160
_GLANCE = 200
_MOST_PARTS = 3
_LINES = (60, 30, 12, 5)

Symbols = tuple[Symbol, ...]


def definitions(text: str, symbols: Symbols) -> Symbols:
    """What a text defines, without its values; where the language is not known, the lines that look like it."""
    if symbols:
        return tuple(one for one in symbols if one.kind != "value")
    found = ((number, _SIGNATURE.match(line)) for number, line in enumerate(text.split("\n"), 1))
    return tuple(Symbol(match["name"] or "", "function", at, at, at) for at, match in found if match)


def outline(text: str, symbols: Symbols, limit: int = _LINES[0]) -> str:
    """The lines of a source text that open a definition, with their numbers."""
    lines = text.split("\n")
    opened = [f"{one.line}: {lines[one.line - 1].rstrip()[:_LONGEST_LINE]}" for one in definitions(text, symbols)]
    more = [f"(and {len(opened) - limit} more)"] if len(opened) > limit else []
    return "\n".join(opened[:limit] + more)


def one_line_of(path: str, text: str, symbols: Symbols) -> str:
    """A path and the names that its file defines, on one line; for a file without any, its path alone."""
    names = tuple(dict.fromkeys(one.name for one in definitions(text, symbols) if one.name))
    line = f"{path}: {', '.join(names)}" if names else path
    return line if len(line) <= _GLANCE else f"{line[: _GLANCE - 1]}…"


def parts_of(text: str, symbols: Symbols, words: frozenset[str], line: int, limit: int) -> str:
    """The outline, and below it the definitions whole that `words` name or `line` lies in, in `limit` characters."""
    lines = text.split("\n")
    room, parts = limit * 3 // 4, list[Symbol]()
    for one in matching(definitions(text, symbols), words, line):
        size = sum(len(each) + 8 for each in lines[one.top - 1 : one.end])
        if size <= room and not any(other.top <= one.top and one.end <= other.end for other in parts):
            parts.append(one)
            room -= size
        if len(parts) == _MOST_PARTS:
            break
    shown = _outline_in(text, symbols, room + limit // 4)
    whole = [_numbered(lines, one) for one in sorted(parts, key=lambda one: one.top)]
    return "\n\n".join(part for part in (shown, *whole) if part)


def _outline_in(text: str, symbols: Symbols, chars: int) -> str:
    """The outline with as many lines as fit; none when not even a few do."""
    outlines = (outline(text, symbols, limit) for limit in _LINES)
    return next((shown for shown in outlines if len(shown) <= chars), "")


def matching(symbols: Symbols, words: frozenset[str], line: int) -> Symbols:
    """The definitions that are meant, the surest first: named, then the innermost around the line."""
    named = [one for one in symbols if one.name in words]
    around = sorted((one for one in symbols if one.top <= line <= one.end), key=lambda one: one.end - one.top)
    return tuple(dict.fromkeys((*named, *around)))


def _numbered(lines: list[str], one: Symbol) -> str:
    return "\n".join(f"{number}: {lines[number - 1]}" for number in range(one.top, one.end + 1))
