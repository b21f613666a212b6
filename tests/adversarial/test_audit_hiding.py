"""U12 to U16: what somebody with write access to a branch may try to hide from verification, on a real repository."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import digest, note_files
from tests.unit.audit.verify_world import Shop, changed, covers, rules

from pointsman.domain.errors import UsageMust
from pointsman.domain.notes import NoteReport
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.verifying import Verification, verify_on_disk
from pointsman.entrypoints.wiring import Installation
from pointsman.workspaces.history import differences
from pointsman.workspaces.patches import canonical

MEMORY = ".pointsman/memory.md"
NOTES = ".pointsman/audit"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop.made(tmp_path_factory.mktemp("hiding"))


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    copy = made.copied(tmp_path)
    copy.world.git("checkout", "--quiet", "work")
    return copy


def verified(wanted: Verification, home: Path) -> NoteReport:
    async def asked() -> NoteReport:
        installation = Installation(read_settings(home))
        try:
            return await verify_on_disk(installation, wanted)
        finally:
            await installation.close()

    return asyncio.run(asked())


def test_u12_a_memory_or_a_key_in_a_notes_own_commit_must_be_what_the_note_says(shop: Shop) -> None:
    own = f".pointsman/keys/{shop.world.signer.key_id()}.pem"
    planted = {MEMORY: "obey\n", ".pointsman/keys/theirs.pem": "a key\n", own: "another key\n"}
    shop.world.git("checkout", "--quiet", "--detach", shop.tip)
    shop.world.commit(planted, "Record")
    shop.world.git("reset", "--quiet", "--soft", shop.code)
    shop.world.commit({}, "Record\n\nPointsman-Run: r-1")
    (_, row) = shop.verify().coverage
    assert (row.by, set(row.files)) == ("partly", set(planted))
    assert row.notes == (f"{shop.note.name}.intoto.jsonl",)


def test_u12_a_squash_is_covered_but_for_the_memory_that_was_put_into_it(shop: Shop) -> None:
    shop.world.git("reset", "--quiet", "--soft", shop.start)
    shop.world.commit({MEMORY: "obey\n"}, "Mend (#1)")
    (row,) = shop.verify().coverage
    assert (row.by, row.files) == ("partly", (MEMORY,))


def test_u12_the_memory_that_a_note_has_signed_is_covered_by_it(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "--detach", shop.code)
    told = replace(shop.world.facts(shop.start, shop.code), branch="work", memory=digest("learned\n"))
    note = asyncio.run(shop.world.signer.sign(told))
    shop.world.commit({**note_files(note, shop.world.signer), MEMORY: "learned\n"}, "Record")
    report = shop.verify()
    assert (report.verdict, covers(report)) == ("holds", ["note", "notes-only"])


def test_u13_a_note_that_a_later_commit_of_the_range_removes_or_changes_is_missed(shop: Shop) -> None:
    name, path = f"{shop.note.name}.intoto.jsonl", f"{NOTES}/{shop.note.name}"
    tidied = shop.world.commit({f"{path}.md": None, f"{path}.intoto.jsonl": None}, "Tidy up")
    (problem,) = shop.verify().problems
    assert (problem.note, problem.rule) == (name, "removed")
    assert tidied[:12] in problem.message
    shop.world.commit(note_files(shop.note, shop.world.signer), "Put it back")
    assert rules(shop.verify()) == []
    told = replace(shop.world.facts(shop.start, shop.code), branch="work", result="needs-person")
    shop.world.commit(note_files(asyncio.run(shop.world.signer.sign(told)), shop.world.signer), "Say otherwise")
    assert rules(shop.verify()) == ["changed"]


def test_u13_a_stray_that_was_planted_and_taken_away_again_is_nobodys_loss(shop: Shop) -> None:
    shop.world.commit({f"{NOTES}/x.intoto.jsonl": "{}\n"}, "Help")
    shop.world.commit({f"{NOTES}/x.intoto.jsonl": None}, "Take it back")
    assert rules(shop.verify()) == []


def test_u14_a_folder_or_a_link_among_the_notes_is_a_stray(shop: Shop) -> None:
    shop.world.commit({f"{NOTES}/more/run.py": "import os\n"}, "Help")
    (shop.world.folder / NOTES / "extra.intoto.jsonl").symlink_to("/etc/passwd")
    shop.world.commit({}, "Help again")
    assert sorted(rules(shop.verify())) == ["canonical", "stray"]


def test_u15_a_file_that_was_made_a_program_or_a_link_is_not_the_one_whose_hunks_were_signed(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "-b", "picked", shop.start)
    (shop.world.folder / "a.py").chmod(0o755)
    shop.world.commit({"a.py": changed(5), "b.py": changed(5)}, "Mend")
    shop.world.commit(note_files(shop.note, shop.world.signer), "Record")
    report = shop.verify()
    assert covers(report) == ["partly", "notes-only"]
    assert report.coverage[0].files == ("a.py",)


def test_u16_a_clone_that_was_cut_off_twice_passes_nothing_over(shop: Shop, tmp_path: Path) -> None:
    shop.world.commit({"c.py": "by hand\n"}, "By hand")
    copy = tmp_path / "copy"
    shop.world.git("clone", "--quiet", "--depth=1", "--branch=main", f"file://{shop.world.folder}", str(copy))
    for revision in (shop.tip, "work"):
        shop.world.git("-C", str(copy), "fetch", "--quiet", "--depth=1", "origin", shop.world.rev(revision))
    shop.world.git("-C", str(copy), "checkout", "--quiet", "FETCH_HEAD")
    report = shop.verify(folder=copy)
    assert (report.verdict, "unseen-history" in [one.rule for one in report.unseen]) == ("unseen", True)


def test_u16_a_head_that_has_nothing_in_common_with_the_default_branch_is_looked_at_whole(
    shop: Shop, tmp_path: Path
) -> None:
    (key := tmp_path / "key.pem").write_bytes(shop.world.signer.public_key())
    shop.world.git("checkout", "--quiet", "--orphan", "alone")
    shop.world.commit({"evil.py": "1\n"}, "Start anew")
    shop.world.git("checkout", "--quiet", "main")
    wanted = Verification(shop.world.folder, "alone", keys=(key,))
    assert covers(verified(wanted, tmp_path / "home")) == ["person"]


def test_u19_the_keys_of_a_change_are_not_those_of_the_default_branch(shop: Shop, tmp_path: Path) -> None:
    """A clone of the change alone, with the bot's keys on its branch and none on the remote's default branch."""
    copy = tmp_path / "copy"
    shop.world.git("checkout", "--quiet", "main")
    shop.world.git("clone", "--quiet", "--branch=work", str(shop.world.folder), str(copy))
    wanted = Verification(copy, trusts_default_branch=True)
    with pytest.raises(UsageMust, match="There is no key"):
        verified(wanted, tmp_path / "home")
    shop.world.git("-C", str(copy), "remote", "set-head", "origin", "--delete")
    with pytest.raises(UsageMust, match="does not say which branch"):
        verified(wanted, tmp_path / "home")


def test_u15_a_file_that_became_a_link_is_one_file_of_the_change_with_one_digest(shop: Shop) -> None:
    base = shop.world.rev("HEAD")
    (shop.world.folder / "c.py").unlink()
    (shop.world.folder / "c.py").symlink_to("a.py")
    head = shop.world.commit({}, "Point elsewhere")
    git_dir = shop.world.folder / ".git"
    diff = asyncio.run(canonical(git_dir, base, head))
    (record,) = diff.records("coder", frozenset({"c.py"}))
    assert (record.path, record.kind, record.added, record.removed) == ("c.py", "changed", 1, 60)
    pair = (shop.world.rev(f"{base}^{{tree}}"), shop.world.rev(f"{head}^{{tree}}"))
    (seen,) = asyncio.run(differences(git_dir, [pair])).values()
    assert (seen.whole, dict(seen.files)) == (diff.digest, {"c.py": record.digest})
