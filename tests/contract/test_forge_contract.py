"""What every forge answers alike: the one on disk, and GitHub over HTTP."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from tests.worlds.github_app import AppScene, app_scene
from tests.worlds.repositories import buggy_package

from pointsman.domain.errors import OwnerMust
from pointsman.domain.forge import Access, Change, ChangeOrder, CheckOrder, CheckState, ReviewPost, Topic
from pointsman.domain.outcome import Review
from pointsman.domain.run import Actor, Repository
from pointsman.domain.work import CommitText
from pointsman.forges.local.forge import LocalForge
from pointsman.ports.forge import Forge
from pointsman.workspaces.workspace import GitWorkspace

RUN, OTHER = "r-11112222", "r-33334444"


class Ground(Protocol):
    """One forge with a repository, an issue in it, and somebody who may write."""

    forge: Forge
    workspace: GitWorkspace
    repository: Repository
    issue: str
    writer: Actor

    def restarted(self) -> None:
        """Forget everything that is only in memory."""

    def statuses(self) -> list[str]:
        """The texts that people find about the run."""

    def pages(self) -> list[str]:
        """The pages of changes."""

    def reviews(self) -> list[str]:
        """The reviews that people find."""

    def checks(self) -> list[str]:
        """The summaries of the checks that people find."""


class OnDisk:
    """The local forge."""

    def __init__(self, folder: Path) -> None:
        self.story = buggy_package(folder / "repository")
        self.home = folder / "home"
        where = self.story.repository
        self.repository = Repository("local", "abc", "shop", str(where), "main")
        self.issue = str(self.story.issue)
        self.writer = Actor(os.getuid(), "me")
        self.restarted()

    def restarted(self) -> None:
        self.workspace = GitWorkspace.open(self.home, self.repository)
        self.forge: Forge = LocalForge(self.home, self.workspace)

    def statuses(self) -> list[str]:
        return [path.read_text() for path in (self.home / "runs").iterdir()]

    def pages(self) -> list[str]:
        return [path.read_text() for path in self._files("*.md") if ".review" not in path.name]

    def reviews(self) -> list[str]:
        return [path.read_text() for path in self._files("*.review.md")]

    def checks(self) -> list[str]:
        return [path.read_text() for path in self._files("*.check.json")]

    def _files(self, pattern: str) -> list[Path]:
        return list((self.home / "changes").rglob(pattern))


class AtGitHub:
    """GitHub."""

    def __init__(self, scene: AppScene) -> None:
        self.scene = scene
        self.issue = str(scene.shop.issue(by=scene.ada))
        self.writer = Actor(scene.ada.id, scene.ada.login)
        self.restarted()

    def restarted(self) -> None:
        self.scene.begin()
        self.repository, self.workspace = self.scene.repository, self.scene.workspace
        self.forge: Forge = self.scene.forge

    def statuses(self) -> list[str]:
        return [comment.body for comment in self.scene.shop.comments(int(self.issue))]

    def pages(self) -> list[str]:
        return [pull.body or "" for pull in self.scene.shop.pulls()]

    def reviews(self) -> list[str]:
        return [one.body for pull in self.scene.shop.pulls() for one in self.scene.shop.reviews(pull.number)]

    def checks(self) -> list[str]:
        return [one.summary or "" for one in self.scene.shop.state.checks.values()]


@contextmanager
def _on_disk(folder: Path) -> Iterator[Ground]:
    yield OnDisk(folder)


@contextmanager
def _at_github(_folder: Path) -> Iterator[Ground]:
    with app_scene() as scene:
        yield AtGitHub(scene)


@pytest.fixture(params=[_on_disk, _at_github], ids=["local", "github"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    with request.param(tmp_path) as made:
        yield made


def test_a_writer_may_and_a_stranger_may_not_write(ground: Ground) -> None:
    assert asyncio.run(ground.forge.access_of(ground.repository, ground.writer)) is Access.WRITE
    stranger = Actor(987654, "nobody-knows")
    assert asyncio.run(ground.forge.access_of(ground.repository, stranger)) is not Access.WRITE


def test_the_same_issue_has_the_same_digest(ground: Ground) -> None:
    first = asyncio.run(ground.forge.issue(ground.repository, ground.issue))
    assert first == asyncio.run(ground.forge.issue(ground.repository, ground.issue))
    assert len(first.digest) == 64
    assert first.title


def test_an_issue_that_is_not_there_is_the_owners_to_mend(ground: Ground) -> None:
    with pytest.raises(OwnerMust) as caught:
        asyncio.run(ground.forge.issue(ground.repository, "4711"))
    assert caught.value.code == "no-issue"


def test_a_run_has_one_status_that_is_edited_in_place(ground: Ground) -> None:
    topic = Topic(ground.repository, ground.issue)
    first = asyncio.run(ground.forge.ensure_status(topic, RUN, "Begun."))
    ground.restarted()
    second = asyncio.run(ground.forge.ensure_status(topic, RUN, "Done."))
    assert first == second
    (text,) = ground.statuses()
    assert "Done." in text
    assert "Begun." not in text


def test_a_branch_is_one_runs_own_and_is_found_again(ground: Ground) -> None:
    wish = "pointsman/7-fix"
    assert asyncio.run(ground.forge.branch_for(RUN, ground.repository, wish)) == wish
    asyncio.run(ground.forge.ensure_change(_order(ground, wish)))
    ground.restarted()
    assert asyncio.run(ground.forge.branch_for(RUN, ground.repository, wish)) == wish
    other = asyncio.run(ground.forge.branch_for(OTHER, ground.repository, wish))
    assert other != wish
    assert other.startswith(wish)
    assert asyncio.run(ground.forge.branch_for(OTHER, ground.repository, wish)) == other


def test_a_change_is_made_once_with_its_review_and_its_check(ground: Ground) -> None:
    order = _order(ground, "pointsman/8-fix")
    changes: list[Change] = []
    for _ in range(2):
        change = asyncio.run(ground.forge.ensure_change(order))
        changes.append(change)
        asyncio.run(ground.forge.ensure_review(change, _post(order)))
        asyncio.run(ground.forge.ensure_check(change, CheckOrder(RUN, CheckState.PASSED, "Fine", "All is well.")))
        ground.restarted()
    assert changes[0] == changes[1]
    assert changes[0].head_commit == order.head_commit
    for found, words in ((ground.pages(), "What it does."), (ground.reviews(), "Read."), (ground.checks(), "well")):
        (text,) = found
        assert words in text


def test_a_branch_that_somebody_moved_is_left_alone(ground: Ground) -> None:
    order = _order(ground, "pointsman/9-fix")
    asyncio.run(ground.forge.ensure_change(order))
    late = replace(order, head_commit=_commit(ground, order.base_commit, "late"), expected_head=order.base_commit)
    with pytest.raises(OwnerMust):
        asyncio.run(ground.forge.ensure_change(late))
    head = asyncio.run(ground.workspace.branch_head(ground.repository.location, order.branch))
    assert head == order.head_commit


def _order(ground: Ground, branch: str) -> ChangeOrder:
    base = asyncio.run(ground.workspace.fetch(ground.repository, "main"))
    head = _commit(ground, base, "new")
    return ChangeOrder(RUN, ground.repository, branch, "", base, head, "Fix it", "What it does.")


def _commit(ground: Ground, base: str, name: str) -> str:
    text = CommitText("Fix it", "", (f"Pointsman-Run: {RUN}",), "2026-01-02T03:04:05Z")
    return asyncio.run(ground.workspace.record(base, {f"{name}.txt": b"new\n"}, text))


def _post(order: ChangeOrder) -> ReviewPost:
    return ReviewPost(RUN, Review("approve", "s", (), (), "reviewer", 1, order.head_commit), "Read.")
