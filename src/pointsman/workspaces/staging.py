"""A throw-away repository beside the mirror for one operation over the network, which leaves the mirror alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pointsman.workspaces import scratch
from pointsman.workspaces.git import Asked, GitFailed, git, printed, run
from pointsman.workspaces.source import missing, object_format

_SEEN = "refs/seen"


@contextlib.asynccontextmanager
async def staged(mirror: Path, tips: tuple[str, ...]) -> AsyncIterator[Path]:
    """A bare repository that borrows the mirror's objects and holds the commits `tips`, for the block.

    It is shallow where the mirror's history ends. Several at once, and a process that is killed, leave the mirror as
    it was: no lock, no ref, no half-written pack of theirs is ever in it.
    """
    async with scratch.job_folder(mirror.parent) as folder:
        fresh = folder / "staged.git"
        form = await object_format(mirror)
        await git(fresh, "init", "--quiet", "--bare", "--template=", f"--object-format={form}")
        await asyncio.to_thread(_borrow, fresh, mirror, await _edge(mirror, tips))
        rows = "".join(f"create refs/tips/{tip} {tip}\n" for tip in dict.fromkeys(tips))
        await git(fresh, "update-ref", "--stdin", stdin=rows.encode())
        yield fresh


async def seen(mirror: Path) -> tuple[str, ...]:
    """Some commits that the forge and the mirror both hold, so that only what is new is sent."""
    return tuple(dict.fromkeys(printed(await git(mirror, "for-each-ref", "--format=%(objectname)", _SEEN)).split()))


async def remember(mirror: Path, commit: str) -> None:
    """Remember that the forge holds `commit`, in one of sixteen places, so that they never grow in number."""
    # Only a hint: when two write the same place at once, either will do.
    with contextlib.suppress(GitFailed):
        await git(mirror, "update-ref", f"{_SEEN}/{commit[0]}", commit)


def _borrow(fresh: Path, mirror: Path, edge: tuple[str, ...]) -> None:
    info = fresh / "objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{mirror.resolve()}/objects\n")
    if edge:
        (fresh / "shallow").write_text("".join(f"{each}\n" for each in edge))


async def _edge(git_dir: Path, tips: tuple[str, ...]) -> tuple[str, ...]:
    """The commits at which the history behind `tips` ends, because a parent is not there."""
    edge: list[str] = []
    known, waiting = set(tips), tuple(dict.fromkeys(tips))
    while waiting:
        parents = await _parents(git_dir, waiting)
        wanted = tuple(dict.fromkeys(each for found in parents.values() for each in found))
        lacking = set(await missing(git_dir, wanted))
        edge += [commit for commit, found in parents.items() if lacking.intersection(found)]
        waiting = tuple(each for each in wanted if each not in lacking and each not in known)
        known.update(waiting)
    return tuple(edge)


async def _parents(git_dir: Path, commits: tuple[str, ...]) -> dict[str, list[str]]:
    names = "".join(f"{commit}\n" for commit in commits).encode()
    out = await run(Asked(git_dir, ("cat-file", "--batch"), stdin=names))
    found: dict[str, list[str]] = {}
    at = 0
    for commit in commits:
        start = out.index(b"\n", at) + 1
        at = start + int(out[at:start].split()[2]) + 1
        head = out[start : at - 1].partition(b"\n\n")[0].decode("utf-8", "replace")
        found[commit] = [line[7:] for line in head.splitlines() if line.startswith("parent ")]
    return found
