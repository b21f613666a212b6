"""What a model is told when an edit is refused: what differs and where, on one screen."""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from pointsman.domain.work import EditRefusal

_SHOWN = 24
_NEAR = 0.5
_WIDTH = 160
_CANDIDATES = 5
_COMPARED = 1500
_WORD = re.compile(r"\w+")
_AGAIN = "The file is unchanged. Send only this block again."


def no_match(path: str, search: Sequence[str], lines: Sequence[str], *, why: str = "") -> EditRefusal:
    """The SEARCH lines are nowhere: the nearest place, its true text, and the first line that differs."""
    said = [f"{path}: the SEARCH lines do not stand in the file. {why}".rstrip()]
    at = _nearest(search, lines)
    if at is None:
        said.append("Nothing in the file resembles them. Copy the lines exactly as they are in the file.")
    else:
        window = lines[at : at + len(search)]
        said += _divergence(search, window, at)
        said.append(f"The file has, from line {at + 1}:")
        said += [_short(line) for line in window[:_SHOWN]]
    return EditRefusal("no-match", path, "\n".join([*said, _AGAIN]))


def ambiguous(path: str, places: Sequence[int]) -> EditRefusal:
    """Several places fit; `places` are line numbers from 1."""
    shown = ", ".join(str(place) for place in places[:12])
    message = (
        f"{path}: the SEARCH lines stand at lines {shown}; it is not clear which is meant. "
        f"Add more of the lines above or below to SEARCH. {_AGAIN}"
    )
    return EditRefusal("ambiguous", path, message)


def no_ground(path: str) -> EditRefusal:
    """SEARCH is too little to identify a place."""
    message = f"{path}: SEARCH names nothing of its own. Add the lines around it, such as the `def` line. {_AGAIN}"
    return EditRefusal("no-match", path, message)


def no_head(path: str, below: Sequence[str]) -> EditRefusal:
    """One of the lines behind `@@` is not in the file."""
    heads = " and ".join(repr(_short(head)) for head in below[:3])
    message = f"{path}: no line of the file reads {heads}. Copy the line of the class or function to `@@`. {_AGAIN}"
    return EditRefusal("no-match", path, message)


def stale(path: str) -> EditRefusal:
    """The lines were counted in another text than the file has now."""
    message = f"{path}: the file has changed since its lines were counted. Look at it again. The file is unchanged."
    return EditRefusal("no-match", path, message)


def no_such_lines(path: str, count: int) -> EditRefusal:
    """The line numbers are not in the file."""
    return EditRefusal(
        "no-match", path, f"{path} has {count} lines; these are not among them. The file is unchanged."
    )


def unchanged(path: str, *, applied: bool) -> EditRefusal:
    """The edit would leave the file as it is."""
    why = (
        "this edit is already in the file. Leave this block out."
        if applied
        else "the edit changes nothing: what you wrote is what stands there."
    )
    return EditRefusal("unchanged", path, f"{path}: {why}")


def _nearest(search: Sequence[str], lines: Sequence[str]) -> int | None:
    """Where the window that reads most alike begins; only ever used to say it, never to edit."""
    wanted = Counter(_WORD.findall("\n".join(search)))
    held: Counter[str] = Counter()
    words = [[word for word in _WORD.findall(line) if word in wanted] for line in lines]
    shared: list[tuple[int, int]] = []
    alike = 0
    for end, coming in enumerate(words):
        for word in coming:
            held[word] += 1
            alike += held[word] <= wanted[word]
        start = end - len(search) + 1
        for word in words[start - 1] if start > 0 else ():
            alike -= held[word] <= wanted[word]
            held[word] -= 1
        shared.append((-alike, max(0, start)))
    best = [(_likeness(search, lines[at : at + len(search)]), -at) for _, at in sorted(set(shared))[:_CANDIDATES]]
    ratio, place = max(best, default=(0.0, 0))
    return -place if ratio >= _NEAR else None


def _likeness(search: Sequence[str], window: Sequence[str]) -> float:
    asked, real = ("\n".join(line.strip() for line in part)[:_COMPARED] for part in (search, window))
    return SequenceMatcher(None, asked, real, autojunk=False).ratio()


def _divergence(search: Sequence[str], window: Sequence[str], at: int) -> list[str]:
    for number, (asked, real) in enumerate(zip(search, window, strict=False)):
        if asked != real:
            kind = "only by its blanks" if asked.strip() == real.strip() else "here"
            return [
                f"Line {at + number + 1} differs {kind}:",
                f"  SEARCH: {_short(asked)}",
                f"  file:   {_short(real)}",
            ]
    return []


def _short(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"
