"""The workspace of one repository: the adapter of the port, over its bare mirror."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from pointsman.domain.errors import OperatorMust
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import (
    CommitText,
    Edit,
    EditOrder,
    EditRefusal,
    FileEntry,
    Hit,
    Move,
    NoteFiles,
    Sealed,
    Source,
    Symbol,
    Write,
)
from pointsman.ports.notes import Late
from pointsman.workspaces.code_map.index import CodeMap
from pointsman.workspaces.code_map.symbols import symbols_in
from pointsman.workspaces.commits import NewFile, commit_files
from pointsman.workspaces.contents import Contents
from pointsman.workspaces.edits import refusals
from pointsman.workspaces.edits.apply import apply_edits, paths_of, refuse_paths
from pointsman.workspaces.edits.parse import Lone, parse, without_path_comment
from pointsman.workspaces.git import git
from pointsman.workspaces.history import differences, kinds
from pointsman.workspaces.mirror import mirror_path
from pointsman.workspaces.note_ref import append
from pointsman.workspaces.origin import LocalOrigin, Origin
from pointsman.workspaces.patches import canonical, diff_bytes
from pointsman.workspaces.text import MAX_TEXT_BYTES, decode
from pointsman.workspaces.tree import LINK, REGULAR, SUBMODULE, Entry, blobs, entries

_KEPT_TREES = 16
_KEPT_BYTES = 4 << 20
_KINDS: Mapping[str, Literal["link", "submodule"]] = {LINK: "link", SUBMODULE: "submodule"}


def _shown(_path: str) -> bool:
    return False


class GitWorkspace:
    """Reads and writes one repository's mirror at `git_dir`. Made by `open`; the mirror itself by the first fetch."""

    def __init__(self, git_dir: Path, repository: Repository, origin: Origin | None = None) -> None:
        self.git_dir = git_dir
        self._repository = repository
        self._origin = origin
        self._trees: OrderedDict[str, tuple[Entry, ...]] = OrderedDict()
        self._contents = Contents(_KEPT_BYTES)
        self._map = CodeMap(git_dir)

    @classmethod
    def open(cls, home: Path, repository: Repository, origin: Origin | None = None) -> "GitWorkspace":
        """The workspace of `repository` below the installation's home folder. Touches nothing yet.

        Without an `origin` the repository lies on this disk, at the location that each call names.
        """
        return cls(mirror_path(home, repository), repository, origin)

    async def fetch(self, repository: Repository, revision: str) -> str:
        """Bring `revision` of the user's repository into the mirror; see `origin` for the refusals."""
        if (repository.forge, repository.id) != (self._repository.forge, self._repository.id):
            raise OperatorMust(
                f"The workspace of {self._repository.name!r} was asked for {repository.name!r}.",
                code="wrong-workspace",
            )
        return await self._origin_at(repository.location).fetch(self.git_dir, revision)

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        """Set the branch in the user's repository by compare-and-swap; see `origin` for the refusals."""
        origin = self._origin_at(location)
        await origin.publish(self.git_dir, commit, branch=branch, expected_head=expected_head)

    async def branch_head(self, location: str, branch: str) -> str | None:
        """The commit that the branch stands on in the user's repository, or None."""
        return await self._origin_at(location).branch_head(branch)

    async def append_note(self, location: str, note: NoteFiles, late: Late) -> str:
        """Add a note, and those that are late, to the ref of notes in the user's repository; see `note_ref`."""
        return await append(self.git_dir, self._origin_at(location), note, late=late)

    async def rest(self) -> None:
        """Let go of what is held open and in memory; the next question takes it up again."""
        self._trees.clear()
        self._contents.clear()
        await self._map.close()

    async def files(self, commit: str, *, every: bool = False) -> tuple[FileEntry, ...]:
        """The regular files at `commit`, sorted by path, without names of control characters or no UTF-8.

        With `every` its links and submodules as well.
        """
        return tuple(
            FileEntry(entry.path, entry.oid, entry.size, _KINDS.get(entry.mode, "file"))
            for entry in await self._tree(commit)
            if (every or entry.mode in REGULAR) and entry.path.isprintable()
        )

    async def read(self, commit: str, path: str) -> Source | None:
        """The text of a file, without a byte order mark; None when absent, binary, a link, or over a megabyte."""
        entry = next((entry for entry in await self._tree(commit) if entry.path == path), None)
        if entry is None or entry.mode not in REGULAR or entry.size > MAX_TEXT_BYTES:
            return None
        data = await self._bytes([entry])
        decoded = decode(data[path])
        return Source(path, decoded[0], entry.oid, decoded[1].name) if decoded else None

    async def symbols(self, commit: str, path: str) -> tuple[Symbol, ...]:
        """What a file defines, in the order of its lines; see `code_map.symbols` for what is known."""
        source = await self.read(commit, path)
        return await asyncio.to_thread(symbols_in, path, source.text) if source else ()

    async def search(
        self, commit: str, query: str, limit: int, *, hidden: Callable[[str], bool] | None = None
    ) -> tuple[Hit, ...]:
        """The files that fit the query best, best first: words, definitions, and paths that the query names."""
        files = [entry for entry in await self._tree(commit) if entry.mode in REGULAR and entry.path.isprintable()]
        return await self._map.find(commit, files, query, limit=limit, hidden=hidden or _shown)

    async def propose(self, order: EditOrder, reply: str, style: EditStyle) -> Patch | EditRefusal:
        """Read the edits in a model's reply, apply all or none of them as `order` says, and commit."""
        present = {file.path for file in await self.files(order.onto)}
        lone = None
        if order.rules.lone_block_path:
            source = await self.read(order.onto, order.rules.lone_block_path)
            text, blob = (source.text, source.blob) if source else (None, "")
            lone = Lone(order.rules.lone_block_path, text, order.rules.lone_symbol, blob)
        edits = await asyncio.to_thread(parse, reply, style, present=present, lone=lone)
        if isinstance(edits, EditRefusal):
            return edits
        return await self.apply(order, await self._undressed(order.onto, edits))

    async def apply(self, order: EditOrder, edits: tuple[Edit, ...]) -> Patch | EditRefusal:
        """Apply all or none of the edits to `order.onto` and commit; the patch is counted from `order.base`."""
        tree = await self._tree(order.onto)
        by_path = {entry.path: entry for entry in tree}
        refusal = refuse_paths(edits, order.rules, {entry.path: entry.mode for entry in tree})
        if refusal is not None:
            return refusal
        paths = paths_of(edits)
        held = await self._bytes([by_path[path] for path in paths if path in by_path])
        olds = {path: held.get(path) for path in paths}
        changed = await asyncio.to_thread(apply_edits, edits, order.rules, olds)
        if isinstance(changed, EditRefusal):
            return changed
        came_from = {edit.to: edit.path for edit in edits if isinstance(edit, Move)}
        runs = {path for path in paths if (old := by_path.get(came_from.get(path, path))) and old.mode == "100755"}
        files = {path: None if data is None else NewFile(data, path in runs) for path, data in changed.items()}
        commit, new_tree = await commit_files(self.git_dir, order.onto, files=files, text=order.text)
        diff = await canonical(self.git_dir, order.base, commit)
        if not diff.names:
            return refusals.unchanged(edits[0].path, applied=False)
        records = diff.records(order.model, frozenset(changed), order.call)
        return Patch(order.base, commit, new_tree, edits=records, diff_digest=diff.digest, model=order.model)

    async def diff(self, base: str, commit: str) -> str:
        """The canonical diff between two commits; bytes that are no UTF-8 show as replacement characters."""
        return (await diff_bytes(self.git_dir, base, commit)).decode("utf-8", "replace")

    async def sealed(self, base: str, commit: str) -> Sealed:
        """The tree of `commit`, and the digest of its canonical diff from `base`, as verification has them."""
        named = (f"{base}^{{tree}}", f"{commit}^{{tree}}")
        trees = await kinds(self.git_dir, named)
        pair = (trees[named[0]], trees[named[1]])
        return Sealed(pair[1], (await differences(self.git_dir, [pair]))[pair].whole)

    async def record(self, onto: str, files: Mapping[str, bytes], text: CommitText) -> str:
        """Commit our own files onto `onto`; the path guard does not apply. Returns the commit id."""
        new = {path: NewFile(data) for path, data in files.items()}
        commit, _ = await commit_files(self.git_dir, onto, files=new, text=text)
        return commit

    async def hold(self, name: str, commit: str) -> None:
        """A reference of ours in the mirror at `commit`, which git's cleaning then spares; none with an empty one."""
        reference = f"refs/pointsman/{hashlib.sha256(name.encode()).hexdigest()[:40]}"
        if not commit and not await asyncio.to_thread(self.git_dir.is_dir):
            return
        order = ("update-ref", reference, commit) if commit else ("update-ref", "-d", reference)
        await git(self.git_dir, *order)

    def _origin_at(self, location: str) -> Origin:
        # Two working trees of one repository share the mirror, so the place on disk comes with each call.
        return self._origin or LocalOrigin(location)

    async def _tree(self, commit: str) -> tuple[Entry, ...]:
        if commit not in self._trees:
            self._trees[commit] = await entries(self.git_dir, commit)
            if len(self._trees) > _KEPT_TREES:
                self._trees.popitem(last=False)
        return self._trees[commit]

    async def _bytes(self, wanted: list[Entry]) -> dict[str, bytes]:
        """The bytes of each, by path. A run reads the same few files again and again, so those read last are kept."""
        found = {entry.path: data for entry in wanted if (data := self._contents.get(entry.oid)) is not None}
        async for entry, data in blobs(self.git_dir, [entry for entry in wanted if entry.path not in found]):
            found[entry.path] = data
            self._contents.keep(entry.oid, data)
        return found

    async def _undressed(self, onto: str, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
        """Whole texts without the comment that models put on top to name the file."""
        plain: list[Edit] = []
        for edit in edits:
            if isinstance(edit, Write):
                source = await self.read(onto, edit.path)
                edit = Write(edit.path, without_path_comment(edit.path, edit.text, source.text if source else None))
            plain.append(edit)
        return tuple(plain)
