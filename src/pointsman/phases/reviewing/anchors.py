"""Where a quoted line stands in a diff: findings without a place there are dropped."""

import re
from dataclasses import dataclass
from typing import Literal

from unidiff.errors import UnidiffParseError
from unidiff.patch import Line, PatchSet

from pointsman.domain.invisible import written_out

_FILE_START = re.compile(r"^diff --git ", re.MULTILINE)
_OCTAL = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\"}
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff. `line` counts in the new file for side `new`, else in the old one; `hunk` counts from 1."""

    line: int
    side: Literal["new", "old"]
    text: str
    kind: Literal["added", "removed", "context"]
    hunk: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The part of a diff that is about one file; `lines` is empty for what has no readable lines."""

    path: str
    text: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote was found."""

    path: str
    line: DiffLine


def files_of(diff: str) -> tuple[FileDiff, ...]:
    """A canonical git diff, file by file, in its order."""
    starts = [found.start() for found in _FILE_START.finditer(diff)]
    ends = [*starts[1:], len(diff)]
    return tuple(_file(diff[start:end]) for start, end in zip(starts, ends[: len(starts)], strict=True))


def _file(text: str) -> FileDiff:
    """The path is read from the first line alone, which says it twice: a path may look like a line of a diff."""
    header = text.partition("\n")[0].removeprefix("diff --git ")
    path = _unquoted(header[len(header) // 2 + 1 :]).removeprefix("b/")
    _, mark, hunks = text.partition("\n@@ ")
    try:
        parsed = PatchSet(f"--- a\n+++ b{mark}{hunks}")
    except UnidiffParseError:
        parsed = PatchSet("")
    lines = [(line, number) for file in parsed for number, hunk in enumerate(file, 1) for line in hunk]
    return FileDiff(path, text, tuple(found for line, hunk in lines if (found := _line(line, hunk)) is not None))


def _line(line: Line, hunk: int) -> DiffLine | None:
    """A line of unidiff as ours; None for the remark that a file has no final newline."""
    source, target = line.source_line_no, line.target_line_no
    text = line.value.rstrip("\n")
    if target is not None:
        return DiffLine(target, "new", text, "added" if source is None else "context", hunk)
    return DiffLine(source, "old", text, "removed", hunk) if source is not None else None


def _unquoted(path: str) -> str:
    """A path as git quotes it (git documentation, core.quotePath), as it is."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    raw = path[1:-1].encode("utf-8")

    def one(found: re.Match[bytes]) -> bytes:
        code = found.group(1)
        return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _ESCAPES.get(code, code)

    return _OCTAL.sub(one, raw).decode("utf-8", "replace")


def normal(text: str) -> str:
    """A line of code with its spaces evened out, as models are shown it."""
    return " ".join(written_out(text).split())


def anchor(files: tuple[FileDiff, ...], path: str, quote: str) -> Place | str:
    """Where the quote stands, or the reason why it has no place: no such line, too little of one, or which file.

    Lines that were added win over removed ones, those over unchanged ones, the first of equals over the others.
    """
    wanted = tuple(line for line in (_bare(one) for one in quote.split("\n")) if line)
    lines = tuple(line for line in wanted if sum(letter.isalnum() for letter in line) >= _LEAST_LETTERS)
    if not lines:
        return "its quote is too short to be found"
    among = _files_named(files, path)
    if path and not among:
        return f"{path[:200]} is not in the diff"
    found = tuple((file.path, best) for file in among if (best := _best(file, lines[0])) is not None)
    if not found:
        return "its quote is not in the diff"
    if len(found) > 1:
        return f"its quote stands in {len(found)} files and its path does not say in which"
    return Place(found[0][0], found[0][1])


def _bare(line: str) -> str:
    return normal(line.strip().strip("`"))


def _files_named(files: tuple[FileDiff, ...], path: str) -> tuple[FileDiff, ...]:
    if not path:
        return files
    bare = path.removeprefix("a/").removeprefix("b/")
    exact = tuple(file for file in files if file.path in (path, bare))
    return exact or tuple(file for file in files if file.path.endswith(f"/{bare}"))


def _best(file: FileDiff, quote: str) -> DiffLine | None:
    """The line that a quote means, with or without the sign of the diff in front."""
    signed = normal(quote[1:]) if quote[0] in "+-" else quote
    rank = {"added": 0, "removed": 1, "context": 2}
    for wanted in dict.fromkeys((quote, signed)):
        hits = [line for line in file.lines if normal(line.text) == wanted]
        if quote[0] == "-" and wanted == signed:
            hits.sort(key=lambda line: line.kind != "removed")
            return hits[0] if hits else None
        if hits:
            return min(hits, key=lambda line: rank[line.kind])
    return None
