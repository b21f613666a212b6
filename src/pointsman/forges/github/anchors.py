"""Where remarks can stand in a pull request: on the lines that GitHub shows in its diff, and on no other."""

import re
from dataclasses import dataclass
from typing import Literal

from unidiff.errors import UnidiffParseError
from unidiff.patch import Line, PatchSet

from pointsman.domain.forge import Remark
from pointsman.forges.github.markers import MOST, length, marker

Side = Literal["LEFT", "RIGHT"]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of a pull request as GitHub lists it; `patch` is None when it is binary, too large, or only renamed.

    `previous` is the path before a rename, empty otherwise.
    """

    path: str
    patch: str | None
    previous: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A line that can be commented: its number on its side, the hunk it stands in, and what it says."""

    side: Side
    line: int
    hunk: int
    text: str
    is_context: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on its line, or on the lines from `start_line` to `line` when that is not zero.

    `is_sure` says that the line was added, which GitHub takes whatever it makes of the rest of the diff.
    """

    remark: Remark
    path: str
    side: Side
    line: int
    start_line: int
    body: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The remarks that have a line, and those that have none, each group in its order."""

    comments: tuple[Comment, ...]
    left: tuple[Remark, ...]


def place(remarks: tuple[Remark, ...], files: tuple[ChangedFile, ...]) -> Placed:
    """Each remark on the line that it quotes: where it says, else where the quote stands once; others are left."""
    spots: dict[str, tuple[Spot, ...]] = {}
    comments, left = [], []
    for remark in remarks:
        file = _file_named(remark.finding.path, files)
        if file is not None and file.path not in spots:
            spots[file.path] = spots_of(file)
        lines = _lines(remark, spots[file.path]) if file is not None else ()
        comment = _comment(remark, file.path, lines) if file is not None and lines else None
        if comment is not None and length(comment.body) <= MOST:
            comments.append(comment)
        else:
            left.append(remark)
    return Placed(tuple(comments), tuple(left))


def spots_of(file: ChangedFile) -> tuple[Spot, ...]:
    """Every line of a file's diff, hunk by hunk, on both sides; none when its diff is missing or cannot be read."""
    if not file.patch:
        return ()
    try:
        parsed = PatchSet(f"--- a\n+++ b\n{file.patch}\n")
    except UnidiffParseError:
        return ()
    return tuple(
        spot
        for patched in parsed
        for number, hunk in enumerate(patched, 1)
        for line in hunk
        for spot in _spots(line, number)
    )


def remark_text(remark: Remark) -> str:
    """A remark with its suggestion as plain code, for where nothing can be replaced by a click."""
    if not remark.suggestion:
        return remark.text
    return f"{remark.text}\n\nSuggestion:\n\n{_fenced(remark.suggestion, 'text')}"


def _spots(line: Line, hunk: int) -> tuple[Spot, ...]:
    old, new, text = line.source_line_no, line.target_line_no, line.value.removesuffix("\n")
    shared = old is not None and new is not None
    left = (Spot("LEFT", old, hunk, text, shared),) if old is not None else ()
    right = (Spot("RIGHT", new, hunk, text, shared),) if new is not None else ()
    return left + right


def _file_named(path: str, files: tuple[ChangedFile, ...]) -> ChangedFile | None:
    """The file by its name now, else by the one that it had before a rename."""
    now = next((file for file in files if file.path == path), None)
    return now or next((file for file in files if file.previous == path), None)


def _lines(remark: Remark, spots: tuple[Spot, ...]) -> tuple[Spot, ...]:
    """The lines that a remark quotes; empty when they are not there, or in several places of which none is named."""
    finding = remark.finding
    side: Side = "LEFT" if finding.side == "old" else "RIGHT"
    wanted = tuple(_evened(line) for line in finding.quote.strip("\n").split("\n"))
    if not any(wanted):
        return ()
    found = [lines for other in ("RIGHT", "LEFT") for lines in _runs(other, wanted, spots)]
    named = next((lines for lines in found if (lines[0].side, lines[0].line) == (side, finding.line)), ())
    # A context line stands on both sides and is one place all the same.
    places = [lines for lines in found if lines[0].side == "RIGHT" or not all(spot.is_context for spot in lines)]
    return named or (places[0] if len(places) == 1 else ())


def _runs(side: str, wanted: tuple[str, ...], spots: tuple[Spot, ...]) -> list[tuple[Spot, ...]]:
    """Every run of neighbouring lines of one hunk that says what is wanted."""
    lines = [spot for spot in spots if spot.side == side]
    evened = [_evened(spot.text) for spot in lines]
    size = len(wanted)
    return [
        tuple(lines[start : start + size])
        for start in range(len(lines) - size + 1)
        if tuple(evened[start : start + size]) == wanted and lines[start].hunk == lines[start + size - 1].hunk
    ]


def _comment(remark: Remark, path: str, lines: tuple[Spot, ...]) -> Comment:
    last = lines[-1]
    return Comment(
        remark=remark,
        path=path,
        side=last.side,
        line=last.line,
        start_line=lines[0].line if len(lines) > 1 else 0,
        body=f"{marker('finding', remark.finding.id)}\n{_said(remark, lines)}",
        is_sure=all(spot.side == "RIGHT" and not spot.is_context for spot in lines),
    )


def _said(remark: Remark, lines: tuple[Spot, ...]) -> str:
    """The text, with a block that GitHub applies at a click where it would replace these lines by others."""
    old = "\n".join(spot.text.removesuffix("\r") for spot in lines)
    new = remark.suggestion.replace("\r\n", "\n").rstrip("\n")
    if new in ("", old):
        return remark.text
    if lines[0].side == "LEFT":
        return remark_text(remark)
    ending = "\r\n" if all(spot.text.endswith("\r") for spot in lines) else "\n"
    return f"{remark.text}\n\n{_fenced(new, 'suggestion', ending)}"


def _fenced(code: str, word: str, ending: str = "\n") -> str:
    """A block that nothing inside can close."""
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}{word}{ending}{code.replace(chr(10), ending)}{ending}{mark}"


def _evened(text: str) -> str:
    return " ".join(text.split())
