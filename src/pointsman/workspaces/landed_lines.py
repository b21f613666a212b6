"""What came into a branch, commit by commit of its own line: lines added, and which notes came along."""

import re
from collections.abc import Iterator
from pathlib import Path

from pointsman.domain.history import ENVELOPE_SUFFIX, NOTES, is_note
from pointsman.domain.landed import Landed
from pointsman.domain.trailers import RUN
from pointsman.workspaces.git import Asked, run
from pointsman.workspaces.source import git_dir_of, resolve

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STAT = re.compile(r"\n?(\d+|-)\t(\d+|-)\t(.*)", re.DOTALL)
# What a commit message or a name holds can end no field, since git lets no NUL into either.
_FIELDS = f"%H%x00%P%x00%cI%x00%(trailers:key={RUN},valueonly,separator=%x2c)%x00%aN"
_FORM = ("--first-parent", "--diff-merges=first-parent", "-M", "--numstat", "-z", f"--format={_FIELDS}")


async def landed_lines(location: str, revision: str, since: str = "") -> tuple[Landed, ...]:
    """The commits of the revision's first-parent line, newest first, with what each brought.

    `since` is a day (ISO 8601, UTC) before which nothing is looked at, by the committer's clock; empty for all of it.
    A merge is counted against its first parent, so each line counts once, where it landed. Notes, keys and the memory
    file are not counted. Raises OwnerMust for a revision that is not there.
    """
    git_dir = git_dir_of(location)
    tip = await resolve(git_dir, location, revision)
    bound = (f"--since-as-filter={since}T00:00:00Z",) if since else ()
    # Without a working tree no attributes of the user's have a say in what counts as binary.
    plain = ("-c", "core.bare=true", "log", *_FORM, *bound, "--end-of-options", tip)
    found = tuple(_commits(await run(Asked(git_dir, plain))))
    brought = await _brought(git_dir, found)
    return tuple(
        Landed(
            commit=each.commit,
            at=each.at,
            author=each.author,
            runs=each.runs,
            added=sum(stat.added for stat in each.stats if not is_note(stat.path)),
            removed=sum(stat.removed for stat in each.stats if not is_note(stat.path)),
            notes=tuple(
                stat.path.removeprefix(NOTES) for stat in each.stats if _is_envelope(stat.path) and not stat.removed
            ),
            brought=frozenset((each.commit, *brought.get(each.commit, ()))),
        )
        for each in found
    )


class _Stat:
    __slots__ = ("added", "path", "removed")

    def __init__(self, added: str, removed: str, path: str) -> None:
        self.added = 0 if added == "-" else int(added)
        self.removed = 0 if removed == "-" else int(removed)
        self.path = path


class _Commit:
    __slots__ = ("at", "author", "commit", "parents", "runs", "stats")

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.commit, parents, self.at, runs, self.author = fields
        self.parents = parents.split()
        self.runs = tuple(one for one in runs.split(",") if one)
        self.stats: list[_Stat] = []


def _commits(printed: bytes) -> Iterator[_Commit]:
    tokens = iter(printed.decode("utf-8", "replace").split("\0"))
    commit: _Commit | None = None
    for token in tokens:
        stat = _STAT.fullmatch(token) if commit is not None else None
        if commit is not None and stat is not None:
            path = stat[3]
            if not path:
                _, path = next(tokens), next(tokens)
            commit.stats.append(_Stat(stat[1], stat[2], path))
        elif _ID.fullmatch(token.strip("\n")):
            if commit is not None:
                yield commit
            commit = _Commit((token.strip("\n"), *(next(tokens) for _ in range(4))))
    if commit is not None:
        yield commit


async def _brought(git_dir: Path, line: tuple[_Commit, ...]) -> dict[str, tuple[str, ...]]:
    """The commits that each merge brought beside its own line. One walk for all: what is older is not its work."""
    merges = tuple(each for each in line if len(each.parents) > 1)
    if not merges:
        return {}
    bottom = merges[-1].parents[0]
    wanted = ("rev-list", "--parents", "--end-of-options", merges[0].commit, f"^{bottom}")
    parents = {
        line.split()[0]: line.split()[1:] for line in (await run(Asked(git_dir, wanted))).decode().splitlines()
    }
    seen = {each.commit for each in line}
    own: dict[str, tuple[str, ...]] = {}
    for merge in reversed(merges):
        mine, waiting = [], list(merge.parents[1:])
        while waiting:
            commit = waiting.pop()
            if commit in seen or commit not in parents:
                continue
            seen.add(commit)
            mine.append(commit)
            waiting.extend(parents[commit])
        own[merge.commit] = tuple(mine)
    return own


def _is_envelope(path: str) -> bool:
    return path.startswith(NOTES) and path.endswith(ENVELOPE_SUFFIX) and "/" not in path[len(NOTES) :]
