"""Long texts brought to what a forge takes: the least important part is cut first, and the text says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.conversation.outbound import OUTBOUND_CAP

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_CUT = "(The rest of this part was cut: the text was longer than {limit:,} characters.)"
_LEAST = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text. Parts with a higher `rank` matter less and are cut first."""

    text: str
    rank: int = 0


def fitted(parts: Sequence[Part], limit: int = OUTBOUND_CAP) -> str:
    """The parts in their order, a blank line between them, in at most `limit` characters."""
    shown = [part for part in parts if part.text]
    texts = [part.text for part in shown]
    for index in sorted(range(len(shown)), key=lambda place: (-shown[place].rank, -place)):
        over = _length(texts) - limit
        if over <= 0:
            break
        texts[index] = shortened(texts[index], max(len(texts[index]) - over, _LEAST), limit)
    return "\n\n".join(texts)


def shortened(text: str, room: int, limit: int = OUTBOUND_CAP) -> str:
    """The first lines of a Markdown text that fit into `room`, with fences and folded parts closed."""
    if len(text) <= room:
        return text
    note = _CUT.format(limit=limit)
    kept: list[str] = []
    used, mark, folds = len(note) + 2, "", 0
    for line in text.split("\n"):
        folds_after = folds + line.count("<details>") - line.count("</details>")
        mark_after = _mark_after(line, mark)
        closing = len(mark_after) + 1 + folds_after * len("\n\n</details>")
        if used + len(line) + 1 + closing > room:
            break
        kept.append(line)
        used, mark, folds = used + len(line) + 1, mark_after, folds_after
    tail = ([mark] if mark else []) + ["", "</details>"] * folds
    return "\n".join((*kept, *tail)).rstrip() + f"\n\n{note}"


def _length(texts: Sequence[str]) -> int:
    return sum(len(text) for text in texts) + 2 * (len(texts) - 1)


def _mark_after(line: str, mark: str) -> str:
    """The fence that is open after this line, given the one that was open before it."""
    found = _FENCE.match(line)
    if found is None:
        return mark
    if not mark:
        return found[1]
    closes = found[1].startswith(mark) and not line.strip().strip(mark[0])
    return "" if closes else mark
