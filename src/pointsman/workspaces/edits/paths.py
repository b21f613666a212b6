"""Recognises a line that is a path, however a model dresses it up."""

import re
from collections.abc import Collection

_LABEL = re.compile(
    r"^(?:file ?(?:name|path)?|path|in file|update|edit|create|new file|modified)\s*:\s*", re.IGNORECASE
)
_DRESS = "*`'\"#>- \t:"
_LOOKS = re.compile(r"[^\s`*<>|]+\.[A-Za-z0-9_]{1,12}|[^\s`*<>|]*[^\s`*<>|/.:]/[^\s`*<>|]+|(?:\.{1,2})?/[^\s`*<>|]+")
_COMMENT = re.compile(r"^\s*(?:#|//|--|;|%|/\*|<!--)\s*(.*?)\s*(?:\*/|-->)?\s*$")


def path_of_line(line: str, present: Collection[str]) -> str:
    """The path that a line consists of, or an empty text. `present` are the paths of the tree."""
    bare = line.strip()
    quoted = re.search(r"`([^`]+)`", bare)
    for candidate in (bare, bare.rstrip(":"), quoted.group(1) if quoted and _only_label(bare, quoted) else ""):
        path = _plain(candidate)
        if path and (path in present or _LOOKS.fullmatch(path)):
            return path
    return ""


def path_of_comment(line: str) -> str:
    """The path that a comment line consists of, or an empty text."""
    found = _COMMENT.match(line)
    path = _plain(found.group(1)) if found else ""
    return path if path and " " not in path and ("/" in path or "." in path) else ""


def _plain(text: str) -> str:
    text = text.strip()
    if text.startswith(("-", "/")) and " " not in text:
        # A hostile path is kept as it is, so that the guard refuses it by its name.
        return text
    text = _LABEL.sub("", text.strip(_DRESS)).strip(_DRESS)
    return text.removeprefix("./")


def _only_label(line: str, quoted: re.Match[str]) -> bool:
    """Whether the quoted text is all the line is about: a heading, a list item or a short label around it."""
    around = (line[: quoted.start()] + line[quoted.end() :]).strip("*#>-:. \t0123456789()")
    return not around or _LABEL.fullmatch(f"{around}:") is not None or len(around.split()) <= 2
