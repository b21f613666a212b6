"""Finds the files that a text is about: an FTS5 index of one commit, ranked by words, definitions and named paths."""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.domain.work import FileEntry, Hit

MAX_INDEXED_BYTES = 400_000
"""A larger file is data or generated, and is left out of the index."""

_TERM = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SYMBOL = re.compile(
    r"^[ \t]*(?:export\s+|default\s+|pub(?:\([^)]*\))?\s+|public\s+|private\s+|static\s+|async\s+)*"
    r"(?:def|class|function\*?|func|fn|interface|type|struct|enum|trait|impl|module|const)\s+"
    r"(?:\([^)]*\)\s*)?([A-Za-z_]\w*)",
    re.MULTILINE,
)
_PATH = re.compile(r"[\w.@+-]+(?:/[\w.@+-]+)*\.\w{1,8}|[\w.@+-]+(?:/[\w.@+-]+)+")
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)|([\w./-]+\.\w{1,8}):(\d+)')
_COMMON_WORDS = (
    "a an and are as at be but by can do does for from has have how i if in into is it its no not of on or should so"
    " than that the their then there this to use used was we what when where which will with you"
)
_COMMON = frozenset(_COMMON_WORDS.split())
_MAX_TERMS = 80
_K = 60
_DEFINED_WEIGHT = 1.5
_NAMED_WEIGHT = 20.0


@dataclass(frozen=True, slots=True)
class Query:
    """What a text names: words, identifiers, paths, and the lines of traceback frames by path."""

    terms: tuple[str, ...]
    identifiers: tuple[str, ...]
    paths: tuple[str, ...]
    frames: tuple[tuple[str, int], ...]


def read_query(text: str) -> Query:
    """Take a text apart; the order is that of the text, so that the same text gives the same query."""
    words = dict.fromkeys(_TERM.findall(text))
    identifiers = [word for word in words if "_" in word.strip("_") or _PART.sub("", word, count=1).strip("_")]
    terms = dict.fromkeys(part.lower() for word in words for part in (word, *_PART.findall(word)) if len(part) > 1)
    frames = [(a or c, int(b or d)) for a, b, c, d in _FRAME.findall(text)]
    paths = dict.fromkeys([*(path for path, _ in frames), *_PATH.findall(text)])
    return Query(
        terms=tuple(term for term in terms if term not in _COMMON)[:_MAX_TERMS],
        identifiers=tuple(identifiers)[:_MAX_TERMS],
        paths=tuple(paths)[:_MAX_TERMS],
        frames=tuple(frames),
    )


class SearchIndex:
    """The texts of one commit in memory, brought to another commit by changing only what differs.

    Results depend on the commit alone: what another commit had is taken out before anything is ranked.
    """

    def __init__(self) -> None:
        self._base = sqlite3.connect(":memory:", check_same_thread=False)
        self._base.executescript(
            "CREATE TABLE file (id INTEGER PRIMARY KEY, path TEXT UNIQUE, blob TEXT);"
            "CREATE VIRTUAL TABLE text USING fts5(path, symbols, body, parts, tokenize=\"unicode61 tokenchars '_'\");"
        )

    def lacking(self, files: Iterable[FileEntry]) -> list[FileEntry]:
        """The files whose text the index has not; the others of another commit are dropped."""
        wanted = {file.path: file for file in files if file.size <= MAX_INDEXED_BYTES}
        for number, path, blob in self._base.execute("SELECT id, path, blob FROM file").fetchall():
            if path in wanted and wanted[path].blob == blob:
                del wanted[path]
            else:
                self._base.execute("DELETE FROM text WHERE rowid = ?", (number,))
                self._base.execute("DELETE FROM file WHERE id = ?", (number,))
        return list(wanted.values())

    def add(self, texts: Sequence[tuple[FileEntry, str]]) -> None:
        """Index these texts."""
        for file, body in texts:
            added = self._base.execute("INSERT INTO file (path, blob) VALUES (?, ?)", (file.path, file.blob))
            row = (added.lastrowid, file.path, " ".join(_SYMBOL.findall(body)), body, _parts(f"{file.path} {body}"))
            self._base.execute("INSERT INTO text (rowid, path, symbols, body, parts) VALUES (?, ?, ?, ?, ?)", row)

    def find(self, text: str, limit: int) -> tuple[Hit, ...]:
        """The best `limit` files, best first; equal ones by path."""
        query = read_query(text)
        named = self._named(query)
        scores: dict[str, float] = {}
        for weight, ranking in (
            (1.0, self._ranked(query.terms, "")),
            (_DEFINED_WEIGHT, self._ranked(query.identifiers, "symbols : ")),
            (_NAMED_WEIGHT, list(named)),
        ):
            for rank, path in enumerate(ranking):
                scores[path] = scores.get(path, 0.0) + weight / (_K + rank)
        best = sorted(scores, key=lambda path: (-scores[path], path))[: max(0, limit)]
        return tuple(self._hit(path, query, named.get(path, 0), scores[path]) for path in best)

    def close(self) -> None:
        """Let the memory go."""
        self._base.close()

    def _ranked(self, terms: Sequence[str], column: str) -> list[str]:
        if not terms:
            return []
        match = column + "(" + " OR ".join(f'"{term}"' for term in terms) + ")"
        rows = self._base.execute(
            "SELECT path FROM text WHERE text MATCH ? ORDER BY bm25(text, 5.0, 3.0, 1.0, 1.0), path LIMIT 400",
            (match,),
        )
        return [str(path) for (path,) in rows]

    def _named(self, query: Query) -> dict[str, int]:
        """Files that the text names by path or by its tail, with the line of a traceback frame, or 0."""
        present = [str(path) for (path,) in self._base.execute("SELECT path FROM file ORDER BY path")]
        lines: dict[str, int] = {}
        for name in query.paths:
            fitting = [path for path in present if _same_file(path, name)]
            if len(fitting) <= 3:
                for path in fitting:
                    line = next((number for frame, number in query.frames if frame == name), 0)
                    lines[path] = lines.get(path) or line
        return lines

    def _hit(self, path: str, query: Query, line: int, score: float) -> Hit:
        (body,) = self._base.execute(
            "SELECT body FROM text JOIN file ON id = text.rowid WHERE file.path = ?", (path,)
        ).fetchone()
        lines = str(body).split("\n")
        at = line if 0 < line <= len(lines) else _best_line(lines, query)
        shown = "\n".join(each.rstrip("\r")[:200] for each in lines[max(0, at - 2) : at + 3])
        return Hit(path=path, line=at, excerpt=shown, score=score)


def _best_line(lines: Sequence[str], query: Query) -> int:
    """The line with most of the words, a definition counting double; the first of equals, from 1."""
    wanted: Mapping[str, int] = dict.fromkeys(query.terms, 1) | {name.lower(): 3 for name in query.identifiers}
    best, place = -1, 1
    for number, line in enumerate(lines, start=1):
        score = sum(wanted.get(word, 0) for word in {word.lower() for word in _TERM.findall(line[:1000])})
        score *= 2 if _SYMBOL.match(line) else 1
        if score > best:
            best, place = score, number
    return place


def _same_file(path: str, name: str) -> bool:
    """Whether `name`, as people and tracebacks write it, may be `path`: one is the other's tail, folder by folder."""
    name = name.removeprefix("./")
    return path == name or path.endswith(f"/{name}") or ("/" in path and name.endswith(f"/{path}"))


def _parts(text: str) -> str:
    """Identifiers split at case and underscore, each once."""
    found = {part.lower() for word in set(_TERM.findall(text)) for part in _PART.findall(word) if part != word}
    return " ".join(sorted(found))
