"""What verification asks of a repository: commits, what each touched, and digests of what lies between two."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Trees: TypeAlias = tuple[str, str]
"""Two trees by their ids: what was, and what became of it."""

NOTES = ".pointsman/audit/"
ENVELOPE_SUFFIX = ".intoto.jsonl"
PAGE_SUFFIX = ".md"
"""Both files of a note have its name and one of these."""

NOTE_REF = "refs/pointsman/audit"
"""Where notes lie that are in no branch: it only ever grows, by one commit for each note."""

KEYS = ".pointsman/keys/"
MEMORY = ".pointsman/memory.md"

NO_DIFF = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The digest of a diff in which nothing changed: sha256 of nothing."""

_LONGEST_PATH = 500
_MODE = 6
_NOT_THERE, _PLAIN = "000000", "100644"
_NO_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}


def is_note(path: str) -> bool:
    """Whether a path is left out of every digest: notes, public keys and the memory file."""
    return path == MEMORY or path.startswith((NOTES, KEYS))


def noted_path(path: str) -> str:
    """A path as a note spells it: readable by every JSON reader, and bounded."""
    clean = path.encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST_PATH else f"{clean[: _LONGEST_PATH - 1]}…"


def no_tree(oid: str) -> str:
    """The id of the empty tree, which stood before the first commit, in the object format of `oid`."""
    return _NO_TREE[len(oid)]


@dataclass(frozen=True, slots=True)
class PastCommit:
    """One commit. `runs` and `is_ours` are only what its author and message say, which anybody can write.

    `missing` are those of its parents that this copy does not hold, as at the end of a shallow clone.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    runs: tuple[str, ...] = ()
    is_ours: bool = False
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """One path that differs between two trees, with mode and object on both sides."""

    path: str
    before: str
    after: str

    @property
    def is_plain_file(self) -> bool:
        """Whether it is a file now that nobody can run: no link, no program, no submodule, and not gone."""
        return self.after[:_MODE] == _PLAIN

    @property
    def blob(self) -> str:
        """The object that is there now."""
        return self.after[_MODE + 1 :]

    @property
    def keeps_its_kind(self) -> bool:
        """Whether the mode is as before; what is new or gone is plain when it is a file that nobody can run."""
        modes = {self.before[:_MODE], self.after[:_MODE]}
        return len(modes) == 1 or modes == {_NOT_THERE, _PLAIN}


@dataclass(frozen=True, slots=True)
class Difference:
    """The canonical diff between two trees: sha256 of the whole, and of the hunks of each file by its path.

    Notes, public keys and the memory file are left out. A file without hunks (a mode, an empty file) has no entry.
    `lines` has what went and came in each file, without line numbers, where that says enough.
    """

    whole: str
    files: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)


def bound_by_lines(
    signed: Iterable[tuple[str, str, str]], hunks: Mapping[str, str], lines: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Which files of a note stand by their lines alone; None as soon as one stands by neither hunks nor lines.

    `signed` has for each its path as notes spell it, and the digests of its hunks and lines; `hunks` and `lines` have
    the digests by path of what is looked at.
    """
    there = {noted_path(path): digest for path, digest in hunks.items()}
    moved = {noted_path(path): digest for path, digest in lines.items()}
    left = [(path, digest) for path, whole, digest in signed if not whole or there.get(path) != whole]
    return tuple(path for path, _ in left) if all(one and moved.get(path) == one for path, one in left) else None
