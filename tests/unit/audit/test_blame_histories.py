"""Who wrote a line, on real histories: merged, squashed, rebased, renamed, mended by people."""

import shutil
from pathlib import Path

import pytest
from tests.unit.audit.blame_world import BOT, BotWorld, Step, numbered
from tests.unit.audit.facts import digest

from pointsman.audit.blaming.credit import BOT_MAIL
from pointsman.audit.signer import KeySigner
from pointsman.domain.blame import Reviewed
from pointsman.workspaces.messages import is_our_author


def begun(where: Path) -> BotWorld:
    world = BotWorld.made(where)
    world.commit(
        {"shop.py": numbered("ada 1", "ada 2", "ada 3"), "old.py": numbered("old 1", "old 2", "old 3", "old 4")}
    )
    return world


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> BotWorld:
    """A run of two models and a reviewer's test, merged by a merge commit; then people go on."""
    world = begun(tmp_path_factory.mktemp("blame") / "merged")
    world.git("checkout", "--quiet", "-b", "work")
    world.run(
        "r-1",
        Step({"shop.py": numbered("ada 1", "coder 1", "coder 2", "ada 2", "ada 3")}, model="coder"),
        Step({"shop.py": numbered("ada 1", "coder 1", "bigger 1", "ada 2", "ada 3"), "new.py": "bigger\n"}),
        Step({"tests/test_shop.py": "test 1\ntest 2\n"}, model="reviewer", as_test=True),
    )
    world.git("checkout", "--quiet", "main")
    world.commit({"other.py": "elsewhere\n"})
    world.git("merge", "--quiet", "--no-ff", "-m", "Merge it", "work")
    world.git("branch", "merged")
    world.commit({"shop.py": numbered("ada 1", "coder 1", "bigger 1, mended", "ada 2", "ada 3")}, who=("Bob", "b@b"))
    world.git("mv", "old.py", "renamed.py")
    world.commit({})
    return world


def test_each_line_of_a_merged_run_is_its_models_and_a_persons_change_is_the_persons(merged: BotWorld) -> None:
    assert merged.told("shop.py") == ["Ada", "coder", "Bob", "Ada", "Ada"]
    assert merged.told("shop.py", "merged") == ["Ada", "coder", "bigger", "Ada", "Ada"]
    assert merged.told("other.py") == ["Ada"]
    assert merged.told("renamed.py") == ["Ada"] * 4


def test_a_line_tells_run_phase_prompt_reviewer_and_note(merged: BotWorld) -> None:
    lines = merged.blame("shop.py", "merged").lines
    coder, bigger = lines[1].written, lines[2].written
    assert (coder.run, coder.phase, coder.prompts) == ("r-1", "code", (digest("r-1 0"),))
    assert bigger.prompts == (digest("r-1 1"),)
    assert coder.reviews == bigger.reviews == (Reviewed("reviewer", 1, "approve"),)
    assert (bigger.believed, bigger.binding) == (True, "commit")
    assert bigger.note.endswith("-r-1.intoto.jsonl")


def test_a_test_that_showed_a_finding_is_its_reviewers_and_nobody_reviewed_it(merged: BotWorld) -> None:
    told = {line.written for line in merged.blame("tests/test_shop.py").lines}
    (written,) = told
    assert (written.by, written.models, written.phase) == ("reviewer", ("reviewer",), "review")
    assert (written.prompts, written.reviews) == ((digest("r-1 2"),), ())


def test_the_notes_own_files_are_the_runs_record(merged: BotWorld) -> None:
    name = merged.blame("shop.py", "merged").lines[1].written.note
    page = f".pointsman/audit/{name.removesuffix('.intoto.jsonl')}.md"
    assert {line.written.by for line in merged.blame(page).lines} == {"record"}
    assert {line.written.by for line in merged.blame(f".pointsman/audit/{name}").lines} == {"record"}


def test_at_a_revision_before_its_note_a_line_is_known_by_the_notes_that_came_later(merged: BotWorld) -> None:
    assert merged.told("shop.py", "work~2") == ["Ada", "?", "?", "Ada", "Ada"]


def test_a_note_of_a_stranger_and_a_changed_note_are_not_believed(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.run("r-1", Step({"a.py": "one\n"}), signer=KeySigner(tmp_path / "stranger" / "key.pem"))
    world.run("r-2", Step({"b.py": "two\n"}))
    (stranger,) = world.blame("a.py").lines
    assert (stranger.written.by, stranger.written.believed) == ("unknown", False)
    assert "No trusted key signed this" in stranger.written.why
    name = world.blame("b.py").lines[0].written.note
    place = world.folder / ".pointsman/audit" / name
    world.commit({f".pointsman/audit/{name}": place.read_bytes().replace(b'"keyid":"', b'"keyid":"0')})
    found = world.blame("b.py")
    assert [line.written.by for line in found.lines] == ["unknown"]
    assert any(name in wrong for wrong in found.wrong)


def test_a_line_that_the_bot_committed_without_a_note_is_unknown(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.commit({"a.py": "one\n"}, "Mend it\n\nAssisted-by: Pointsman (coder)", who=BOT)
    world.commit({"b.py": "two\n"}, "Mend it\n\nPointsman-Run: r-9")
    assert world.told("a.py") == ["?"]
    (line,) = world.blame("b.py").lines
    assert "names r-9" in line.written.why


def test_a_forged_trailer_gives_nothing_to_a_model(merged: BotWorld) -> None:
    merged.git("checkout", "--quiet", "-b", "forged", "main")
    merged.commit(
        {"shop.py": numbered("forged", "coder 1")}, "Mine\n\nAssisted-by: Pointsman (bigger)\nPointsman-Run: r-1"
    )
    told = merged.told("shop.py")
    merged.git("checkout", "--quiet", "main")
    assert told == ["?", "coder"]


def test_a_squash_of_a_run_alone_is_known_by_the_signed_diff(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("checkout", "--quiet", "-b", "work")
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot", "ada 2", "ada 3")}))
    world.squash("work", "Discounts (#12)")
    world.forget("work")
    found = world.blame("shop.py")
    assert [line.written.binding for line in found.lines] == ["", "diff", "", ""]
    assert world.told("shop.py") == ["Ada", "bigger", "Ada", "Ada"]
    assert found.lines[1].written.reviews == (Reviewed("reviewer", 1, "approve"),)


def squashed_with_fix_up(where: Path) -> BotWorld:
    world = begun(where)
    world.git("checkout", "--quiet", "-b", "work")
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot 1", "bot 2", "ada 2", "ada 3"), "new.py": "bot\n"}))
    world.commit({"shop.py": numbered("ada 1", "bot 1", "eve", "ada 2", "ada 3"), "mine.py": "eve\n"})
    world.squash("work", "Discounts (#12)\n\n* Mend it\n\nAssisted-by: Pointsman (bigger)\n\n* Fix up")
    return world


def test_a_squash_with_a_persons_fix_up_is_told_line_by_line_where_the_runs_head_is_here(tmp_path: Path) -> None:
    world = squashed_with_fix_up(tmp_path / "shop")
    assert world.told("shop.py") == ["Ada", "bigger", "Ada", "Ada", "Ada"]
    line = world.blame("shop.py").lines[1]
    assert (line.written.binding, line.written.source) == ("head", world.rev("work~2"))
    assert line.line.commit == world.rev("main")
    assert (world.told("new.py"), world.told("mine.py")) == (["bigger"], ["Ada"])


def test_without_the_head_a_mixed_file_is_unknown_and_an_untouched_one_known_by_its_hunks(tmp_path: Path) -> None:
    world = squashed_with_fix_up(tmp_path / "shop")
    world.forget("work")
    assert world.told("shop.py") == ["Ada", "?", "?", "Ada", "Ada"]
    assert "run r-1 and more" in world.blame("shop.py").lines[1].written.why
    assert world.told("new.py") == ["bigger"]
    assert world.blame("new.py").lines[0].written.binding == "file"
    assert world.told("mine.py") == ["Ada"]


def test_without_the_head_a_new_file_is_unknown_where_a_file_of_the_runs_is_away(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("checkout", "--quiet", "-b", "work")
    world.run("r-1", Step({"new.py": numbered("bot 1", "bot 2")}))
    world.git("mv", "new.py", "renamed.py")
    world.commit({"mine.py": "eve\n"})
    world.squash("work")
    assert world.told("renamed.py") == ["bigger", "bigger"]
    world.forget("work")
    assert world.told("renamed.py") == ["?", "?"]


def test_a_rebase_is_known_by_hunks_also_where_two_commits_made_them(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("checkout", "--quiet", "-b", "work")
    world.run(
        "r-1",
        Step({"shop.py": numbered("ada 1", "coder", "ada 2", "ada 3"), "one.py": "coder\n"}, model="coder"),
        Step({"shop.py": numbered("ada 1", "coder", "bigger", "ada 2", "ada 3")}),
    )
    world.git("checkout", "--quiet", "main")
    world.commit({"other.py": "elsewhere\n"})
    world.git("rebase", "--quiet", "main", "work")
    world.git("checkout", "--quiet", "main")
    world.git("merge", "--quiet", "--ff-only", "work")
    world.forget("work")
    assert world.told("shop.py") == ["Ada", "coder/bigger", "coder/bigger", "Ada", "Ada"]
    assert {line.written.binding for line in world.blame("shop.py").lines} == {"", "file"}
    assert world.told("one.py") == ["coder"]


def test_a_cherry_pick_is_known_by_the_diff_also_without_its_note_and_trailers(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("branch", "release")
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot", "ada 2", "ada 3")}))
    picked = world.rev("main~1")
    world.git("checkout", "--quiet", "release")
    world.git("cherry-pick", "--no-commit", picked)
    world.git("commit", "--quiet", "-m", "Take it over")
    world.git("checkout", "--quiet", "main", "--", ".pointsman")
    world.commit({}, "Take the note over as well")
    assert world.told("shop.py") == ["Ada", "bigger", "Ada", "Ada"]
    assert world.blame("shop.py").lines[1].written.binding == "diff"


def test_a_second_run_and_people_in_between_keep_their_lines(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("checkout", "--quiet", "-b", "work")
    world.run("r-1", Step({"shop.py": numbered("bot 1", "bot 2", "ada 2", "ada 3")}))
    world.commit({"shop.py": numbered("bot 1", "bob", "bot 2", "ada 2", "ada 3")}, who=("Bob", "b@b"))
    world.run("r-2", Step({"shop.py": numbered("bot 1", "bob", "coder", "ada 2", "ada 3")}, model="coder"))
    assert world.told("shop.py") == ["bigger", "Bob", "coder", "Ada", "Ada"]
    world.squash("work")
    # The two heads of the squash tell them apart, but not which person wrote the line between them.
    assert world.told("shop.py")[0] == "bigger" and world.told("shop.py")[2:] == ["coder", "Ada", "Ada"]


def test_renames_moves_and_copies_keep_their_authors(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    lines = [f"a line that is long enough to be found again, number {n}" for n in range(6)]
    world.run("r-1", Step({"bot.py": numbered(*lines)}))
    world.git("mv", "bot.py", "umbenannt-ü.py")
    world.commit({})
    world.commit({"umbenannt-ü.py": numbered(*lines[:3], "bob", *lines[3:])}, who=("Bob", "b@b"))
    assert world.told("umbenannt-ü.py") == ["bigger"] * 3 + ["Bob"] + ["bigger"] * 3
    assert {line.line.path for line in world.blame("umbenannt-ü.py").lines} == {"bot.py", "umbenannt-ü.py"}
    world.commit({"copied.py": numbered(*lines)}, who=("Bob", "b@b"))
    assert world.told("copied.py") == ["Bob"] * 6
    followed = world.blame("copied.py", copies=True)
    assert {line.written.by for line in followed.lines} <= {"model", "person"}


def test_a_shallow_clone_says_where_its_history_is_cut(merged: BotWorld, tmp_path: Path) -> None:
    url = merged.folder.as_uri()
    merged.git("clone", "--quiet", "--depth", "2", "--branch", "main", url, str(tmp_path / "shallow"))
    found = merged.blame("shop.py", folder=tmp_path / "shallow")
    assert [line.written.by for line in found.lines] == ["unknown"] * 5
    assert "the history is cut here" in found.lines[0].written.why
    merged.git("clone", "--quiet", "--bare", str(merged.folder), str(tmp_path / "bare.git"))
    assert merged.told("shop.py", folder=tmp_path / "bare.git") == ["Ada", "coder", "Bob", "Ada", "Ada"]


def test_a_gap_in_the_chain_is_said_at_the_end(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    for number in range(3):
        world.run(f"r-{number}", Step({f"{number}.py": "bot\n"}))
    assert world.blame("2.py").wrong == ()
    (gone,) = (world.folder / ".pointsman/audit").glob("*r-1.intoto.jsonl")
    world.commit({str(gone.relative_to(world.folder)): None})
    found = world.blame("2.py")
    assert [line.written.by for line in found.lines] == ["model"]
    assert len(found.wrong) == 1 and "removed or changed" in found.wrong[0]
    assert world.told("1.py") == ["?"]


def test_what_came_in_with_a_merge_itself_is_the_mergers(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    world.git("checkout", "--quiet", "-b", "work")
    world.run("r-1", Step({"shop.py": numbered("ada 1", "bot", "ada 3")}))
    world.git("checkout", "--quiet", "main")
    world.commit({"shop.py": numbered("ada 1", "eve", "ada 3")})
    world.git("merge", "--quiet", "--strategy=ours", "--no-commit", "work")
    world.git("checkout", "--quiet", "work", "--", ".pointsman")
    world.commit({"shop.py": numbered("ada 1", "both of them", "ada 3")}, "Merge it", who=("Bob", "b@b"))
    assert world.told("shop.py") == ["Ada", "Bob", "Ada"]


def test_the_keys_are_asked_for_only_where_there_are_notes(tmp_path: Path) -> None:
    world = begun(tmp_path / "shop")
    shutil.rmtree(tmp_path / "shop-keys", ignore_errors=True)
    assert world.told("shop.py") == ["Ada"] * 3
    assert not (tmp_path / "shop-keys").exists()


def test_the_address_that_makes_a_commit_suspicious_is_the_one_that_the_bot_commits_under() -> None:
    assert is_our_author(BOT_MAIL)
