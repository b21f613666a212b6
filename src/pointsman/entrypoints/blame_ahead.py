"""Guesses from the bare words what `audit blame` will ask git, so that git is at work while the program is read.

A wrong guess costs a process and changes no answer: git's lines are taken only where the same is asked in earnest.
"""

from pointsman.workspaces.ahead import begin, end_all

_VALUED = frozenset({"--rev", "--format", "--repo", "--key", "--home"})
_PLAIN = frozenset({"-C", "--copies", "--strict", "--json"})

__all__ = ["begin_blame", "end_all", "foreseen"]


def begin_blame(words: list[str]) -> None:
    """Let git begin, where these words after `audit blame` can be understood without the command's options."""
    found = foreseen(words)
    if found is not None:
        file, options = found
        path, span = _span(file)
        begin(
            options.get("--repo", "."), options.get("--rev", "HEAD"), path, span,
            copies=bool({"-C", "--copies"} & options.keys()),
        )  # fmt: skip


def foreseen(words: list[str]) -> tuple[str, dict[str, str]] | None:
    """The file and the options of a blame; None as soon as anything is not as expected."""
    files, options, at = list[str](), dict[str, str](), 0
    while at < len(words):
        name, equals, value = words[at].partition("=")
        at += 1
        if name in _VALUED and not equals:
            if at == len(words):
                return None
            value, at = words[at], at + 1
        elif not (name in _VALUED or (name in _PLAIN and not equals)):
            if name.startswith("-"):
                return None
            files.append(words[at - 1])
            continue
        options[name] = value
    return (files[0], options) if len(files) == 1 else None


def _span(file: str) -> tuple[str, tuple[int, int]]:
    """The path and the lines of FILE, FILE:A or FILE:A-B; anything else is a path."""
    path, _, lines = file.rpartition(":")
    first, dash, last = lines.partition("-")
    if path and first.isdecimal() and (last.isdecimal() or not dash):
        return path, (int(first), int(last or first))
    return file, (1, 0)
