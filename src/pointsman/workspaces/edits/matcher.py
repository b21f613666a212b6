"""Finds the one place that a SEARCH block means, or refuses: a rung needs exactly one hit, no score ever chooses."""

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.domain.work import EditRefusal
from pointsman.workspaces.edits import refusals
from pointsman.workspaces.edits.delta import delta_splice
from pointsman.workspaces.edits.lines import Splice, indent, keep_equal, shift, shift_between

_WORD = re.compile(r"[^\W\d]\w*")
_VALUE = re.compile(r"\w+")
_OTHER_LANGUAGES = (
    "begin const default done end esac false function let nil null private public static switch then true undefined"
    " var void"
)
_EMPTY_WORDS = frozenset([*(word.lower() for word in keyword.kwlist), *_OTHER_LANGUAGES.split()])
_LAX_CHARACTERS = 25


@dataclass(frozen=True, slots=True)
class _Rung:
    """One way to compare: the splices it finds, and whether it needs a fuller SEARCH to be trusted."""

    find: Callable[[Sequence[str], Sequence[str], Sequence[str]], list[Splice]]
    lax: bool


def place(path: str, lines: Sequence[str], *, search: Sequence[str], replace: Sequence[str]) -> Splice | EditRefusal:
    """The one splice of `lines` that the block means, or the refusal to tell. Lines come without their newlines."""
    if list(search) == list(replace):
        return refusals.unchanged(path, applied=False)
    exact = _exact(lines, search, replace)
    if not _identifies(search, lax=False):
        if len(exact) > 1:
            return refusals.ambiguous(path, [splice.start + 1 for splice in exact])
        return refusals.no_ground(path)
    for rung in _RUNGS:
        if rung.lax and not _identifies(search, lax=True):
            break
        found = rung.find(lines, search, replace)
        if len(found) > 1:
            return refusals.ambiguous(path, [splice.start + 1 for splice in found])
        if found:
            return _unless_there(path, lines, found[0])
    if _stands(lines, replace) and _identifies(replace, lax=True):
        return refusals.unchanged(path, applied=True)
    return refusals.no_match(path, search, lines)


def _unless_there(path: str, lines: Sequence[str], splice: Splice) -> Splice | EditRefusal:
    """Refuse a no-op, and a block whose REPLACE already stands around the place where SEARCH was found."""
    old, new = list(lines[splice.start : splice.end]), list(splice.lines)
    if old == new:
        return refusals.unchanged(path, applied=False)
    size = len(old)
    for offset in range(len(new) - size + 1):
        start = splice.start - offset
        if start >= 0 and new[offset : offset + size] == old and list(lines[start : start + len(new)]) == new:
            return refusals.unchanged(path, applied=True)
    return splice


def _identifies(search: Sequence[str], *, lax: bool) -> bool:
    """Whether SEARCH names something: a lone `)`, `else:` or `return None` is refused even where it is unique.

    A word of three letters that is no keyword will do; for the exact rungs also two lines of which one names
    anything.
    """
    full = [line.strip() for line in search if line.strip()]
    words = [word for line in full for word in _WORD.findall(line) if word.lower() not in _EMPTY_WORDS]
    named = any(len(word) >= 3 for word in words)
    if lax:
        return named and (len(full) >= 2 or sum(map(len, full)) >= _LAX_CHARACTERS)
    values = [value for line in full for value in _VALUE.findall(line) if value.lower() not in _EMPTY_WORDS]
    return named or (len(full) >= 2 and bool(values))


def _stands(lines: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    return bool(size) and any(
        list(lines[at : at + size]) == list(wanted) for at in range(len(lines) - size + 1) if lines[at] == wanted[0]
    )


def _windows(lines: Sequence[str], search: Sequence[str]) -> range:
    return range(len(lines) - len(search) + 1) if search else range(0)


def _exact(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Splice]:
    size = len(search)
    hits = (at for at in _windows(lines, search) if list(lines[at : at + size]) == list(search))
    return [Splice(at, at + size, tuple(replace)) for at in hits]


def _trailing(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Splice]:
    """Equal but for blanks at the ends of lines; lines that the edit keeps stay as the file has them."""
    bare = [line.rstrip() for line in search]
    size = len(search)
    hits = (at for at in _windows(lines, search) if [line.rstrip() for line in lines[at : at + size]] == bare)
    return [
        Splice(at, at + size, tuple(keep_equal(lines[at : at + size], search, replace, replace=replace)))
        for at in hits
    ]


def _shifted(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Splice]:
    """Equal but for one common shift of the indentation, by which REPLACE is shifted too."""
    size = len(search)
    found: list[Splice] = []
    for at in _windows(lines, search):
        move = shift_between(search, lines[at : at + size])
        moved = shift(replace, move) if move is not None else None
        if moved is not None:
            kept = keep_equal(lines[at : at + size], search, moved, replace=replace)
            found.append(Splice(at, at + size, tuple(kept)))
    return found


def _first_line(lines: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Splice]:
    """Equal but for the first line, which lost its indentation."""
    size = len(search)
    if size < 2 or not replace or indent(replace[0]) != indent(search[0]):
        return []
    found: list[Splice] = []
    for at in _windows(lines, search):
        first = lines[at]
        lost = first.strip() == search[0].strip() and len(indent(search[0])) < len(indent(first))
        if lost and [line.rstrip() for line in lines[at + 1 : at + size]] == [line.rstrip() for line in search[1:]]:
            mended = [indent(first) + replace[0].lstrip(), *replace[1:]]
            kept = keep_equal(lines[at : at + size], search, mended, replace=replace)
            found.append(Splice(at, at + size, tuple(kept)))
    return found


_RUNGS = (
    _Rung(_exact, lax=False),
    _Rung(_trailing, lax=False),
    _Rung(_shifted, lax=True),
    _Rung(_first_line, lax=True),
    _Rung(delta_splice, lax=True),
)
