"""What is delivered and what people then see: who is heard, what is begun, and that nothing is done twice."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.runs.desk_world import EVE, HERE, DeskWorld, Town, labelled, said
from tests.unit.runs.served_world import ADA, BOT, ISSUE, change_view

from pointsman.domain.errors import OperatorMust, TryAgain
from pointsman.domain.events import Ignored, TrunkPushed
from pointsman.domain.forge import Access, Topic
from pointsman.domain.run import Actor
from pointsman.ports.hooks import Attempt

ROBOT = Actor(500, "dependabot[bot]", is_bot=True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    world = DeskWorld(tmp_path)
    yield world
    world.close()


def test_a_label_is_seen_taken_away_and_begins_one_run(desk: DeskWorld) -> None:
    (outcome,) = desk.hear(labelled())
    assert outcome.startswith("run: r-"), outcome
    assert (desk.forge.eyes, desk.forge.labels_taken) == ([("12", "")], ["pointsman"])
    (view,) = desk.runs_here()
    assert outcome == f"run: {view.run_id}" and view.issue == "12"


def test_many_labels_on_one_text_are_one_run_and_one_word_on_it(desk: DeskWorld) -> None:
    """C1, W3: toggles of a label, each with an id of its own."""
    outcomes = desk.hear(*(labelled() for _ in range(40)))
    assert len([one for one in outcomes if one.startswith("run: ")]) == 1
    assert {one.partition(":")[0] for one in outcomes} <= {"run", "already running", "ignored"}
    assert len(desk.runs_here()) == 1
    assert len(desk.forge.replies) <= 1


def test_strangers_get_one_quiet_answer_and_nothing_happens(desk: DeskWorld) -> None:
    """A1, A2, A13: access is asked of the forge, whatever is wanted."""
    desk.forge.people[EVE.id] = Access.READ
    outcomes = desk.hear(labelled(EVE), said("/pointsman cancel", EVE), said("/pointsman build", EVE, at="2"))
    assert set(outcomes) == {"refused: access"}
    assert list(desk.forge.replies) == [f"refused-{EVE.id}"] and "`eve`" in desk.forge.replies["refused-666"][1]
    assert desk.forge.eyes == [] and desk.runs_here() == ()


def test_nobody_is_heard_while_the_forge_cannot_say_who_they_are(desk: DeskWorld) -> None:
    """A3: doubt is no, and it is asked again before it is."""
    desk.forge.mishaps["access"] = [TryAgain("Down.", after=1.0)] * 6
    assert desk.hear(labelled()) == ("refused: access",)
    assert desk.runs_here() == () and desk.clock.slept[:2] == [1.0, 5.0]


def test_bots_are_heard_by_their_number_only_and_the_own_one_never(desk: DeskWorld) -> None:
    """A4, A5, A8."""
    desk.forge.people |= {ROBOT.id: Access.WRITE, BOT.id: Access.WRITE}
    named = Actor(501, "friendly[bot]", is_bot=True)
    desk.forge.people[named.id] = Access.READ
    desk.policy = desk.policy.replace('"version": 1', '"version": 1, "serve": {"bots": [501]}')
    outcomes = desk.hear(
        said("/pointsman status", ROBOT),
        said("/pointsman status", BOT, at="2"),
        said("/pointsman status", ADA, via_app=True, at="3"),
        said("/pointsman status", named, at="4"),
        labelled(named),
    )
    assert outcomes[:3] == ("ignored: bot", "ignored: own", "ignored: a program in somebody's name")
    assert outcomes[3] == "shown: status" and outcomes[4].startswith("run: ")
    assert list(desk.forge.replies) == ["answer-4"]


def test_repositories_that_are_not_served_are_left_alone(desk: DeskWorld) -> None:
    """W7, W9: no comment, nothing asked about the person."""
    elsewhere = replace(labelled(), origin=replace(HERE, repository_id="2"))
    assert desk.hear(elsewhere) == ("ignored: repository-gone",)
    desk.policy = desk.policy.replace('"version": 1', '"version": 1, "serve": {"repositories": ["other/*"]}')
    assert desk.hear(labelled()) == ("ignored: repository",)
    assert desk.forge.replies == {} and desk.forge.calls["access"] == 0


def test_an_edited_text_is_not_worked_on(desk: DeskWorld) -> None:
    """A9: what the person saw is what is run."""
    assert desk.hear(labelled(digest="another")) == ("refused: text-changed",)
    assert "changed" in next(iter(desk.forge.replies.values()))[1] and desk.runs_here() == ()


def test_a_missing_routing_file_is_told_once_and_a_broken_one_by_a_notice(tmp_path: Path) -> None:
    """R10."""
    none = DeskWorld(tmp_path / "none", routing="")
    assert none.hear(labelled()) == ("refused: no-routing-file",)
    assert "no `.pointsman.yml`" in next(iter(none.forge.replies.values()))[1]
    none.close()
    broken = DeskWorld(tmp_path / "broken", routing="plan: planner\ncode: 7\n")
    trunk = TrunkPushed(HERE, "main", ADA)
    assert broken.hear(trunk, labelled()) == ("routing file is broken", "refused: routing-file")
    assert "Action required" in broken.forge.notices[0][0]
    broken.world.workspace.commits["main"][".pointsman.yml"] = "plan: planner\ncode: coder\nqa: reviewer\n"
    assert broken.hear(trunk) == ("routing file was read",)
    assert broken.forge.notices[-1][1] == ""
    broken.close()


def test_every_showing_command_answers_below_its_own_comment(desk: DeskWorld) -> None:
    words = ("help", "status", "cost", "route", "config", "handover", "audit")
    typo = said("/pointsman biuld", at="typo")
    outcomes = desk.hear(*(said(f"/pointsman {word}", at=word) for word in words), typo)
    assert outcomes[:5] == tuple(f"shown: {word}" for word in words[:5])
    assert outcomes[5:] == ("handed over: claude-code", "shown: audit", "misread")
    assert set(desk.forge.replies) == {f"answer-{word}" for word in (*words, "typo")}
    assert "build" in desk.forge.replies["answer-typo"][1] and "planner" in desk.forge.replies["answer-route"][1]
    assert desk.runs_here() == () and desk.world.models.asks == []


def test_forks_are_reviewed_and_nothing_else(desk: DeskWorld) -> None:
    """A12."""
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    desk.forge.views["13"] = replace(change_view(head, "main"), is_fork=True)
    words = ("fix", "ci", "ask why?", "review")
    outcomes = desk.hear(*(said(f"/pointsman {word}", number="13", at=word) for word in words))
    assert outcomes[:3] == ("refused: fork",) * 3
    assert outcomes[3].startswith("run: ")
    assert desk.forge.changes == {}


def test_what_means_nothing_is_finished_with_its_reason(desk: DeskWorld) -> None:
    events = (Ignored("edited"), said("looks good to me"), said("> /pointsman build"), labelled(label="bug"))
    none = "ignored: no command"
    assert desk.hear(*events) == ("ignored: edited", none, none, "ignored: another label")
    assert desk.forge.eyes == [] and desk.forge.replies == {}


def test_a_bad_delivery_is_finished_and_the_next_one_dealt_with(desk: DeskWorld) -> None:
    desk.forge.bugs = 1
    first, second = labelled(), replace(said("/pointsman help"), number="14")
    assert desk.hear(first) == ("failed: bug",)
    assert desk.hear(second) == ("shown: help",)


def test_a_fault_of_the_installation_is_told_with_the_delivery_that_its_log_names(
    desk: DeskWorld, caplog: pytest.LogCaptureFixture
) -> None:
    desk.forge.mishaps["issue"] = [OperatorMust("The disk is full.", code="disk-full")]
    assert desk.hear(said("/pointsman build", number=ISSUE.key)) == ("failed: disk-full",)
    ((_, text),) = desk.forge.replies.values()
    assert "`disk-full`" in text and "`guid-0`" in text and "pointsman show" not in text
    (told,) = [record for record in caplog.records if record.getMessage() == "a wish could not be met"]
    assert (vars(told)["delivery"], vars(told)["why"]) == ("guid-0", "The disk is full.")


def test_a_policy_that_was_edited_between_a_crash_and_the_replay_changes_nothing_of_what_was_decided(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that went another way than the journal would not find its steps."""
    before = desk.policy
    desk.policy = before.replace('"version": 1', '"version": 1, "serve": {"bots": [500]}')
    desk.forge.people[ROBOT.id] = Access.WRITE
    reached: list[str] = []

    async def stuck(town: Town, topic: Topic, comment: str = "", label: str = "") -> None:
        reached.append(comment)
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(Town, "acknowledge", stuck)
        cut = desk.cut_off(said("/pointsman pause", ROBOT), lambda: bool(reached))
    desk.policy = before
    assert desk.taken_up(cut) == "paused"
    assert desk.forge.eyes == [("12", "1")]


def test_missed_deliveries_are_asked_for_again_once(desk: DeskWorld) -> None:
    at = "2026-11-21T09:00:00Z"
    desk.post.tries = [
        Attempt("4", "never-came", "issues", False, at),
        Attempt("3", "came-later", "issues", True, at),
        Attempt("2", "came-later", "issues", False, at),
        Attempt("1", "too-old", "issues", False, "2026-11-01T09:00:00Z"),
    ]
    desk.hear(Ignored("edited"))
    desk.hear(Ignored("edited"))
    assert desk.post.again == ["4"]


def test_the_issue_of_the_world_is_the_one_that_is_labelled() -> None:
    assert labelled().number == ISSUE.key
