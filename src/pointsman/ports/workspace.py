"""The bare mirror of a repository: reading at a commit, and commits by plumbing."""

from collections.abc import Callable, Mapping
from typing import Protocol

from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, Edit, EditOrder, EditRefusal, FileEntry, Hit, Sealed, Source, Symbol


class Workspace(Protocol):
    """Reads are pure functions of the commit; writes are deterministic, so any of them may be repeated."""

    async def fetch(self, repository: Repository, revision: str) -> str:
        """Bring `revision` into the mirror and return its commit id.

        Raises OwnerMust for what is not a git repository, is empty, or does not hold the revision.
        """

    async def files(self, commit: str, *, every: bool = False) -> tuple[FileEntry, ...]:
        """The regular files at `commit`, sorted by path; with `every` its links and submodules as well."""

    async def read(self, commit: str, path: str) -> Source | None:
        """The text of a file; None when it is absent, binary, a link, or over a megabyte."""

    async def symbols(self, commit: str, path: str) -> tuple[Symbol, ...]:
        """What a file defines, by its lines; empty where `read` gives None or its language is not known."""

    async def search(
        self, commit: str, query: str, limit: int, *, hidden: Callable[[str], bool] | None = None
    ) -> tuple[Hit, ...]:
        """The files that fit the query best, best first, without the paths that are `hidden`."""

    async def propose(self, order: EditOrder, reply: str, style: EditStyle) -> Patch | EditRefusal:
        """Read the edits in a model's reply, apply all or none of them as `order` says, and commit."""

    async def apply(self, order: EditOrder, edits: tuple[Edit, ...]) -> Patch | EditRefusal:
        """The same for edits that are already typed."""

    async def diff(self, base: str, commit: str) -> str:
        """The canonical diff between two commits (full index, no renames, no textconv)."""

    async def sealed(self, base: str, commit: str) -> Sealed:
        """By what a note is bound that speaks of `commit` and of what it changes since `base`."""

    async def record(self, onto: str, files: Mapping[str, bytes], text: CommitText) -> str:
        """Commit our own files (the note) onto `onto`; the path guard does not apply. Returns the commit id."""

    async def hold(self, name: str, commit: str) -> None:
        """Keep `commit` under a name of ours, out of reach of git's cleaning; an empty commit lets the name go."""
