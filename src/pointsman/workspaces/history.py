"""What verification asks of a repository's past, many questions to one process; nothing there is written to."""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pointsman.domain.history import Difference, PastCommit, Touched, Trees, is_note
from pointsman.domain.trailers import runs_named
from pointsman.workspaces.changed_lines import lines_digest
from pointsman.workspaces.git import Asked, GitFailed, git, printed, run
from pointsman.workspaces.messages import is_our_author
from pointsman.workspaces.patches import hunks_digest, sections

# Whatever a repository's own configuration says, the bytes are those that the bot signed: no attributes of a working
# tree or of HEAD, names quoted as by default, the lines around a hunk as by default.
_PLAIN = ("core.bare=true", "attr.tree=", "core.quotePath=true", "diff.suppressBlankEmpty=false")
_TREES = ("diff-tree", "--stdin", "-r", "--no-renames")
_RAW = ("--raw", "-z")
_PATCH = (
    "-p",
    "--full-index",
    "--binary",
    "--no-textconv",
    "--no-ext-diff",
    "--no-color",
    "--indent-heuristic",
    "-U3",
)
_HEADER = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64})\n")
_LINE_END = re.compile(rb"\n(?=[0-9a-f]{40,64} [0-9a-f]{40,64}\n)")
_ASSISTED = re.compile(r"^[ \t]*Assisted-by: Pointsman \(", re.MULTILINE)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}
_SLICE = 200


async def commits_of(git_dir: Path, oids: Sequence[str]) -> tuple[PastCommit, ...]:
    """The commits, in order. Raises GitFailed when one is missing or no commit."""
    found = [_commit(oid, kind, data) for oid, kind, data in await _objects(git_dir, oids)]
    parents = tuple(dict.fromkeys(parent for commit, _ in found for parent in commit.parents))
    here = await kinds(git_dir, parents)
    return tuple(_told(commit, message, here) for commit, message in found)


async def ended(git_dir: Path, commits: Sequence[PastCommit], base: str) -> tuple[PastCommit, ...]:
    """The same, where a shallow clone ends its history with a parent that is missing, though it may be here as well.

    git walks no further from there, so what lies behind would be passed over in silence.
    """
    place = Path(printed(await git(git_dir, "rev-parse", "--path-format=absolute", "--git-path", "shallow")))
    cut = await asyncio.to_thread(_ids_in, place)
    known = {base, *(commit.id for commit in commits)}
    return tuple(
        replace(one, missing=tuple(parent for parent in one.parents if parent not in known)) if one.id in cut else one
        for one in commits
    )


async def contents(git_dir: Path, blobs: Sequence[str]) -> dict[str, bytes]:
    """The bytes of those of the blobs that this copy holds."""
    here = await kinds(git_dir, tuple(dict.fromkeys(blobs)))
    return {oid: data for oid, _, data in await _objects(git_dir, tuple(here))}


async def kinds(git_dir: Path, names: Sequence[str]) -> dict[str, str]:
    """The object id behind each name (such as `<commit>^{tree}`); what this copy does not hold is left out."""
    if not names:
        return {}
    asked = Asked(git_dir, ("cat-file", "--batch-check"), stdin="".join(f"{name}\n" for name in names).encode())
    rows = (await run(asked)).decode().splitlines()
    return {name: row.split()[0] for name, row in zip(names, rows, strict=True) if not row.endswith(" missing")}


async def touched(git_dir: Path, pairs: Sequence[Trees]) -> dict[Trees, tuple[Touched, ...]]:
    """The paths that differ within each pair of trees; a pair that this copy cannot compare is left out."""
    return {pair: _touched(data) async for pair, data in _compared(git_dir, pairs, _RAW)}


async def differences(git_dir: Path, pairs: Sequence[Trees]) -> dict[Trees, Difference]:
    """The digests of the canonical diff of each pair; a pair that this copy cannot compare is left out."""
    return {pair: _difference(data) async for pair, data in _compared(git_dir, pairs, _PATCH)}


async def by_hand(git_dir: Path, merges: Sequence[PastCommit]) -> dict[str, tuple[str, ...]]:
    """For each merge of two the paths where it is not what git makes of it alone, merging once more beside it.

    A merge that this copy cannot make again is left out.
    """
    pairs = [merge for merge in merges if len(merge.parents) == 2 and not merge.missing]
    if not pairs:
        return {}
    objects = printed(await git(git_dir, "rev-parse", "--path-format=absolute", "--git-path", "objects"))
    with tempfile.TemporaryDirectory(prefix="pointsman-merge-") as room:
        env = {"GIT_OBJECT_DIRECTORY": room, "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(objects)}
        made = await _merged(git_dir, pairs, env)
        trees = [(made[merge.id], merge.tree) for merge in pairs if merge.id in made]
        found = {pair: _touched(raw) async for pair, raw in _compared(git_dir, trees, _RAW, env)}
    known = {merge.id: found.get((made[merge.id], merge.tree)) for merge in pairs if merge.id in made}
    return {oid: tuple(one.path for one in paths) for oid, paths in known.items() if paths is not None}


def _ids_in(place: Path) -> frozenset[str]:
    try:
        return frozenset(place.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return frozenset()


async def _objects(git_dir: Path, oids: Sequence[str]) -> list[tuple[str, str, bytes]]:
    if not oids:
        return []
    asked = Asked(git_dir, ("cat-file", "--batch"), stdin="".join(f"{oid}\n" for oid in oids).encode())
    out, at = await run(asked), 0
    found = []
    for _ in oids:
        head, _, _ = out[at : at + 200].partition(b"\n")
        parts = head.decode("ascii", "replace").split()
        if len(parts) != 3:
            raise GitFailed(f"object {parts[0][:12] if parts else ''} is missing")
        start = at + len(head) + 1
        at = start + int(parts[2]) + 1
        found.append((parts[0], parts[1], out[start : at - 1]))
    return found


def _commit(oid: str, kind: str, data: bytes) -> tuple[PastCommit, str]:
    if kind != "commit":
        raise GitFailed(f"object {oid[:12]} is a {kind}")
    head, _, message = data.partition(b"\n\n")
    lines = [line.split(b" ", 1) for line in head.split(b"\n") if b" " in line]
    tree = next(value for name, value in lines if name == b"tree").decode()
    parents = tuple(value.decode() for name, value in lines if name == b"parent")
    author = next((value for name, value in lines if name == b"author"), b"").decode("utf-8", "replace")
    return PastCommit(oid, tree, parents, author), message.decode("utf-8", "replace")


def _told(commit: PastCommit, message: str, here: Mapping[str, str]) -> PastCommit:
    name, _, rest = commit.author.partition(" <")
    runs = runs_named(message)
    return PastCommit(
        commit.id,
        commit.tree,
        commit.parents,
        name,
        runs,
        bool(runs) or _ASSISTED.search(message) is not None or is_our_author(rest.partition(">")[0]),
        tuple(parent for parent in commit.parents if parent not in here),
    )


async def _compared(
    git_dir: Path, pairs: Sequence[Trees], form: Sequence[str], env: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Trees, bytes]]:
    """What diff-tree prints for each pair, each once; when one breaks it, the others are asked for alone."""
    wanted = list(dict.fromkeys(pairs))
    for start in range(0, len(wanted), _SLICE):
        part = wanted[start : start + _SLICE]
        try:
            found = _parts(part, await _printed(git_dir, part, form, env), form)
        except GitFailed:
            found = [each for pair in part for each in await _alone(git_dir, pair, form, env)]
        for pair, data in found:
            yield pair, data


async def _alone(
    git_dir: Path, pair: Trees, form: Sequence[str], env: Mapping[str, str] | None
) -> list[tuple[Trees, bytes]]:
    try:
        return _parts([pair], await _printed(git_dir, [pair], form, env), form)
    except GitFailed:
        return []


async def _printed(
    git_dir: Path, pairs: Sequence[Trees], form: Sequence[str], env: Mapping[str, str] | None
) -> bytes:
    settings = [word for setting in _PLAIN for word in ("-c", setting)]
    lines = "".join(f"{before} {after}\n" for before, after in pairs).encode()
    return await run(Asked(git_dir, (*settings, *_TREES, *form), stdin=lines, env=env or {}))


def _parts(pairs: Sequence[Trees], out: bytes, form: Sequence[str]) -> list[tuple[Trees, bytes]]:
    """The output cut at the line that names each pair.

    No line of a diff looks like one: it has two names and a blank, and no sign before them. In the other form nothing
    but a path could, so paths are passed over as wholes. A pair that git passed over in silence has no such line.
    """
    beginnings = _between_paths(out) if form == _RAW else _between_lines(out)
    starts = [(at, match.end(), _pair(match)) for at in beginnings if (match := _HEADER.match(out, at))]
    ends = [begin for begin, _, _ in starts[1:]] + [len(out)]
    wanted = frozenset(pairs)
    return [(pair, out[start:end]) for (_, start, pair), end in zip(starts, ends, strict=True) if pair in wanted]


def _between_lines(out: bytes) -> Iterator[int]:
    yield 0
    yield from (match.end() for match in _LINE_END.finditer(out))


def _between_paths(out: bytes) -> Iterator[int]:
    at = 0
    while at < len(out):
        if out.startswith(b":", at):
            at = out.index(b"\0", out.index(b"\0", at) + 1) + 1
        else:
            yield at
            at = out.index(b"\n", at) + 1


def _pair(match: re.Match[bytes]) -> Trees:
    return match[1].decode(), match[2].decode()


def _touched(raw: bytes) -> tuple[Touched, ...]:
    parts = raw.split(b"\0")[:-1]
    found = []
    for meta, path in zip(parts[::2], parts[1::2], strict=True):
        old_mode, new_mode, old, new, _ = meta.decode("ascii").lstrip(":").split()
        found.append(Touched(path.decode("utf-8", "surrogateescape"), f"{old_mode} {old}", f"{new_mode} {new}"))
    return tuple(found)


def _difference(data: bytes) -> Difference:
    whole, files, lines = hashlib.sha256(), {}, {}
    for section in sections(data.removesuffix(b"\n")):
        path = _path(section[0])
        if is_note(path):
            continue
        whole.update(b"".join(line + b"\n" for line in section))
        if digest := hunks_digest(section):
            files[path] = digest
        if digest := lines_digest(section):
            lines[path] = digest
    return Difference(whole.hexdigest(), files, lines)


def _path(header: bytes) -> str:
    """The path of a file's part, whose first line names it twice, as nothing is renamed."""
    names = header.removeprefix(b"diff --git ")
    name = names[: len(names) // 2].removeprefix(b"a/")
    if names.startswith(b'"'):
        name = _ESCAPE.sub(_unescaped, names[: len(names) // 2].strip(b'"')).removeprefix(b"a/")
    return name.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    return bytes([int(what, 8) & 255]) if len(what) == 3 else bytes([_LETTERS.get(what, what[0])])


async def _merged(git_dir: Path, merges: Sequence[PastCommit], env: Mapping[str, str]) -> dict[str, str]:
    """The tree that git makes of each merge, with the marks of a conflict where it cannot."""
    lines = "".join(f"{merge.parents[0]} {merge.parents[1]}\n" for merge in merges).encode()
    plain = ("-c", "core.bare=true", "-c", "attr.tree=", "merge-tree", "--write-tree", "--no-messages", "--stdin")
    try:
        out = await run(Asked(git_dir, plain, stdin=lines, env=env))
    except GitFailed:
        if len(merges) == 1:
            return {}
        return {oid: tree for merge in merges for oid, tree in (await _merged(git_dir, [merge], env)).items()}
    return dict(zip((merge.id for merge in merges), _trees_of(out), strict=True))


def _trees_of(out: bytes) -> Iterator[str]:
    """Status, tree, the files in conflict, and an empty part, for each merge."""
    parts = iter(out.split(b"\0")[:-1])
    for _status in parts:
        yield next(parts).decode("ascii")
        while next(parts, b""):
            pass


def _quoted(path: str) -> str:
    """A path as git reads lists of them, with colons between."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
