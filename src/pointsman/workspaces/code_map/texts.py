"""What of a file goes into the index: its words, the names it defines, and the parts of names in mixed case."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

from pointsman.workspaces.code_map.languages import language_of
from pointsman.workspaces.code_map.symbols import names_in
from pointsman.workspaces.text import decode

MAX_BYTES = 400_000
"""A larger file is data or generated: it is found by its path alone."""

MAX_DATA_BYTES = 64_000
DATA_CHARS = 4_000
"""Of a file that holds data this much is read, and of one over MAX_DATA_BYTES the path alone."""

_DATA_ENDINGS = (
    "po pot mo svg json geojson ndjson jsonl csv tsv lock map xml xsd snap min ipynb log sum graffle dia eps ps"
    " tex bib ics vcf pem crt patch diff rtf"
)
_DATA = frozenset(_DATA_ENDINGS.split())
_MINIFIED = re.compile(r"\.min\.(?:js|css|mjs)$")
_CAMEL = re.compile(rb"[a-z0-9][A-Z]")
_PART = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Letters, digits, and everything outside ASCII stay; the rest becomes a blank.
_WORDS = bytes(code if chr(code).isalnum() or code > 127 else 32 for code in range(128)) + bytes(range(128, 256))


class Key(NamedTuple):
    """What a row of the index is found by: the blob, and how its text was read, which its path tells."""

    blob: str
    reader: str


class Row(NamedTuple):
    """The three indexed columns of a text beside its path."""

    symbols: str
    body: str
    parts: str


class _Parts(dict[bytes, bytes]):
    """The parts of each word in mixed case, and nothing for other words; each is worked out once."""

    def __missing__(self, word: bytes) -> bytes:
        parts = b" ".join(_PART.findall(word)) if _CAMEL.search(word) else b""
        self[word] = parts
        return parts


_KEPT_WORDS = 200_000
_parts = _Parts()


def reader_of(path: str, size: int) -> str:
    """How a file is read: by its language, as plain text, as data, or not at all (empty)."""
    ending = PurePosixPath(path).suffix[1:].lower()
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
    if reader in ("data", "text"):
        # Prose hardly names a thing that the code does not name.
        return Row("", decoded[0][: DATA_CHARS if reader == "data" else None], "")
    names = " ".join(dict.fromkeys(names_in(path, decoded[0])))
    return Row(f"{names} {mixed_parts(names.encode())}".strip(), decoded[0], mixed_parts(data))


def path_text(path: str) -> str:
    """The words of a path, those in mixed case also in parts."""
    return f"{path} {mixed_parts(path.encode('utf-8', 'surrogateescape'))}".strip()


def mixed_parts(data: bytes) -> str:
    """The parts of all words in mixed case, `parse Header` of `parseHeader`; the index itself splits at `_`."""
    if len(_parts) > _KEPT_WORDS:
        _parts.clear()
    found = set(map(_parts.__getitem__, set(data.translate(_WORDS).split())))
    return b" ".join(sorted(found)).decode("utf-8", "replace").strip()


def rows_of(texts: Iterable[tuple[str, Key, bytes]]) -> list[tuple[Key, Row]]:
    """Path, key and bytes of files made ready for the index."""
    return [(key, row_of(path, key.reader, data)) for path, key, data in texts]
