"""What blame reads of a history, and what it says of each line: who wrote it, and who checked it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

By = Literal["model", "reviewer", "record", "person", "unknown"]
"""`reviewer` wrote a test that showed its finding, `record` is what a run writes along with its note."""

Binding = Literal["commit", "diff", "file", "head", "lines", "note", ""]
"""By what a line was bound to its note: the signed commit's history, the signed diff of the whole change, the signed
digest of the file's hunks, the line's presence in the signed head that a squash was made of, the signed lines that
went and came wherever they stand, which is weaker than these, or the note's own files.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The lines of one file that are asked about, from 1; 0 is its end. `copies` follows lines of other files."""

    path: str
    first: int = 1
    last: int = 0
    copies: bool = False


@dataclass(frozen=True, slots=True)
class BlamedLine:
    """One line as git blames it: its number now, and the commit, path and number that it came in with."""

    number: int
    commit: str
    path: str
    origin: int
    text: str


@dataclass(frozen=True, slots=True)
class CommitSeen:
    """What a commit says of itself. Names and message are whatever its maker wrote; `at` is in seconds (Unix)."""

    tree: str
    parents: tuple[str, ...]
    author: str
    mail: str
    at: int
    message: str


@dataclass(frozen=True, slots=True)
class ChangeSeen:
    """A commit's difference from its first parent: sha256 of it all in canonical form, and of each path's hunks.

    Notes, keys and the memory file are left out. Of the paths that it touched, `created` are those that the parent
    lacks, and `present` those that the commit has. `lines` has what went and came in each, without line numbers.
    """

    digest: str
    hunks: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)
    created: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A review that saw the line: by which model, in which round, with which verdict."""

    model: str
    round: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Written:
    """Who wrote what one commit brought to one file, and who checked it.

    `models` is one model, or several where the note does not say which of them. `prompts` are the sha256 of what was
    sent in the calls that it was written by, oldest first. `believed` tells whether the signature of `note` held with
    a trusted key; None where no note is spoken of. `why` says why nobody knows, or how sure this is.
    """

    by: By
    models: tuple[str, ...] = ()
    person: str = ""
    mail: str = ""
    run: str = ""
    phase: str = ""
    prompts: tuple[str, ...] = ()
    reviews: tuple[Reviewed, ...] = ()
    note: str = ""
    believed: bool | None = None
    binding: Binding = ""
    source: str = ""
    why: str = ""

    @property
    def is_bound(self) -> bool:
        """Whether a believable note tells who wrote this."""
        return bool(self.binding)


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One line of the file with what is known of it."""

    line: BlamedLine
    written: Written


@dataclass(frozen=True, slots=True)
class Blame:
    """The lines that were asked about, at which commit, and what is wrong with the notes; nothing when empty."""

    path: str
    commit: str
    lines: tuple[ToldLine, ...]
    notes: int = 0
    wrong: tuple[str, ...] = ()
