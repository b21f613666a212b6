"""Whether a fix takes back an earlier one: the same lines, back in the state that a reviewer did not want."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

Block = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Lines of a file that stood together, and those that stand in their place: the path, what went, what came."""

_HUNK = re.compile(r"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_NOWHERE = "/dev/null"


def taken_back(earlier: Iterable[str], newest: str, *, ours: Iterable[str] = ()) -> str:
    """The path of the first lines that the newest diff puts back as an earlier one had found them, else empty.

    All are canonical diffs between two states that one after the other were reviewed. `ours` are the paths of tests
    that reviews put there: who starts from the issue does not have them yet, and takes nothing back by that.
    """
    undone = {(path, came, went) for diff in earlier for path, went, came in blocks(diff)}
    passed_over = frozenset(ours)
    return next((block[0] for block in blocks(newest) if block in undone and block[0] not in passed_over), "")


def blocks(diff: str) -> Iterator[Block]:
    """The changed lines of a diff, each run of them by itself; runs of blank lines say nothing."""
    for path, went, came in _runs(diff):
        if any(line.strip() for line in (*went, *came)):
            yield path, went, came


def _runs(diff: str) -> Iterator[Block]:
    for (path, _, is_change), lines in groupby(_marked(diff), key=lambda line: line[0]):
        if is_change:
            texts = [text for _, text in lines]
            went = tuple(text[1:] for text in texts if text.startswith("-"))
            yield path, went, tuple(text[1:] for text in texts if text.startswith("+"))


def _marked(diff: str) -> Iterator[tuple[tuple[str, int, bool], str]]:
    """Each line of each hunk, with its path, the number of its hunk, and whether it was changed."""
    path, hunk, old, new = "", 0, 0, 0
    for line in diff.split("\n"):
        if old <= 0 and new <= 0:
            if line.startswith(("--- ", "+++ ")) and line[4:] != _NOWHERE:
                path = line[6:]
            elif found := _HUNK.match(line):
                hunk, old, new = hunk + 1, int(found[1] or 1), int(found[2] or 1)
            continue
        if line.startswith("\\"):
            continue
        old -= not line.startswith("+")
        new -= not line.startswith("-")
        yield (path, hunk, line[:1] in ("+", "-")), line
