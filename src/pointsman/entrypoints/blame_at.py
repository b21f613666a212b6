"""Puts blame together for a clone: git's history, the notes in it, and the keys that they are believed by.

A root of its own beside wiring.py, where importing every adapter takes longer than git needs for a whole file.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.domain.blame import Asked, Blame
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.workspaces.blame import GitHistory
from pointsman.workspaces.note_files import read_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from pointsman.audit.keys.keyring import TrustedKeys
    from pointsman.entrypoints.settings import Settings

_SPAN = re.compile(r"(?P<path>.+):(?P<first>\d{0,9})(?P<dash>-?)(?P<last>\d{0,9})", re.DOTALL)
_NO_FILE = "no-such-file"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked about: FILE, FILE:A, FILE:A- or FILE:A-B at a revision of a repository."""

    repo: Path
    file: str
    revision: str = "HEAD"
    copies: bool = False


async def blame_at(target: Target, keys: tuple[Path, ...], settings: "Callable[[], Settings]") -> Blame:
    """Who wrote the lines that are asked about. Trusted are the given keys; without any, those of the installation,
    and only then is anybody asked for the settings.

    Raises OwnerMust and UsageMust for what is no repository, revision, file or line of it.
    """
    history = GitHistory(str(target.repo))
    commit = await history.resolve(target.revision)
    asked, length = await _asked(history, commit, target)
    if not length:
        return Blame(asked.path, commit, ())
    # What was asked is known now: git begins while the rest of the program is still read from disk.
    lines = await history.begin(commit, asked)
    try:
        from pointsman.audit.blaming.blame import blame

        also = await history.elsewhere()
        return await blame(history, commit, asked, trusted=lambda: _trusted(keys, settings), also=also)
    finally:
        lines.cancel()


async def _asked(history: GitHistory, commit: str, target: Target) -> tuple[Asked, int]:
    """The lines and how many the file has. A file of the whole name goes before a range in the name."""
    found = _SPAN.fullmatch(target.file)
    try:
        length = await history.length(commit, target.file)
        return Asked(target.file, copies=target.copies), length
    except OwnerMust as error:
        if error.code != _NO_FILE or found is None or not (found["first"] or found["last"]):
            raise
    path = found["path"]
    length = await history.length(commit, path)
    first = int(found["first"] or 1)
    last = int(found["last"] or (length if found["dash"] else first))
    if not 1 <= first <= last <= length:
        raise UsageMust(
            f"{path} has no lines {first} to {last}." if first != last else f"{path} has no line {first}.",
            code="no-such-line",
            hint=f"At {commit[:12]} it has {length}, counted from 1.",
        )
    return Asked(path, first, last, target.copies), length


async def _trusted(keys: tuple[Path, ...], read: "Callable[[], Settings]") -> "TrustedKeys":
    """The keys in the files, else those of the installation of this machine, if there is one."""
    from pointsman.audit.keys.keyring import TrustedKeys, trusted_from

    if keys:
        return trusted_from(pem for path in keys for pem in read_keys(path))
    settings = read()
    ledger = settings.home / "ledger.sqlite"
    if not (settings.signing_keys or ledger.exists() or (settings.home / "keys").exists()):
        return TrustedKeys()
    from pointsman.entrypoints.books import Books
    from pointsman.entrypoints.machine import SystemClock

    books = Books(f"sqlite:///{ledger}", settings, SystemClock())
    try:
        return await books.keys.trusted()
    finally:
        books.close()
