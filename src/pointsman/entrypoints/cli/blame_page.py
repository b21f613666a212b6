"""Who wrote each line, as a table for people; whoever wrote what stands in it, it is told plainly."""

import sys
from collections.abc import Iterator
from itertools import groupby

from pointsman.conversation.masking import masked
from pointsman.domain.blame import Blame, ToldLine, Written
from pointsman.domain.invisible import visible_characters

_WIDEST = {"lines": 11, "commit": 8, "who wrote it": 30, "run": 14, "prompt": 12, "checked by": 40}
NARROW = 100
_COLOURS = {"model": "36", "reviewer": "35", "record": "2", "person": "32", "unknown": "33"}


def page(found: Blame, width: int = NARROW) -> Iterator[str]:
    """The table: a row for lines of one origin that follow each other, and what is doubtful below it."""
    if not found.lines:
        yield f"{_plain(found.path)} is empty: there is nothing to ask about."
        return
    whys: dict[str, int] = {}
    rows = [_row(list(group), whys) for _, group in groupby(found.lines, lambda one: (one.line.commit, one.written))]
    yield from _table([row for row, _ in rows], [by for _, by in rows], width)
    for why, number in whys.items():
        yield f"[{number}] {_plain(why)}"
    for wrong in found.wrong:
        yield _coloured(f"! {_plain(wrong)}", "31")
    if found.wrong:
        yield "The notes do not hold together; `pointsman audit verify` says more."


def _row(lines: list[ToldLine], whys: dict[str, int]) -> tuple[dict[str, str], str]:
    first, last, written = lines[0].line, lines[-1].line, lines[0].written
    doubt = f" [{whys.setdefault(written.why, len(whys) + 1)}]" if written.why else ""
    span = str(first.number) if first.number == last.number else f"{first.number}-{last.number}"
    cells = {
        "lines": span,
        "commit": first.commit[:8],
        "who wrote it": f"{_who(written)}{doubt}",
        "run": written.run,
        "prompt": _prompt(written),
        "checked by": _checked(written),
    }
    return {name: _plain(text) for name, text in cells.items()}, written.by


def _who(written: Written) -> str:
    names = " or ".join(written.models)
    return {
        "model": names,
        "reviewer": f"{names}, as reviewer",
        "record": "the run's own record",
        "person": written.person or "a person",
        "unknown": "unknown",
    }[written.by]


def _prompt(written: Written) -> str:
    """The last prompt's first characters, since it holds those before it, and how many more there were."""
    if not written.prompts:
        return ""
    more = len(written.prompts) - 1
    return f"{written.prompts[-1][:8]}{f' +{more}' if more else ''}"


def _checked(written: Written) -> str:
    """The last word of a review; that there was none is said where a model wrote."""
    if written.reviews:
        last = written.reviews[-1]
        return f"{last.model}: {last.verdict}"
    return "nobody" if written.by == "model" else ""


def _table(rows: list[dict[str, str]], kinds: list[str], width: int) -> Iterator[str]:
    wide = {name: min(most, max(len(name), *(len(row[name]) for row in rows))) for name, most in _WIDEST.items()}
    spare = sum(wide.values()) + 2 * (len(wide) - 1) - width
    for name in ("checked by", "who wrote it", "run"):
        cut = max(0, min(spare, wide[name] - 12))
        wide[name], spare = wide[name] - cut, spare - cut
    yield _coloured("  ".join(name.ljust(size) for name, size in wide.items()).rstrip(), "2")
    for row, kind in zip(rows, kinds, strict=True):
        cells = "  ".join(_cut(row[name], size).ljust(size) for name, size in wide.items())
        yield _coloured(cells.rstrip(), _COLOURS[kind])


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def _plain(text: str) -> str:
    """Words of people, models or files, on one line: no escape sequences, no credentials."""
    return " ".join(masked(visible_characters(text)[0]).split())


def _coloured(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if sys.stdout.isatty() else text
