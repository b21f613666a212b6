"""What people do with a change of the bot on GitHub: threads, buttons, another try, merging, the chain of notes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.worlds.repositories import git
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, REVIEW_LABEL, Scene, ServedStage, until
from tests.worlds.stage import APPROVAL, BELOW_ZERO, PROGRAM, RIGHT, edit, environment, finding, replies
from tests.worlds.warm import typed

QUIET = "plan: planner\ncode: coder\nqa: reviewer\nreview: {auto_fix: false}\n"
QUOTE = f"    return {RIGHT}"
BETTER = "max(0.0, round(price * (1 - percent / 100), 2))"
FINE = replies({**APPROVAL, "mended": []})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("threads")) as served:
        yield served


def remarked(word: str, *, severity: str = "minor", quote: str = QUOTE) -> str:
    """A review with one finding about the line of the fix."""
    return replies({"summary": "", "findings": [finding(quote, f"Half a cent ({word}).", severity=severity)]})


def button(scene: Scene, change: int, identifier: str) -> None:
    """Press a button of the check on the head."""
    scene.shop.press(scene.check(scene.head(change)).id, identifier, scene.ada)
    scene.stage.settle()


def test_the_buttons_of_a_check_fix_what_was_found_and_let_ci_run(stage: ServedStage) -> None:
    coder = (edit(RIGHT), edit(BETTER, old=RIGHT))
    scene = stage.scene("robin", routing=QUIET, coder=coder, reviewer=(remarked("robin"), FINE))
    _, change = scene.built()
    offered = [action["identifier"] for action in scene.check(scene.head(change.number)).actions]
    assert offered == ["review", "fix", "ci"]
    button(scene, change.number, "fix")
    assert scene.over(2).result == "ready"
    assert BETTER in scene.shop.read("shop/prices.py", scene.branch())

    before = scene.head(change.number)
    button(scene, change.number, "ci")
    after = scene.head(change.number)
    assert scene.shop.git.run("rev-parse", f"{after}~1").strip() == before
    assert scene.check(after).conclusion == "success"


def test_what_the_review_of_a_fix_finds_anew_gets_a_thread_of_its_own(stage: ServedStage) -> None:
    worse = replies(
        {"summary": "", "findings": [finding(f"    return {BETTER}", "Cents are lost.", severity="minor")]}
    )
    scene = stage.scene(
        "thrush",
        routing=QUIET,
        coder=(edit(RIGHT), edit(BETTER, old=RIGHT)),
        reviewer=(remarked("thrush"), worse.replace('"findings"', '"still_open": [], "mended": [], "findings"')),
    )
    _, change = scene.built()
    scene.says(change.number, "/pointsman fix")
    scene.over(2)
    before, after = scene.shop.threads(change.number)
    assert (before.is_resolved, after.is_resolved) == (True, False)
    assert "Cents are lost." in after.comments[0].body
    assert len(scene.shop.reviews(change.number)) == 3


def test_a_finding_that_could_not_be_fixed_keeps_its_thread_open_and_says_why(stage: ServedStage) -> None:
    coder = (edit(RIGHT), "I do not know how.")
    scene = stage.scene("wagtail", routing=QUIET, coder=coder, reviewer=(remarked("wagtail"), FINE))
    _, change = scene.built()
    before = scene.head(change.number)
    scene.says(change.number, "/pointsman fix")
    scene.over(2)
    (thread,) = scene.shop.threads(change.number)
    assert not thread.is_resolved
    assert thread.comments[-1].by.id == scene.bot.id
    assert "Not fixed" in thread.comments[-1].body
    assert scene.head(change.number) == before


def test_grave_findings_go_back_to_code_before_anybody_sees_the_change(stage: ServedStage) -> None:
    clumsy = "price - price * percent / 100"
    wrong = remarked("starling", severity="blocking", quote=f"    return {clumsy}")
    scene = stage.scene("starling", coder=(edit(clumsy), edit(RIGHT, old=clumsy)), reviewer=(wrong, BELOW_ZERO, FINE))
    _, change = scene.built()
    assert scene.asked() == ["planner", "coder", "reviewer", "reviewer", "coder", "reviewer"]
    assert scene.runs()[0].result == "ready"
    assert RIGHT in scene.shop.read("shop/prices.py", scene.branch())
    assert scene.check(scene.head(change.number)).conclusion == "success"
    assert scene.shop.threads(change.number) == []


def test_ignoring_by_id_and_saying_fixed_in_the_thread_are_heard(stage: ServedStage) -> None:
    scene = stage.scene("magpie", routing=QUIET, reviewer=(remarked("magpie"),))
    _, change = scene.built()
    (thread,) = scene.shop.threads(change.number)
    scene.shop.reply(thread.first, "fixed", scene.ada)
    stage.settle()
    (thread,) = scene.shop.threads(change.number)
    assert "is said to be fixed" in thread.comments[-1].body
    (found,) = scene.check(scene.head(change.number)).annotations
    finding_id = str(found["title"]).split(" · ")[1]
    assert "will not be raised again" in scene.says(change.number, f"/pointsman ignore {finding_id}")
    assert scene.shop.threads(change.number)[0].is_resolved
    stranger = stage.world.person("stranger-magpie")
    scene.shop.reply(thread.first, "ignore", stranger)
    stage.settle()
    assert len(scene.shop.threads(change.number)[0].comments) == 4


def test_a_change_that_is_opened_with_the_label_is_reviewed_at_once(stage: ServedStage) -> None:
    scene = stage.scene("jackdaw", reviewer=(FINE,))
    files = {"shop/prices.py": scene.shop.read("shop/prices.py").replace("price - percent", RIGHT)}
    change = scene.shop.pull(by=scene.ada, files=files, title="Percent (jackdaw)", labels=(REVIEW_LABEL,))
    scene.over()
    stage.settle()
    assert scene.check(scene.head(change)).conclusion == "success"
    assert (len(scene.runs()), len(scene.shop.reviews(change))) == (1, 1)


def test_a_change_that_is_closed_while_it_is_reviewed_is_left_in_peace(stage: ServedStage) -> None:
    scene = stage.scene("rook", reviewer=(Answer(fault="hang"),))
    change = scene.proposed()
    scene.says(change, "/pointsman review")
    scene.asks("reviewer")
    scene.shop.close(change, scene.ada)
    until(lambda: scene.runs()[0].state == "cancelled", "the review is stopped")
    stage.settle()
    assert scene.shop.reviews(change) == []
    assert scene.check(scene.head(change)).title == "The change was closed"


def test_a_label_put_back_after_the_end_is_another_try_on_a_branch_of_its_own(stage: ServedStage) -> None:
    scene = stage.scene("chough")
    number, _ = scene.built()
    scene.shop.label(number, LABEL, scene.ada)
    assert scene.over(2).result == "ready"
    assert len({pull.pull.head_branch for pull in scene.shop.pulls() if pull.pull}) == 2
    assert len(scene.said(number)) == 2


def test_the_notes_of_changes_that_were_open_side_by_side_and_merged_are_one_chain(
    stage: ServedStage, tmp_path: Path
) -> None:
    scene = stage.scene("raven", coder=(edit(RIGHT), edit(RIGHT), edit(BETTER, old=RIGHT)))
    scene.labelled()
    scene.labelled()
    scene.over(2)
    for change in scene.shop.pulls():
        assert "The chain holds." in scene.says(change.number, "/pointsman audit")
        scene.shop.ready(change.number, scene.ada)
        scene.shop.merge(change.number, scene.ada)
    stage.settle()
    scene.labelled()
    assert scene.over(3).result == "ready"
    third = scene.shop.pulls()[-1]
    assert "The chain holds." in scene.says(third.number, "/pointsman audit")
    assert third.pull is not None
    assert verified(scene, tmp_path, f"origin/main..origin/{third.pull.head_branch}")


def verified(scene: Scene, folder: Path, revisions: str) -> bool:
    """Whether the notes hold on a clone, with the key that the server tells everybody."""
    (pem,) = scene.stage.keys()
    (folder / "key.pem").write_text(pem, encoding="utf-8")
    git(folder, "clone", "--quiet", str(scene.shop.git.path), "clone")
    words = ("audit", "verify", revisions, "--repo", str(folder / "clone"), "--key", str(folder / "key.pem"))
    checking = typed([str(PROGRAM), *words, "--home", str(folder / "home")], cwd=folder, env=environment(folder))
    said = checking.communicate(timeout=240)
    assert checking.returncode == 0, said
    return True


def test_an_issue_without_a_word_of_text_and_one_with_windows_lines_are_worked_on(stage: ServedStage) -> None:
    scene = stage.scene("crow")
    title = "Discounts take off euros (crow)"
    for body in (None, "`discounted(200, 10)` gives 190.\r\n\r\nTen percent off 200 is 180.\r\n"):
        number = scene.shop.issue(by=scene.ada, title=title, body=body, labels=("bug",))
        scene.shop.label(number, LABEL, scene.ada)
    scene.over(2)
    assert [view.result for view in scene.runs()] == ["ready", "ready"]
