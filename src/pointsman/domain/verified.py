"""What verification says of a single note and of a single commit."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

BindingKind: TypeAlias = Literal["commit", "tree", "diff", "files", "lines", "none", "earlier"]
CoverKind: TypeAlias = Literal["note", "partly", "notes-only", "merge", "bot", "person", "unseen"]


@dataclass(frozen=True, slots=True)
class NoteBinding:
    """By which of its subjects a note is bound to the commits of the range, and to which.

    `commit`: merged as it is. `tree`: another commit with the same tree. `diff`: other commits with the same diff in
    canonical form. `lines`: in each file the same lines went and came between the same neighbours, in another place
    or amid other lines, which is weaker than all before it. `files`: only the hunks of `files` are there, those of
    `differing` are not. `none`: nothing of it is there. `earlier`: it stood before the range begins, where commits
    are not looked at. `partly` are commits of which it covers some files. `places` are where the note was found.
    """

    note: str
    run: str
    kind: BindingKind
    why: str
    commits: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitCover:
    """Who stands for one commit of the range.

    `note`: the notes named. `partly`: they do, but not for `files`. `notes-only`: it holds nothing but notes.
    `merge`: it holds nothing that git does not make of it alone. `bot`: it says that it is the bot's, and no note
    covers it. `person`: nobody but its author; of a merge, `files` were settled by hand. `unseen`: this copy cannot
    tell.
    """

    commit: str
    by: CoverKind
    author: str
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
