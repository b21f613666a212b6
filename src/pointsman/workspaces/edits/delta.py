"""The last rung: context may be misquoted, deleted lines may not, and only what the edit changes is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pointsman.workspaces.edits.lines import Splice, changes, shift, shift_between
from pointsman.workspaces.edits.rows import Rows

_ENOUGH = 0.8
_RIVAL = 0.15
_SLACK = 2
_LONGEST = 300
_MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Change:
    """SEARCH lines `first` to `last` (not included) become `lines`."""

    first: int
    last: int
    lines: tuple[str, ...]


def delta_splices(rows: Rows, search: Sequence[str], replace: Sequence[str]) -> list[Splice]:
    """The splices that fit: at least four fifths of SEARCH in one window and every deleted line in it.

    A second place within 15 points of the best makes two, which refuses. Lines that SEARCH misquotes or forgets stay
    as the file has them.
    """
    if len(search) > _LONGEST:
        return []
    changed = _changes(search, replace)
    found: dict[Splice, float] = {}
    for at, window in _candidates(rows, search, changed):
        score, pairs = _align(search, window, at)
        if score < _ENOUGH:
            continue
        splice = _splice(rows.lines, search, changed, pairs)
        if splice is not None:
            found[splice] = max(score, found.get(splice, 0.0))
    best = max(found.values(), default=0.0)
    return [splice for splice, score in found.items() if score >= best - _RIVAL]


def _changes(search: Sequence[str], replace: Sequence[str]) -> list[_Change]:
    parts = changes([x.rstrip() for x in search], [x.rstrip() for x in replace])
    return [_Change(first, last, tuple(replace[start:end])) for equal, first, last, start, end in parts if not equal]


def _candidates(rows: Rows, search: Sequence[str], changed: Sequence[_Change]) -> Iterator[tuple[int, Sequence[str]]]:
    """Windows of about the right size that hold every deleted line and enough of the others."""
    wanted = Counter(line.strip() for line in search if line.strip())
    deleted = Counter(search[n].strip() for change in changed for n in range(change.first, change.last))
    del deleted[""]
    need = _ENOUGH * sum(wanted.values()) - 1
    for at in _starts(rows, wanted, deleted, len(search)):
        for size in range(max(1, len(search) - _SLACK), len(search) + _SLACK + 1):
            held = Counter(rows.bare[at : at + size])
            if deleted <= held and sum((wanted & held).values()) >= need:
                yield at, rows.lines[at : at + size]


def _starts(rows: Rows, wanted: Counter[str], deleted: Counter[str], size: int) -> list[int]:
    """Where such a window may begin: near a deleted line, or near one of so many rare lines that one must be in it.

    Nowhere when the lines are so common that to look at all of them would take too long: no place is certain then.
    """
    by_rarity = sorted(deleted or wanted, key=lambda line: (len(rows.places.get(line, ())), line))
    missing = 0 if deleted else sum(wanted.values()) - int(_ENOUGH * sum(wanted.values()) - 1)
    kept, left_out = [], 0
    for line in by_rarity:
        kept.append(line)
        left_out += 1 if deleted else wanted[line]
        if left_out > missing:
            break
    places = [place for line in kept for place in rows.places.get(line, ())]
    if len(places) * size * size > _MOST_STEPS:
        return []
    near = {place - back for place in places for back in range(size + _SLACK)}
    return sorted(at for at in near if 0 <= at < len(rows.bare) and rows.bare[at] in wanted)


def _align(search: Sequence[str], window: Sequence[str], at: int) -> tuple[float, Mapping[int, int]]:
    """The share of SEARCH found in the window, and which line of the file each of its lines is."""
    matcher = SequenceMatcher(None, [x.strip() for x in search], [x.strip() for x in window], autojunk=False)
    pairs = {
        block.a + step: at + block.b + step for block in matcher.get_matching_blocks() for step in range(block.size)
    }
    return len(pairs) / len(search), pairs


def _splice(
    lines: Sequence[str], search: Sequence[str], changes: Sequence[_Change], pairs: Mapping[int, int]
) -> Splice | None:
    """One splice over all changes; None when a deleted line is missing or a place is not certain."""
    known = [number for number in sorted(pairs) if search[number].strip()]
    move = shift_between([search[n] for n in known], [lines[pairs[n]] for n in known])
    if move is None:
        return None
    placed: list[Splice] = []
    for change in changes:
        where = _where(search, change, pairs)
        moved = shift(change.lines, move)
        if where is None or moved is None:
            return None
        placed.append(Splice(where[0], where[1], tuple(moved)))
    new: list[str] = []
    at = placed[0].start
    for splice in placed:
        new += [*lines[at : splice.start], *splice.lines]
        at = splice.end
    return Splice(placed[0].start, at, tuple(new))


def _where(search: Sequence[str], change: _Change, pairs: Mapping[int, int]) -> tuple[int, int] | None:
    if change.first < change.last:
        places = [pairs.get(number) for number in range(change.first, change.last)]
        start = places[0]
        if start is None or places != list(range(start, start + len(places))):
            return None
        return start, start + len(places)
    before, after = pairs.get(change.first - 1), pairs.get(change.first)
    if before is not None and after is not None:
        return (after, after) if after == before + 1 else None
    if before is not None and change.first == len(search):
        return before + 1, before + 1
    if after is not None and change.first == 0:
        return after, after
    return None
