"""Which files of a view a query is about: rankings by words, by definitions and by names, fused by their ranks.

Nothing but the view and the query has a part in it, and equal files come by path.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pointsman.domain.work import Hit
from pointsman.workspaces.code_map.query import Query
from pointsman.workspaces.code_map.store import Store, of

DEPTH = 100
"""How many files of each ranking are fused."""

POSTINGS = 1_000
"""Words are looked for from the rarest on, until they stand in so many files together: the rest hardly tells files
apart, and would take most of the time."""

_K = 60
_WORDS, _MEANT, _DEFINED, _NAMED = 1.0, 0.7, 0.7, 40.0
_ASIDE = 0.5
_TEST = re.compile(r"(?:^|/)(?:tests?|testing|__tests__|spec|specs|testdata|fixtures)/|(?:^|/)(?:test_|conftest\.)|"
                   r"(?:[._-]|(?<=[a-z]))(?:tests?|spec|Tests?|Spec|IT)\.\w+$")  # fmt: skip
_DOC = re.compile(
    r"(?:^|/)(?:docs?|documentation|examples?|changelogs?|locale)/|\.(?:md|rst|txt|adoc|html?|po|pot|svg)$",
    re.IGNORECASE,
)
Weights = tuple[float, float, float]
_RANKED = "SELECT rowid, bm25(text_N, ?, ?, ?) AS score FROM text_N WHERE text_N MATCH ? ORDER BY score LIMIT ?"
_SPREAD = "SELECT term, doc FROM words_N WHERE term IN (SELECT value FROM json_each(?))"
_PATHS = "SELECT id, path FROM member WHERE id IN (SELECT value FROM json_each(?))"
_SOUGHT = 4
_SEEN = 20
_EXCERPT_WIDTH = 200


@dataclass(frozen=True, slots=True)
class File:
    """A file of a view."""

    id: int
    path: str


@dataclass(slots=True)
class View:
    """One commit in a store, for as long as it is read."""

    store: Store
    number: int
    known: dict[str, int] = field(default_factory=dict)

    def spread(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many files each word stands; for one of several parts, as its rarest part."""
        parts = {term: [part for part in term.split("_") if part] for term in terms}
        unknown = {part for each in parts.values() for part in each} - self.known.keys()
        if unknown:
            found = self.store.base.execute(of(self.number, _SPREAD), (json.dumps(sorted(unknown)),))
            self.known.update(dict.fromkeys(unknown, 0) | dict(found.fetchall()))
        return {term: min((self.known[part] for part in each), default=0) for term, each in parts.items()}

    def ranked(self, words: Sequence[str], weights: Weights, columns: str = "") -> list[File]:
        """The files that hold any of the words, by BM25 with a weight for each column."""
        if not words:
            return []
        match = columns + "(" + " OR ".join(f'"{word}"' for word in words) + ")"
        rows = self.store.base.execute(of(self.number, _RANKED), (*weights, match, DEPTH + 1)).fetchall()
        if len(rows) > DEPTH:
            # Which of the files of equal score were cut off is chance, so all of them are.
            rows = [row for row in rows if row[1] < rows[-1][1]] or rows
        paths = self._paths([row[0] for row in rows])
        best = sorted((score, paths[number], number) for number, score in rows if score < 0)
        return [File(number, path) for _, path, number in best]

    def with_name(self, name: str) -> list[File]:
        """The files of that name in any folder."""
        rows = self.store.base.execute(
            "SELECT id, path FROM member WHERE view = ? AND name = ? ORDER BY path LIMIT 400", (self.number, name)
        )
        return [File(number, path) for number, path in rows]

    def _paths(self, numbers: Sequence[int]) -> dict[int, str]:
        return dict(self.store.base.execute(_PATHS, (json.dumps(numbers),)).fetchall())


def find(view: View, query: Query, limit: int, hidden: Callable[[str], bool]) -> tuple[Hit, ...]:
    """The best files, best first, without hidden ones."""
    named = _named(view, query)
    spread = view.spread(query.terms)
    terms = _telling(spread)
    rankings = (
        (_WORDS, view.ranked(terms, (5.0, 3.0, 1.0))),
        (_MEANT, view.ranked(terms, (5.0, 3.0, 0.0), "{path symbols} : ")),
        (
            _DEFINED,
            view.ranked(
                _telling(view.spread([each.lower() for each in query.identifiers])),
                (0.0, 1.0, 0.0),
                "symbols : ",
            ),
        ),
        (_NAMED, list(named)),
    )
    files: dict[int, File] = {}
    scores: dict[int, float] = {}
    for weight, ranking in rankings:
        for rank, file in enumerate(ranking):
            files[file.id] = file
            scores[file.id] = scores.get(file.id, 0.0) + weight / (_K + rank)
    places = {file.id: line for file, line in named.items()}
    for number in scores.keys() - places.keys():
        if _is_aside(files[number].path, query):
            scores[number] *= _ASIDE
    best = sorted(scores, key=lambda number: (-scores[number], files[number].path))
    shown = [number for number in best if not hidden(files[number].path)][: max(0, limit)]
    sought = _sought(query, sorted(terms, key=lambda term: (spread[term], term)))
    return tuple(_hit(view, files[number], sought, places.get(number, 0), scores[number]) for number in shown)


def _telling(spread: Mapping[str, int]) -> list[str]:
    """The words that tell files apart, in the order of the text."""
    room, taken = POSTINGS, set[str]()
    for term in sorted(spread, key=lambda term: (spread[term], term)):
        room -= spread[term]
        if room < 0 and taken:
            break
        taken.add(term)
    return [term for term in spread if term in taken]


def _sought(query: Query, rare: Sequence[str]) -> dict[str, float]:
    """The words by which the line to show is chosen, with their weights: the rarest, and identifiers above them."""
    return dict.fromkeys(rare[:_SOUGHT], 1.0) | {name.lower(): 3.0 for name in reversed(query.identifiers[:_SOUGHT])}


def _named(view: View, query: Query) -> dict[File, int]:
    """The files that the text names, by path or in a traceback, with the line of the frame, or 0; frames first."""
    lines: dict[File, int] = {}
    for name, line in (*query.frames, *((path, 0) for path in query.paths)):
        for file in _same_file(view, name):
            lines[file] = lines.get(file) or line
    sources = {file: line for file, line in lines.items() if not _TEST.search(file.path)}
    return sources | lines


def _same_file(view: View, name: str) -> list[File]:
    """The files that `name` may stand for: the same path, or the longest common end; none when too many fit."""
    wanted = [part for part in name.split("/") if part not in ("", ".", "..")]
    if not wanted:
        return []
    fitting: dict[int, list[File]] = {}
    for file in view.with_name(wanted[-1]):
        parts = file.path.split("/")
        same = next((n for n, (a, b) in enumerate(zip(reversed(parts), reversed(wanted), strict=False)) if a != b), 0)
        common = same or min(len(parts), len(wanted))
        # One path is the other's end, or at least the folder is the same: the rest is where somebody's copy lies.
        if common in (len(parts), len(wanted)) or common >= 2:
            fitting.setdefault(common, []).append(file)
    best = fitting[max(fitting)] if fitting else []
    return best if len(best) <= 3 else []


def _is_aside(path: str, query: Query) -> bool:
    """Whether a file is a test or documentation, and the text is not about those."""
    test, document = _role(path)
    return not query.of_tests if test else document and not query.of_docs


@lru_cache(maxsize=20_000)
def _role(path: str) -> tuple[bool, bool]:
    return bool(_TEST.search(path)), bool(_DOC.search(path))


def _hit(view: View, file: File, sought: Mapping[str, float], line: int, score: float) -> Hit:
    names, body = view.store.text_of(file.id)
    at = line if 0 < line <= body.count(b"\n") + 1 else _best_line(names, body, sought)
    lines = body.split(b"\n", at + 3)[max(0, at - 2) : at + 3]
    shown = "\n".join(each.decode("utf-8", "replace").rstrip("\r")[:_EXCERPT_WIDTH] for each in lines)
    return Hit(path=file.path, line=at, excerpt=shown, score=score)


def _best_line(names: bytes, body: bytes, sought: Mapping[str, float]) -> int:
    """The line that holds most of the words, the first of equals; a name that the file defines counts double.

    The text is searched for the words, not taken apart: most of it holds none of them.
    """
    text, defined = body.lower(), b" %b " % names.lower()
    scores: dict[int, float] = {}
    for word, weight in ((name.encode(), weight) for name, weight in sought.items()):
        value = weight * 2 if b" %b " % word in defined else weight
        at, last = text.find(word), -1
        for _ in range(_SEEN):
            if at < 0:
                break
            start = text.rfind(b"\n", 0, at)
            if start != last:
                scores[start] = scores.get(start, 0.0) + value
            last, at = start, text.find(word, at + len(word))
    if not scores:
        return 1
    best = min(scores, key=lambda start: (-scores[start], start))
    return text.count(b"\n", 0, best + 1) + 1
