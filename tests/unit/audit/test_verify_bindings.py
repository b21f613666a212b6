"""By what a note is bound after people merged, and who stands for each commit: on real repositories."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.audit.facts import note_files
from tests.unit.audit.verify_world import CODE, TEXT, Shop, changed, covers, only, rules

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.checking.places import NotePlace
from pointsman.audit.keys.keyring import trusted_from
from pointsman.workspaces.note_source import GitNoteSource


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop.made(tmp_path_factory.mktemp("made"))


@pytest.fixture
def shop(made: Shop, tmp_path: Path) -> Shop:
    return made.copied(tmp_path)


def test_u6_after_a_merge_commit_the_commit_binds_and_the_merge_is_as_git_makes_it(shop: Shop) -> None:
    shop.world.commit({"c.py": changed(9)}, "Meanwhile")
    shop.world.git("merge", "--quiet", "--no-ff", "-m", "Merge work", "work")
    report = shop.verify()
    assert (report.verdict, only(report).kind) == ("holds", "commit")
    assert sorted(covers(report)) == ["merge", "note", "notes-only", "person"]
    assert only(report).commits == (shop.code,)


def test_u6_a_conflict_that_a_person_settled_at_the_merge_is_theirs_by_file(shop: Shop) -> None:
    shop.world.commit({"a.py": changed(5, to="otherwise")}, "Meanwhile")
    with pytest.raises(Exception, match="merge"):
        shop.world.git("merge", "--quiet", "--no-ff", "-m", "Merge work", "work")
    shop.world.commit({"a.py": changed(5, to="settled")}, "Merge work")
    report = shop.verify()
    assert (report.verdict, only(report).kind) == ("holds", "commit")
    (merge,) = [row for row in report.coverage if row.files]
    assert (merge.by, merge.files, merge.author) == ("person", ("a.py",), "Ada")


def test_u6_a_merge_that_smuggles_something_in_is_by_a_person(shop: Shop) -> None:
    shop.world.git("merge", "--quiet", "--no-ff", "--no-commit", "work")
    shop.world.commit({"c.py": "smuggled\n"}, "Merge work")
    report = shop.verify()
    assert [(row.by, row.files) for row in report.coverage if row.files] == [("person", ("c.py",))]


def test_u6_an_amended_message_leaves_the_tree_to_bind(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "-b", "anew", shop.code)
    shop.world.git("commit", "--quiet", "--amend", "-m", "Say it better")
    shop.world.git("cherry-pick", shop.tip)
    report = shop.verify()
    assert (report.verdict, only(report).kind, covers(report)) == ("holds", "tree", ["note", "notes-only"])


def test_u6_after_a_squash_the_diff_binds(shop: Shop) -> None:
    shop.world.git("merge", "--quiet", "--squash", "work")
    squashed = shop.world.commit({}, "Mend (#1)")
    report = shop.verify()
    assert (report.verdict, only(report).kind, only(report).commits) == ("holds", "diff", (squashed,))


def test_u6_after_a_rebase_in_two_commits_their_diff_together_binds(shop: Shop) -> None:
    shop.world.commit({"c.py": changed(9)}, "Meanwhile")
    shop.world.commit({"a.py": changed(5)}, "Half of it")
    shop.world.commit({"b.py": changed(5)}, "The other half")
    shop.world.git("cherry-pick", shop.tip)
    report = shop.verify()
    assert (report.verdict, only(report).kind) == ("holds", "diff")
    assert covers(report) == ["person", "note", "note", "notes-only"]


def test_u6_a_rebase_onto_a_base_that_changed_the_same_file_elsewhere_binds_by_its_hunks(shop: Shop) -> None:
    onto = shop.world.commit({"a.py": changed(25)}, "Meanwhile")
    shop.world.git("checkout", "--quiet", "work")
    shop.world.git("rebase", "--quiet", onto)
    report = shop.verify()
    bound = only(report)
    assert (report.verdict, bound.kind, bound.files, bound.differing) == ("holds", "files", ("a.py", "b.py"), ())
    assert covers(report) == ["person", "note", "notes-only"]


def test_u6_a_conflict_that_was_settled_in_a_rebase_is_told_as_partial_with_the_file(shop: Shop) -> None:
    shop.world.commit({"a.py": changed(5, to="settled"), "b.py": changed(5)}, CODE)
    shop.world.git("cherry-pick", shop.tip)
    report = shop.verify(must_cover=True)
    bound = only(report)
    assert (bound.kind, bound.files, bound.differing) == ("files", ("b.py",), ("a.py",))
    assert bound.why.startswith("Only in part")
    assert [(row.by, row.files) for row in report.coverage] == [("partly", ("a.py",)), ("notes-only", ())]
    (problem,) = report.problems
    assert (problem.rule, "only in part: no note speaks of a.py" in problem.message) == ("uncovered", True)
    assert shop.verify().verdict == "holds"


def test_u7_a_persons_follow_up_is_theirs_and_a_commit_that_says_it_is_the_bots_needs_a_note(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "work")
    by_hand = shop.world.commit({"a.py": changed(5, 6)}, "By hand")
    assert [row.by for row in shop.verify(must_cover=True).coverage if row.commit == by_hand] == ["person"]
    shop.world.commit({"b.py": changed(6)}, "Mend more\n\nPointsman-Run: r-9")
    report = shop.verify()
    assert (report.verdict, covers(report)[-1], report.uncovered[0]) == ("holds", "bot", by_hand)
    assert rules(shop.verify(must_cover=True)) == ["uncovered"]


def test_u2_a_note_that_was_cut_off_by_a_push_is_missed_by_its_commit_and_named_from_elsewhere(shop: Shop) -> None:
    report = shop.verify(head=shop.code, must_cover=True)
    assert (report.verdict, rules(report), covers(report)) == ("broken", ["uncovered"], ["bot"])
    elsewhere = Outside(places=(NotePlace("refs/pointsman/audit", shop.files()),))
    told = shop.verify(head=shop.code, must_cover=True, outside=elsewhere)
    assert (rules(told), only(told).places) == (["removed"], ("refs/pointsman/audit",))
    assert rules(shop.verify(head=shop.code, outside=Outside(head=shop.note.digest))) == ["chain-tail"]


def test_a_note_in_two_places_counts_once_and_must_be_the_same(shop: Shop) -> None:
    files = shop.files()
    same = shop.verify(head="work", outside=Outside(places=(NotePlace("a folder", files),)))
    assert (same.verdict, len(same.notes), only(same).places) == ("holds", 1, ("the tree", "a folder"))
    other = tuple((name, data + b"\n") for name, data in files)
    told = shop.verify(head="work", outside=Outside(places=(NotePlace("a folder", other),)))
    assert rules(told) == ["changed", "changed"]


def test_a_note_that_is_kept_elsewhere_alone_covers_what_was_picked(shop: Shop) -> None:
    shop.world.commit({"c.py": changed(9)}, "Meanwhile")
    shop.world.git("cherry-pick", shop.code)
    report = shop.verify(must_cover=True, outside=Outside(places=(NotePlace("a folder", shop.files()),)))
    assert (report.verdict, only(report).kind) == ("holds", "diff")
    assert [remark.rule for remark in report.remarks] == ["elsewhere"]


def test_notes_of_other_changes_in_the_store_are_not_held_against_this_one(shop: Shop) -> None:
    shop.world.commit({"c.py": changed(9)}, "By hand")
    report = shop.verify(outside=Outside(places=(NotePlace("a folder", shop.files()),)), must_cover=True)
    assert (report.verdict, report.bindings, covers(report)) == ("holds", (), ["person"])


def test_a_shallow_clone_without_the_base_says_what_it_could_not_see_and_is_never_green(shop: Shop) -> None:
    folder = shop.world.folder.parent / "shallow"
    shop.world.git("clone", "--quiet", "--depth=2", "--branch=work", f"file://{shop.world.folder}", str(folder))
    report = shop.verify(base=shop.code, head="work", folder=folder)
    assert (report.verdict, [one.rule for one in report.unseen]) == ("unseen", ["unseen-base"])
    whole = shop.verify(base="", head="work", folder=shop.world.folder)
    assert (whole.verdict, whole.unseen) == ("holds", ())


def test_a_shallow_clone_whose_history_ends_in_the_range_says_so(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "-b", "long", "work")
    for number in range(3):
        shop.world.commit({"c.py": changed(number + 10)}, f"By hand {number}")
    folder = shop.world.folder.parent / "short"
    shop.world.git("clone", "--quiet", "--depth=3", "--branch=long", f"file://{shop.world.folder}", str(folder))
    shop.world.git("-C", str(folder), "fetch", "--quiet", "--depth=1", "origin", shop.start)
    report = shop.verify(head="long", folder=folder)
    assert (report.verdict, only(report).kind) == ("unseen", "none")
    assert [one.rule for one in report.unseen] == ["unseen-history", "unseen-subject"]
    assert covers(report) == ["unseen", "person", "person"]


def test_a_clone_without_the_old_texts_is_not_green(shop: Shop) -> None:
    shop.world.git("merge", "--quiet", "--squash", "work")
    shop.world.commit({}, "Mend (#1)")
    folder = shop.world.folder.parent / "partial"
    shop.world.git("config", "uploadpack.allowFilter", "true")
    url = f"file://{shop.world.folder}"
    shop.world.git("clone", "--quiet", "--filter=blob:none", "--branch=main", url, str(folder))
    report = shop.verify(folder=folder, head="main")
    assert (report.verdict, report.problems) == ("unseen", ())
    assert [one.rule for one in report.unseen] == ["unseen-subject"]


def test_the_configuration_of_a_clone_does_not_change_what_a_diff_digest_is(shop: Shop) -> None:
    world = shop.world
    world.git("merge", "--quiet", "--squash", "work")
    world.commit({".gitattributes": "*.py diff=python -text binary\n"}, "Mend")
    world.git("reset", "--quiet", "--soft", shop.start)
    world.git("reset", "--quiet", ".gitattributes")
    world.git("commit", "--quiet", "-m", "Mend (#1)")
    for setting in (
        ("diff.suppressBlankEmpty", "true"),
        ("diff.indentHeuristic", "false"),
        ("diff.context", "0"),
        ("diff.noprefix", "true"),
        ("core.quotePath", "false"),
        ("diff.algorithm", "patience"),
    ):
        world.git("config", *setting)
    assert only(shop.verify()).kind == "diff"


def test_a_note_of_a_branch_that_moved_to_another_repository_says_where_its_commit_is(shop: Shop) -> None:
    shop.world.git("checkout", "--quiet", "-b", "other", shop.start)
    shop.world.commit(note_files(shop.note, shop.world.signer), "Say that the bot did it")
    report = shop.verify()
    assert (rules(report), only(report).kind) == (["subject"], "none")
    assert "is in this copy, outside the range" in only(report).why


def test_a_clock_that_was_set_back_is_a_remark_and_no_fault(shop: Shop) -> None:
    told = replace(
        shop.world.facts(shop.start, shop.code, "r-2"),
        branch="work",
        previous=shop.note.digest,
        written_at="2026-11-20T12:00:00Z",
    )
    shop.world.git("checkout", "--quiet", "work")
    second = asyncio.run(shop.world.signer.sign(told))
    shop.world.commit(note_files(second, shop.world.signer), "Record again")
    report = shop.verify()
    assert (report.verdict, [(one.rule, one.note) for one in report.remarks]) == (
        "holds",
        [("clock", f"{second.name}.intoto.jsonl")],
    )


def test_the_default_branch_is_looked_at_from_before_its_oldest_note(shop: Shop) -> None:
    shop.world.git("merge", "--quiet", "--ff-only", "work")
    keys = trusted_from((shop.world.signer.public_key(),))
    source = GitNoteSource(str(shop.world.folder))
    report = asyncio.run(verify_range(source, None, shop.tip, trusted=keys))
    assert (report.verdict, covers(report)) == ("holds", ["note", "notes-only"])


def test_a_line_of_a_file_that_looks_like_a_header_of_ours_changes_nothing(shop: Shop) -> None:
    start = shop.world.rev(f"{shop.start}^{{tree}}")
    odd = f"{start} {start}\ndiff --git a/x b/x\n@@ -1 +1 @@\n"
    shop.world.commit({"odd.txt": odd + TEXT, "a\tb\n.py": odd}, "Odd")
    shop.world.git("merge", "--quiet", "--squash", "work")
    shop.world.commit({}, "Mend (#1)")
    report = shop.verify()
    assert (only(report).kind, covers(report)) == ("diff", ["person", "note"])
