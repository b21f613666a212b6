"""Commands in comments on GitHub: what each does, and what people read then."""

from collections.abc import Iterator

import pytest
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, ServedStage, until
from tests.worlds.stage import APPROVAL, RIGHT, edit, finding, replies
from tests.worlds.stage import PLAN as PLANNED

QUIET = "plan: planner\ncode: coder\nqa: reviewer\nreview: {auto_fix: false}\n"
QUOTE = f"    return {RIGHT}"
REMARK = "Half a cent is lost."
BETTER = "max(0.0, round(price * (1 - percent / 100), 2))"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("commands")) as served:
        yield served


def remarked(word: str = "") -> str:
    """A review with one finding about the line of the fix."""
    message = f"{REMARK} ({word})" if word else REMARK
    return replies({"summary": "", "findings": [finding(QUOTE, message, severity="minor")]})


def test_everything_that_can_be_asked_without_a_model_is_answered_on_the_issue(stage: ServedStage) -> None:
    scene = stage.scene("dunnock")
    number = scene.issue()
    for command, answer in (
        ("/pointsman help", "| `/pointsman build [--task CLASS]` | Work on the issue until there is a change, as "),
        ("@pointsman route", "| code | `coder` | beta | local |"),
        ("/pointsman status", "There is no run here."),
        ("/POINTSMAN cost", "Nothing was spent"),
        ("/pointsman config", '"model": "planner"'),
        ("/pointsman audit", "This works on a change"),
        ("/pointsman handover copilot", "## Task: Discounts take off euros"),
        ("/pointsman reviw", "Did you mean `/pointsman review`?"),
        ("/pointsman fix", "This works on a change"),
        ("/pointsman cancel", "There is no run here"),
    ):
        assert answer in scene.says(number, command), command
    assert (scene.asked(), scene.runs()) == ([], [])


def test_everything_that_can_be_asked_without_a_model_is_answered_on_the_change(stage: ServedStage) -> None:
    scene = stage.scene("siskin")
    _, change = scene.built()
    run_id = scene.runs()[0].run_id
    for command, answer in (
        ("/pointsman status", f"| `{run_id}` | ready |"),
        ("/pointsman cost", "**$0** for 1 run."),
        ("/pointsman audit", "1 signed note. The chain holds."),
        ("/pointsman build", "This works on an issue"),
        ("/pointsman fix", "There are no open findings here."),
        ("/pointsman ignore f-123456789012", "There are no open findings here."),
        ("/pointsman approve 12345678", "no plan with the hash `12345678` waits here"),
        ("/pointsman resume", "Nothing is paused here."),
    ):
        assert answer in scene.says(change.number, command), command
    assert scene.asked() == ["planner", "coder", "reviewer"]


def test_a_command_that_is_quoted_fenced_hidden_in_the_text_or_edited_in_does_nothing(stage: ServedStage) -> None:
    scene = stage.scene("pipit")
    number = scene.issue()
    for text in (
        "> /pointsman build",
        "```\n/pointsman build\n```",
        "<!-- /pointsman build -->",
        "Please do not /pointsman build",
        "    /pointsman build",
    ):
        assert scene.says(number, text) == "", text
    said = scene.shop.comment(number, "Nice weather.", scene.ada)
    scene.shop.edit_comment(said, "/pointsman build", scene.ada)
    stage.settle()
    assert (scene.runs(), scene.said(number), scene.asked()) == ([], [], [])


def test_only_people_who_may_write_are_obeyed_and_strangers_are_told_once(stage: ServedStage) -> None:
    scene = stage.scene("fieldfare")
    number = scene.issue()
    for role in ("none", "read", "triage"):
        person = stage.world.person(f"{role}-fieldfare")
        scene.shop.collaborator(person, role)
        assert "this wants write access" in scene.says(number, "/pointsman build", person), role
        assert scene.says(number, "/pointsman build", person) == ""
        scene.shop.label(number, LABEL, person)
        stage.settle()
        scene.shop.unlabel(number, LABEL, scene.ada)
    assert scene.says(number, "/pointsman build", stage.world.person("helper[bot]", "Bot")) == ""
    assert (scene.runs(), len(scene.said(number))) == ([], 3)


def test_who_took_over_the_login_of_somebody_who_may_write_is_a_stranger(stage: ServedStage) -> None:
    scene = stage.scene("bittern")
    number = scene.issue()
    before = scene.ada
    stage.world.rename_person(before, "ada-elsewhere")
    impostor = stage.world.person(before.login)
    assert impostor.id != before.id
    assert "this wants write access" in scene.says(number, "/pointsman build", impostor)
    assert scene.runs() == []


def test_a_plan_is_made_and_shown_and_nothing_else(stage: ServedStage) -> None:
    scene = stage.scene("dipper")
    number = scene.issue()
    scene.says(number, "/pointsman plan")
    assert scene.over().result == "planned"
    assert "Multiply by the part that is left." in scene.said(number)[-1]
    assert (scene.asked(), scene.shop.pulls()) == (["planner"], [])


def test_a_question_is_answered_where_it_was_asked_and_nothing_is_changed(stage: ServedStage) -> None:
    scene = stage.scene("twite", planner=("The line in `shop/prices.py` takes euros off.",))
    number = scene.issue()
    scene.says(number, "/pointsman ask Where is the bug (twite)?")
    assert scene.over().result == "answered"
    (answer,) = scene.said(number)
    assert "The line in `shop/prices.py` takes euros off." in answer
    assert (scene.asked(), list(scene.shop.branches())) == (["planner"], ["main"])


def test_fix_is_one_commit_and_each_thread_is_answered_and_resolved(stage: ServedStage) -> None:
    scene = stage.scene(
        "redstart",
        routing=QUIET,
        coder=(edit(RIGHT), edit(BETTER, old=RIGHT)),
        reviewer=(remarked("redstart"), replies({**APPROVAL, "still_open": []})),
    )
    _, change = scene.built()
    before = scene.head(change.number)
    scene.says(change.number, "/pointsman fix")
    run = scene.over(2)

    assert (run.state, run.result) == ("done", "ready"), run
    assert BETTER in scene.shop.read("shop/prices.py", scene.branch())
    new = scene.shop.git.run("log", "--format=%s", f"{before}..{scene.head(change.number)}").splitlines()
    assert len(new) == 2
    (thread,) = scene.shop.threads(change.number)
    assert thread.is_resolved
    assert [comment.by.login for comment in thread.comments] == [scene.bot.login] * 2
    assert "Fixed in " in thread.comments[-1].body
    assert scene.check(scene.head(change.number)).conclusion == "success"
    assert len(scene.shop.pulls()) == 1


def test_an_ignored_finding_is_never_raised_again_and_its_thread_is_closed(stage: ServedStage) -> None:
    scene = stage.scene("whinchat", routing=QUIET, reviewer=(remarked(),))
    _, change = scene.built()
    (thread,) = scene.shop.threads(change.number)
    scene.shop.reply(thread.first, "/pointsman ignore", scene.ada)
    stage.settle()
    (thread,) = scene.shop.threads(change.number)
    assert thread.is_resolved
    assert "will not be raised again" in thread.comments[-1].body

    scene.says(change.number, "/pointsman full review")
    assert scene.over(2).result == "reviewed"
    assert len(scene.shop.threads(change.number)) == 1


def test_a_phase_is_done_again_by_another_model_without_a_second_plan(stage: ServedStage) -> None:
    scene = stage.scene("wryneck")
    number, _ = scene.built()
    scene.says(number, "/pointsman rerun code --model senior")
    assert scene.over(2).result == "ready"
    assert scene.asked() == ["planner", "coder", "reviewer", "senior", "reviewer"]
    assert len(scene.shop.pulls()) == 2


def test_ci_is_let_run_by_an_empty_commit_that_skips_nothing(stage: ServedStage) -> None:
    scene = stage.scene("garganey")
    _, change = scene.built()
    before = scene.head(change.number)
    assert "lets the repository's own CI run" in scene.says(change.number, "/pointsman ci")
    after = scene.head(change.number)
    assert scene.shop.git.run("diff", "--name-only", before, after) == ""
    assert scene.shop.git.run("rev-parse", f"{after}~1").strip() == before
    assert "skip-checks" not in scene.message(after)
    assert scene.check(after).conclusion is not None


def test_a_paused_run_holds_before_its_next_phase_until_somebody_goes_on(stage: ServedStage) -> None:
    scene = stage.scene("knot", planner=(Answer(text=replies(PLANNED), delay=1.0),))
    number = scene.labelled()
    scene.asks("planner")
    assert "is held before its next phase" in scene.says(number, "/pointsman pause")
    scene.waits()
    assert scene.asked() == ["planner"]
    assert "Resumed by" in scene.says(number, "/pointsman resume")
    assert scene.over().result == "ready"


def test_a_run_is_cancelled_in_the_middle_of_a_model_call_and_says_what_is_kept(stage: ServedStage) -> None:
    scene = stage.scene("ruff", coder=(Answer(fault="hang"),))
    number = scene.labelled()
    scene.asks("coder")
    scene.says(number, "/pointsman cancel")
    assert scene.over().state == "cancelled"
    (status,) = scene.said(number)
    assert "was cancelled. Nothing had been pushed." in status
    assert list(scene.shop.branches()) == ["main"]


def test_a_review_that_is_cancelled_leaves_a_cancelled_check(stage: ServedStage) -> None:
    scene = stage.scene("turnstone", reviewer=(Answer(fault="hang"),))
    change = scene.proposed()
    scene.says(change, "/pointsman review")
    scene.asks("reviewer")
    assert scene.check(scene.head(change)).status == "in_progress"
    scene.says(change, "/pointsman cancel")
    until(lambda: scene.check(scene.head(change)).conclusion == "cancelled", "the check is cancelled")
    assert scene.over().state == "cancelled"
