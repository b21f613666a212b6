"""The ref of notes: it grows by one commit for each note, whoever is faster, and never changes what it holds."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.worlds import repositories
from tests.worlds.hub import Hub, running_hub
from tests.worlds.repositories import git

from pointsman.domain.errors import OwnerMust
from pointsman.domain.history import NOTE_REF
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, NoteFiles
from pointsman.workspaces.workspace import GitWorkspace

WORDS = CommitText("Record how this change was made", "", ("Pointsman-Run: r-1",), "2026-11-21T10:00:00Z")


@dataclass
class Place:
    """One repository that notes are kept in, and several homes that write to it."""

    where: Path
    bare: Path
    repository: Repository
    hub: Hub | None = None

    def workspace(self, home: str) -> GitWorkspace:
        return GitWorkspace.open(self.where / home, self.repository, self.hub.origin() if self.hub else None)

    async def append(self, home: str, run: str, text: str = "{}\n", *, late: tuple[NoteFiles, ...] = ()) -> str:
        workspace = self.workspace(home)
        await workspace.fetch(self.repository, "main")
        files = {f".pointsman/audit/{run}.intoto.jsonl": text.encode(), ".pointsman/keys/k.pem": b"key\n"}

        async def lacking(held: frozenset[str]) -> tuple[NoteFiles, ...]:
            return tuple(one for one in late if held.isdisjoint(one.files))

        return await workspace.append_note(self.repository.location, NoteFiles(files, WORDS), lacking)

    def held(self) -> list[str]:
        return git(self.bare, "ls-tree", "-r", "--name-only", NOTE_REF).split()


@pytest.fixture(params=["on disk", "over http"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "over http":
        with running_hub(tmp_path) as hub:
            yield Place(tmp_path, hub.bare, hub.repository, hub)
        return
    shop = repositories.buggy_package(tmp_path).repository
    yield Place(tmp_path, shop, Repository("local", "local:1", "shop", str(shop), "main"))


def test_notes_are_added_one_commit_each_and_a_repeated_one_adds_nothing(place: Place) -> None:
    before = git(place.bare, "for-each-ref", "refs/heads", "refs/tags")
    first = asyncio.run(place.append("one", "r-1"))
    second = asyncio.run(place.append("two", "r-2"))
    assert asyncio.run(place.append("one", "r-1")) == second
    assert git(place.bare, "log", "--format=%H", NOTE_REF).split() == [second, first]
    assert place.held() == [
        ".pointsman/audit/r-1.intoto.jsonl",
        ".pointsman/audit/r-2.intoto.jsonl",
        ".pointsman/keys/k.pem",
    ]
    assert git(place.bare, "log", "-1", "--format=%(trailers)", NOTE_REF) == "Pointsman-Run: r-1"
    assert git(place.bare, "for-each-ref", "refs/heads", "refs/tags") == before
    git(place.bare, "fsck", "--strict")


def test_of_several_at_once_each_follows_whoever_was_faster_and_none_is_lost(place: Place) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(place.append(f"home-{number}", f"r-{number}") for number in range(3)))

    asyncio.run(all_of_them())
    assert len(place.held()) == 4
    assert len(git(place.bare, "log", "--format=%H", NOTE_REF).split()) == 3


def test_notes_that_are_late_come_below_the_new_one_each_as_a_commit_of_its_own(place: Place) -> None:
    def late(run: str) -> NoteFiles:
        words = replace(WORDS, trailers=(f"Pointsman-Run: {run}",))
        return NoteFiles({f".pointsman/audit/{run}.intoto.jsonl": b"{}\n"}, words)

    asyncio.run(place.append("one", "r-1"))
    asyncio.run(place.append("two", "r-4", late=(late("r-1"), late("r-2"), late("r-3"))))
    asyncio.run(place.append("two", "r-4", late=(late("r-2"), late("r-3"))))
    runs = git(place.bare, "log", "--reverse", "--format=%(trailers:key=Pointsman-Run,valueonly)", NOTE_REF).split()
    assert runs == ["r-1", "r-2", "r-3", "r-1"]
    assert [name[-15:-13] for name in place.held() if "audit" in name] == ["-1", "-2", "-3", "-4"]


def test_a_note_that_reads_otherwise_there_is_never_written_over(place: Place) -> None:
    head = asyncio.run(place.append("one", "r-1", "forged\n"))
    with pytest.raises(OwnerMust) as refused:
        asyncio.run(place.append("two", "r-1"))
    assert refused.value.code == "note-in-the-way"
    assert git(place.bare, "rev-parse", NOTE_REF) == head


def test_of_thousands_of_changes_at_the_forge_the_ref_of_notes_is_brought_alone(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        place = Place(tmp_path, hub.bare, hub.repository, hub)
        mirror, origin = place.workspace("one").git_dir, hub.origin()
        head = git(hub.bare, "rev-parse", "main")
        with (hub.bare / "packed-refs").open("a") as refs:
            refs.writelines(f"{head} refs/pull/{number:04}/head\n" for number in range(2000))
        assert git(hub.bare, "rev-parse", "refs/pull/1999/head") == head
        sent = hub.server.git.sent_bytes
        assert asyncio.run(origin.note_head(mirror)) is None
        git(hub.bare, "update-ref", NOTE_REF, "main")
        assert asyncio.run(origin.note_head(mirror)) == head
        assert hub.server.git.sent_bytes - sent < 10_000
        git(mirror, "cat-file", "-e", f"{head}^{{tree}}")
