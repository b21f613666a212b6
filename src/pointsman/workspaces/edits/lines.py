"""Lines without their newlines, one splice of them, and shifts of indentation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_PAIRS = 200_000


@dataclass(frozen=True, slots=True)
class Splice:
    """Lines `start` to `end` (from 0, end not included) become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """`blanks` put in front of every line, or taken away when not `deeper`; tabs and spaces are never mixed up."""

    blanks: str
    deeper: bool


def indent(line: str) -> str:
    """The blanks in front of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def shift_between(asked: Sequence[str], real: Sequence[str]) -> Shift | None:
    """The one shift that makes `asked` into `real`, blanks at line ends aside; None when there is none."""
    move: Shift | None = None
    for left, right in zip(asked, real, strict=True):
        if left.strip() != right.strip():
            return None
        if not left.strip():
            continue
        here = _shift_of(indent(left), indent(right))
        if here is None or (move is not None and here != move):
            return None
        move = here
    return move or Shift("", deeper=True)


def shift(lines: Sequence[str], move: Shift) -> list[str] | None:
    """The lines moved; None when one has not the blanks that would be taken away."""
    if not move.blanks:
        return list(lines)
    if move.deeper:
        return [move.blanks + line if line.strip() else line for line in lines]
    if any(line.strip() and not line.startswith(move.blanks) for line in lines):
        return None
    return [line.removeprefix(move.blanks) for line in lines]


def _shift_of(asked: str, real: str) -> Shift | None:
    if real.endswith(asked):
        return Shift(real[: len(real) - len(asked)], deeper=True)
    if asked.endswith(real):
        return Shift(asked[: len(asked) - len(real)], deeper=False)
    return None


def keep_equal(
    real: Sequence[str], search: Sequence[str], moved: Sequence[str], *, replace: Sequence[str]
) -> list[str]:
    """`moved` (REPLACE, shifted), but with the file's own line wherever the edit keeps a line of SEARCH."""
    new: list[str] = []
    for equal, first, last, start, end in changes([x.rstrip() for x in search], [x.rstrip() for x in replace]):
        new += real[first:last] if equal else moved[start:end]
    return new


def changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[bool, int, int, int, int]]:
    """What stays and what changes between two lists of lines: whether it is equal, and its bounds in both.

    Where comparing line by line would cost too much, everything between the common head and tail is one change.
    """
    head = shared(old, new)
    tail = shared(old[head:][::-1], new[head:][::-1])
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    found = [(True, 0, head, 0, head)] if head else []
    if _pairs(inner_old, inner_new) > _MOST_PAIRS:
        found.append((False, head, len(old) - tail, head, len(new) - tail))
    else:
        matcher = SequenceMatcher(None, inner_old, inner_new, autojunk=False)
        found += [
            (tag == "equal", head + first, head + last, head + start, head + end)
            for tag, first, last, start, end in matcher.get_opcodes()
        ]
    return [*found, (True, len(old) - tail, len(old), len(new) - tail, len(new))] if tail else found


def shared(left: Sequence[str], right: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))


def _pairs(left: Sequence[str], right: Sequence[str]) -> int:
    counts = Counter(right)
    return sum(counts[line] for line in left)
