"""Finds the one place that a SEARCH block means, or refuses: a rung needs exactly one hit, no score ever chooses."""

import keyword
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pointsman.domain.work import EditRefusal
from pointsman.workspaces.edits import refusals
from pointsman.workspaces.edits.delta import delta_splices
from pointsman.workspaces.edits.lines import Splice, indent, keep_equal, shift, shift_between
from pointsman.workspaces.edits.rows import MOST_ALIKE, Rows

_WORD = re.compile(r"[^\W\d]\w*")
_VALUE = re.compile(r"\w+")
_OTHER_LANGUAGES = (
    "begin const default done end esac false function let nil null private public static switch then true undefined"
    " var void"
)
_EMPTY_WORDS = frozenset([*(word.lower() for word in keyword.kwlist), *_OTHER_LANGUAGES.split()])
_LAX_CHARACTERS = 25

Fits = Callable[[Splice], bool]
"""Whether a place is where the edit may be."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a block looks for and what it puts there, without newlines, and where that may be."""

    search: list[str]
    replace: list[str]
    fits: Fits = lambda splice: True


@dataclass(frozen=True, slots=True)
class _Rung:
    """One way to compare: the splices it finds, and whether it needs a fuller SEARCH to be trusted."""

    find: Callable[[Rows, list[int], Wanted], list[Splice]]
    lax: bool


def place(path: str, lines: Sequence[str], wanted: Wanted) -> Splice | EditRefusal:
    """The one splice of `lines` that the block means, or the refusal to tell. Lines come without their newlines."""
    if wanted.search == wanted.replace:
        return refusals.unchanged(path, applied=False)
    rows = Rows(lines)
    alike = rows.alike(wanted.search)
    if not _identifies(wanted.search, lax=False):
        exact = _exact(rows, alike, wanted)
        if len(exact) > 1:
            return refusals.ambiguous(path, [splice.start + 1 for splice in exact])
        return refusals.no_ground(path)
    if len(alike) > MOST_ALIKE:
        return refusals.ambiguous(path, [at + 1 for at in alike])
    for rung in _RUNGS:
        if rung.lax and not _identifies(wanted.search, lax=True):
            break
        found = rung.find(rows, alike, wanted)
        if len(found) > 1:
            return refusals.ambiguous(path, [splice.start + 1 for splice in found])
        if found:
            return _unless_there(path, lines, found[0])
    if _stands(rows, wanted.replace) and _identifies(wanted.replace, lax=True):
        return refusals.unchanged(path, applied=True)
    return refusals.no_match(path, wanted.search, lines)


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


def _stands(rows: Rows, wanted: Sequence[str]) -> bool:
    size = len(wanted)
    return any(rows.lines[at : at + size] == list(wanted) for at in rows.alike(wanted))


def _exact(rows: Rows, alike: list[int], wanted: Wanted) -> list[Splice]:
    size = len(wanted.search)
    hits = [at for at in alike if rows.lines[at : at + size] == wanted.search]
    return _splices(hits, wanted, lambda at: wanted.replace)


def _trailing(rows: Rows, alike: list[int], wanted: Wanted) -> list[Splice]:
    """Equal but for blanks at the ends of lines; lines that the edit keeps stay as the file has them."""
    trimmed = [line.rstrip() for line in wanted.search]
    size = len(trimmed)
    hits = [at for at in alike if rows.trimmed[at : at + size] == trimmed]
    return _splices(hits, wanted, lambda at: _kept(rows, at, wanted, wanted.replace))


def _shifted(rows: Rows, alike: list[int], wanted: Wanted) -> list[Splice]:
    """Equal but for one common shift of the indentation, by which REPLACE is shifted too."""
    size = len(wanted.search)
    moves = {at: shift_between(wanted.search, rows.lines[at : at + size]) for at in alike}

    def moved(at: int) -> list[str] | None:
        move = moves[at]
        lines = shift(wanted.replace, move) if move is not None else None
        return None if lines is None else _kept(rows, at, wanted, lines)

    return _splices([at for at in alike if moves[at] is not None], wanted, moved)


def _first_line(rows: Rows, alike: list[int], wanted: Wanted) -> list[Splice]:
    """Equal but for the first line, which lost its indentation."""
    search, replace = wanted.search, wanted.replace
    if len(search) < 2 or not replace or indent(replace[0]) != indent(search[0]):
        return []
    depth, trimmed = len(indent(search[0])), [line.rstrip() for line in search[1:]]
    lost = [at for at in alike if depth < len(indent(rows.lines[at]))]
    hits = [at for at in lost if rows.trimmed[at + 1 : at + len(search)] == trimmed]

    def mended(at: int) -> list[str]:
        return _kept(rows, at, wanted, [indent(rows.lines[at]) + replace[0].lstrip(), *replace[1:]])

    return _splices(hits, wanted, mended)


def _splices(hits: list[int], wanted: Wanted, made: Callable[[int], list[str] | None]) -> list[Splice]:
    """The splices at these places; the new lines are made only for a place that is the only one."""
    places = [Splice(at, at + len(wanted.search), ()) for at in hits]
    fitting = [splice for splice in places if wanted.fits(splice)]
    if len(fitting) != 1:
        return fitting
    lines = made(fitting[0].start)
    return [] if lines is None else [Splice(fitting[0].start, fitting[0].end, tuple(lines))]


def _kept(rows: Rows, at: int, wanted: Wanted, moved: Sequence[str]) -> list[str]:
    real = rows.lines[at : at + len(wanted.search)]
    return keep_equal(real, wanted.search, moved, replace=wanted.replace)


def _delta(rows: Rows, alike: list[int], wanted: Wanted) -> list[Splice]:
    return [splice for splice in delta_splices(rows, wanted.search, wanted.replace) if wanted.fits(splice)]


_RUNGS = (
    _Rung(_exact, lax=False),
    _Rung(_trailing, lax=False),
    _Rung(_shifted, lax=True),
    _Rung(_first_line, lax=True),
    _Rung(_delta, lax=True),
)
