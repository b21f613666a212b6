"""What a coder has been shown of files as they are now, so that line numbers mean the lines that it saw."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.domain.work import Source

_AROUND = 3
_MOST = 40


@dataclass
class Seen:
    """By path: the blob that was shown, and which of its lines."""

    shown: dict[str, tuple[str, set[int]]] = field(default_factory=dict)

    def note(self, source: Source, first: int, last: int) -> None:
        """Lines `first` to `last` of this text were shown; those of an older text count no more."""
        blob, lines = self.shown.get(source.path, ("", set()))
        known = lines if blob == source.blob else set()
        self.shown[source.path] = (source.blob, known | set(range(first, last + 1)))

    def shows(self, source: Source, line: int) -> bool:
        """Whether this line, or the one below it, was shown in this very text."""
        blob, lines = self.shown.get(source.path, ("", set()))
        return blob == source.blob and (line in lines or line + 1 in lines)


def numbered(lines: Sequence[str], first: int, last: int) -> str:
    """Lines `first` to `last` (from 1, both included), each behind its number."""
    return "\n".join(f"{number}\t{lines[number - 1].rstrip(chr(13))}" for number in range(first, last + 1))


def changed_lines(old: Source | None, new: Source) -> tuple[int, int]:
    """The lines of `new` that differ from `old` with a few around them, cut to what fits on a screen."""
    now = new.text.split("\n")
    was = old.text.split("\n") if old else []
    head = _shared(was, now)
    tail = _shared(was[head:][::-1], now[head:][::-1])
    first = max(1, head + 1 - _AROUND)
    last = min(len(now), len(now) - tail + _AROUND)
    return first, min(last, first + _MOST - 1)


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    pairs = zip(left, right, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right)))
