"""What a diff does to a file without line numbers: what went and what came, each group between its neighbours.

A clean merge leaves a line on either side of every group as it was, so a rebase keeps this where hunks, which show
three lines and their numbers, become others.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice

_OTHER_KINDS = (b"new file mode ", b"deleted file mode ", b"old mode ", b"new mode ")
_TOP, _END = b"^", b"$"
_LEAST = 16
"""So many letters and figures a group and its neighbours must hold; braces and blanks stand everywhere."""


def lines_digest(section: list[bytes]) -> str:
    """sha256 of what a file's part of a diff took away and put in, in hex.

    Empty for what has no such lines or could be mistaken: a new, deleted or binary file, a changed mode, and a change
    of which one group says so little that the same may stand in another place.
    """
    starts = [at for at, line in enumerate(section) if line.startswith(b"@@ ")]
    head = section[: starts[0]] if starts else []
    if not head or section.count(section[0]) > 1 or any(line.startswith(_OTHER_KINDS) for line in head):
        return ""
    digest = hashlib.sha256()
    for start, end in zip(starts, [*starts[1:], len(section)], strict=True):
        for group in _groups(section[start + 1 : end]):
            if not _says_enough(group):
                return ""
            digest.update(b"@\n" + b"".join(line + b"\n" for line in group))
    return digest.hexdigest()


def _groups(hunk: list[bytes]) -> Iterator[list[bytes]]:
    """The lines that changed together, with the one before and the one after, or where the file begins and ends."""
    before, group = _TOP, list[bytes]()
    for line in hunk:
        if line.startswith((b"+", b"-")):
            group.append(line)
        elif line.startswith(b"\\"):
            # It speaks of the line before it: that no newline ends it.
            group += [line] if group else []
        elif line:
            if group:
                yield [before, *group, line]
            before, group = line, []
    if group:
        yield [before, *group, _END]


def _says_enough(group: list[bytes]) -> bool:
    told = (one for line in group if line[:1] != b"\\" for one in line.decode("utf-8", "replace") if one.isalnum())
    return sum(1 for _ in islice(told, _LEAST)) == _LEAST
