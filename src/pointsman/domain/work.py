"""What phases exchange with workspaces and sandboxes: files, edits, jobs and their results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One entry of a tree: path, git blob id, size in bytes, and what it is."""

    path: str
    blob: str
    size: int
    kind: Literal["file", "link", "submodule"] = "file"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file at a commit, with newlines as they stand in it; in `encoding` it is the file's bytes."""

    path: str
    text: str
    blob: str
    encoding: Literal["utf-8", "latin-1"] = "utf-8"


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: a path, the line that matched best (from 1), and a short excerpt."""

    path: str
    line: int
    excerpt: str
    score: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """A definition in a source text, with lines from 1.

    `line` is where its name stands, `end` its last line, and `top` the first line of the decorators, attributes and
    comments directly above it, or `line` itself. Where the end is not clear it is `line`.
    """

    name: str
    kind: Literal["function", "type", "module", "value"]
    line: int
    end: int
    top: int


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace the one place where `search` stands by `replace`.

    `below` are the lines that head the place, outermost first, such as its class and its function; `at_end` says that
    it is the end of the file. Either narrows where the place may be and never widens how it is compared.
    """

    path: str
    search: str
    replace: str
    below: tuple[str, ...] = ()
    at_end: bool = False


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Make the lines `first` to `last` (from 1, both included) this; `last` one below `first` puts text before it.

    The lines were counted in the file with this git blob id, and another one is refused.
    """

    path: str
    first: int
    last: int
    text: str
    blob: str


@dataclass(frozen=True, slots=True)
class Write:
    """Make the file's whole text this."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove the file."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """Give the file another path; edits before this one, to its old path, go with it."""

    path: str
    to: str


Edit = Replace | Rewrite | Write | Delete | Move


@dataclass(frozen=True, slots=True)
class EditRules:
    """Where edits may land. `allowed` empty means anywhere that is not protected.

    `protected` are patterns on top of the built-in list; `lone_block_path` is the file that a reply with a single
    code block and no path means, `lone_symbol` the one definition of it that such a block writes again. Nothing is
    moved from `unmoved` paths: at its new place whoever moved it could read it.
    """

    allowed: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    lone_block_path: str = ""
    lone_symbol: Symbol | None = None
    unmoved: frozenset[str] = frozenset()
    max_files: int = 20
    max_bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class EditRefusal:
    """Why a reply's edits were not applied; nothing was written.

    `message` is written for the model: what differs and where, at most some thirty lines.
    """

    kind: Literal[
        "unreadable", "no-match", "ambiguous", "unchanged", "protected", "syntax", "too-large", "lost-names"
    ]
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class CommitText:
    """Message and date of a commit. `at` is ISO 8601 in UTC, so that a repeated step makes the same commit."""

    subject: str
    body: str
    trailers: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True)
class NoteFiles:
    """The files of one note, and the words of the commit that brings them onto the ref of notes."""

    files: Mapping[str, bytes]
    text: CommitText


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a commit is known by besides its id: its tree, and sha256 of its canonical diff without notes."""

    tree: str
    diff_digest: str


@dataclass(frozen=True, slots=True)
class EditOrder:
    """Onto which commit edits go, by whose hand, under which rules and message.

    `base` is the commit that the run started from: the patch's diff is counted from there. `call` is the model call
    whose answer the edits were read from.
    """

    onto: str
    base: str
    model: str
    rules: EditRules
    text: CommitText
    call: str = ""


@dataclass(frozen=True, slots=True)
class SandboxJob:
    """Commands to run on an export of `commit`, in order, with no network and an empty environment.

    The overlay replaces files of the export by those of another commit (the base version of tests, for one); `files`
    are then written over it, each a path and its text.
    """

    commit: str
    commands: tuple[tuple[str, ...], ...]
    timeout_seconds: float
    memory_mb: int
    overlay_commit: str = ""
    overlay_paths: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxTier:
    """What holds untrusted code here: `bubblewrap`, `landlock`, or `none` with the reason and what to do."""

    name: Literal["bubblewrap", "landlock", "none"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """An interpreter outside /usr that is bound read-only into the sandbox; `bin` goes onto PATH."""

    name: str
    root: str
    bin: str
    version: str = ""
