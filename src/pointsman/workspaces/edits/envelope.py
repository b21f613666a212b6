"""Patches in the form of OpenAI's `apply_patch`, and unified diffs, read without their line numbers.

The form is described in OpenAI's GPT-4.1 prompting guide and in the public grammar of its command line coder. What it
takes for a place, the first one from the cursor on, is not taken over: the matcher wants the one place there is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pointsman.domain.work import Delete, Edit, Move, Replace, Write
from pointsman.workspaces.edits.blocks import Cut

BEGIN, END = "*** Begin Patch", "*** End Patch"
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: ?(\S.*?)\s*")
_MOVE = re.compile(r"\*\*\* Move to: ?(\S.*?)\s*")
_LAST = "*** End of File"
_NUMBERED = re.compile(r"@@+ [-+0-9, ]+ @@+.*")
_OLD, _NEW = re.compile(r"--- (?:a/)?(\S.*?)(?:\t.*)?"), re.compile(r"\+\+\+ (?:b/)?(\S.*?)(?:\t.*)?")
_NOWHERE = "/dev/null"
_WORDS = re.compile(r"(?:diff --git |index |new file mode |deleted file mode |similarity index |rename ).*")


@dataclass
class _Hunk:
    """One place of a file: the lines that head it, and its own lines as they were and as they become."""

    below: list[str] = field(default_factory=list)
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    at_end: bool = False

    def take(self, line: str) -> None:
        """One line of the hunk; a line without a sign is one of context that lost its blank."""
        sign, text = line[:1], line[1:]
        if sign in ("-", "+"):
            (self.old if sign == "-" else self.new).append(text)
        else:
            kept = text if sign == " " else line
            self.old.append(kept)
            self.new.append(kept)

    def edit(self, path: str) -> Replace | Cut:
        """The hunk as an edit; one that shows nothing of the file has no place."""
        if not any(line.strip() for line in self.old) and not self.at_end:
            return Cut(f"A hunk of {path} adds lines and shows none of the file. Add a line or two of context to it.")
        return Replace(path, _text(self.old), _text(self.new), tuple(self.below), self.at_end)


def is_envelope(text: str) -> bool:
    """Whether the text holds a patch in the form of `apply_patch`; a line that deletes a file stands for itself."""
    begins = ("*** Update File:", "*** Add File:")
    return any(line.strip() == BEGIN or line.startswith(begins) for line in text.split("\n"))


def is_diff(text: str) -> bool:
    """Whether the text holds a unified diff."""
    return any(_OLD.fullmatch(one) and _NEW.fullmatch(two) for one, two in pairwise(text.split("\n")))


def read_envelope(text: str) -> tuple[Edit, ...] | Cut:
    """The edits of all patches in the text, in its order; or why it cannot be read to its end."""
    edits: list[Edit] = []
    inside = False
    body: list[str] = []
    for line in text.split("\n"):
        if line.strip() == BEGIN:
            inside = True
        elif line.strip() == END:
            read = _operations(body)
            if isinstance(read, Cut):
                return read
            edits += read
            inside, body = False, []
        elif inside or body or _FILE.fullmatch(line):
            body.append(line)
    if inside or body:
        return Cut(f"The patch is cut off: its line `{END}` is missing.")
    return tuple(edits) or Cut("The patch names no file. Begin each with `*** Update File: path`, Add or Delete.")


def _operations(lines: Sequence[str]) -> tuple[Edit, ...] | Cut:
    """The edits of one patch, file by file."""
    edits: list[Edit] = []
    starts = [number for number, line in enumerate(lines) if _FILE.fullmatch(line)]
    if any(line.strip() for line in lines[: starts[0] if starts else len(lines)]):
        return Cut("The patch must begin with a line such as `*** Update File: path`.")
    for start, end in pairwise([*starts, len(lines)]):
        found = _FILE.fullmatch(lines[start])
        kind, path = (found.group(1), found.group(2)) if found else ("", "")
        read = _READERS[kind](path, lines[start + 1 : end])
        if isinstance(read, Cut):
            return read
        edits += read
    return tuple(edits)


def _added(path: str, lines: Sequence[str]) -> tuple[Edit, ...] | Cut:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    if any(not line.startswith("+") for line in lines if line.strip()):
        return Cut(f"Every line of the new file {path} must start with a plus sign.")
    return (Write(path, _text([line[1:] for line in lines])),)


def _deleted(path: str, lines: Sequence[str]) -> tuple[Edit, ...] | Cut:
    if any(line.strip() for line in lines):
        return Cut(f"Nothing may stand below `*** Delete File: {path}`.")
    return (Delete(path),)


def _updated(path: str, lines: Sequence[str]) -> tuple[Edit, ...] | Cut:
    moved = _MOVE.fullmatch(lines[0]) if lines else None
    hunks = _hunks(lines[1:] if moved else lines)
    edits: list[Edit] = []
    for hunk in hunks:
        edit = hunk.edit(path)
        if isinstance(edit, Cut):
            return edit
        edits.append(edit)
    if moved:
        edits.append(Move(path, moved.group(1)))
    return tuple(edits) or Cut(f"The update of {path} holds no hunk.")


_READERS = {"Add": _added, "Delete": _deleted, "Update": _updated}


def _hunks(lines: Sequence[str]) -> list[_Hunk]:
    """The hunks of one file. Several `@@` lines one after the other lead from the outer head to the inner one."""
    hunks = [_Hunk()]
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            if hunks[-1].old or hunks[-1].new:
                hunks.append(_Hunk())
            if head := _head(line):
                hunks[-1].below.append(head)
        elif line.strip() == _LAST:
            hunks[-1].at_end = True
            hunks.append(_Hunk())
        elif line or any(later.strip() for later in lines[number + 1 :]):
            hunks[-1].take(line)
    return [hunk for hunk in (_bare(hunk) for hunk in hunks) if hunk.old or hunk.new]


def _bare(hunk: _Hunk) -> _Hunk:
    """Without the empty lines that models put between a hunk and the next header."""
    while hunk.old and hunk.new and not hunk.old[-1] and not hunk.new[-1]:
        del hunk.old[-1], hunk.new[-1]
    return hunk


def _head(line: str) -> str:
    """What stands behind `@@`; line numbers, and what git puts behind them, say nothing that is certain."""
    return "" if _NUMBERED.fullmatch(line) else line.strip("@").strip()


def read_diff(text: str) -> tuple[Edit, ...] | Cut:
    """The edits of a unified diff. Its line numbers are not looked at, since models do not count."""
    edits: list[Edit] = []
    lines = [line for line in text.split("\n") if not _WORDS.fullmatch(line)]
    starts = [n for n in range(len(lines) - 1) if _OLD.fullmatch(lines[n]) and _NEW.fullmatch(lines[n + 1])]
    for start, end in pairwise([*starts, len(lines)]):
        old, new = _OLD.fullmatch(lines[start]), _NEW.fullmatch(lines[start + 1])
        body = _diff_lines(lines[start + 2 : end])
        if old is None or new is None:
            continue
        if new.group(1) == _NOWHERE:
            edits.append(Delete(old.group(1)))
            continue
        read: tuple[Edit, ...] | Cut
        if old.group(1) == _NOWHERE:
            read = (Write(new.group(1), _text([line[1:] for line in body if line.startswith("+")])),)
        else:
            read = _updated(new.group(1), body)
        if isinstance(read, Cut):
            return read
        edits += read
    return tuple(edits)


def _diff_lines(lines: Sequence[str]) -> list[str]:
    """The lines of a file's hunks, up to the fence or the words that follow them."""
    kept: list[str] = []
    for line in lines:
        if line.startswith("\\"):
            continue
        if line and line[0] not in " +-@":
            break
        kept.append(line)
    return kept


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
