"""The forge on disk: who may is asked of the file system, changes are branches with a page each."""

import asyncio
import json
import os
import stat
from pathlib import Path
from textwrap import indent
from typing import Protocol

from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.domain.forge import Access, Change, ChangeOrder, CheckOrder, Remark, ReviewPost, Topic
from pointsman.domain.run import Actor, Issue, Repository
from pointsman.forges.local.issues import read_issue
from pointsman.forges.local.pages import change_page, status_page


class Publisher(Protocol):
    """The hands that move one branch of the user's repository by compare-and-swap, and nothing else in it."""

    async def publish(self, commit: str, location: str, branch: str, expected_head: str | None) -> None:
        """Set the branch. Raises OwnerMust when it has moved or is checked out."""

    async def branch_head(self, location: str, branch: str) -> str | None:
        """The commit that the branch points to."""


class LocalForge:
    """Answers the forge port for a git repository on disk. Pages lie below `home`, never in the repository."""

    def __init__(self, home: Path, publisher: Publisher) -> None:
        self._home = home
        self._publisher = publisher

    async def access_of(self, repository: Repository, actor: Actor) -> Access:
        """`write` when the user with this numeric id may write where git keeps its branches."""
        return await asyncio.to_thread(_access, Path(repository.location), actor.id)

    async def issue(self, repository: Repository, key: str) -> Issue:
        """The issue file as it reads now; `key` is its path."""
        return await asyncio.to_thread(read_issue, Path(key))

    async def ensure_status(self, topic: Topic, run_id: str, body: str, *, passing: bool = False) -> str:
        """Write the run's status page."""
        return await asyncio.to_thread(_write, status_page(self._home, run_id), body)

    async def branch_for(self, run_id: str, repository: Repository, wish: str) -> str:
        """The wished branch, numbered when another run or a person has it."""
        known = await asyncio.to_thread(self._known, repository, run_id)
        if known is not None:
            return known
        for number in range(1, 1000):
            branch = wish if number == 1 else f"{wish}-{number}"
            taken = await self._publisher.branch_head(repository.location, branch) is not None
            if not taken and await asyncio.to_thread(self._claim, repository, branch, run_id):
                return branch
        raise UsageMust(f"There are a thousand branches named {wish} already; delete some.", code="branches")

    async def ensure_change(self, order: ChangeOrder) -> Change:
        """Set the branch and write its page. The second time nothing moves."""
        head = await self._publisher.branch_head(order.repository.location, order.branch)
        if head != order.head_commit:
            expected = order.expected_head or None
            await self._publisher.publish(order.head_commit, order.repository.location, order.branch, expected)
        page = await asyncio.to_thread(_write, self._page(order.repository, order.branch), order.body)
        return Change(order.repository, order.branch, order.head_commit, page)

    async def ensure_review(self, change: Change, post: ReviewPost) -> None:
        """Write the review beside the change's page."""
        text = "\n\n".join((post.body, *(_told(remark) for remark in post.remarks)))
        await asyncio.to_thread(_write, Path(change.page).with_suffix(".review.md"), text)

    async def ensure_check(self, change: Change, check: CheckOrder) -> None:
        """Write the check beside the change's page."""
        said = {
            "name": f"pointsman/{check.about}",
            "head": change.head_commit,
            "verdict": check.state,
            "text": check.summary,
        }
        text = json.dumps(said)
        await asyncio.to_thread(_write, Path(change.page).with_suffix(".check.json"), text + "\n")

    async def touches(self, topic: Topic, path: str) -> bool:
        """Nobody opens changes here but the bot, which edits no routing file."""
        return False

    def _page(self, repository: Repository, branch: str) -> Path:
        return change_page(self._home, repository.id, branch)

    def _claims(self, repository: Repository) -> Path:
        return self._home / "changes" / repository.id / "branches"

    def _known(self, repository: Repository, run_id: str) -> str | None:
        folder = self._claims(repository)
        for claim in sorted(folder.iterdir()) if folder.is_dir() else ():
            if claim.read_text(encoding="utf-8") == run_id:
                return "pointsman/" + claim.name
        return None

    def _claim(self, repository: Repository, branch: str, run_id: str) -> bool:
        claim = self._claims(repository) / branch.removeprefix("pointsman/")
        claim.parent.mkdir(parents=True, exist_ok=True)
        if claim.exists():
            return claim.read_text(encoding="utf-8") == run_id
        _write(claim, run_id)
        return True


def _access(location: Path, uid: int) -> Access:
    try:
        heads = next(p for p in (location / ".git" / "refs", location / "refs", location) if p.is_dir())
        found = heads.stat()
    except (StopIteration, OSError):
        return Access.NONE
    if uid == os.getuid():
        return Access.WRITE if os.access(heads, os.W_OK) else Access.READ
    if uid == 0 or (uid == found.st_uid and found.st_mode & stat.S_IWUSR):
        return Access.WRITE
    return Access.WRITE if found.st_mode & stat.S_IWOTH else Access.READ


def _told(remark: Remark) -> str:
    """A remark with its suggestion as indented code, which nothing inside can end."""
    return (
        f"{remark.text}\n\nSuggestion:\n\n{indent(remark.suggestion, '    ')}" if remark.suggestion else remark.text
    )


def _write(path: Path, text: str) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".new")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise OperatorMust(
            f"The page {path} could not be written: {error.strerror}.",
            code="disk-full" if error.errno == 28 else "home",
            hint="Make room or name another folder with --home, then resume the run.",
        ) from error
    return str(path)
