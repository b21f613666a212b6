"""What models get wrong when they quote a place that they want to change, and what must come of it."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.hunks import Hunk

_WORD = re.compile(r"[A-Za-z_]{3,}")
_CONTEXTS = (0, 1, 3)


@dataclass(frozen=True, slots=True)
class Case:
    """One edit as a model would send it: the file's text, old and new lines, and where it is meant.

    `wanted` is the text that it must become; None when nothing may be changed. `start` and `end` bound the lines that
    the edit speaks of.
    """

    mistake: str
    package: str
    path: str
    text: str
    search: tuple[str, ...]
    new: tuple[str, ...]
    start: int
    end: int
    wanted: str | None


@dataclass(frozen=True, slots=True)
class _Quote:
    """Context above, old lines, new lines, context below."""

    above: tuple[str, ...]
    old: tuple[str, ...]
    new: tuple[str, ...]
    below: tuple[str, ...]


_Spoil = Callable[[_Quote, random.Random], _Quote | None]


def cases_of(hunk: Hunk, chance: random.Random) -> Iterator[Case]:
    """The hunk quoted with zero, one or three lines of context: as it is, and with each mistake that it can hold."""
    size = chance.choice(_CONTEXTS)
    if hunk.start == hunk.end:
        size = max(1, size)
    start, end = max(0, hunk.start - size), min(len(hunk.before), hunk.end + size)
    old = hunk.before[hunk.start : hunk.end]
    quote = _Quote(hunk.before[start : hunk.start], old, hunk.lines, hunk.before[hunk.end : end])
    text, wanted = "\n".join(hunk.before), "\n".join(hunk.after)
    plain = Case("none", hunk.package, hunk.path, text, _search(quote), _new(quote), start, end, wanted)
    if not any(line.strip() for line in plain.search):
        return
    yield plain
    yield replace(plain, mistake="crlf", text=text.replace("\n", "\r\n"), wanted=wanted.replace("\n", "\r\n"))
    yield replace(plain, mistake="sent again", text=wanted, end=start + len(plain.new), wanted=None)
    for name, spoil in _MISTAKES.items():
        spoilt = spoil(quote, chance)
        if spoilt is not None and (_search(spoilt), _new(spoilt)) != (plain.search, plain.new):
            must = None if name == "word in a deleted line" else wanted
            yield replace(plain, mistake=name, search=_search(spoilt), new=_new(spoilt), wanted=must)


def _search(quote: _Quote) -> tuple[str, ...]:
    return (*quote.above, *quote.old, *quote.below)


def _new(quote: _Quote) -> tuple[str, ...]:
    return (*quote.above, *quote.new, *quote.below)


def _all(quote: _Quote, change: Callable[[str], str]) -> _Quote:
    parts = (quote.above, quote.old, quote.new, quote.below)
    above, old, new, below = (tuple(change(line) for line in part) for part in parts)
    return _Quote(above, old, new, below)


def _trailing(quote: _Quote, chance: random.Random) -> _Quote:
    return replace(quote, old=tuple(f"{line}  " for line in quote.old), above=tuple(f"{x} " for x in quote.above))


def _outdented(quote: _Quote, chance: random.Random) -> _Quote | None:
    lines = [line for line in (*_search(quote), *quote.new) if line.strip()]
    depth = min((len(line) - len(line.lstrip(" ")) for line in lines), default=0)
    return _all(quote, lambda line: line[depth:] if line.strip() else line) if depth else None


def _first_line(quote: _Quote, chance: random.Random) -> _Quote | None:
    if quote.above:
        return replace(quote, above=(quote.above[0].lstrip(), *quote.above[1:]))
    old, new = quote.old, quote.new
    if not old:
        return None
    return replace(quote, old=(old[0].lstrip(), *old[1:]), new=(new[0].lstrip(), *new[1:]) if new else new)


def _forgotten(quote: _Quote, chance: random.Random) -> _Quote | None:
    """A context line, rather a blank one or a comment, that does not stand at the very edge."""
    inner = [("above", n) for n in range(1, len(quote.above))] + [("below", n) for n in range(len(quote.below) - 1)]
    dull = [at for at in inner if _is_dull(getattr(quote, at[0])[at[1]])]
    if not inner:
        return None
    side, number = chance.choice(dull or inner)
    lines = getattr(quote, side)
    kept = (*lines[:number], *lines[number + 1 :])
    return replace(quote, above=kept) if side == "above" else replace(quote, below=kept)


def _is_dull(line: str) -> bool:
    return not line.strip() or line.strip().startswith(("#", "//"))


def _in_context(change: Callable[[str, random.Random], str]) -> _Spoil:
    def spoil(quote: _Quote, chance: random.Random) -> _Quote | None:
        sides = [side for side in ("above", "below") if any(line.strip() for line in getattr(quote, side))]
        if not sides:
            return None
        side = chance.choice(sides)
        lines: Sequence[str] = getattr(quote, side)
        number = chance.choice([n for n, line in enumerate(lines) if line.strip()])
        spoilt = (*lines[:number], change(lines[number], chance), *lines[number + 1 :])
        return replace(quote, above=spoilt) if side == "above" else replace(quote, below=spoilt)

    return spoil


def _deleted(quote: _Quote, chance: random.Random) -> _Quote | None:
    numbers = [n for n, line in enumerate(quote.old) if _WORD.search(line) and line not in quote.new]
    if not numbers:
        return None
    number = chance.choice(numbers)
    return replace(quote, old=(*quote.old[:number], _other_word(quote.old[number], chance), *quote.old[number + 1 :]))


def _other_word(line: str, chance: random.Random) -> str:
    words = list(_WORD.finditer(line))
    if not words:
        return f"{line} made_up"
    word = chance.choice(words)
    return f"{line[: word.start()]}{chance.choice(('item', 'value', 'result', 'other'))}_{line[word.end() :]}"


def _other_quotes(line: str, chance: random.Random) -> str:
    return line.translate(str.maketrans("'\"", "\"'"))


def _tabs(quote: _Quote, chance: random.Random) -> _Quote:
    return _all(quote, lambda line: re.sub(r"^(?: {4})+", lambda found: "\t" * (len(found.group()) // 4), line))


_MISTAKES: dict[str, _Spoil] = {
    "trailing blanks": _trailing,
    "outdented": _outdented,
    "first line outdented": _first_line,
    "line forgotten": _forgotten,
    "word in a context line": _in_context(_other_word),
    "quotes in a context line": _in_context(_other_quotes),
    "line left out by ...": _in_context(lambda line, chance: "..."),
    "tabs for blanks": _tabs,
    "word in a deleted line": _deleted,
}
