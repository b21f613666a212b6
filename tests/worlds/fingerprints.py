"""Fingerprints of folders, to show that somebody's repository is left exactly as it was."""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# What the bot may add inside the git directory; nothing that was there may change or go.
_ADDED = ("objects/", "refs/heads/pointsman/", "logs/refs/heads/pointsman/", "refs/pointsman/")
_GOES_ON = ":.git/refs/pointsman/audit"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Mode and content of every entry below some folders, by the folder's number, a colon, and the relative path."""

    entries: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One sha256 over all entries."""
        lines = "\n".join(f"{path!r} {print_}" for path, print_ in sorted(self.entries.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()

    def disturbed_by(self, later: "Fingerprint") -> tuple[str, ...]:
        """What differs in `later`, one sentence each; new objects and branches `pointsman/*` are no difference.

        Nor is a ref of notes that went on.
        """
        told = []
        for path in sorted(self.entries.keys() | later.entries.keys()):
            before, after = self.entries.get(path), later.entries.get(path)
            if (
                before == after
                or (after is not None and path.endswith(_GOES_ON))
                or (before is None and self._may_be_added(path, str(after)))
            ):
                continue
            verb = "appeared" if before is None else "is gone" if after is None else "changed"
            told.append(f"{path.partition(':')[2]} {verb}")
        return tuple(told)

    def _may_be_added(self, path: str, print_: str) -> bool:
        place, _, inside = path.partition(":")
        bare = {f"{place}:HEAD", f"{place}:objects"} <= self.entries.keys()
        if not bare and not inside.startswith(".git/"):
            return False
        inside = inside if bare else inside.removeprefix(".git/")
        is_folder = stat.S_ISDIR(int(print_.partition(" ")[0], 8))
        return inside.startswith(_ADDED) or (is_folder and any(each.startswith(f"{inside}/") for each in _ADDED))


def fingerprint(*folders: Path) -> Fingerprint:
    """Every byte and mode below the folders: working tree, `.git`, links themselves, ignored files, empty folders."""
    entries: dict[str, str] = {}
    for place, folder in enumerate(folders):
        entries |= {f"{place}:{path}": print_ for path, print_ in _entries(folder)}
    return Fingerprint(entries)


def _entries(folder: Path) -> Iterator[tuple[str, str]]:
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            entry = Path(here) / name
            yield str(entry.relative_to(folder)), _print(entry)


def _print(entry: Path) -> str:
    found = entry.lstat()
    mode = f"{found.st_mode:o}"
    if stat.S_ISLNK(found.st_mode):
        return f"{mode} -> {entry.readlink()}"
    if stat.S_ISREG(found.st_mode):
        with entry.open("rb") as file:
            return f"{mode} {hashlib.file_digest(file, 'sha256').hexdigest()}"
    return mode
