"""Reads a history for blame: lines, commits, notes and changes, each in one process for all that is asked."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pointsman.domain.blame import Asked, BlamedLine, ChangeSeen, CommitSeen
from pointsman.domain.errors import OwnerMust, UsageMust
from pointsman.domain.history import ENVELOPE_SUFFIX, NOTE_REF, NOTES, Difference, Touched, Trees, is_note, no_tree
from pointsman.workspaces.ahead import Begun, take
from pointsman.workspaces.git import Asked as Order
from pointsman.workspaces.git import GitFailed, git, printed, run
from pointsman.workspaces.git_words import BLAMING, blame_args
from pointsman.workspaces.source import git_dir_of, resolve
from pointsman.workspaces.tree import LINK, REGULAR, SUBMODULE, Entry, blobs, entries, entries_of

_NOTHING = "000000"
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<mail>[^>]*)> (?P<at>\d+) [+-]\d{4}")
_ESCAPED = re.compile(rb"\\(?:([0-7]{3})|(.))", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_BINARY_LOOK = 8000
_PATIENCE_SECONDS, _MOST_BYTES = 300.0, 256 << 20
_ODD = {LINK: "a symbolic link", SUBMODULE: "a submodule"}


class GitHistory:
    """One repository on disk, or a bare one, as blame reads it; nothing of it is written to."""

    def __init__(self, location: str) -> None:
        """The repository on disk at `location`. Raises OwnerMust(not-a-repository)."""
        self._location = location
        self._git_dir = git_dir_of(location)
        self._begun: dict[tuple[str, Asked], asyncio.Task[tuple[BlamedLine, ...]]] = {}

    async def resolve(self, revision: str) -> str:
        """The commit of a branch or revision. Raises OwnerMust(unknown-revision)."""
        return await resolve(self._git_dir, self._location, revision)

    async def length(self, commit: str, path: str) -> int:
        """How many lines the file has. Raises OwnerMust(no-such-file, not-a-text) for what has none."""
        found = await entries(self._git_dir, commit, below=(path,))
        entry = next((entry for entry in found if entry.path == path), None)
        if entry is None or entry.mode not in REGULAR:
            raise _no_file(path, commit, entry, is_folder=any(one.path.startswith(f"{path}/") for one in found))
        data = await git(self._git_dir, "cat-file", "blob", entry.oid)
        if b"\0" in data[:_BINARY_LOOK]:
            raise OwnerMust(f"{path} is a binary file: it has no lines.", code="not-a-text")
        return data.count(b"\n") + bool(data and not data.endswith(b"\n"))

    async def elsewhere(self) -> tuple[str, ...]:
        """The commits beside the one that is asked about in which notes may lie: of HEAD, and of the audit ref."""
        return tuple(await self.commits(f"{name}^{{commit}}" for name in ("HEAD", NOTE_REF)))

    async def begin(self, commit: str, asked: Asked) -> asyncio.Task[tuple[BlamedLine, ...]]:
        """Let git begin to look for lines that will be asked for; whoever asks for them waits for the same answer."""
        task = asyncio.ensure_future(self._lines(commit, asked))
        self._begun[commit, asked] = task
        await asyncio.sleep(0)
        return task

    async def lines(
        self, commit: str, asked: Asked, *, heads: Mapping[str, tuple[str, ...]] | None = None
    ) -> tuple[BlamedLine, ...]:
        """Each line with where it came in. `heads` are commits that are read as if they had these parents."""
        begun = None if heads else self._begun.pop((commit, asked), None)
        return await begun if begun is not None else await self._lines(commit, asked, heads)

    async def _lines(
        self, commit: str, asked: Asked, heads: Mapping[str, tuple[str, ...]] | None = None
    ) -> tuple[BlamedLine, ...]:
        args = blame_args(commit, asked.path, asked.first, asked.last, copies=asked.copies)
        if not heads:
            begun = take(Order(self._git_dir, args).argv())
            told = await _answer(begun) if begun is not None else None
            return tuple(_blamed(told if told is not None else await self._asked(*args)))
        grafts = "".join(f"{one} {' '.join(parents)}\n" for one, parents in heads.items()).encode()
        at = args.index("blame") + 1
        return tuple(_blamed(await self._asked(*args[:at], "-S", "/dev/stdin", *args[at:], stdin=grafts)))

    async def notes(self, commit: str) -> tuple[tuple[str, bytes], ...]:
        """The envelopes right under `.pointsman/audit/` at the commit: name without folder, and bytes."""
        found = await entries_of(self._git_dir, commit, NOTES)
        wanted = [one for one in found if one.mode in REGULAR and one.path.endswith(ENVELOPE_SUFFIX)]
        return tuple([(entry.path[len(NOTES) :], data) async for entry, data in blobs(self._git_dir, wanted)])

    async def commits(self, ids: Iterable[str]) -> dict[str, CommitSeen]:
        """The commits among the ids that the repository holds."""
        wanted = tuple(dict.fromkeys(ids))
        if not wanted:
            return {}
        asked = Order(self._git_dir, ("cat-file", "--batch"), stdin="".join(f"{one}\n" for one in wanted).encode())
        return dict(_commits(await run(asked)))

    async def introduced(self, ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """The names of the files that each commit added under `.pointsman/audit/`, as against its first parent."""
        args = (*BLAMING, "diff-tree", "--stdin", "-r", "--root", "--no-renames", "-z", "--name-only")
        found: dict[str, set[str]] = {}
        stdin = "".join(f"{one}\n" for one in ids).encode()
        told = await git(self._git_dir, *args, "--diff-filter=A", "--", NOTES, stdin=stdin)
        commit = ""
        for part in told.decode("utf-8", "surrogateescape").split("\0"):
            if part.startswith(NOTES):
                found.setdefault(commit, set()).add(part[len(NOTES) :])
            else:
                commit = part
        return {commit: frozenset(names) for commit, names in found.items()}

    async def changes(self, pairs: Iterable[tuple[str, str]]) -> tuple[ChangeSeen | None, ...]:
        """What lies between each pair of a parent (empty for none) and a commit; None where an object is missing."""
        wanted = tuple(pairs)
        if not wanted:
            return ()
        # Most questions need no diff, and git is quicker at its work than the rest is imported.
        from pointsman.workspaces.history import differences, kinds, touched

        names = dict.fromkeys(f"{commit}^{{tree}}" for pair in wanted for commit in pair if commit)
        trees = await kinds(self._git_dir, tuple(names))
        asked = [_trees(pair, trees) for pair in wanted]
        whole = tuple(dict.fromkeys(pair for pair in asked if pair is not None))
        diffs, paths = await differences(self._git_dir, whole), await touched(self._git_dir, whole)
        return tuple(_change(pair, diffs, paths) for pair in asked)

    async def outside(self, head: str, ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids, which the repository holds, that are not in the history of `head`."""
        wanted = tuple(ids)
        if not wanted:
            return frozenset()
        told = "".join(f"{one}\n" for one in (*wanted, f"^{head}"))
        found = await git(self._git_dir, "rev-list", "--stdin", stdin=told.encode())
        return frozenset(wanted) & frozenset(found.decode().split())

    async def added_by(self, head: str, names: Iterable[str]) -> dict[str, str]:
        """The commit in the history of `head` that added each of the files under `.pointsman/audit/`."""
        paths = [f"{NOTES}{name}" for name in names]
        if not paths:
            return {}
        args = (*BLAMING, "log", "--format=%x00%H", "--name-only", "--diff-filter=A", "--no-renames", head, "--")
        told = await self._asked(*args, *paths)
        found = (part.split("\n") for part in told.decode("utf-8", "surrogateescape").split("\0")[1:])
        return {row.removeprefix(NOTES): commit for commit, *rows in found for row in rows if row}

    async def cut(self) -> frozenset[str]:
        """The commits where a shallow clone was cut off: what came before them is not here."""
        place = await git(self._git_dir, "rev-parse", "--path-format=absolute", "--git-path", "shallow")
        return await asyncio.to_thread(_ids_in, Path(printed(place)))

    async def content(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file at a commit; None when it is not there."""
        found = await entries(self._git_dir, commit, below=(path,))
        wanted = [entry for entry in found if entry.path == path and entry.mode in REGULAR]
        return next(iter([data async for _, data in blobs(self._git_dir, wanted)]), None)

    async def _asked(self, *args: str, stdin: bytes = b"") -> bytes:
        try:
            return await git(self._git_dir, *args, stdin=stdin)
        except GitFailed as error:
            raise OwnerMust(
                f"The repository {self._location!r} does not hold what was asked for.",
                code="unknown-revision",
                hint="A shallow or partial clone may lack it: fetch the whole history, then ask again.",
            ) from error


async def _answer(begun: Begun) -> bytes | None:
    """What a git that began ahead of us has to say; None when it has to be asked again, which then says why."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await asyncio.to_thread(begun.answer, _MOST_BYTES)
    except TimeoutError:
        return None
    finally:
        begun.end()


def _no_file(path: str, commit: str, entry: Entry | None, *, is_folder: bool) -> OwnerMust:
    what = "a folder" if is_folder else _ODD.get(entry.mode, "") if entry else ""
    if what:
        return OwnerMust(f"{path} is {what}, no file with lines.", code="no-such-file")
    return UsageMust(
        f"There is no file {path} at {commit[:12]}.",
        code="no-such-file",
        hint="Give the path from the top of the repository, as `git ls-files` prints it.",
    )


def _blamed(told: bytes) -> Iterator[BlamedLine]:
    """Git's porcelain form (git-blame, "The porcelain format"): a path stands only where it is not known yet."""
    paths: dict[str, str] = {}
    commit, origin, number = "", 0, 0
    fresh = True
    for row in told.split(b"\n"):
        if row.startswith(b"\t"):
            yield BlamedLine(number, commit, paths[commit], origin, row[1:].decode("utf-8", "replace"))
            fresh = True
        elif fresh:
            commit, first, second = row.decode("ascii").split(" ")[:3] if row else ("", "0", "0")
            origin, number, fresh = int(first), int(second), False
        elif row.startswith(b"filename "):
            paths[commit] = _unquoted(row.removeprefix(b"filename "))


def _unquoted(name: bytes) -> str:
    if name.startswith(b'"') and name.endswith(b'"'):
        name = _ESCAPED.sub(
            lambda found: bytes([int(found[1], 8)]) if found[1] else _LETTERS.get(found[2], found[2]), name[1:-1]
        )
    return name.decode("utf-8", "surrogateescape")


def _commits(told: bytes) -> Iterator[tuple[str, CommitSeen]]:
    at = 0
    while at < len(told):
        end = told.index(b"\n", at)
        name, _, rest = told[at:end].decode("ascii", "replace").partition(" ")
        at = end + 1
        kind, _, size = rest.partition(" ")
        if not size:
            continue
        data = told[at : at + int(size)]
        at += int(size) + 1
        if kind == "commit":
            yield name, _commit(data)


def _commit(data: bytes) -> CommitSeen:
    header, _, message = data.partition(b"\n\n")
    fields = [row.decode("utf-8", "replace").partition(" ") for row in header.split(b"\n")]
    first = {key: value for key, _, value in reversed(fields)}
    author = _PERSON.fullmatch(first.get("author", ""))
    return CommitSeen(
        tree=first.get("tree", ""),
        parents=tuple(value for key, _, value in fields if key == "parent"),
        author=author["name"] if author else "",
        mail=author["mail"] if author else "",
        at=int(author["at"]) if author else 0,
        message=message.decode("utf-8", "replace"),
    )


def _trees(pair: tuple[str, str], known: Mapping[str, str]) -> Trees | None:
    parent, commit = (known.get(f"{one}^{{tree}}", "") for one in pair)
    if not commit or (pair[0] and not parent):
        return None
    return parent or no_tree(commit), commit


def _change(
    pair: Trees | None, diffs: Mapping[Trees, Difference], paths: Mapping[Trees, tuple[Touched, ...]]
) -> ChangeSeen | None:
    diff, seen = (diffs.get(pair), paths.get(pair)) if pair is not None else (None, None)
    if diff is None or seen is None:
        return None
    kept = [one for one in seen if not is_note(one.path)]
    return ChangeSeen(
        digest=diff.whole,
        hunks=diff.files,
        lines=diff.lines,
        created=frozenset(one.path for one in kept if one.before.startswith(_NOTHING)),
        present=frozenset(one.path for one in kept if not one.after.startswith(_NOTHING)),
    )


def _ids_in(place: Path) -> frozenset[str]:
    try:
        return frozenset(place.read_text(encoding="ascii").split())
    except OSError:
        return frozenset()
