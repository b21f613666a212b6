"""Where in a file an edit may be: below the lines that it names as heads, or at the end."""

from collections.abc import Sequence

from pointsman.workspaces.edits.lines import Splice, indent

_CLOSERS = (")", "]", "}", "{")


def regions(lines: Sequence[str], below: Sequence[str]) -> list[range]:
    """The blocks that these heads lead to, outermost first; the whole file without heads, none if one is missing."""
    found = [range(len(lines))]
    for head in below:
        found = [_block(lines, at) for part in found for at in _heads(lines, part, head.strip())]
    return found


def is_in(splice: Splice, parts: Sequence[range]) -> bool:
    """Whether the place touches one of the blocks."""
    return any(splice.start < part.stop and part.start < max(splice.end, splice.start + 1) for part in parts)


def is_last(splice: Splice, lines: Sequence[str]) -> bool:
    """Whether nothing but blank lines follows the place."""
    return not any(line.strip() for line in lines[splice.end :])


def _heads(lines: Sequence[str], part: range, head: str) -> list[int]:
    exact = [at for at in part if lines[at].strip() == head]
    return exact or [at for at in part if _begins(lines[at].strip(), head.rstrip(": {"))]


def _begins(line: str, head: str) -> bool:
    """Whether the line goes on after the head with something that is no part of its last word."""
    return (
        bool(head) and line.startswith(head) and not (line[len(head) :][:1].isalnum() or line[len(head) :][:1] == "_")
    )


def _block(lines: Sequence[str], at: int) -> range:
    """The lines that a head opens, by their depth; a head that opens nothing leads to the rest of its own block."""
    depth = len(indent(lines[at]))
    inner = _end(lines, at, depth + 1)
    return range(at, inner if inner > at + 1 else _end(lines, at, depth))


def _end(lines: Sequence[str], at: int, depth: int) -> int:
    """The first line after `at` that is not as deep as `depth`; brackets that close or open a head do not count."""
    for number in range(at + 1, len(lines)):
        text = lines[number].strip()
        if text and len(indent(lines[number])) < depth and not text.startswith(_CLOSERS):
            return number
    return len(lines)
