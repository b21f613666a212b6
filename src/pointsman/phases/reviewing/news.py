"""What of a change is new since it was reviewed, however its commits were rebased or merged meanwhile."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby

from pointsman.phases.reviewing.anchors import FileDiff

_SIGNS = {"added": "+", "removed": "-", "context": " "}
_AROUND = 8
# Aligning two texts line by line takes time with the product of their lengths, and a stranger chooses both.
_MOST_COMPARED = 250_000

_Run = tuple[int, ...]
_Change = tuple[str, str]


def news(whole: tuple[FileDiff, ...], seen: tuple[FileDiff, ...]) -> tuple[FileDiff, ...]:
    """What of the diff `whole` was not in the diff `seen`: lines are compared, never numbers or context.

    So a rebase or a merge of the base brings nothing new. When a file is no longer part of the change, all of it is
    new: what was seen may have leant on that file.
    """
    before = {file.path: file for file in seen}
    if before.keys() - {file.path for file in whole}:
        return whole
    looked = ((file, before.get(file.path)) for file in whole)
    found = (file if known is None else _since(file, known) for file, known in looked)
    return tuple(file for file in found if file is not None)


def _since(file: FileDiff, known: FileDiff) -> FileDiff | None:
    """The new lines of a file with some around them, and in words those that are gone; None without either."""
    if not file.lines or not known.lines:
        return None if file.text == known.text else file
    if _kind_of(file) != _kind_of(known):
        return file
    now, then = _runs(file), _runs(known)
    counts, known_counts = Counter(_said(file, run) for run in now), Counter(_said(known, run) for run in then)
    more, fewer = counts - known_counts, known_counts - counts
    fresh = [place for run in now if _said(file, run) in more for place in run]
    gone = [place for run in then if _said(known, run) in fewer for place in run]
    marked, lost = _apart(_said(known, gone), _said(file, fresh))
    if not marked and not lost:
        return None
    kept = _around(file, {fresh[number] for number in marked}) if marked else tuple(range(len(file.lines)))
    return replace(file, text=_text(file, kept, lost), lines=tuple(file.lines[place] for place in kept))


def _kind_of(file: FileDiff) -> tuple[str, ...]:
    """What the head of a file's diff says of it: created, deleted, its mode; the ids of blobs are left out."""
    head = file.text.partition("\n@@ ")[0].split("\n")
    return tuple(line for line in head if not line.startswith("index "))


def _runs(file: FileDiff) -> list[_Run]:
    """The places of changed lines that stand together, run by run."""
    groups = groupby(enumerate(file.lines), key=lambda one: (one[1].hunk, one[1].kind != "context"))
    return [tuple(place for place, _ in group) for (_, is_changed), group in groups if is_changed]


def _said(file: FileDiff, places: Sequence[int]) -> tuple[_Change, ...]:
    return tuple((file.lines[place].kind, file.lines[place].text) for place in places)


def _apart(gone: Sequence[_Change], fresh: Sequence[_Change]) -> tuple[set[int], list[_Change]]:
    """Which of the fresh lines are new, or stand where a line was lost; and the lines that were lost."""
    start = _same(gone, fresh)
    end = _same(gone[start:][::-1], fresh[start:][::-1])
    old, new = gone[start : len(gone) - end], fresh[start : len(fresh) - end]
    if len(old) * len(new) > _MOST_COMPARED:
        return set(range(start, start + len(new))), list(old)
    marked: set[int] = set()
    lost: list[_Change] = []
    for tag, from_old, to_old, from_new, to_new in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        lost += old[from_old:to_old]
        least = (from_new - 1, from_new) if from_new == to_new else ()
        marked |= {start + place for place in (*range(from_new, to_new), *least)}
    return {place for place in marked if 0 <= place < len(fresh)}, lost


def _same(one: Sequence[_Change], other: Sequence[_Change]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (left, right) in pairs if left != right), min(len(one), len(other)))


def _around(file: FileDiff, marked: set[int]) -> tuple[int, ...]:
    """The places of the marked lines and of those near them in the same hunk."""
    near = {
        (file.lines[place].hunk, other) for place in marked for other in range(place - _AROUND, place + _AROUND + 1)
    }
    return tuple(place for place, line in enumerate(file.lines) if (line.hunk, place) in near)


def _text(file: FileDiff, kept: tuple[int, ...], lost: list[_Change]) -> str:
    """A diff of the kept lines. Its hunks say in words where they begin, since counts of lines would be wrong."""
    parts = [file.text.partition("\n@@ ")[0]]
    last = (-1, -1)
    for place in kept:
        line = file.lines[place]
        if (line.hunk, place - 1) != last:
            parts.append(f"@@ from line {line.line} @@")
        parts.append(f"{_SIGNS[line.kind]}{line.text}")
        last = (line.hunk, place)
    if lost:
        parts.append("(these lines of the last review are no longer part of the change)")
        parts += [f"{_SIGNS[kind]}{text}" for kind, text in lost]
    return "\n".join(parts) + "\n"
