"""Reviews of people's changes on GitHub: by command, label, request and button, and again when the change moves."""

from collections.abc import Iterator

import pytest
from tests.worlds.repositories import BUGGY
from tests.worlds.script import Answer
from tests.worlds.served_stage import REVIEW_LABEL, Scene, ServedStage
from tests.worlds.stage import APPROVAL, CANNOT, edit, finding, replies, shown_by

WORSE = "price * (1 - percent)"
RIGHT = "max(0.0, price * (1 - percent / 100))"
BETTER = "max(0.0, round(price * (1 - percent / 100), 2))"
WRONG_UNIT = replies({"summary": "", "findings": [finding(f"    return {WORSE}", "Percent are hundredths.")]})
HUNDREDTHS = shown_by("discounted(200, 1) > 100")
FINE = replies({**APPROVAL, "mended": []})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("reviews")) as served:
        yield served


def pushed(scene: Scene, new: str, **more: str) -> str:
    """The author pushes to the change."""
    files = {"shop/prices.py": BUGGY.replace("price - percent", new), **more}
    return scene.shop.commit("percent", files, by=scene.ada)


def remark(scene: Scene, change: int) -> str:
    """The one finding that stands in a thread."""
    (thread,) = scene.shop.threads(change)
    return thread.comments[0].body


def told(stage: ServedStage, rule: str) -> list[str]:
    """What a model was sent, each time that this rule answered."""
    pairs = zip(stage.models.seen, stage.models.bodies, strict=True)
    return [body.decode() for seen, body in pairs if seen.rule == rule]


def test_a_change_of_a_person_is_reviewed_on_its_lines_and_nothing_is_pushed(stage: ServedStage) -> None:
    scene = stage.scene("curlew", reviewer=(WRONG_UNIT, HUNDREDTHS))
    change = scene.proposed()
    before = scene.shop.branches()
    scene.says(change, "/pointsman review")
    run = scene.over()

    assert (run.result, scene.asked()) == ("reviewed", ["reviewer", "reviewer"])
    assert "Percent are hundredths." in remark(scene, change)
    check = scene.check(scene.head(change))
    assert (check.conclusion, [action["identifier"] for action in check.actions]) == ("failure", ["review"])
    assert check.annotations[0]["start_line"] == 6
    assert scene.shop.branches() == before
    assert "works on the bot's own changes only" in scene.says(change, "/pointsman fix")


def test_each_push_to_a_labelled_change_is_reviewed_for_what_is_new(stage: ServedStage) -> None:
    scene = stage.scene("heron", reviewer=(WRONG_UNIT, HUNDREDTHS, FINE))
    change = scene.proposed()
    scene.shop.label(change, REVIEW_LABEL, scene.ada)
    scene.over()
    assert REVIEW_LABEL in scene.shop.labels(change)
    assert scene.check(scene.head(change)).conclusion == "failure"

    pushed(scene, RIGHT)
    scene.over(2)
    assert scene.check(scene.head(change)).conclusion == "success"
    assert len(scene.shop.threads(change)) == 1
    assert "nothing was pushed since the last review" in scene.says(change, "/pointsman review")
    assert scene.asked() == ["reviewer"] * 3


def test_a_rebased_change_is_reviewed_again_and_what_was_said_is_not_said_twice(stage: ServedStage) -> None:
    again = replies(
        {**APPROVAL, "mended": [], "findings": [finding(f"    return {WORSE}", "Percent are hundredths.")]}
    )
    scene = stage.scene("egret", reviewer=(WRONG_UNIT, HUNDREDTHS, again))
    change = scene.proposed()
    scene.shop.label(change, REVIEW_LABEL, scene.ada)
    scene.over()
    trunk = scene.shop.commit("main", {"CHANGES.md": "Second.\n"}, by=scene.ada)
    files = {"shop/prices.py": BUGGY.replace("price - percent", WORSE), "NEWS.md": "Percent.\n"}
    scene.shop.commit("percent", files, by=scene.ada, start=trunk)
    scene.over(2)

    assert len(scene.shop.threads(change)) == 1
    assert scene.check(scene.head(change)).conclusion == "failure"


def test_findings_that_people_resolved_or_ignored_are_not_raised_again(stage: ServedStage) -> None:
    scene = stage.scene("bunting", reviewer=(WRONG_UNIT, CANNOT, WRONG_UNIT))
    change = scene.proposed()
    scene.says(change, "/pointsman review")
    scene.over()
    (thread,) = scene.shop.threads(change)
    scene.shop.resolve(thread.first, scene.ada)
    pushed(scene, WORSE, **{"NEWS.md": "Percent.\n"})
    scene.says(change, "/pointsman full review")
    scene.over(2)
    assert len(scene.shop.threads(change)) == 1


def test_a_review_that_is_asked_of_the_bot_is_given_once_for_each_head(stage: ServedStage) -> None:
    scene = stage.scene("crake", reviewer=(FINE,))
    change = scene.proposed(RIGHT)
    scene.shop.request_review(change, scene.bot, scene.ada)
    scene.over()
    (review,) = scene.shop.reviews(change)
    assert review.commit == scene.head(change)
    assert scene.check(scene.head(change)).conclusion == "success"


def test_the_check_is_made_anew_by_its_button_and_by_re_run(stage: ServedStage) -> None:
    scene = stage.scene("diver", reviewer=(FINE,))
    change = scene.proposed(RIGHT)
    scene.says(change, "/pointsman review")
    scene.over()
    (check,) = scene.shop.checks(scene.head(change))
    scene.shop.press(check.id, "review", scene.ada)
    scene.over(2)
    scene.shop.rerequest_check(check.id, scene.ada)
    scene.over(3)
    reader = stage.world.person("reader-diver")
    scene.shop.collaborator(reader, "read")
    scene.shop.rerequest_check(check.id, reader)
    stage.settle()
    assert len(scene.runs()) == 3
    assert scene.asked() == ["reviewer"] * 3


def test_a_fork_is_reviewed_and_never_edited_and_its_routing_file_means_nothing(stage: ServedStage) -> None:
    scene = stage.scene("gannet", reviewer=(WRONG_UNIT, HUNDREDTHS))
    stranger = stage.world.person("mallory-gannet")
    fork = scene.shop.fork(stranger)
    fork.commit("percent", {".pointsman.yml": "plan: senior\ncode: senior\nqa: spare\n"}, by=stranger)
    change = scene.proposed(fork=fork, by=stranger)
    assert "this wants write access" in scene.says(change, "/pointsman review", stranger)
    scene.says(change, "/pointsman review")
    assert scene.over().result == "reviewed"
    assert "Percent are hundredths." in remark(scene, change)
    for command in ("fix", "ci", "ask Why (gannet)?"):
        assert "comes from a fork" in scene.says(change, f"/pointsman {command}"), command
    assert scene.asked() == ["reviewer", "reviewer"]
    assert list(scene.shop.branches()) == ["main"]


def test_a_question_in_a_thread_is_answered_there(stage: ServedStage) -> None:
    scene = stage.scene("dotterel", reviewer=(WRONG_UNIT, CANNOT), planner=("Because 10 percent are 0.1.",))
    change = scene.proposed()
    scene.says(change, "/pointsman review")
    scene.over()
    (thread,) = scene.shop.threads(change)
    scene.shop.reply(thread.first, "Why is that wrong?", scene.ada)
    scene.over(2)
    (thread,) = scene.shop.threads(change)
    assert [comment.by.login for comment in thread.comments] == [scene.bot.login, scene.ada.login, scene.bot.login]
    assert "Because 10 percent are 0.1." in thread.comments[-1].body


def test_a_push_while_the_review_goes_on_leaves_no_verdict_on_the_new_head(stage: ServedStage) -> None:
    scene = stage.scene("smew", reviewer=(Answer(text=FINE, delay=1.5),))
    change = scene.proposed(RIGHT)
    old = scene.head(change)
    scene.says(change, "/pointsman review")
    scene.asks("reviewer")
    new = pushed(scene, WORSE)
    scene.over()
    assert [check.conclusion for check in scene.shop.checks(new)] in ([], ["action_required"])
    assert [review.commit for review in scene.shop.reviews(change)] == [old]


def test_a_person_who_pushes_to_our_branch_has_it_and_fix_asks_us_on(stage: ServedStage) -> None:
    half = finding(f"    return {RIGHT}", "Half a cent (scoter).", severity="minor")
    scene = stage.scene(
        "scoter",
        routing="plan: planner\ncode: coder\nqa: reviewer\nreview: {auto_fix: false}\n",
        coder=(edit(RIGHT), edit(BETTER, old=RIGHT)),
        reviewer=(replies({"summary": "", "findings": [half]}), FINE),
    )
    _, change = scene.built()
    theirs = scene.shop.commit(scene.branch(), {"NEWS.md": "Percent.\n"}, by=scene.ada)
    stage.settle()
    assert scene.head(change.number) == theirs
    assert [check.conclusion for check in scene.shop.checks(theirs)] == ["action_required"]

    scene.says(change.number, "/pointsman fix")
    run = scene.over(2)
    assert scene.shop.git.run("merge-base", theirs, scene.head(change.number)).strip() == theirs
    assert BETTER in scene.shop.read("shop/prices.py", scene.branch())
    # What the person pushed was read by nobody, so the change is not called ready.
    assert run.result == "needs-person"
    assert "1 of 1 findings fixed." in run.message
    assert "NEWS.md" in run.message


def test_who_looks_again_at_a_change_of_ours_reads_the_issue_and_not_who_wrote_it(stage: ServedStage) -> None:
    """The page of the change and the note on its branch name the models; a reviewer knows neither."""
    scene = stage.scene("dunlin", routing="plan: planner\ncode: senior\nqa: reviewer\n")
    _, change = scene.built()
    assert "senior" in (change.body or "")
    scene.says(change.number, "/pointsman full review")
    assert scene.over(2).result == "reviewed"
    asked = told(stage, "dunlin reviewer")
    assert len(asked) == 2
    for text in asked:
        assert "Ten percent off 200 is 180." in text
        assert RIGHT in text
        assert not any(word in text for word in ("senior", "delta", ".pointsman/", "Who did what"))


def test_people_are_told_of_a_key_that_a_change_brings_though_no_model_is_shown_it(stage: ServedStage) -> None:
    """A key in the repository is what notes are checked by."""
    scene = stage.scene("turnstone")
    change = scene.proposed()
    pushed(scene, WORSE, **{".pointsman/keys/theirs.pem": "a key of theirs\n"})
    scene.says(change, "/pointsman review")
    assert scene.over().result == "reviewed"
    (review,) = scene.shop.reviews(change)
    assert "decides how the repository is worked on" in review.body
    assert "`.pointsman/keys/theirs.pem`" in review.body
    asked = [
        body for seen, body in zip(stage.models.seen, stage.models.bodies, strict=True) if "turnstone" in seen.rule
    ]
    assert len(asked) == 1
    assert b"theirs" not in asked[0]
