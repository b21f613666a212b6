"""The changed code of a diff whole: short files as they are, of long ones the functions that were touched."""

from dataclasses import dataclass

from pointsman.domain.work import Source, Symbol
from pointsman.phases.reviewing.anchors import FileDiff
from pointsman.ports.workspace import Workspace

_SHORT = 4_000
"""Characters up to which a file is shown whole: more than the changed functions makes a reviewer see less."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A piece of code as it is after the change: its path, what to call it, and its text."""

    path: str
    label: str
    text: str


async def changed_code(
    workspace: Workspace, commit: str, files: tuple[FileDiff, ...], *, limit: int
) -> tuple[Shown, ...]:
    """What is shown of each file beside its diff; nothing of one that is gone or binary, or of more than `limit`.

    A file in which no function can be told is shown whole, if it is not too long.
    """
    found: list[Shown] = []
    for file in files:
        source = await workspace.read(commit, file.path)
        if source is None:
            continue
        symbols = await workspace.symbols(commit, file.path) if len(source.text) > _SHORT else ()
        whole = Shown(file.path, f"file {file.path}", source.text)
        parts = [one for one in _functions(source, symbols, file) if len(one.text) <= limit]
        found += parts or ([whole] if len(source.text) <= limit else [])
    return tuple(found)


def _functions(source: Source, symbols: tuple[Symbol, ...], file: FileDiff) -> list[Shown]:
    """The innermost definitions around the changed lines, in the order of the file, each once."""
    lines = source.text.split("\n")
    around = (_innermost(symbols, number) for number in _touched(file))
    chosen = dict.fromkeys(symbol for symbol in around if symbol is not None)
    return [
        Shown(
            source.path, f"{one.name} in {source.path}, from line {one.top}", "\n".join(lines[one.top - 1 : one.end])
        )
        for one in sorted(chosen, key=lambda symbol: symbol.top)
    ]


def _touched(file: FileDiff) -> list[int]:
    """The lines of the new file that were added, or that stand where lines were taken away."""
    touched, at = [], 1
    for line in file.lines:
        if line.side == "new":
            at = line.line
            if line.kind == "added":
                touched.append(at)
        else:
            touched.append(at)
    return touched


def _innermost(symbols: tuple[Symbol, ...], number: int) -> Symbol | None:
    around = (one for one in symbols if one.top <= number <= one.end and one.end > one.line)
    return min(around, key=lambda one: one.end - one.top, default=None)
