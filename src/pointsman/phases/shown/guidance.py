"""The repository's own advice to whoever works on it: which files hold it, and what of them a model is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pointsman.domain.invisible import visible_characters
from pointsman.domain.run import RunSpec
from pointsman.phases.memory import MEMORY
from pointsman.phases.templates import shorten
from pointsman.ports.workspace import Workspace

NESTED = ("AGENTS.md", "CLAUDE.md")
"""Read at the root and in every folder above a touched path; the nearest says most about it."""

ROOT = ("CONTRIBUTING.md", ".github/CONTRIBUTING.md", "docs/CONTRIBUTING.md", ".github/copilot-instructions.md")
"""Read at these places only."""

_MOST = 6
_LEAST_CHARS = 200
_COMMENT = ("<!--", "-->")


@dataclass(frozen=True, slots=True)
class Advice:
    """One guidance file as people see it: `hidden` names what was taken out that they do not see."""

    path: str
    text: str
    hidden: tuple[str, ...] = ()


def advised_at(spec: RunSpec) -> str:
    """The commit whose advice counts: what people took over, so for a fix where its change began, never its head."""
    return spec.prior.base_commit if spec.goal == "fix" and spec.prior is not None else spec.base_commit


async def guidance(workspace: Workspace, commit: str, touched: Iterable[str]) -> tuple[Advice, ...]:
    """The guidance for work on the touched paths, as it stands at `commit`: the nearest first, the same text once.

    Links are not followed, and an `@path` in a file means nothing.
    """
    found: list[Advice] = []
    blobs: set[str] = set()
    known = frozenset(entry.path for entry in await workspace.files(commit))
    for path in places(touched, known):
        source = await workspace.read(commit, path)
        if source is None or source.blob in blobs or not source.text.strip():
            continue
        blobs.add(source.blob)
        found.append(_visible(path, source.text))
        if len(found) == _MOST:
            break
    return tuple(found)


def places(touched: Iterable[str], known: frozenset[str]) -> tuple[str, ...]:
    """The guidance files that are there for these paths: from the folder of each up to the root, then the others."""
    folders: dict[str, None] = {".": None}
    for path in touched:
        folders.update((str(folder), None) for folder in PurePosixPath(path).parents)
    deep = sorted((folder for folder in folders if folder != "."), key=lambda folder: -folder.count("/"))
    nested = [name if folder == "." else f"{folder}/{name}" for folder in (*deep, ".") for name in NESTED]
    return tuple(path for path in (*nested, *ROOT) if path in known)


def is_advice(path: str) -> bool:
    """Whether the file is shown as advice or not at all: never as a file among others, with what hides in it."""
    return path in (MEMORY, *ROOT) or PurePosixPath(path).name in NESTED


def shared_out(advice: tuple[Advice, ...], chars: int) -> tuple[Advice, ...]:
    """The advice in at most so many characters: what a short text leaves over goes to the longer ones."""
    left = chars
    by_length = sorted(advice, key=lambda one: len(one.text))
    fair: dict[str, int] = {}
    for place, one in enumerate(by_length):
        fair[one.path] = min(len(one.text), left // (len(by_length) - place))
        left -= fair[one.path]
    worth = (one for one in advice if fair[one.path] >= min(_LEAST_CHARS, len(one.text)))
    return tuple(Advice(one.path, shorten(one.text, fair[one.path]), one.hidden) for one in worth)


def _visible(path: str, text: str) -> Advice:
    """The text as a person reads it on a forge: without characters that nobody sees, without comments of HTML."""
    plain, flags = visible_characters(text)
    kept, was_hidden = _without_comments(plain)
    return Advice(path, kept.strip() + "\n", (*(("html-comment",) if was_hidden else ()), *flags))


def _without_comments(text: str) -> tuple[str, bool]:
    kept: list[str] = []
    rest, found = text, False
    while (start := rest.find(_COMMENT[0])) >= 0:
        found = True
        kept.append(rest[:start])
        end = rest.find(_COMMENT[1], start)
        rest = "" if end < 0 else rest[end + len(_COMMENT[1]) :]
    return "".join((*kept, rest)), found
