"""What of a file goes into the index: its words, the names it defines, and the parts of names in mixed case."""

import re
from collections.abc import Iterable
from itertools import chain, filterfalse
from posixpath import splitext
from typing import NamedTuple

from pointsman.workspaces.code_map.languages import language_of
from pointsman.workspaces.code_map.symbols import names_in
from pointsman.workspaces.text import decode

MAX_BYTES = 400_000
"""A larger file is data or generated: it is found by its path alone."""

MAX_DATA_BYTES = 64_000
DATA_CHARS = 3_000
"""Of a file that holds data this much is read, and of one over MAX_DATA_BYTES the path alone."""

_DATA_ENDINGS = (
    "po pot mo svg json geojson ndjson jsonl csv tsv lock map xml xsd snap min ipynb log sum graffle dia eps ps"
    " tex bib ics vcf pem crt patch diff rtf"
)
_DATA = frozenset(_DATA_ENDINGS.split())
_BINARY_ENDINGS = (
    "png jpg jpeg gif ico webp bmp tif tiff pdf ttf otf eot woff woff2 gz tgz bz2 xz zst zip jar whl egg so dll"
    " dylib exe pyc mp3 mp4 wav ogg mov avi sqlite mmdb shp"
)
_BINARY = frozenset(_BINARY_ENDINGS.split())
# A catalogue of gettext; elsewhere the ending is that of a language.
_CATALOGUE = re.compile(r"/LC_MESSAGES/[^/]+\.mo$")
_MINIFIED = re.compile(r"\.min\.(?:js|css|mjs)$")
_PART = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_CAMEL = re.compile(rb"[a-z0-9][A-Z]")
# Letters, digits, the underscore, and everything outside ASCII stay; the rest becomes a blank.
_WORDS = bytes(code if chr(code).isidentifier() or chr(code).isdigit() or code > 127 else 32 for code in range(256))


class Key(NamedTuple):
    """What a row of the index is found by: the blob, and how its text was read, which its path tells."""

    blob: str
    reader: str


class Row(NamedTuple):
    """What is kept of a text: the words that it defines, all its words, and the text itself to show lines of."""

    symbols: str
    words: str
    body: str


class _Parts(dict[bytes, tuple[bytes, ...]]):
    """The parts of each word in mixed case, and none of other words; each is worked out once."""

    def __missing__(self, word: bytes) -> tuple[bytes, ...]:
        parts = tuple(_PART.findall(word)) if _CAMEL.search(word) else ()
        self[word] = parts
        return parts


_KEPT_WORDS = 200_000
_parts = _Parts()


def reader_of(path: str, size: int) -> str:
    """How a file is read: by its language, as plain text, as data, or not at all (empty)."""
    ending = splitext(path)[1][1:].lower()
    if ending in _BINARY or (ending == "mo" and _CATALOGUE.search(path)):
        return ""
    if ending in _DATA or _MINIFIED.search(path):
        return "data" if size <= MAX_DATA_BYTES else ""
    if size > MAX_BYTES:
        return ""
    language = language_of(path)
    return language.name if language else "text"


def row_of(path: str, reader: str, data: bytes) -> Row:
    """The columns of a file's bytes; empty ones for what is no text."""
    decoded = decode(data)
    if decoded is None:
        return Row("", "", "")
    text = decoded[0][:DATA_CHARS] if reader == "data" else decoded[0]
    # Prose and data hardly name a thing that the code does not name.
    names = () if reader in ("data", "text") else names_in(path, text)
    written = data if decoded[1].name == "utf-8" and len(text) == len(decoded[0]) else text.encode()
    return Row(words_of(" ".join(names).encode()), words_of(written), text)


def path_text(path: str) -> str:
    """The words of a path, those in mixed case also in parts."""
    return words_of(path.encode("utf-8", "surrogateescape"))


def words_of(data: bytes) -> str:
    """The words of each quarter of a text, each once, with the parts of those in mixed case.

    So a word that the whole text is about counts more than one that is said once, and most repetitions cost nothing.
    The index itself splits at `_`; a part counts as often as there are names that hold it.
    """
    if len(_parts) > _KEPT_WORDS:
        _parts.clear()
    found = data.translate(_WORDS).split()
    quarter = len(found) // 4 + 1
    # Not as sets, whose order is another in each process: the index finds `a_b` as `a` before `b`.
    once = (dict.fromkeys(found[start : start + quarter]) for start in range(0, len(found), quarter))
    words = list(chain.from_iterable(once))
    parts = chain.from_iterable(map(_parts.__getitem__, filterfalse(bytes.islower, words)))
    return b" ".join(chain(words, parts)).decode("utf-8", "replace")


def rows_of(texts: Iterable[tuple[str, Key, bytes]]) -> list[tuple[Key, Row]]:
    """Path, key and bytes of files made ready for the index."""
    return [(key, row_of(path, key.reader, data)) for path, key, data in texts]
