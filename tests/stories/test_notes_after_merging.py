"""What people do with a change after the bot made it, and what its note says of it then: all from one run on disk."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.worlds.repositories import FIXED, commit, git, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import Stage, rows, staged, usual

from pointsman.audit.checking.inspection import Outside, verify_range
from pointsman.audit.keys.keyring import trusted_from
from pointsman.domain.notes import NoteReport
from pointsman.workspaces.note_source import GitNoteSource


@dataclass(frozen=True)
class Change:
    """A copy of the repository with the bot's branch `work`: one commit of code, one with the note."""

    stage: Stage
    folder: Path
    key: Path

    @property
    def code(self) -> str:
        return git(self.folder, "rev-parse", "work~1")

    def verified(self, base: str, head: str = "HEAD", *, must_cover: bool = True, known: str = "") -> NoteReport:
        source, trusted = GitNoteSource(str(self.folder)), trusted_from((self.key.read_bytes(),))
        start, tip = git(self.folder, "rev-parse", base), git(self.folder, "rev-parse", head)
        outside = Outside(head=known)
        return asyncio.run(verify_range(source, start, tip, trusted=trusted, outside=outside, must_cover=must_cover))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path_factory.mktemp("made"), server)
        assert stage.works_on_the_issue().code == 0
    return stage


@pytest.fixture
def change(made: Stage, tmp_path: Path) -> Change:
    shutil.copytree(made.repository, tmp_path / "shop")
    (branch,) = made.branches()
    git(tmp_path / "shop", "branch", "--quiet", "work", branch)
    names = git(tmp_path / "shop", "ls-tree", "--name-only", "work", ".pointsman/keys/").split()
    write(tmp_path, "key.pem", git(tmp_path / "shop", "show", f"work:{names[0]}") + "\n")
    return Change(made, tmp_path / "shop", tmp_path / "key.pem")


def told(report: NoteReport) -> tuple[str, str, list[str]]:
    """The verdict, what bound the one note, and who stands for each commit."""
    return report.verdict, report.bindings[0].kind, [row.by for row in report.coverage]


def test_a_merge_commit_and_a_fast_forward_leave_the_commit_itself_to_bind(change: Change) -> None:
    git(change.folder, "merge", "--quiet", "--no-ff", "-m", "Merge the change", "work")
    assert told(change.verified("main~1")) == ("holds", "commit", ["note", "notes-only", "merge"])
    git(change.folder, "reset", "--quiet", "--hard", "main~1")
    git(change.folder, "merge", "--quiet", "--ff-only", "work")
    assert told(change.verified("main~2")) == ("holds", "commit", ["note", "notes-only"])


def test_a_rebase_onto_a_moved_base_and_a_cherry_pick_leave_the_diff(change: Change) -> None:
    write(change.folder, "README.md", "# Shop\n\nOpen all day.\n")
    moved = commit(change.folder, "Say when it is open")
    git(change.folder, "branch", "--quiet", "moved")
    git(change.folder, "checkout", "--quiet", "-b", "rebased", "work")
    git(change.folder, "rebase", "--quiet", "moved")
    assert told(change.verified(moved)) == ("holds", "diff", ["note", "notes-only"])
    git(change.folder, "checkout", "--quiet", "-b", "picked", moved)
    git(change.folder, "cherry-pick", change.code)
    picked = change.verified(moved)
    assert (picked.verdict, [row.by for row in picked.coverage]) == ("broken", ["bot"])
    git(change.folder, "cherry-pick", "work")
    assert told(change.verified(moved)) == ("holds", "diff", ["note", "notes-only"])


def test_a_follow_up_is_a_persons_and_a_settled_conflict_is_told_file_by_file(change: Change) -> None:
    git(change.folder, "checkout", "--quiet", "work")
    write(change.folder, change.stage.story.path, FIXED + "\n\nLIMIT = 100\n")
    after = commit(change.folder, "Have a limit")
    report = change.verified("main")
    assert told(report) == ("holds", "commit", ["note", "notes-only", "person"])
    assert (report.uncovered, report.coverage[-1].author) == ((after,), "Ada Example")
    git(change.folder, "checkout", "--quiet", "main")
    write(change.folder, change.stage.story.path, FIXED.replace("max(0.0, ", "max(0, "))
    commit(change.folder, "Mend it ourselves")
    with pytest.raises(Exception, match="merge"):
        git(change.folder, "merge", "--quiet", "--no-ff", "-m", "Merge", after)
    write(change.folder, change.stage.story.path, FIXED)
    commit(change.folder, "Merge the change")
    (merge,) = [row for row in change.verified("main~1").coverage if row.files]
    assert (merge.by, merge.files) == ("person", (change.stage.story.path,))


def test_a_push_that_cuts_the_note_off_is_found_by_the_commit_and_by_the_head_that_the_page_told(
    change: Change,
) -> None:
    head = change.verified("main", "work").head
    assert head in change.stage.page(
        git(change.stage.repository, "rev-parse", "--abbrev-ref", change.stage.branches()[0])
    )
    cut = change.verified("main", "work~1", known=head)
    assert [problem.rule for problem in cut.problems] == ["chain-tail", "uncovered"]


def test_after_a_squash_a_stranger_with_a_clone_and_the_key_reads_it_on_the_terminal(change: Change) -> None:
    git(change.folder, "merge", "--quiet", "--squash", "work")
    squashed = commit(change.folder, "Take percent off (#1)")
    words = ("audit", "verify", "main~1..main", "--key", str(change.key), "--require-coverage", "--repo")
    shown = change.stage.does(*words, str(change.folder))
    assert shown.code == 0, shown
    assert "It holds: 1 note, 1 commit." in shown.told
    assert "diff" in shown.told
    as_json = change.stage.does(*words, str(change.folder), "--json").json
    (note,) = rows(as_json["bindings"])
    assert (as_json["verdict"], note["kind"], note["commits"]) == ("holds", "diff", [squashed])


def test_a_shallow_clone_says_what_it_could_not_see_and_leaves_with_two(change: Change, tmp_path: Path) -> None:
    for number in range(3):
        write(change.folder, "README.md", f"# Shop {number}\n")
        commit(change.folder, f"Number {number}")
    git(change.folder, "merge", "--quiet", "--no-ff", "-m", "Merge the change", "work")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=2", f"file://{change.folder}", str(clone))
    words = ("audit", "verify", "--repo", str(clone), "--key", str(change.key))
    told = change.stage.does(*words, "--json")
    assert (told.code, told.json["verdict"]) == (2, "unseen"), told
    assert {row["rule"] for row in rows(told.json["unseen"])} >= {"unseen-history"}
    missing = change.stage.does(*words, f"{change.code}~1..HEAD")
    assert missing.code == 2, missing
