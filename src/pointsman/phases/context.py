"""What of a repository a model is shown: files ranked by the issue, whole or in outline."""

import re
from dataclasses import dataclass
from typing import Literal

from pointsman.domain.work import Source
from pointsman.phases.asking import Piece
from pointsman.phases.paths import named_in, tests_beside
from pointsman.phases.templates import fenced, shorten
from pointsman.ports.workspace import Workspace

GUIDANCE = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
_SIGNATURE = re.compile(
    r"^\s*(export\s+|default\s+|pub(\(\w+\))?\s+|public\s+|private\s+|protected\s+|static\s+|async\s+|abstract\s+)*"
    r"(def|class|func|function|fn|interface|struct|enum|trait|impl|type|module)\b.*"
)
_QUERY_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Room:
    """How much a model of a tier is shown: files whole, files in outline, characters of one file and of advice."""

    whole: int
    outlines: int
    file_chars: int
    advice_chars: int
    listed: int


ROOMS: dict[Literal["small", "mid", "frontier"], Room] = {
    "small": Room(whole=1, outlines=3, file_chars=6_000, advice_chars=600, listed=40),
    "mid": Room(whole=3, outlines=7, file_chars=24_000, advice_chars=3_000, listed=150),
    "frontier": Room(whole=4, outlines=8, file_chars=60_000, advice_chars=6_000, listed=400),
}


async def ranked(workspace: Workspace, commit: str, text: str, limit: int) -> tuple[str, ...]:
    """The paths that a text is about, best first: those it names, what the search finds, the tests beside them."""
    paths = tuple(entry.path for entry in await workspace.files(commit))
    hits = await workspace.search(commit, text[:_QUERY_LIMIT], limit)
    first = dict.fromkeys((*named_in(text, paths), *(hit.path for hit in hits)))
    beside = [test for path in first for test in tests_beside(path, paths)]
    return tuple(dict.fromkeys((*first, *beside)))


async def sources(workspace: Workspace, commit: str, paths: tuple[str, ...]) -> tuple[Source, ...]:
    """The texts of those paths that hold one."""
    found = [await workspace.read(commit, path) for path in paths]
    return tuple(source for source in found if source is not None)


def outline(text: str, limit: int = 60) -> str:
    """The lines of a source text that open a definition, with their numbers."""
    numbered = ((number, line) for number, line in enumerate(text.split("\n"), 1))
    lines = [f"{number}: {line.rstrip()[:160]}" for number, line in numbered if _SIGNATURE.match(line)]
    more = [f"(and {len(lines) - limit} more)"] if len(lines) > limit else []
    return "\n".join(lines[:limit] + more)


def file_pieces(found: tuple[Source, ...], room: Room, mark: str) -> tuple[Piece, ...]:
    """The best files whole, the next ones in outline; a file that is too long is shown in outline at once."""
    pieces = []
    for place, source in enumerate(found[: room.whole + room.outlines]):
        if place < room.whole and len(source.text) <= room.file_chars:
            pieces.append(Piece(source.path, fenced(mark, f"file {source.path}", source.text)))
        elif lines := outline(source.text):
            pieces.append(Piece(f"outline of {source.path}", fenced(mark, f"outline of {source.path}", lines)))
    return tuple(pieces)


async def guidance(workspace: Workspace, commit: str, room: Room) -> tuple[Source, ...]:
    """The repository's own advice to whoever works on it, shortened."""
    found = await sources(workspace, commit, GUIDANCE)
    return tuple(Source(one.path, shorten(one.text, room.advice_chars), one.blob) for one in found)


def joined(pieces: tuple[Piece, ...], left_out: tuple[str, ...]) -> str:
    """The pieces one after the other, and what was left out, so that the model knows what it does not see."""
    shown = "\n".join(piece.text for piece in pieces)
    if not left_out:
        return shown
    return f"{shown}\nLeft out, because the window is small: {', '.join(left_out)}.\n"
