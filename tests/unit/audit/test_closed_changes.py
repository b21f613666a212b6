"""After a change was closed unmerged: its note lies on the ref of notes alone, and no removed note looks like it."""

import asyncio
import shutil
from pathlib import Path

import pytest
from tests.unit.audit.facts import World, note_files
from tests.unit.audit.test_verify_on_forges import step
from tests.unit.audit.verify_world import Shop, rules

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.keys.keyring import trusted_from
from pointsman.domain.history import NOTE_REF, NOTES
from pointsman.domain.notes import NoteReport, SignedNote
from pointsman.entrypoints.notes_at import other_places
from pointsman.workspaces.note_source import GitNoteSource


class Street:
    """Three runs: the first two merged, the third closed unmerged, the fourth waits on the branch `next`.

    The note of the run `lost` was never in the tree, as after history that was written anew.
    """

    def __init__(self, world: World, lost: str = "") -> None:
        self.world = world
        self.signed: dict[str, SignedNote] = {}
        self.lost = lost
        self._run("r-1", "")
        self._run("r-2", "r-1")
        world.git("branch", "--quiet", "trunk")
        self._run("r-3", "r-2")
        world.git("checkout", "--quiet", "-B", "next", "trunk")
        self._run("r-4", "r-3")
        world.git("checkout", "--quiet", "main")
        world.git("reset", "--quiet", "--hard", "trunk")

    def _run(self, name: str, after: str) -> None:
        self.signed[name] = self.world.note(name, self.signed[after].digest if after else "")
        if name == self.lost:
            self.world.git("reset", "--quiet", "--hard", "HEAD^")

    def ref(self, *names: str) -> None:
        """The ref of notes with these."""
        world = self.world
        world.git("checkout", "--quiet", "--orphan", "ref")
        world.git("rm", "-r", "--quiet", "--force", ".")
        for name in names:
            world.commit(note_files(self.signed[name], world.signer), f"Record {name}")
        world.git("update-ref", NOTE_REF, "HEAD")
        world.git("checkout", "--quiet", "--force", "main")

    def verify(self, base: str | None, head: str, outside_head: str = "") -> NoteReport:
        """As `audit verify` does with a key from outside."""
        source = GitNoteSource(str(self.world.folder))
        keys = trusted_from((self.world.signer.public_key(),))

        async def verified() -> NoteReport:
            places, has_ref = await other_places(source, ()), await source.has(NOTE_REF)
            outside = Outside(outside_head, places=places, ref=has_ref)
            start = None if base is None else self.world.rev(base)
            return await verify_range(source, start, self.world.rev(head), trusted=keys, outside=outside)

        return asyncio.run(verified())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Street:
    return Street(World.made(tmp_path_factory.mktemp("street")))


@pytest.fixture
def street(made: Street, tmp_path: Path) -> Street:
    shutil.copytree(made.world.folder, tmp_path / "shop")
    found = object.__new__(Street)
    found.__dict__ |= {**made.__dict__, "world": World(tmp_path / "shop", made.world.signer)}
    return found


def test_the_next_change_is_green_with_the_ref_and_without_it_says_what_to_fetch(
    street: Street, tmp_path: Path
) -> None:
    blind = street.verify("main", "next")
    assert (blind.verdict, [one.rule for one in blind.unseen]) == ("unseen", ["unseen-note"])
    assert f"git fetch origin {NOTE_REF}:{NOTE_REF}" in blind.unseen[0].message
    shop = Shop(street.world, "", "", "", street.signed["r-4"])
    street.world.git("remote", "add", "origin", str(street.world.folder))
    words = {"RANGE": "main...next", "REPOSITORY_ID": "local:1"}
    asked = step(shop, tmp_path, **words)
    assert (asked.code, asked.outputs) == (2, "verdict=unseen\n"), asked.said
    street.ref("r-1", "r-2", "r-3", "r-4")
    assert street.verify("main", "next").verdict == "holds"
    again = step(shop, tmp_path, **words)
    assert (again.code, again.outputs) == (0, "verdict=holds\n"), again.said


@pytest.mark.parametrize("name", ["r-1", "r-2"])
def test_u2_a_note_that_is_gone_from_ref_and_tree_both_is_a_gap_wherever_it_stood(tmp_path: Path, name: str) -> None:
    street = Street(World.made(tmp_path), lost=name)
    street.ref(*(one for one in street.signed if one != name))
    for base in ("main", None):
        report = street.verify(base, "next")
        assert (report.verdict, "chain-gap" in rules(report)) == ("broken", True)


def test_u2_the_note_of_a_closed_change_that_is_gone_from_the_ref_is_a_gap(street: Street) -> None:
    street.ref("r-1", "r-2", "r-4")
    assert rules(street.verify("main", "next")) == ["chain-gap"]


def test_u3_the_newest_note_gone_from_ref_and_tree_is_missed_by_the_head(street: Street) -> None:
    newest = street.signed["r-4"].digest
    street.ref("r-1", "r-2", "r-3")
    assert rules(street.verify("main", "next^", newest)) == ["chain-tail"]
    # Where the ref was not fetched, the note might lie there: that is said, and it is not green.
    street.world.git("update-ref", "-d", NOTE_REF)
    assert street.verify("main", "next^", newest).verdict == "unseen"


def test_a_note_gone_from_the_tree_alone_is_a_removed_one_though_the_ref_has_it(street: Street) -> None:
    street.ref(*street.signed)
    lost = f"{NOTES}{street.signed['r-1'].name}"
    street.world.git("checkout", "--quiet", "next")
    street.world.commit({f"{lost}.md": None, f"{lost}.intoto.jsonl": None}, "Tidy up")
    assert set(rules(street.verify("main", "next"))) == {"removed"}
