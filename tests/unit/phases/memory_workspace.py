"""A workspace for phases: commits as mappings of paths to texts, edits exact and unique or refused."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import EditRecord, Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import (
    CommitText,
    Delete,
    Edit,
    EditOrder,
    EditRefusal,
    FileEntry,
    Hit,
    Move,
    Replace,
    Rewrite,
    Sealed,
    Source,
    Symbol,
    Write,
)
from pointsman.phases.paths import matches
from pointsman.ports.workspace import Workspace
from pointsman.workspaces.code_map.symbols import symbols_in
from pointsman.workspaces.edits.blocks import Cut
from pointsman.workspaces.edits.envelope import is_envelope, read_envelope

Files = Mapping[str, str]


def digest_of(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass
class MemoryWorkspace(Workspace):
    """Commits as mappings of paths to texts; edits are exact, and unique or refused."""

    commits: dict[str, dict[str, str]]
    orders: list[EditOrder] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    recorded: list[tuple[str, dict[str, bytes], CommitText]] = field(default_factory=list)
    held: dict[str, str] = field(default_factory=dict)

    def keep(self, files: Files) -> str:
        commit = digest_of("\0".join(f"{path}\0{files[path]}" for path in sorted(files)))[:40]
        self.commits[commit] = dict(files)
        return commit

    async def fetch(self, repository: Repository, revision: str) -> str:
        self.fetched.append(revision)
        return revision

    async def files(self, commit: str, *, every: bool = False) -> tuple[FileEntry, ...]:
        tree = self.commits[commit]
        return tuple(FileEntry(path, digest_of(tree[path])[:40], len(tree[path])) for path in sorted(tree))

    async def read(self, commit: str, path: str) -> Source | None:
        text = self.commits[commit].get(path)
        return None if text is None else Source(path, text, digest_of(text)[:40])

    async def symbols(self, commit: str, path: str) -> tuple[Symbol, ...]:
        return symbols_in(path, self.commits[commit].get(path, ""))

    async def search(
        self, commit: str, query: str, limit: int, *, hidden: Callable[[str], bool] | None = None
    ) -> tuple[Hit, ...]:
        words = re.findall(r"\w{4,}", query.lower())
        tree = self.commits[commit]
        scores = {path: sum(word in f"{path} {text}".lower() for word in words) for path, text in tree.items()}
        shown = (path for path in tree if scores[path] and not (hidden and hidden(path)))
        best = sorted(shown, key=lambda path: (-scores[path], path))
        return tuple(Hit(path, 1, tree[path].split("\n")[0], float(scores[path])) for path in best[:limit])

    async def propose(self, order: EditOrder, reply: str, style: EditStyle) -> Patch | EditRefusal:
        block = re.compile(r"^(\S+)\n<{7} SEARCH\n(.*?)^={7}\n(.*?)^>{7} REPLACE", re.DOTALL | re.MULTILINE)
        edits: list[Edit] = [Replace(*found) for found in block.findall(reply)]
        whole = re.findall(r"^```\w*\n(.*?)^```", reply, re.DOTALL | re.MULTILINE)
        if not edits and len(whole) == 1 and order.rules.lone_block_path:
            edits = [Write(order.rules.lone_block_path, whole[0])]
        if (one := order.rules.lone_symbol) and len(whole) == 1:
            path = order.rules.lone_block_path
            blob = digest_of(self.commits[order.onto][path])[:40]
            edits = [Rewrite(path, one.top, one.end, whole[0], blob)] if one.name in whole[0] else []
        if not edits and is_envelope(reply):
            read = read_envelope(reply)
            edits = [] if isinstance(read, Cut) else list(read)
        if not edits:
            return EditRefusal("unreadable", "", "The reply holds no edit in the form that was asked for.")
        return await self.apply(order, tuple(edits))

    async def apply(self, order: EditOrder, edits: tuple[Edit, ...]) -> Patch | EditRefusal:
        self.orders.append(order)
        files = dict(self.commits[order.onto])
        for edit in edits:
            barred = matches(edit.path, (*order.rules.protected, ".pointsman.yml"))
            if barred or (order.rules.allowed and not matches(edit.path, order.rules.allowed)):
                return EditRefusal("protected", edit.path, f"{edit.path} may not be edited.")
            refusal = _applied(files, edit, digest_of(files.get(edit.path, ""))[:40])
            if refusal is not None:
                return refusal
        if files == self.commits[order.onto]:
            return EditRefusal("unchanged", edits[0].path, "The file is the same as before.")
        return self._patch(order, files)

    def _patch(self, order: EditOrder, files: dict[str, str]) -> Patch:
        base = self.commits[order.base]
        commit = digest_of(f"{self.keep(files)}{order.onto}")[:40]
        self.commits[commit] = files
        touched = sorted(path for path in {*base, *files} if base.get(path) != files.get(path))
        onto, calls = self.commits[order.onto], (order.call,) if order.call else ()
        own = {path for path in touched if onto.get(path) != files.get(path)}
        records = tuple(
            EditRecord(path, "changed", digest_of(path), 1, 1, order.model, calls if path in own else ())
            for path in touched
        )
        return Patch(order.base, commit, self.keep(files), records, self._changed(base, files), order.model)

    def _changed(self, base: Files, files: Files) -> str:
        touched = sorted(path for path in {*base, *files} if base.get(path) != files.get(path))
        return digest_of(str([(path, files.get(path)) for path in touched]))

    async def hold(self, name: str, commit: str) -> None:
        self.held[name] = commit
        if not commit:
            del self.held[name]

    async def diff(self, base: str, commit: str) -> str:
        before, after = self.commits[base], self.commits[commit]
        return "".join(_diff(path, before.get(path), after.get(path)) for path in sorted({*before, *after}))

    async def sealed(self, base: str, commit: str) -> Sealed:
        return Sealed(
            sha256(commit.encode()).hexdigest(), sha256((await self.diff(base, commit)).encode()).hexdigest()
        )

    async def record(self, onto: str, files: Mapping[str, bytes], text: CommitText) -> str:
        self.recorded.append((onto, dict(files), text))
        return self.keep({**self.commits[onto], **{path: data.decode() for path, data in files.items()}})


def _applied(files: dict[str, str], edit: Edit, blob: str) -> EditRefusal | None:
    if isinstance(edit, Move):
        files[edit.to] = files.pop(edit.path)
        return None
    if isinstance(edit, Rewrite):
        lines = files[edit.path].split("\n")
        assert edit.blob == blob
        lines[edit.first - 1 : edit.last] = edit.text.removesuffix("\n").split("\n")
        files[edit.path] = "\n".join(lines)
        return None
    if isinstance(edit, Write):
        files[edit.path] = edit.text
        return None
    if isinstance(edit, Delete):
        del files[edit.path]
        return None
    count = files.get(edit.path, "").count(edit.search)
    if count != 1:
        return EditRefusal("no-match", edit.path, f"SEARCH stands at {count} places of {edit.path}.")
    files[edit.path] = files[edit.path].replace(edit.search, edit.replace)
    return None


def _diff(path: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    old, new = ("/dev/null" if before is None else f"a/{path}"), ("/dev/null" if after is None else f"b/{path}")
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True), (after or "").splitlines(keepends=True), old, new
    )
    return f"diff --git a/{path} b/{path}\nindex {'1' * 40}..{'2' * 40} 100644\n{''.join(lines)}"
