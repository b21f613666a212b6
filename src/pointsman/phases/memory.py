"""The repository's memory: facts in a closed set of sentences, in a file that people and runs both write.

A fact is made by the harness from what it ran and saw, never from a model's words. Whatever else stands in the file
is people's own, and is kept byte for byte.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pointsman.domain.invisible import visible_characters

MEMORY = ".pointsman/memory.md"
MEMORY_BYTES = 64_000
"""A larger file is neither shown nor written."""

Kind = Literal["run", "one", "slow-run", "slow-test", "place", "beside", "width", "broken"]
Reason = Literal[
    "its program is not there", "it needs the network", "it does not end in its time", "it takes too much memory"
]

_WORD = r"[A-Za-z0-9_./@:+=,*^$'\"\[\]()-]+"
_COMMAND = rf"{_WORD}(?: {_WORD})*"
_SENTENCES: dict[Kind, re.Pattern[str]] = {
    "run": re.compile(rf"All tests are run with `(?P<subject>{_COMMAND})`\."),
    "one": re.compile(rf"One test alone is run with `(?P<subject>{_COMMAND})`\."),
    "slow-run": re.compile(rf"`(?P<subject>{_COMMAND})` takes more than two minutes\."),
    "slow-test": re.compile(rf"The test `(?P<subject>{_WORD})` takes more than ten seconds\."),
    "place": re.compile(rf"Tests lie in `(?P<subject>{_WORD})`\."),
    "beside": re.compile(r"Tests lie beside the code that they (?P<subject>test)\."),
    "width": re.compile(rf"Lines have at most \d{{1,4}} characters, as `(?P<subject>{_WORD})` says\."),
    "broken": re.compile(
        rf"`(?P<subject>{_COMMAND})` does not work in the sandbox: (?:its program is not there|it needs the network"
        r"|it does not end in its time|it takes too much memory)\."
    ),
}
_LONGEST_FACT = 300
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence of the closed set. Facts of one kind and subject are the same fact, whatever it says now."""

    kind: Kind
    subject: str
    text: str

    @property
    def id(self) -> str:
        """What the fact is known by when it was struck out or deleted."""
        return _short(f"{self.kind}\0{self.subject}")

    @property
    def mark(self) -> str:
        """The fact with its very words, so that a line that people changed is known as theirs."""
        return f"{self.id} {_short(self.text)}"


def all_tests(command: str) -> Fact | None:
    """How all tests are run."""
    return fact(f"All tests are run with `{command}`.")


def one_test_alone(command: str) -> Fact | None:
    """How one test is run, by an example."""
    return fact(f"One test alone is run with `{command}`.")


def slow_run(command: str) -> Fact | None:
    """That all tests take long."""
    return fact(f"`{command}` takes more than two minutes.")


def slow_test(test: str) -> Fact | None:
    """That one test takes long."""
    return fact(f"The test `{test}` takes more than ten seconds.")


def tests_in(folder: str) -> Fact | None:
    """Where tests lie; an empty folder stands for beside the code."""
    return fact(f"Tests lie in `{folder}`." if folder else "Tests lie beside the code that they test.")


def line_width(most: int, path: str) -> Fact | None:
    """How long lines may be, and by which file."""
    return fact(f"Lines have at most {most} characters, as `{path}` says.")


def broken(command: str, why: Reason) -> Fact | None:
    """That a command does not work in the sandbox."""
    return fact(f"`{command}` does not work in the sandbox: {why}.")


def fact(text: str) -> Fact | None:
    """The fact that a sentence states; None for a sentence that is not of the closed set."""
    if len(text) > _LONGEST_FACT:
        return None
    for kind, pattern in _SENTENCES.items():
        if found := pattern.fullmatch(text):
            return Fact(kind, _subject(kind, found["subject"]), text)
    return None


def _subject(kind: Kind, named: str) -> str:
    """How one test is run is one fact for each runner, whichever test is the example."""
    if kind != "one":
        return named
    words = named.split(" ")
    plain = next((place for place, word in enumerate(words) if not _PLAIN_WORD.fullmatch(word)), len(words))
    return " ".join(words[:plain])


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


_STRUCK = re.compile(r"~~((?:(?!\n[ \t]*\r?\n).)*?)~~", re.DOTALL)
_RAISED_HEAD = (
    "<!-- Raised so far. What is listed here and stands no more above was deleted, and is not raised again."
)
_RAISED = re.compile(
    rf"(?:(?<=\n)\r?\n)?{re.escape(_RAISED_HEAD)}\r?\n((?:[0-9a-f]{{12}} [0-9a-f]{{12}}\r?\n)*)-->\r?\n?"
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_BULLET = re.compile(r"^- (.*?)\r?$")
_SECTIONS: dict[str, tuple[Kind, ...]] = {
    "## Running tests": ("run", "one", "slow-run", "slow-test"),
    "## Where things are": ("place", "beside"),
    "## Conventions": ("width",),
    "## In the sandbox": ("broken",),
}
_INTRO = (
    "# What is known of this repository",
    "",
    "Runs of Pointsman saw this here, and later runs are given it as advice. Merge what is right. Strike out what is",
    "not, with two tildes on each side, or delete it: it is not raised again. Lines of your own are kept, and given",
    "along.",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a memory file holds of ours: facts that stand, the ids of those struck out, and what was raised so far."""

    standing: tuple[Fact, ...]
    struck: frozenset[str]
    raised: dict[str, str]

    @property
    def ours(self) -> tuple[Fact, ...]:
        """The standing facts whose words are those that a run wrote."""
        return tuple(one for one in self.standing if self.raised.get(one.id) == one.mark)

    def wants(self, one: Fact) -> bool:
        """Whether a fact is new: neither standing, nor struck out, nor deleted."""
        return one.id not in self.raised and one.id not in self.struck and one.text not in _texts(self.standing)


def held_in(text: str) -> Held:
    """The facts of a memory file, by its lines."""
    marks = [line.split()[0:2] for block in _RAISED.findall(text) for line in block.split("\n") if line.strip()]
    body = _RAISED.sub("", text)
    struck = (fact(_plain(part)) for part in _STRUCK.findall(body))
    lines = (_BULLET.match(line) for line in _STRUCK.sub("", body).split("\n"))
    standing = tuple(one for line in lines if line and (one := fact(line[1].strip())) is not None)
    return Held(
        standing,
        frozenset(one.id for one in struck if one is not None),
        {known: f"{known} {words}" for known, words in marks},
    )


def _plain(text: str) -> str:
    return " ".join(text.split()).removeprefix("- ")


def _texts(facts: Iterable[Fact]) -> frozenset[str]:
    return frozenset(one.text for one in facts)


def advised(text: str) -> str:
    """What a model is told of a memory file: what stands, without what is struck out or hidden; empty for nothing."""
    if len(text) > MEMORY_BYTES:
        return ""
    body, _ = visible_characters(_COMMENT.sub("", _STRUCK.sub("", text)))
    lines = [line.rstrip() for line in body.split("\n")]
    told = [line for line in lines if line and line not in _INTRO and line.strip(" -*+") and line not in _SECTIONS]
    return "".join(f"{line}\n" for line in told)


def updated(text: str | None, facts: tuple[Fact, ...], wrong: frozenset[str]) -> str | None:
    """The file with new facts, without the ones of ours in `wrong` (by their words); None when nothing changes.

    A fact of ours that reads otherwise now is replaced. An empty file stays empty: that is how people say that
    nothing is to be kept.
    """
    if text is not None and not text.strip():
        return None
    held = held_in(text or "")
    current = {one.id: one for one in facts}
    gone = {one.text for one in held.ours if one.text in wrong or current.get(one.id, one).text != one.text}
    replaced = tuple(current[one.id] for one in held.ours if one.text in gone and one.id in current)
    new = tuple(dict.fromkeys((*replaced, *(one for one in facts if held.wants(one)))))
    if not new and not gone:
        return None
    raised = {known: mark for known, mark in held.raised.items() if known not in {_id_of(words) for words in gone}}
    raised |= {one.id: one.mark for one in new}
    return _written(text, new, frozenset(gone), tuple(sorted(raised.values())))


def _id_of(words: str) -> str:
    found = fact(words)
    return found.id if found else ""


def _written(text: str | None, new: tuple[Fact, ...], gone: frozenset[str], raised: tuple[str, ...]) -> str:
    newline = "\r\n" if text is not None and "\r\n" in text else "\n"
    body = _RAISED.sub("", text) if text is not None else newline.join((*_INTRO, ""))
    lines = [
        line for line in body.split("\n") if (found := _BULLET.match(line)) is None or found[1].strip() not in gone
    ]
    if lines[-1:] == [""]:
        lines.pop()
    for heading, kinds in _SECTIONS.items():
        sentences = sorted(one.text for one in new if one.kind in kinds)
        if sentences or text is None:
            _put(lines, heading, sentences, newline.removesuffix("\n"))
    end = newline.removesuffix("\n")
    tail = [end, *(f"{line}{end}" for line in (_RAISED_HEAD, *raised, "-->")), ""]
    return "\n".join((*_ended(lines, end), *tail))


def _ended(lines: list[str], end: str) -> list[str]:
    """The lines with the last one ended as the others are."""
    return [*lines[:-1], lines[-1] if lines[-1].endswith(end) else f"{lines[-1]}{end}"] if lines else []


def _put(lines: list[str], heading: str, sentences: list[str], end: str) -> None:
    """Put sentences below their heading, each before the first of ours that sorts after it; made where it is not."""
    places = [place for place, line in enumerate(lines) if line.rstrip() == heading]
    if not places:
        lines[:] = [*_ended(lines, end), end, f"{heading}{end}"]
        if sentences:
            lines += [end, *(f"- {one}{end}" for one in sentences)]
        return
    for sentence in sentences:
        at = _place_for(lines, places[0] + 1, sentence)
        lines[:] = (
            _ended(lines[:at], end) + ([end] if at == places[0] + 1 else []) + [f"- {sentence}{end}"] + lines[at:]
        )


def _place_for(lines: list[str], start: int, sentence: str) -> int:
    """Behind the last of our lines in the section that sorts before the sentence, else where the list begins."""
    stop = next((place for place in range(start, len(lines)) if lines[place].startswith("#")), len(lines))
    ours = [place for place in range(start, stop) if (it := _BULLET.match(lines[place])) and fact(it[1].strip())]
    before = [place for place in ours if lines[place].rstrip() < f"- {sentence}"]
    if before:
        return before[-1] + 1
    if ours:
        return ours[0]
    written = [place for place in range(start, stop) if lines[place].strip()]
    return written[-1] + 1 if written else start
