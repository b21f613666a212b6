"""Erases prompts, answers and the journals of ended runs at somebody's request; first it says what that would be."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from pointsman.domain.errors import UsageMust
from pointsman.domain.ledger import ENDED
from pointsman.domain.texts import Erasure, TextSum, Which
from pointsman.entrypoints.cli.asking_texts import EraseAsked
from pointsman.entrypoints.cli.running import opened
from pointsman.entrypoints.on_disk import is_folder, pages_of, repository_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation
from pointsman.ports.clearing import EndedRuns
from pointsman.runs.tidying import clear

_EVERY = 1_000_000


@dataclass(frozen=True)
class Found:
    """What a request comes to: the texts, the runs that have ended, those that still go on, and pages on disk."""

    which: tuple[Which, ...]
    texts: TextSum
    ended: tuple[str, ...]
    going_on: tuple[str, ...]
    pages: tuple[Path, ...]


async def erase(asked: EraseAsked) -> int:
    """Say what would be erased; with `--yes` erase it. Raises UsageMust when nothing or nonsense is named."""
    async with opened(Installation(read_settings(asked.home))) as installation:
        found = await _found(installation, asked)
        if asked.yes:
            actor = installation.settings.actor
            erasure = Erasure(installation.clock.now(), "request", f"{actor.login} ({actor.id})")
            for which in found.which:
                await installation.texts.erase(which, erasure)
            await clear(installation.kept, found.ended, erasure)
            for page in found.pages:
                page.unlink(missing_ok=True)
    if asked.as_json:
        runs = {"ended": found.ended, "going_on": found.going_on, "pages": len(found.pages)}
        told = {"erased": asked.yes, **asdict(found.texts), **runs}
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
    else:
        _print(found, is_done=asked.yes)
    return 0


async def _found(installation: Installation, asked: EraseAsked) -> Found:
    before = _moment(asked.before)
    if not (asked.digest or asked.run or asked.repository or before):
        raise UsageMust(
            "Nothing says what to erase.", code="erase", hint="Name --digest, --run, --repository or --before."
        )
    repositories = await _repositories(installation, asked.repository) if asked.repository else ("",)
    digest = asked.digest.strip().lower()
    which = tuple(Which(digest, asked.run, repository, before) for repository in repositories)
    sums = [await installation.texts.sum(each) for each in which]
    runs = tuple(sorted({run for each in sums for run in each.runs}))
    texts = TextSum(sum(each.texts for each in sums), sum(each.size for each in sums), runs)
    ended = await _ended(installation, asked, repositories, before, runs)
    over = {*ended, *[run for run in runs if await _is_over(installation, run)]}
    pages = await _pages(installation, asked, repositories, before, {*ended, *runs})
    return Found(which, texts, ended, tuple(run for run in runs if run not in over), pages)


async def _pages(
    installation: Installation, asked: EraseAsked, repositories: tuple[str, ...], before: str, runs: set[str]
) -> tuple[Path, ...]:
    """What lies on disk for people to read of runs that have ended, also of those whose words went in time."""
    views = [view for one in repositories for view in await installation.ledger.runs(one, _EVERY)]
    return tuple(
        page
        for view in views
        if view.state in ENDED
        and (view.run_id in runs if asked.digest else asked.run in ("", view.run_id))
        and (not before or view.updated_at < before)
        for page in pages_of(installation.settings.home, view.run_id, view.repository_id, view.branch)
    )


async def _ended(
    installation: Installation, asked: EraseAsked, repositories: tuple[str, ...], before: str, runs: tuple[str, ...]
) -> tuple[str, ...]:
    """The ended runs whose journals hold the same words: with one text goes the journal of its run."""
    clearing = installation.books.clearing
    if asked.digest:
        wanted = [EndedRuns(run_id=run) for run in runs]
    else:
        wanted = [EndedRuns(asked.run, repository, before) for repository in repositories]
    return tuple(sorted({run for each in wanted for run in await clearing.ended(each)}))


async def _is_over(installation: Installation, run_id: str) -> bool:
    return await installation.books.clearing.of(run_id) is not None


async def _repositories(installation: Installation, name: str) -> tuple[str, ...]:
    """The ids of a repository. Raises UsageMust when no run knows one of that name."""
    if is_folder(name):
        return ((await repository_at(Path(name))).id,)
    found = await installation.books.clearing.repositories(name)
    if not found:
        raise UsageMust(f"No run was about a repository {name}.", code="erase", hint="`pointsman runs` lists them.")
    return found


def _moment(day: str) -> str:
    try:
        return f"{date.fromisoformat(day).isoformat()}T00:00:00Z" if day else ""
    except ValueError as error:
        raise UsageMust(f"{day!r} is no day.", code="erase", hint="Write it as 2026-11-01.") from error


def _print(found: Found, *, is_done: bool) -> None:
    texts = found.texts
    what = (
        f"{texts.texts} prompts and answers ({texts.size:,} bytes as they were sent), the journals of "
        f"{len(found.ended)} runs that have ended, and {len(found.pages)} pages on disk"
    )
    if is_done:
        sys.stdout.write(f"Erased: {what}.\nNotes, figures and digests stay.\n")
    else:
        sys.stdout.write(f"This would be erased: {what}.\nNothing was erased; add --yes to do it.\n")
    if found.going_on:
        names = ", ".join(found.going_on)
        sys.stdout.write(f"Still going on, with words in their journals: {names}. Cancel them first.\n")
