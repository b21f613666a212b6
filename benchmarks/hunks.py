"""Real changes: what differs between two versions of public packages, hunk by hunk, from source distributions."""

import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

_NAME = re.compile(r"(.+?)-(\d[\w.+!-]*?)\.tar\.gz")
_SUFFIXES = (".py", ".pyi", ".toml", ".cfg", ".md", ".rst", ".js", ".html", ".c", ".h")
_MOST_LINES, _MOST_CHANGED = 1500, 40


@dataclass(frozen=True, slots=True)
class Hunk:
    """One change of one file: its lines before, and which of them (from 0, end not included) become what."""

    package: str
    path: str
    before: tuple[str, ...]
    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def after(self) -> tuple[str, ...]:
        """The file with this one change made."""
        return (*self.before[: self.start], *self.lines, *self.before[self.end :])


def hunks_in(folder: Path) -> Iterator[Hunk]:
    """The hunks between neighbouring versions of each package whose source distributions lie in the folder."""
    versions: dict[str, list[tuple[tuple[int, ...], Path]]] = {}
    for path in sorted(folder.glob("*.tar.gz")):
        if found := _NAME.fullmatch(path.name):
            numbers = tuple(int(part) for part in re.findall(r"\d+", found.group(2)))
            versions.setdefault(found.group(1).lower(), []).append((numbers, path))
    for package, archives in sorted(versions.items()):
        for (_, old), (_, new) in pairwise(sorted(archives)):
            yield from _between(package, texts_in(old), texts_in(new))


def texts_in(archive: Path) -> dict[str, str]:
    """The source texts of a distribution by their path below its top folder."""
    texts: dict[str, str] = {}
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            path = member.name.partition("/")[2]
            held = tar.extractfile(member) if member.isfile() and path.endswith(_SUFFIXES) else None
            if held is None:
                continue
            try:
                texts[path] = held.read().decode("utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def _between(package: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Hunk]:
    for path in sorted(old.keys() & new.keys()):
        if old[path] == new[path] or "\r" in old[path] + new[path]:
            continue
        before, after = old[path].split("\n"), new[path].split("\n")
        if max(len(before), len(after)) <= _MOST_LINES:
            yield from _of_file(package, path, before, after)


def _of_file(package: str, path: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Hunk]:
    for tag, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal" and last - first <= _MOST_CHANGED and end - start <= _MOST_CHANGED:
            hunk = Hunk(package, path, tuple(before), first, last, tuple(after[start:end]))
            if not path.endswith((".py", ".pyi")) or _compiles(hunk.before) <= _compiles(hunk.after):
                yield hunk


def _compiles(lines: Sequence[str]) -> bool:
    try:
        compile("\n".join(lines), "a file", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
