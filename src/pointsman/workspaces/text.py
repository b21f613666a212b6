"""Bytes to text and back without a loss: encoding, byte order mark and newlines stay what they were."""

from dataclasses import dataclass
from typing import Literal

MAX_TEXT_BYTES = 1 << 20

_BOM = b"\xef\xbb\xbf"
_TEXT_CONTROLS = frozenset("\t\n\r\f\x1b\x0b\x08")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the text of a file is written down. `bom` is the mark in front of UTF-8."""

    name: Literal["utf-8", "latin-1"] = "utf-8"
    bom: bool = False

    def encode(self, text: str) -> bytes | None:
        """The bytes, or None when the encoding has no place for some character."""
        try:
            return (_BOM if self.bom else b"") + text.encode(self.name)
        except UnicodeEncodeError:
            return None


def decode(data: bytes) -> tuple[str, Encoding] | None:
    """The text without its byte order mark, and how to write it; None for what is no text (NUL, control bytes)."""
    if b"\0" in data:
        return None
    bom = data.startswith(_BOM)
    try:
        return data[len(_BOM) if bom else 0 :].decode("utf-8"), Encoding(bom=bom)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    # Latin-1 gives a character to every byte; real text in it has no control characters in either range.
    if any((char < " " and char not in _TEXT_CONTROLS) or "\x7f" <= char <= "\x9f" for char in text):
        return None
    return text, Encoding("latin-1")


def newline_of(text: str) -> str:
    """The newline that most lines of `text` end with."""
    crlf = text.count("\r\n")
    return "\r\n" if crlf * 2 > text.count("\n") else "\n"
