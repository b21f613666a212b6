"""Fenced code blocks in a text, with the path that the header, the line above or the first comment names."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pointsman.workspaces.edits.blocks import Cut
from pointsman.workspaces.edits.paths import path_of_comment, path_of_line

_OPEN = re.compile(r" {0,3}(`{3,}|~{3,})\s*([^`]*)")
_KEYED = re.compile(r"(?:title|path|file|filename|name)=[\"']?([^\"'\s}]+)")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block; `path` is empty when nothing names it. The text ends with a newline unless it is empty."""

    path: str
    text: str


def read_fences(text: str, present: Collection[str]) -> tuple[Fence, ...] | Cut:
    """The outer fences in order. One that is not closed is a cut reply: half a file must never be written."""
    lines = text.split("\n")
    found: list[Fence] = []
    at = 0
    while at < len(lines):
        opened = _OPEN.fullmatch(lines[at])
        if opened is None:
            at += 1
            continue
        end = _closing(lines, at, opened.group(1))
        if end is None:
            return Cut("The last code block is not closed, so the reply seems to be cut off.")
        body = lines[at + 1 : end]
        above = next((line for line in reversed(lines[max(0, at - 2) : at]) if line.strip()), "")
        path = _header_path(opened.group(2), present) or path_of_line(above, present) or _comment_path(body, present)
        found.append(Fence(path, "\n".join(body) + "\n" if body else ""))
        at = end + 1
    return tuple(found)


def _closing(lines: Sequence[str], start: int, mark: str) -> int | None:
    """Where the fence closes. In a plain fence, a header with a language opens an inner one, as models write it."""
    depth = 1
    for number in range(start + 1, len(lines)):
        inner = _OPEN.fullmatch(lines[number])
        if inner is None or inner.group(1)[0] != mark[0] or len(inner.group(1)) < len(mark):
            continue
        if inner.group(2).strip():
            depth += len(mark) == 3
        else:
            depth -= 1
        if depth == 0:
            return number
    return None


def _header_path(header: str, present: Collection[str]) -> str:
    keyed = _KEYED.search(header)
    words = [keyed.group(1)] if keyed else header.split()
    for word in reversed(words):
        tail = word.partition(":")[2] if ":" in word else word
        if path := path_of_line(tail, present):
            return path
    return ""


def _comment_path(body: Sequence[str], present: Collection[str]) -> str:
    """A first line that is a comment with the path of a present file, and nothing else."""
    path = path_of_comment(body[0]) if body else ""
    return path if path in present else ""
