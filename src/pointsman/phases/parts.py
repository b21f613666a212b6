"""A source text in shorter forms: its outline, the functions that matter, one line."""

import re
from dataclasses import dataclass

_SIGNATURE = re.compile(
    r"^\s*(export\s+|default\s+|pub(\(\w+\))?\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+)*"
    r"(def|class|func|function|fn|interface|struct|enum|trait|impl|type|module)\b.*"
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_OPENERS = (
    "export default pub public private protected static async abstract def class func function fn interface struct"
    " enum trait impl type module"
)
_KEYWORDS = frozenset(_OPENERS.split())
_LONGEST_LINE = 160
_GLANCE = 200
_MOST_PARTS = 3


@dataclass(frozen=True, slots=True)
class Span:
    """One definition: its name, and its first and last line, from 1."""

    name: str
    start: int
    end: int


def outline(text: str, limit: int = 60) -> str:
    """The lines of a source text that open a definition, with their numbers."""
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), 1))
    lines = [f"{number}: {line.rstrip()[:_LONGEST_LINE]}" for number, line in numbered if _SIGNATURE.match(line)]
    more = [f"(and {len(lines) - limit} more)"] if len(lines) > limit else []
    return "\n".join(lines[:limit] + more)


def one_line_of(path: str, text: str) -> str:
    """A path and the names that its file defines, on one line; for a file without any, its path alone."""
    names = tuple(dict.fromkeys(span.name for span in spans_of(text)))
    line = f"{path}: {', '.join(names)}" if names else path
    return line if len(line) <= _GLANCE else f"{line[: _GLANCE - 1]}…"


def parts_of(text: str, words: frozenset[str], line: int, limit: int) -> str:
    """The outline, and below it the definitions whole that `words` name or `line` lies in, in `limit` characters."""
    lines = text.split("\n")
    room, parts = limit * 3 // 4, list[Span]()
    for span in matching(spans_of(text), words, line):
        size = sum(len(one) + 8 for one in lines[span.start - 1 : span.end])
        if size <= room and not any(one.start <= span.start and span.end <= one.end for one in parts):
            parts.append(span)
            room -= size
        if len(parts) == _MOST_PARTS:
            break
    shown = _outline_in(text, room + limit // 4)
    whole = [_numbered(lines, span) for span in sorted(parts, key=lambda one: one.start)]
    return "\n\n".join(part for part in (shown, *whole) if part)


def _outline_in(text: str, chars: int) -> str:
    """The outline with as many lines as fit; none when not even a few do."""
    for limit in (60, 30, 12, 5):
        shown = outline(text, limit)
        if len(shown) <= chars:
            return shown
    return ""


def matching(spans: tuple[Span, ...], words: frozenset[str], line: int) -> tuple[Span, ...]:
    """The definitions that are meant, the surest first: named, then the innermost around the line."""
    named = [span for span in spans if span.name in words]
    around = sorted((span for span in spans if span.start <= line <= span.end), key=lambda one: one.end - one.start)
    return tuple(dict.fromkeys((*named, *around)))


def spans_of(text: str) -> tuple[Span, ...]:
    """Every definition, up to the next one that is no deeper."""
    lines = text.split("\n")
    numbered = ((number, line) for number, line in enumerate(lines, 1) if _SIGNATURE.match(line))
    opened = [(number, _depth(line), _name_in(line)) for number, line in numbered]
    spans = []
    for place, (start, depth, name) in enumerate(opened):
        later = (number for number, other, _ in opened[place + 1 :] if other <= depth)
        end = next(later, len(lines) + 1) - 1
        while end > start and not lines[end - 1].strip():
            end -= 1
        if name:
            spans.append(Span(name, start, end))
    return tuple(spans)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _name_in(line: str) -> str:
    plain = re.sub(r"^\s*func\s*\([^)]*\)", "func", line)
    return next((word for word in _NAME.findall(plain) if word not in _KEYWORDS), "")


def _numbered(lines: list[str], span: Span) -> str:
    return "\n".join(f"{number}: {lines[number - 1]}" for number in range(span.start, span.end + 1))
