"""The programs that are asked to make an edit: ours, a port of the one behind `apply_patch`, and aider's two."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.mistakes import Case
from pointsman.domain.work import EditRefusal, EditRules, Replace
from pointsman.workspaces.edits.apply import apply_edits

_AIDER = Path(__file__).parent / "aider_matchers.py"
_PLAIN = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f", '"')
    | dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " ")
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a matcher made of one case, None when it refused, and how long that took."""

    text: str | None
    seconds: float


Matcher = Callable[[Sequence[Case]], Iterator[Made]]


def ours(cases: Sequence[Case]) -> Iterator[Made]:
    """The engine that a run uses, with all of its checks."""
    return _each(cases, _by_us)


def codex(cases: Sequence[Case]) -> Iterator[Made]:
    """What `apply_patch` does with a hunk without a head, by the public description of its `seek_sequence`."""
    return _each(cases, _by_seek)


def unique(cases: Sequence[Case]) -> Iterator[Made]:
    """The exact text, and only where it stands once: the rule of Claude's editor."""
    return _each(cases, _by_text)


def aider(python: Path, which: str) -> Matcher:
    """aider's own functions, in the interpreter of its environment; `which` is `diff` or `udiff`."""

    def made(cases: Sequence[Case]) -> Iterator[Made]:
        asked = [{"text": one.text, "search": one.search, "new": one.new} for one in cases]
        done = subprocess.run(
            [str(python), str(_AIDER), which], input=json.dumps(asked), capture_output=True, text=True, check=True
        )
        for line in done.stdout.splitlines():
            answer = json.loads(line)
            yield Made(answer["text"], answer["seconds"])

    return made


def _each(cases: Sequence[Case], make: Callable[[Case], str | None]) -> Iterator[Made]:
    for case in cases:
        began = time.perf_counter()
        text = make(case)
        yield Made(text, time.perf_counter() - began)


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _by_us(case: Case) -> str | None:
    edit = Replace(case.path, _lines(case.search), _lines(case.new))
    done = apply_edits([edit], EditRules(max_bytes=10_000_000), {case.path: case.text.encode()})
    data = None if isinstance(done, EditRefusal) else done[case.path]
    return None if data is None else data.decode()


def _by_text(case: Case) -> str | None:
    old, new = "\n".join(case.search), "\n".join(case.new)
    return case.text.replace(old, new) if case.text.count(old) == 1 else None


def _by_seek(case: Case) -> str | None:
    lines = case.text.split("\n")
    if lines[-1] == "":
        lines.pop()
    search, new = list(case.search), list(case.new)
    at = _seek(lines, search)
    if at is None and search and search[-1] == "":
        search, new = search[:-1], new[:-1] if new and new[-1] == "" else new
        at = _seek(lines, search)
    if at is None:
        return None
    return "\n".join([*lines[:at], *new, *lines[at + len(search) :], ""])


def _seek(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """The first place, ever more forgiving: exact, blanks at the end, blanks at both ends, marks of typography."""
    size = len(wanted)
    alike: tuple[Callable[[str], str], ...] = (
        str,
        str.rstrip,
        str.strip,
        lambda line: line.strip().translate(_PLAIN),
    )
    for form in alike:
        asked, there = [form(line) for line in wanted], [form(line) for line in lines]
        for at in range(len(lines) - size + 1):
            if there[at : at + size] == asked:
                return at
    return None


def right_place(case: Case, text: str) -> bool:
    """Whether all that changed lies within the lines that the edit speaks of, or next to them."""
    before, after = case.text.split("\n"), text.split("\n")
    head = _shared(before, after)
    tail = min(_shared(before[::-1], after[::-1]), min(len(before), len(after)) - head)
    return case.start - 1 <= head and len(before) - tail <= case.end + 1


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    return next((n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


def neighbours(cases: Sequence[Case], size: int) -> Iterator[Sequence[Case]]:
    """The cases in parts, so that no process holds all of them at once."""
    for start, end in pairwise([*range(0, len(cases), size), len(cases)]):
        yield cases[start:end]
