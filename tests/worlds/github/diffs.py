"""The diff of a pull request as GitHub computes it: three dots, three lines of context, renames found."""

import re
from dataclasses import dataclass

from tests.worlds.github.git import Bare
from tests.worlds.github.state import Side

_HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}

# GitHub documentation, "Repository limits": a file's diff of more lines or bytes is not shown; settable for tests.
PATCH_LINES = 20_000
PATCH_BYTES = 500_000
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a hunk: `position` counts from the first hunk's header; `shown` is the hunk up to that line."""

    hunk: int
    position: int
    shown: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff; `patch` is None when it is binary, renamed without a change, or too large."""

    path: str
    previous: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    spots: dict[tuple[Side, int], Spot]


def diff(git: Bare, base: str, head: str, *, lines: int = PATCH_LINES, size: int = PATCH_BYTES) -> list[FileDiff]:
    """The files that differ between two commits."""
    options = ("diff", "--no-ext-diff", "--no-color", "-M", "-U3", "--full-index")
    entries = _entries(git.run(*options, "--raw", "--abbrev=40", "-z", base, head))
    whole = git.raw(*options, "--patch", base, head).decode("utf-8", "replace")
    pieces = re.split(r"^diff --git .*\n", whole, flags=re.MULTILINE)[1:]
    return [_file(entry, piece, lines, size) for entry, piece in zip(entries, pieces, strict=True)]


def _entries(raw: str) -> list[tuple[str, str, str, str]]:
    """(status, path, previous path, blob) for each file."""
    parts = raw.split("\0")
    found = []
    while parts and parts[0]:
        old_new = parts.pop(0).split()
        letter = old_new[4][0]
        first = parts.pop(0)
        path = parts.pop(0) if letter in "RC" else first
        blob = old_new[2] if letter == "D" else old_new[3]
        found.append((_STATUS[letter], path, first if letter in "RC" else "", blob))
    return found


def _file(entry: tuple[str, str, str, str], piece: str, lines: int, size: int) -> FileDiff:
    status, path, previous, blob = entry
    start = re.search(r"^@@ ", piece, flags=re.MULTILINE)
    text = piece[start.start() :].removesuffix("\n") if start else ""
    rows = text.split("\n") if text else []
    changed = [row for row in rows if not row.startswith("@@ ")]
    shown = bool(text) and len(rows) <= lines and len(text.encode()) <= size
    return FileDiff(
        path=path,
        previous=previous,
        status=status,
        sha=blob,
        additions=sum(row.startswith("+") for row in changed),
        deletions=sum(row.startswith("-") for row in changed),
        patch=text if shown else None,
        spots=_spots(rows) if shown else {},
    )


def _spots(rows: list[str]) -> dict[tuple[Side, int], Spot]:
    spots: dict[tuple[Side, int], Spot] = {}
    left = right = hunk = begin = 0
    for position, row in enumerate(rows):
        if header := _HEADER.match(row):
            left, right = int(header[1]), int(header[3])
            hunk, begin = hunk + 1, position
            continue
        shown = [rows[begin], *rows[max(begin + 1, position - _SHOWN) : position + 1]]
        spot = Spot(hunk=hunk, position=position, shown="\n".join(shown))
        if row[:1] in ("-", " "):
            spots["LEFT", left] = spot
            left += 1
        if row[:1] in ("+", " "):
            spots["RIGHT", right] = spot
            right += 1
    return spots
