"""A repository on disk shows which changes came into its default branch, in which way, and which were taken back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.errors import OwnerMust
from pointsman.domain.marks import ChangeEnd, ChangeFacts, ChangeMark, Landing
from pointsman.workspaces.landings import landings
from pointsman.workspaces.note_source import GitNoteSource

BRANCH = "pointsman/1-mend"


class Town(World):
    """A repository with a branch of ours: one commit with code, one with its note."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        root.mkdir()
        self.git("init", "-q", "-b", "main")
        self.base = self.commit({"bounds.py": "LOW = 0\n", "README.md": "# Bounds\n"}, "Begin")
        self.git("checkout", "-q", "-b", BRANCH)
        self.code = self.commit({"bounds.py": "LOW = 1\n"}, "Mend the bound")
        self.head = self.commit({".pointsman/audit/0001-r-1.md": "A note.\n"}, "Note of r-1")
        self.git("checkout", "-q", "main")
        digest = asyncio.run(GitNoteSource(str(root)).diff_digest(self.base, self.code))
        made = ChangeMark(BRANCH, self.base, self.head, self.code, digest, is_approved=True, location=str(root))
        self.change = ChangeFacts("local", "r-1", made, ChangeEnd("open", ""))

    def looks(self) -> tuple[Landing, ...]:
        return asyncio.run(landings(str(self.root), (self.change,)))

    def tip(self) -> str:
        return self.git("rev-parse", "main")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "town")


def merged(town: Town) -> str:
    town.commit({"other.py": "ONE = 1\n"}, "Go on meanwhile")
    town.git("merge", "-q", "--no-ff", "-m", "Merge it", BRANCH)
    return town.tip()


def forwarded(town: Town) -> str:
    town.git("merge", "-q", "--ff-only", BRANCH)
    return town.tip()


def squashed(town: Town) -> str:
    town.commit({"other.py": "ONE = 1\n"}, "Go on meanwhile")
    town.git("merge", "-q", "--squash", BRANCH)
    town.git("commit", "-q", "-m", "Mend the bound (squashed)")
    return town.tip()


def picked(town: Town) -> str:
    town.commit({"other.py": "ONE = 1\n"}, "Go on meanwhile")
    town.git("cherry-pick", town.code)
    return town.tip()


WAYS = pytest.mark.parametrize("way", [merged, forwarded, squashed, picked])


def test_a_change_that_nobody_merged_is_left_out(town: Town) -> None:
    town.commit({"bounds.py": "LOW = 2\n"}, "Something else")
    assert town.looks() == ()


@WAYS
def test_each_way_of_merging_is_seen_with_its_commit_and_time(town: Town, way: Callable[[Town], str]) -> None:
    landed = way(town)
    town.commit({"later.py": "TWO = 2\n"}, "Go on")
    (found,) = town.looks()
    assert found == Landing(BRANCH, ChangeEnd("merged", "2026-01-01T00:00:00Z", landed, is_as_reviewed=True))


@WAYS
def test_a_later_commit_that_says_so_takes_it_back(town: Town, way: Callable[[Town], str]) -> None:
    landed = way(town)
    parents = town.git("rev-list", "--parents", "--max-count=1", landed).split()
    town.git("revert", "--no-edit", *(("-m", "1") if len(parents) > 2 else ()), landed)
    assert [one.is_reverted for one in town.looks()] == [True]
    town.change = replace(town.change, end=ChangeEnd("merged", "2026-01-01T00:00:00Z", landed))
    assert [one.is_reverted for one in town.looks()] == [True], "also once the merge is known"


def test_taking_back_something_else_is_none_of_ours(town: Town) -> None:
    forwarded(town)
    other = town.commit({"other.py": "ONE = 1\n"}, "Go on")
    town.git("revert", "--no-edit", other)
    assert [one.is_reverted for one in town.looks()] == [False]


def test_lines_that_people_added_before_the_merge_were_not_reviewed(town: Town) -> None:
    town.git("checkout", "-q", BRANCH)
    town.commit({"more.py": "MORE = 1\n"}, "One more thing")
    town.git("checkout", "-q", "main")
    merged(town)
    assert [one.end and one.end.is_as_reviewed for one in town.looks()] == [False]


def test_a_squash_is_seen_when_the_branch_is_gone_with_its_commits(town: Town) -> None:
    landed = squashed(town)
    town.git("branch", "-q", "-D", BRANCH)
    town.git("reflog", "expire", "--expire=now", "--all")
    town.git("gc", "-q", "--prune=now")
    assert [one.end and one.end.landed for one in town.looks()] == [landed]


def test_looking_changes_nothing_in_the_repository(town: Town) -> None:
    squashed(town)
    before = town.fingerprint()
    town.looks()
    assert town.fingerprint() == before


def test_a_repository_that_is_gone_is_said_to_be_none(town: Town, tmp_path: Path) -> None:
    with pytest.raises(OwnerMust):
        asyncio.run(landings(str(tmp_path / "nowhere"), (town.change,)))
