"""SEARCH/REPLACE blocks in a text, whatever fences and markers stand around them."""

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pointsman.workspaces.edits.paths import path_of_line

_HEAD = re.compile(r"\s*(<{5,9})\s*\[?(?:SEARCH|ORIGINAL|HEAD|FIND|OLD)\b\]?.*", re.IGNORECASE)
_DIVIDER = re.compile(r"\s*(={5,9})\s*")
_TAIL = re.compile(r"\s*>{5,9}\s*\[?(?:REPLACE|UPDATED|END|NEW)\b\]?.*|>{7}\s*", re.IGNORECASE)
_FENCE = re.compile(r"\s{0,3}(?:`{3,}|~{3,})(.*)")
_LOOK_BACK = 4
# Stands where a block was; no reply can hold it, since it is more than one line.
_TAKEN = "\n"


@dataclass(frozen=True, slots=True)
class Block:
    """One block: the file it names (empty when it names none), what to look for and what to put there."""

    path: str
    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Cut:
    """The text cannot be read to its end, and why."""

    why: str


def read_blocks(text: str, present: Collection[str]) -> tuple[tuple[Block, ...], str] | Cut:
    """The blocks and the text around them. A block without a path means the file of the block before it."""
    lines = text.split("\n")
    blocks: list[Block] = []
    rest: list[str] = []
    at = 0
    while at < len(lines):
        head = _HEAD.fullmatch(lines[at])
        if head is None:
            rest.append(lines[at])
            at += 1
            continue
        number = len(blocks) + 1
        end = next((n for n in range(at + 1, len(lines)) if _TAIL.fullmatch(lines[n])), None)
        if end is None or any(_HEAD.fullmatch(line) for line in lines[at + 1 : end]):
            return Cut(f"Block {number} is cut off: its `>>>>>>> REPLACE` line is missing.")
        split = _divide(lines[at + 1 : end], len(head.group(1)))
        if split is None:
            return Cut(f"Block {number} must hold exactly one line of seven equal signs between its two halves.")
        path = _path_above(rest, present) or (blocks[-1].path if blocks else "")
        search, replace = split
        blocks.append(Block(path, _text(search), _text(replace)))
        rest.append(_TAKEN)
        at = end + 1
    return tuple(blocks), _without_empty_fences(rest)


def _divide(lines: Sequence[str], length: int) -> tuple[Sequence[str], Sequence[str]] | None:
    """The halves. A heading underlined with equal signs is told from the divider by its length, or refused."""
    found = [n for n, line in enumerate(lines) if _DIVIDER.fullmatch(line)]
    exact = [n for n in found if len(lines[n].strip()) == length]
    certain = exact if len(exact) == 1 else found
    if len(certain) != 1:
        return None
    return lines[: certain[0]], lines[certain[0] + 1 :]


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _path_above(rest: Sequence[str], present: Collection[str]) -> str:
    """The path in the few lines above the block, back to the block before it; a fence's header may hold it."""
    seen = 0
    for line in reversed(rest):
        if line == _TAKEN:
            break
        if not line.strip():
            continue
        fence = _FENCE.fullmatch(line)
        words = fence.group(1).replace(":", " ").split() if fence else [line]
        for word in reversed(words):
            if path := path_of_line(word, present):
                return path
        seen += 1
        if seen >= _LOOK_BACK or not fence:
            break
    return ""


def _without_empty_fences(rest: Sequence[str]) -> str:
    """The text around the blocks, without the fences that held nothing but blocks and their paths."""
    kept: list[str] = []
    closings = [number for number, line in enumerate(rest) if _closes(line)]
    at = 0
    while at < len(rest):
        after = bisect_right(closings, at)
        end = closings[after] if _FENCE.fullmatch(rest[at]) and after < len(closings) else at
        inside = rest[at + 1 : end]
        if _TAKEN not in inside or any(line.strip() and not path_of_line(line, ()) for line in inside):
            kept += rest[at : end + 1]
        at = end + 1
    return "\n".join(line for line in kept if line != _TAKEN)


def _closes(line: str) -> bool:
    fence = _FENCE.fullmatch(line)
    return fence is not None and not fence.group(1).strip()
