"""How figures and texts are written into signed data: as whole numbers, and so that every reader can read them."""

import hashlib
from collections.abc import Iterable

_LONGEST = 500
_MOST_NAMES = 100


def sha256(text: str) -> str:
    """sha256 of a text's UTF-8 bytes, in hexadecimal; what is no Unicode text is replaced by question marks."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def micro_usd(usd: float) -> int:
    """US dollars as whole millionths."""
    return round(usd * 1_000_000)


def told(text: str) -> str:
    """A short text that every JSON reader can read."""
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST else f"{clean[: _LONGEST - 1]}…"


def told_all(texts: Iterable[str]) -> tuple[str, ...]:
    """The first hundred of them, and how many more there are."""
    shown = tuple(told(text) for text in texts)
    more = len(shown) - _MOST_NAMES
    return (*shown[:_MOST_NAMES], f"… and {more} more") if more > 0 else shown
