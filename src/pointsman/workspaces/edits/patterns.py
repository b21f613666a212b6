"""Path patterns in the style of gitignore, matched in bounded time and without regular expressions from people."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache


def matches_any(path: str, patterns: Iterable[str], *, any_case: bool = False) -> str | None:
    """The first pattern that `path`, or a folder that it lies in, matches; None when none does."""
    return next((pattern for pattern in patterns if matches(path, pattern, any_case=any_case)), None)


def matches(path: str, pattern: str, *, any_case: bool = False) -> bool:
    """Whether the file `path` is meant by `pattern`.

    As in gitignore(5): a pattern without a slash inside counts at any depth, one with it counts from the root, `**`
    stands for any number of folders, and what matches a folder matches everything in it.
    """
    if any_case:
        path, pattern = path.casefold(), pattern.casefold()
    only_folders = pattern.endswith("/")
    bare = pattern.strip("/")
    if not bare:
        return False
    anchored = "/" in pattern.rstrip("/")
    wanted = tuple(bare.split("/")) if anchored else ("**", bare)
    parts = tuple(path.split("/"))
    deepest = len(parts) - 1 if only_folders else len(parts)
    return any(_match(parts[:length], wanted) for length in range(1, deepest + 1))


@lru_cache(maxsize=65536)
def _match(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether all parts are used up; row by row, so that `**` costs no more than parts times patterns."""
    reached = [True] + [False] * len(parts)
    for pattern in wanted:
        if pattern == "**":
            for at in range(1, len(parts) + 1):
                reached[at] = reached[at] or reached[at - 1]
        else:
            reached = [False] + [
                before and fnmatchcase(part, pattern) for before, part in zip(reached, parts, strict=False)
            ]
    return reached[-1]
