"""The canonical diff between two commits, whole and file by file, and the digests that a note is signed over."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pointsman.domain.outcome import EditRecord
from pointsman.workspaces.changed_lines import lines_digest
from pointsman.workspaces.git import git

_FORM = ("-p", "--full-index", "--binary", "--no-textconv", "--no-ext-diff", "--no-renames", "--no-color")
_KINDS: dict[str, Literal["created", "changed", "deleted"]] = {"A": "created", "D": "deleted"}


@dataclass(frozen=True, slots=True)
class Canonical:
    """The bytes of `git diff-tree -p --full-index --binary --no-textconv --no-ext-diff --no-renames BASE COMMIT`."""

    data: bytes
    names: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        """sha256 of the bytes, in hex."""
        return hashlib.sha256(self.data).hexdigest()

    def records(self, model: str, touched: frozenset[str], call: str = "") -> tuple[EditRecord, ...]:
        """One record per file; who wrote, and in which call, is named for the files that were touched just now."""
        by = (model, (call,) if call else ())
        return tuple(
            _record(section, letter, path, *(by if path in touched else ("", ())))
            for section, (letter, path) in zip(sections(self.data), self.names, strict=True)
        )


async def diff_bytes(git_dir: Path, base: str, commit: str) -> bytes:
    """The bytes of the canonical diff from `base` to `commit`."""
    return await git(git_dir, "diff-tree", "-r", *_FORM, "--end-of-options", base, commit)


async def canonical(git_dir: Path, base: str, commit: str) -> Canonical:
    """The canonical diff from `base` to `commit`, with the letter and path of every file in its order."""
    data = await diff_bytes(git_dir, base, commit)
    listed = await git(git_dir, "diff-tree", "-r", "-z", "--name-status", "--no-renames", base, commit)
    parts = listed.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return Canonical(data, tuple(zip(parts[::2], parts[1::2], strict=True)))


def sections(data: bytes) -> list[list[bytes]]:
    """The lines of each file's part; lines inside hunks start with a sign, so no content can forge a header.

    A file that became a link, or a link that became a file, is told by git in two parts under the same header: what
    went and what came. They are one file's part here.
    """
    found: list[list[bytes]] = []
    for line in data.split(b"\n"):
        if line.startswith(b"diff --git ") and (not found or found[-1][0] != line):
            found.append([])
        if found:
            found[-1].append(line)
    return found


def hunks_digest(section: list[bytes]) -> str:
    """sha256 of a file's hunks, in hex; empty for a part without any, such as a changed mode."""
    hunks = _hunks(section)
    return _digest(hunks) if hunks else ""


def _record(section: list[bytes], letter: str, path: str, model: str, calls: tuple[str, ...]) -> EditRecord:
    hunks = _hunks(section)
    lines = [line for part in _halves(section) for line in _hunks(part)]
    return EditRecord(
        path=path,
        kind=_KINDS.get(letter, "changed"),
        digest=_digest(hunks),
        added=sum(line.startswith(b"+") for line in lines),
        removed=sum(line.startswith(b"-") for line in lines),
        model=model,
        calls=calls,
        lines=lines_digest(section),
    )


def _halves(section: list[bytes]) -> list[list[bytes]]:
    """The one part, or the two of what went and what came, so that no header is counted as a line."""
    starts = [at for at, line in enumerate(section) if line == section[0]]
    return [section[start:end] for start, end in zip(starts, [*starts[1:], len(section)], strict=True)]


def _hunks(section: list[bytes]) -> list[bytes]:
    starts = (at for at, line in enumerate(section) if line.startswith((b"@@ ", b"GIT binary patch")))
    return section[next(starts, len(section)) :]


def _digest(hunks: list[bytes]) -> str:
    return hashlib.sha256(b"\n".join(hunks).rstrip(b"\n") + b"\n").hexdigest()
