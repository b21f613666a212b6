"""Hidden lines by which we find again what we wrote, and texts cut to what GitHub takes."""

import hashlib
import re
from typing import Final, Literal
from urllib.parse import quote

Kind = Literal["status", "reply", "notice", "review", "finding"]

# GitHub documentation, "Create a review for a pull request": a text has 65,536 characters at most.
MOST: Final = 65_000
POINTER = "\n\n*The rest does not fit here.*"

_FINDING = re.compile(r"<!-- pointsman:finding ([A-Za-z0-9-]+) -->")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})", re.MULTILINE)


def marker(kind: Kind, key: str) -> str:
    """The hidden line of one thing of ours; whatever the key holds, it stays one HTML comment."""
    return f"<!-- pointsman:{kind} {quote(key, safe='.:/_-').replace('--', '-%2D')} -->"


def marked(kind: Kind, key: str, body: str, *, pointer: str = POINTER) -> str:
    """The text below its marker, cut to what GitHub takes."""
    head = marker(kind, key) + "\n"
    return head + cut(body, MOST - len(head), pointer)


def bears(body: str | None, kind: Kind, key: str) -> bool:
    """Whether a text begins with the marker; only ours may be believed."""
    return (body or "").startswith(marker(kind, key))


def finding_in(body: str) -> str:
    """The finding that a remark of ours is about, or an empty text."""
    found = _FINDING.search(body)
    return found[1] if found else ""


def same(one: str | None, other: str) -> bool:
    """Whether two texts are the same to a reader; forges differ in the ends of lines."""
    return (one or "").replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


def digest(text: str) -> str:
    """Twelve hex digits by which an untouched text is known."""
    return hashlib.sha256(text.replace("\r\n", "\n").strip().encode()).hexdigest()[:12]


def length(text: str) -> int:
    """Characters as a browser counts them: those beyond the basic plane are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, most: int, pointer: str = POINTER) -> str:
    """The text, or its first lines with a pointer below; fences and details that stay open are closed."""
    if length(text) <= most:
        return text
    # Half as many code points are never too many characters.
    room = (most - len(pointer) - 40) // (1 if text.isascii() else 2)
    kept = text[:room].rpartition("\n")[0] or text[:room]
    fence = ""
    for found in _FENCE.finditer(kept):
        fence = "" if fence and found[1].startswith(fence) else fence or found[1]
    details = max(0, kept.count("<details>") - kept.count("</details>"))
    return kept + (f"\n{fence}" if fence else "") + "\n</details>" * min(details, 3) + pointer
