"""From a label to a change on GitHub, as people see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.worlds.repositories import FIXED, git
from tests.worlds.script import Answer
from tests.worlds.served_stage import LABEL, Scene, ServedStage, until
from tests.worlds.stage import PLAN, PROGRAM, RIGHT, edit, environment, finding, replies
from tests.worlds.warm import typed

QUIET = "plan: planner\ncode: coder\nqa: reviewer\nreview: {auto_fix: false}\n"
REMARK = "Half a cent is lost."
REMARKED = replies({"summary": "", "findings": [finding(f"    return {RIGHT}", REMARK, severity="minor")]})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    # So little time for code that an outage there is not waited out.
    phases = {"code": {"max_calls": 60, "seconds": 2}}
    with ServedStage(tmp_path_factory.mktemp("builds"), phases=phases) as served:
        yield served


def test_a_label_becomes_a_draft_change_with_plan_evidence_review_check_and_note(
    stage: ServedStage, tmp_path: Path
) -> None:
    template = "## Checklist\n\n- [ ] Changelog\n"
    scene = stage.scene(
        "kestrel", files={".github/pull_request_template.md": template}, routing=QUIET, reviewer=(REMARKED,)
    )
    number = scene.labelled()
    run = scene.over()

    assert (run.state, run.result) == ("done", "ready")
    assert scene.asked() == ["planner", "coder", "reviewer"]
    assert (scene.seen(number), LABEL in scene.shop.labels(number)) == (1, False)
    change = scene.change()
    _shows_the_change(scene, number, change.number)
    _is_a_draft_of_the_fix(scene, change.number)
    _is_reviewed_on_its_lines(scene, change.number)
    _is_checked(scene, change.number)
    _is_verified_elsewhere(scene, tmp_path)
    assert stage.world.mismatches == []


def _shows_the_change(scene: Scene, number: int, change: int) -> None:
    """One status comment, edited in place, that ends with the change and the figures."""
    (status,) = scene.said(number)
    assert "**The change is ready to be looked at.**" in status
    assert f"Change: #{change} · Branch: `pointsman/{number}-discounts-take-off-euros-instead-of-perc`" in status
    assert "3 model calls" in status
    created = [effect for effect in scene.world.effects if effect.repository == scene.shop.full_name]
    assert [effect.what for effect in created].count("comment created") == 1
    assert [effect.what for effect in created].count("pull opened") == 1


def _is_a_draft_of_the_fix(scene: Scene, change: int) -> None:
    found = scene.shop.one(change)
    assert found.pull is not None
    assert (found.pull.draft, found.pull.base_branch, found.state) == (True, "main", "open")
    assert scene.shop.read("shop/prices.py", found.pull.head_branch) == FIXED
    body = found.body or ""
    assert body.startswith("Fixes #1\n")
    for part in ("## Plan", "A discount takes percent off.", "## Evidence", "## Cost", "## Note", "- [ ] Changelog"):
        assert part in body, part
    log = scene.shop.git.run("log", "--format=%s", f"main..{found.pull.head_branch}").splitlines()
    assert log[0] == "Record how this change was made"
    assert len(log) == 2
    assert scene.message(scene.head(change)).splitlines()[-1] == "skip-checks: true"


def _is_reviewed_on_its_lines(scene: Scene, change: int) -> None:
    (review,) = scene.shop.reviews(change)
    (thread,) = scene.shop.threads(change)
    assert (review.state, review.by) == ("COMMENTED", scene.bot)
    assert (thread.path, thread.line) == ("shop/prices.py", 6)
    assert REMARK in thread.comments[0].body
    assert REMARK not in review.body


def _is_checked(scene: Scene, change: int) -> None:
    check = scene.check(scene.head(change))
    assert (check.status, check.conclusion) == ("completed", "success")
    told = f"{check.summary}\n{check.text}"
    for part in ("approve", "Tests: passed", "named in the routing file", "Cost: $0 in 3 model calls", "Chain head:"):
        assert part in told, part


def _is_verified_elsewhere(scene: Scene, folder: Path) -> None:
    """With nothing but a clone and the key that the server tells everybody."""
    (pem,) = scene.stage.keys()
    (folder / "key.pem").write_text(pem, encoding="utf-8")
    git(folder, "clone", "--quiet", str(scene.shop.git.path), "clone")
    branch = f"origin/{scene.branch()}"
    words = ("audit", "verify", f"origin/main..{branch}", "--repo", str(folder / "clone"))
    options = ("--key", str(folder / "key.pem"), "--home", str(folder / "home"))
    checking = typed([str(PROGRAM), *words, *options], cwd=folder, env=environment(folder))
    said = checking.communicate(timeout=240)
    assert checking.returncode == 0, said


def test_a_plan_waits_for_the_very_hash_that_somebody_agrees_to(stage: ServedStage) -> None:
    routing = "plan: planner\ncode: coder\nqa: reviewer\ntasks: {bugfix: {approval: plan}}\n"
    scene = stage.scene("linnet", routing=routing)
    number = scene.labelled()
    scene.waits()
    (waiting,) = scene.runs()
    (status,) = scene.said(number)
    assert "Multiply by the part that is left." in status
    assert f"/pointsman approve {waiting.plan_hash[:12]}" in status

    wrong = scene.says(number, "/pointsman approve 0123456789ab")
    assert "Nothing was approved" in wrong
    assert waiting.plan_hash[:12] in wrong
    assert scene.runs()[0].state == "waiting"
    right = scene.says(number, f"/pointsman approve {waiting.plan_hash[:8]}")
    assert f"was approved by `{scene.ada.login}`" in right
    assert scene.over().result == "ready"
    assert scene.asked() == ["planner", "coder", "reviewer"]


def test_text_that_is_edited_after_the_label_stops_the_run_and_nothing_is_pushed(stage: ServedStage) -> None:
    scene = stage.scene("merlin", coder=(Answer(text=edit(RIGHT), delay=1.0),))
    number = scene.labelled()
    scene.asks("coder")
    scene.shop.edit(number, by=scene.ada, body="Delete everything.")
    run = scene.over()

    assert (run.state, run.error_code) == ("stopped", "text-changed")
    assert list(scene.shop.branches()) == ["main"]
    assert "ask again" in scene.said(number)[-1] or "start the run again" in scene.said(number)[-1]


def test_somebody_who_may_no_longer_write_before_the_push_gets_nothing_pushed(stage: ServedStage) -> None:
    scene = stage.scene("osprey", coder=(Answer(text=edit(RIGHT), delay=1.0),))
    number = scene.labelled()
    scene.asks("coder")
    scene.shop.collaborator(scene.ada, "read")
    run = scene.over()

    assert (run.state, run.error_code) == ("refused", "access")
    assert list(scene.shop.branches()) == ["main"]
    assert f"`{scene.ada.login}` may not write" in scene.said(number)[-1]


def test_a_delivery_that_comes_again_and_a_label_put_twice_are_one_run(stage: ServedStage) -> None:
    scene = stage.scene("plover", coder=(Answer(text=edit(RIGHT), delay=1.0),))
    number = scene.labelled()
    scene.asks("coder")
    labelled = [one for one in stage.world.deliveries if one.action == "labeled" and one.repository == scene.shop.id]
    stage.world.redeliver(labelled[-1].guid)
    scene.shop.label(number, LABEL, scene.ada)
    scene.over()
    stage.world.redeliver(labelled[-1].guid)
    stage.settle()

    assert len(scene.runs()) == 1
    assert scene.asked() == ["planner", "coder", "reviewer"]
    assert len(scene.shop.pulls()) == 1


def test_a_secondary_limit_in_the_middle_is_waited_for_and_the_run_ends_well(stage: ServedStage) -> None:
    scene = stage.scene("godwit")
    faults = stage.world.faults
    faults.limit(f"POST /repos/{scene.shop.full_name}/pulls", seconds=1)
    faults.limit(f"POST /repos/{scene.shop.full_name}/check-runs", seconds=1, status=429)
    scene.labelled()
    assert scene.over().result == "ready"
    assert len(scene.shop.pulls()) == 1
    assert scene.check(scene.head(scene.change().number)).conclusion == "success"


def test_a_question_that_only_a_person_can_answer_stops_the_run_and_is_asked_on_the_issue(stage: ServedStage) -> None:
    plan = {**PLAN, "steps": [], "change": [], "questions": ["Gross or net?"]}
    scene = stage.scene("avocet", planner=(replies(plan),))
    number = scene.labelled()
    assert scene.over().state == "stopped"
    assert "Gross or net?" in scene.said(number)[-1]
    assert scene.shop.pulls() == []


def test_an_outage_is_told_without_the_address_of_a_provider_and_gone_on_from_with_the_plan_kept(
    stage: ServedStage,
) -> None:
    scene = stage.scene("lark", coder=(Answer(status=503, text="overloaded by secrets"), edit(RIGHT)))
    number = scene.labelled()
    assert scene.over().error_code == "outage"
    (status,) = scene.said(number)
    assert "(`outage`)" in status
    assert not any(word in status for word in ("127.0.0.1", "coder-host", "overloaded"))
    assert "`/pointsman rerun code` goes on from there" in status
    scene.says(number, "/pointsman rerun code")
    assert scene.over(2).result == "ready"
    assert scene.asked() == ["planner", "coder", "coder", "reviewer"]


def test_a_coder_without_an_edit_ends_in_words_that_say_which_comment_helps(stage: ServedStage) -> None:
    scene = stage.scene("swift", coder=("Nothing useful.",))
    number = scene.labelled()
    assert scene.over().error_code == "no-change"
    (status,) = scene.said(number)
    assert "No change came of this run" in status
    assert "`/pointsman rerun code --model NAME` keeps the plan" in status
    assert "pointsman rerun r-" not in status


def test_a_repository_that_is_renamed_in_the_middle_is_followed_by_the_next_try(stage: ServedStage) -> None:
    scene = stage.scene("owl", coder=(Answer(text=edit(RIGHT), delay=1.0), edit(RIGHT)))
    number = scene.labelled()
    scene.asks("coder")
    scene.shop.rename("store", scene.ada)
    scene.over()
    assert "Look whether the repository was renamed or moved, then run again." in scene.said(number)[-1]
    scene.shop.label(number, LABEL, scene.ada)
    run = scene.over(2)
    assert run.result == "ready", run.message
    assert len(scene.shop.pulls()) == 1


def test_a_branch_that_may_not_be_pushed_is_told_on_the_issue_and_costs_no_place_in_the_chain(
    stage: ServedStage,
) -> None:
    scene = stage.scene("martin")
    number = scene.issue()
    scene.shop.protect(f"pointsman/{number}-discounts-take-off-euros-instead-of-perc")
    scene.shop.label(number, LABEL, scene.ada)
    assert scene.over().error_code == "push-refused"
    assert "Protected branch update failed" in scene.said(number)[-1]
    assert list(scene.shop.branches()) == ["main"]
    scene.shop.state.protected.clear()
    scene.shop.label(number, LABEL, scene.ada)
    assert scene.over(2).result == "ready"
    assert "The chain holds." in scene.says(scene.change().number, "/pointsman audit")


def test_a_run_that_has_ended_leaves_no_token_that_still_works_for_the_next(stage: ServedStage) -> None:
    scene = stage.scene("dunlin")
    number = scene.labelled()
    scene.over()

    def minted() -> int:
        mine = scene.shop.id
        return sum(
            call.path.endswith("/access_tokens") and f"[{mine}]" in str(call.body) for call in scene.world.calls
        )

    before = minted()
    assert before > 0
    until(lambda: "r-" in scene.says(number, "/pointsman status") and minted() > before, "a token of its own")
