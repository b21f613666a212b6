"""What came into a branch, counted on a real history: merges, a squash, a rename, odd names."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.audit.facts import World

from pointsman.domain.errors import OwnerMust
from pointsman.domain.landed import Landed
from pointsman.workspaces.landed_lines import landed_lines


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World.made(tmp_path_factory.mktemp("landed"))
    world.git("switch", "--quiet", "--create", "pointsman/one")
    world.note("one")
    world.git("switch", "--quiet", "main")
    world.commit({"other.py": "a\nb\n"}, "Write by hand")
    world.git("merge", "--quiet", "--no-ff", "-m", "Merge one", "pointsman/one")
    world.git("mv", "other.py", "sub\nfolder.py")
    world.commit({"ta\tb.py": "x\n"}, "Move\n\nPointsman-Run: r-forged")
    world.git("switch", "--quiet", "--create", "pointsman/two")
    world.note("two")
    world.git("switch", "--quiet", "main")
    world.git("merge", "--quiet", "--squash", "pointsman/two")
    world.commit({"picture.png": b"\x00\x01\x02"}, "Squash two")
    return world


def landed(world: World, since: str = "") -> tuple[Landed, ...]:
    return asyncio.run(landed_lines(str(world.folder), "main", since))


def test_each_line_counts_once_where_it_landed_and_the_bots_own_files_not_at_all(world: World) -> None:
    assert [(one.added, one.removed) for one in landed(world)] == [(1, 1), (1, 0), (1, 0), (2, 0), (1, 0)]


def test_a_merge_brings_its_note_and_the_commits_of_its_branch_and_nobody_elses(world: World) -> None:
    squash, moved, merge, by_hand, first = landed(world)
    assert [name.endswith("-pointsman-one-one.intoto.jsonl") for name in merge.notes] == [True]
    assert [name.endswith("-pointsman-two-two.intoto.jsonl") for name in squash.notes] == [True]
    assert {world.rev("pointsman/one"), world.rev("pointsman/one~1"), merge.commit} == merge.brought
    assert squash.brought == {squash.commit}
    assert (moved.notes, by_hand.notes, first.notes) == ((), (), ())


def test_what_trailers_claim_is_told_and_a_message_can_end_no_field(world: World) -> None:
    assert [one.runs for one in landed(world)] == [(), ("r-forged",), (), (), ()]
    assert {one.author for one in landed(world)} == {"Ada"}


def test_only_the_days_that_are_asked_for_are_counted(world: World) -> None:
    assert len(landed(world, "2026-01-05")) == 5
    assert landed(world, "2026-01-06") == ()


def test_a_revision_that_is_not_there_is_an_error_of_the_one_who_asks(world: World, tmp_path: Path) -> None:
    with pytest.raises(OwnerMust, match="no commit or branch"):
        asyncio.run(landed_lines(str(world.folder), "nowhere"))
    with pytest.raises(OwnerMust, match="not a git repository"):
        asyncio.run(landed_lines(str(tmp_path), "main"))
