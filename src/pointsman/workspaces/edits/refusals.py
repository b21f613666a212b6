"""What a model is told when an edit is refused: what differs and where, on one screen."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from pointsman.domain.work import EditRefusal

_SHOWN = 24
_NEAR = 0.5
_WIDTH = 160
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


def unchanged(path: str, *, applied: bool) -> EditRefusal:
    """The edit would leave the file as it is."""
    why = (
        "this edit is already in the file. Leave this block out."
        if applied
        else "the edit changes nothing: what you wrote is what stands there."
    )
    return EditRefusal("unchanged", path, f"{path}: {why}")


def _nearest(search: Sequence[str], lines: Sequence[str]) -> int | None:
    """Where the window that shares most lines begins; only ever used to say it, never to edit."""
    wanted = [line.strip() for line in search]
    best, place = 0.0, None
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2("\n".join(wanted)[:2000])
    keys = {line for line in wanted if line}
    for at in range(max(1, len(lines) - len(wanted) + 1)):
        window = [line.strip() for line in lines[at : at + len(wanted)]]
        shared = sum(line in keys for line in window) / max(1, len(wanted))
        if shared == 0 and len(lines) > 2000:
            continue
        matcher.set_seq1("\n".join(window)[:2000])
        if matcher.real_quick_ratio() <= best or matcher.quick_ratio() <= best:
            continue
        ratio = matcher.ratio()
        if ratio > best:
            best, place = ratio, at
    return place if best >= _NEAR else None


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
