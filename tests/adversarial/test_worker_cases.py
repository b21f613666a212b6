"""What comes out of the inbox when somebody tries: replays, threads of others, bots; by the ids of the list."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import says
from tests.unit.runs.desk_world import EVE, HERE, DeskWorld, labelled, pushed, said
from tests.unit.runs.served_world import ADA, BOT, FINE, SHOP, OnePlace, change_view, review_of, within
from tests.unit.runs.test_conduct_of_a_review import ODD, REMARK, asked
from tests.unit.runs.test_steering import known_review

from pointsman.audit.ledger.memory import SqlMemory
from pointsman.domain.events import ChangeClosed, ReviewAsked, ThreadReplied
from pointsman.domain.forge import Access, CheckState, Thread
from pointsman.domain.run import Actor
from pointsman.ports.memory import LAST_REVIEW
from pointsman.runs.adapters import Queue
from pointsman.runs.course.remembering import facts_of, last_review
from pointsman.runs.hearing.starting import IGNORED

MALLORY = Actor(13, "mallory")
LATER = "2026-11-28T10:00:00Z"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskWorld]:
    world = DeskWorld(tmp_path)
    yield world
    world.close()


def test_w3_a_body_that_is_played_again_under_a_new_id_does_nothing_even_days_later(desk: DeskWorld) -> None:
    """The signature covers the body and not the delivery's id: the label and the comment are looked at instead."""
    (first,) = desk.hear(labelled())
    assert first.startswith("run: ")
    desk.forge.labels_on = ()
    assert desk.hear(labelled(), at=LATER) == ("ignored: the label is gone",)
    assert desk.hear(said("/pointsman plan", at="c5"))[0].startswith("run: ")
    assert desk.hear(said("/pointsman plan", at="c5"), at=LATER) == ("ignored: heard before",)
    assert len(desk.runs_here()) == 2


def test_w3_a_closing_that_is_told_again_stops_nothing_at_a_change_that_was_opened_again(desk: DeskWorld) -> None:
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    desk.forge.views["13"] = change_view(head, "main")
    within(desk.memory.remember(SHOP.id, "13", "watched", {"id": "7", "login": "ada", "why": "asked"}))
    closed = ChangeClosed(HERE, "13", "topic", merged=False, actor=ADA)
    assert desk.hear(closed) == ("ignored: open again",)
    assert within(desk.memory.recall(SHOP.id, "13", "watched"))
    desk.forge.views["13"] = replace(desk.forge.views["13"], state="closed")
    assert desk.hear(closed) == ("closed",)


@pytest.mark.parametrize("words", ["Is this right?", "by design", "Fixed!", "done", "won't fix"])
def test_a6_what_people_say_to_each_other_in_their_own_threads_is_theirs(desk: DeskWorld, words: str) -> None:
    """No eyes, no answer, no model: the thread did not begin with a finding of ours."""
    known_review(desk, desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"}))
    theirs = ThreadReplied(HERE, "13", "91", "90", words, ADA, via_app=False)
    assert desk.hear(theirs) == ("ignored: a thread of others",)
    assert desk.forge.eyes == [] and desk.forge.replies == {} and desk.world.models.asks == []


def test_a13_a_stranger_settles_nothing_in_a_thread_of_ours(desk: DeskWorld) -> None:
    known_review(desk, desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"}))
    words = ("by design", "Fixed!", "Why?", "/pointsman ignore f-1")
    told = [ThreadReplied(HERE, "13", str(n), "77", text, EVE, via_app=False) for n, text in enumerate(words)]
    outcomes = desk.hear(*told)
    assert outcomes == ("ignored: access",) * 3 + ("refused: access",)
    assert within(desk.memory.recall(SHOP.id, "13", IGNORED)) == {} and desk.forge.resolved == []
    assert desk.world.models.asks == [] and desk.forge.eyes == []


def test_a13_c1_a_stranger_who_goes_on_and_on_is_told_on_three_topics(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    recall = SqlMemory.recall

    async def slowly(memory: SqlMemory, repository_id: str, topic: str, kind: str) -> dict[str, str]:
        found = await recall(memory, repository_id, topic, kind)
        await asyncio.sleep(0.05)
        return found

    monkeypatch.setattr(SqlMemory, "recall", slowly)
    topics = [str(number) for number in range(20, 26)]
    asked = [said("/pointsman build", EVE, number=number, at=number) for number in topics]
    outcomes = desk.hear(*asked)
    assert sorted(outcomes) == ["ignored: access"] * 3 + ["refused: access"] * 3
    again = topics[outcomes.index("refused: access")]
    assert desk.hear(said("/pointsman build", EVE, number=again, at="again")) == ("refused: access",)
    assert desk.hear(said("/pointsman build", MALLORY, number="25", at="other")) == ("refused: access",)
    assert len(desk.forge.replies) == 2


def test_a12_the_author_of_a_fork_who_resolves_a_thread_does_not_settle_its_finding(desk: DeskWorld) -> None:
    """A forge lets whoever opened a change resolve its threads; only those who may write settle what was found."""
    finding = known_review(desk, desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"}))
    settled = {}
    for who in (EVE, Actor(0, ""), ADA):
        newer = desk.world.workspace.keep({**desk.tree, "new.py": f"TWO = {who.id}\n"})
        desk.forge.views["13"] = replace(change_view(newer, "main"), is_fork=True, author=EVE)
        desk.forge.open_threads = [Thread("t-1", "77", finding.id, is_resolved=True, said=(), resolved_by=who)]
        (outcome,) = desk.hear(said("/pointsman full review", number="13", at=f"c{who.id}"))
        settled[who.login] = within(_settled_for(desk, outcome.removeprefix("run: ")))
    assert settled == {"eve": (), "": (), "ada": (finding.id,)}


async def _settled_for(desk: DeskWorld, run_id: str) -> tuple[str, ...]:
    found = await desk.engine.spec_of(run_id)
    return found.prior.settled if found.prior is not None else ()


def test_a12_g12_a_branch_of_our_name_in_other_hands_is_not_ours(desk: DeskWorld) -> None:
    """Somebody deleted our branch and opened a change of their own from one with the same name."""
    desk.world.models.script[:0] = [says(data=FINE)]
    head = desk.world.workspace.keep({**desk.tree, "new.py": "ONE = 1\n"})
    known_review(desk, head)
    desk.forge.views["13"] = replace(change_view(head, "main"), author=MALLORY)
    outcomes = desk.hear(*(said(f"/pointsman {word}", number="13", at=word) for word in ("fix", "ci")))
    assert outcomes == ("refused: own-change",) * 2
    assert desk.forge.changes == {}


def test_a4_a_listed_bot_whose_name_is_another_bot_s_now_is_refused(desk: DeskWorld) -> None:
    named = Actor(501, "friendly[bot]", is_bot=True)
    desk.policy = desk.policy.replace('"version": 1', '"version": 1, "serve": {"bots": [501]}')
    desk.forge.people[named.id] = Access.NONE
    assert desk.hear(said("/pointsman build", named)) == ("refused: access",)
    assert desk.runs_here() == ()


def test_a10_a_change_that_is_to_go_into_another_branch_has_no_verdict_for_that(desk: DeskWorld) -> None:
    """A10: whoever opened it may name another branch, into which the same head brings what nobody read."""
    desk.world.models.script[:0] = [says(data=FINE)] * 9
    desk.runs(asked(desk, {"bounds.py": ODD}))
    ((head, _),) = desk.forge.checks
    there = desk.world.workspace.keep({path: text for path, text in desk.tree.items() if path != "bounds.py"})
    retargeted = replace(pushed(head, EVE), before=head)
    desk.forge.views["13"] = change_view(head, desk.world.base)
    assert desk.hear(retargeted) == ("ignored: not asked for",)
    desk.forge.views["13"] = change_view(head, there)
    assert desk.hear(retargeted) == ("stale",)
    assert [states[-1] for states in desk.forge.checks.values()] == [CheckState.STALE]
    (outcome,) = desk.hear(said("/pointsman review", number="13", at="again"))
    spec = within(desk.engine.spec_of(outcome.removeprefix("run: ")))
    assert (spec.base_commit, spec.head_commit) == (there, head)


def test_a10_the_last_finding_of_a_change_that_goes_elsewhere_now_is_ignored_and_passes_nothing(
    desk: DeskWorld,
) -> None:
    desk.world.models.script[:0] = [review_of(REMARK)]
    desk.runs(asked(desk, {"bounds.py": ODD}))
    last = within(last_review(desk.memory, SHOP.id, "13"))
    assert last is not None
    there = desk.world.workspace.keep({path: text for path, text in desk.tree.items() if path != "bounds.py"})
    desk.forge.views["13"] = change_view(last.head, there)
    (finding,) = last.review.findings
    assert desk.hear(said(f"/pointsman ignore {finding.id}", number="13")) == (f"ignored: {finding.id}",)
    assert [states[-1] for states in desk.forge.checks.values()] == [CheckState.NEEDS_PERSON]


def test_c1_of_many_pushes_to_a_watched_change_the_newest_alone_is_reviewed(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C1: somebody with write access asked once; whoever may push to the change, on a fork, decides how often."""
    monkeypatch.setattr(OnePlace, "place", _nobody_s_turn)
    heads = [desk.world.workspace.keep({**desk.tree, "new.py": f"N = {number}\n"}) for number in range(4)]
    desk.forge.views["13"] = change_view(heads[0], "main")
    assert desk.hear(ReviewAsked(HERE, "13", heads[0], BOT, ADA))[0].startswith("run: ")
    for head in heads[1:]:
        desk.forge.views["13"] = change_view(head, "main")
        assert desk.hear(pushed(head, EVE))[0].startswith("run: ")
    waiting = {view.run_id for view in desk.runs_here() if view.state == "queued"}
    assert [within(desk.engine.spec_of(run_id)).head_commit for run_id in waiting] == [heads[-1]]
    assert desk.forge.statuses == {} and desk.world.models.asks == []


@pytest.mark.parametrize("goes_elsewhere", [False, True])
def test_a_review_at_work_that_a_newer_state_of_its_change_ends_says_so(
    desk: DeskWorld, monkeypatch: pytest.MonkeyPatch, goes_elsewhere: bool
) -> None:
    """Nobody cancelled it: somebody pushed, or named another branch for the change to go into."""
    monkeypatch.setattr(OnePlace, "place", _nobody_s_turn)
    head, newer = (desk.world.workspace.keep({**desk.tree, "new.py": f"N = {number}\n"}) for number in range(2))
    desk.forge.views["13"] = change_view(head, "main")
    desk.hear(ReviewAsked(HERE, "13", head, BOT, ADA))
    (view,) = desk.runs_here()
    within(desk.ledger.keep(replace(view, state="running", phase="review")))
    now = (head, desk.world.workspace.keep({**desk.tree, "old.py": "O = 1\n"})) if goes_elsewhere else (newer, "main")
    desk.forge.views["13"] = change_view(*now)
    assert desk.hear(pushed(now[0], EVE))[0].startswith("run: ")
    old = within(desk.ledger.run(view.run_id))
    assert old is not None
    assert (old.state, old.message) == ("cancelled", "The change moved on before the review was made.")
    assert "since the change moved on" in desk.forge.statuses[view.run_id]
    assert desk.forge.titles == {(head, view.run_id): "The change moved on"}


@asynccontextmanager
async def _nobody_s_turn(_: OnePlace, repository_id: str, queue: Queue) -> AsyncIterator[None]:
    await asyncio.Event().wait()
    yield


@pytest.mark.parametrize(("unread", "state"), [((), CheckState.PASSED), (("big.py",), CheckState.NEEDS_PERSON)])
def test_a12_to_ignore_the_last_finding_passes_no_change_that_nobody_read_whole(
    desk: DeskWorld, unread: tuple[str, ...], state: CheckState
) -> None:
    """A change may be made so large that a part of it is not read; a finding about the rest hides that at first."""
    desk.world.models.script[:0] = [review_of(REMARK)]
    desk.runs(asked(desk, {"bounds.py": ODD}))
    last = within(last_review(desk.memory, SHOP.id, "13"))
    assert last is not None and last.review.verdict == "inconclusive"
    kept = replace(last, review=replace(last.review, unread=unread))
    within(desk.memory.remember(SHOP.id, "13", LAST_REVIEW, facts_of(kept)))
    (finding,) = last.review.findings
    assert desk.hear(said(f"/pointsman ignore {finding.id}", number="13")) == (f"ignored: {finding.id}",)
    (states,) = desk.forge.checks.values()
    assert states[-1] is state
