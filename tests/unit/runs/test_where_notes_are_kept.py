"""Where the note of a run is kept: in the tree, on the ref of notes, or in the text of the change."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import FIXED, says
from tests.unit.runs.served_world import BLOCK, FINE, PLAN, SHOP, Served, review_of, within
from tests.unit.runs.test_conduct_of_a_fix import asked
from tests.unit.runs.test_conduct_of_a_review import asked as reviewed

from pointsman.domain.errors import OperatorMust, OwnerMust, TryAgain
from pointsman.domain.forge import Access, ChangeOrder
from pointsman.domain.ledger import RunView
from pointsman.domain.levels import AuditMode

BRANCH = "pointsman/12-clamp-ignores-its-upper-bound"
ENVELOPE = ".pointsman/audit/2026-11-21-clamp-r-1.intoto.jsonl"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = Served(tmp_path, [says(data=PLAN), says(BLOCK), says(data=FINE)])
    yield world
    world.close()


def digests(world: Served) -> list[str]:
    return [note.digest for note in within(world.notes.notes(SHOP.id))]


def test_on_the_ref_the_note_is_there_before_its_branch_which_holds_the_code_alone(served: Served) -> None:
    served.forge.mishaps["note-ref"] = [TryAgain("Others were faster.", code="note-ref")]
    view = served.runs(replace(served.spec(), audit_mode="ref"))
    assert view.result == "ready"
    ((changes, files, words),) = served.on_ref
    assert (changes, sorted(files)[0], len(files)) == (0, ENVELOPE, 3)
    assert words.trailers == ("Pointsman-Run: r-1",)
    (order,) = served.forge.changes.values()
    assert served.world.workspace.recorded == []
    assert f"`refs/pointsman/audit`. Its digest is `{digests(served)[0]}`" in order.body


def test_a_note_on_the_ref_keeps_its_place_when_the_branch_is_refused_and_a_resumed_run_pushes_with_it(
    served: Served,
) -> None:
    served.forge.changes[BRANCH] = ChangeOrder("r-0", SHOP, BRANCH, "", "b", "their-head", "", "")
    view = served.runs(replace(served.spec(), audit_mode="ref"))
    assert view.error_code == "hands-off"
    (digest,) = digests(served)
    assert within(served.ledger.note_head(SHOP.id)) == digest
    served.forge.changes.clear()
    # Nobody pushes on what they once were allowed to: the forge is asked when the push is tried again.
    served.forge.access = Access.READ
    assert asyncio.run(_gone_on(served)).error_code == "access"
    assert served.forge.changes == {}
    served.forge.access = Access.WRITE
    assert asyncio.run(_gone_on(served)).result == "ready"
    assert digest in served.forge.changes[BRANCH].body
    assert (len(served.on_ref), digests(served)) == (1, [digest])


def test_a_ref_that_cannot_be_written_lets_nothing_be_pushed_and_gives_the_place_back(served: Served) -> None:
    served.forge.mishaps["note-ref"] = [OwnerMust("A rule refuses it.", code="push-refused")]
    view = served.runs(replace(served.spec(), audit_mode="ref"))
    assert (view.error_code, served.forge.changes, digests(served)) == ("push-refused", {}, [])
    assert within(served.ledger.note_head(SHOP.id)) == ""


def test_with_a_mirror_the_note_is_in_the_tree_and_on_the_ref(served: Served) -> None:
    served.runs(replace(served.spec(), mirrors_notes=True))
    ((_, committed, _),) = served.world.workspace.recorded
    ((_, files, _),) = served.on_ref
    assert files[ENVELOPE] == committed[ENVELOPE]


def test_a_ref_that_refuses_a_second_place_keeps_no_change_back_and_the_next_run_brings_what_is_missing(
    served: Served,
) -> None:
    """Rules of the forge, or a key that may not write there: the change is there, with calm words."""
    served.forge.mishaps["note-ref"] = [
        OwnerMust("The forge refused refs/pointsman/audit: a rule.", code="push-refused")
    ]
    view = served.runs(replace(served.spec(), mirrors_notes=True))
    assert (view.result, served.on_ref) == ("ready", [])
    (first,) = digests(served)
    body = served.forge.changes[BRANCH].body
    assert body.count("could not be put on `refs/pointsman/audit` as well: The forge refused") == 1
    assert "the next run brings what is missing there" in body
    assert within(served.ledger.note_head(SHOP.id)) == first

    served.world.models.script.extend([says(data=PLAN), says(BLOCK), says(data=FINE)])
    served.forge.changes.clear()
    assert served.runs(replace(served.spec(), mirrors_notes=True), run_id="r-2").result == "ready"
    (late, _), (own, _) = [(files, words) for _, files, words in served.on_ref]
    kept = within(served.notes.notes(SHOP.id))
    assert [note.run_id for note in kept] == ["r-1", "r-2"]
    assert late[ENVELOPE] == kept[0].envelope and kept[1].envelope in own.values()


def test_an_answer_of_the_ref_that_was_lost_keeps_the_place_of_the_note(served: Served) -> None:
    """Nobody knows whether the note is there, and from there it is never taken away: so it stays in the chain."""
    served.forge.mishaps["note-ref"] = [OperatorMust("It did not answer.", code="credentials")]
    served.forge.changes[BRANCH] = ChangeOrder("r-0", SHOP, BRANCH, "", "b", "their-head", "", "")
    view = served.runs(replace(served.spec(), mirrors_notes=True))
    assert view.error_code == "hands-off"
    assert within(served.ledger.note_head(SHOP.id)) == digests(served)[0]


def test_in_the_text_of_the_change_stands_the_whole_note_and_the_installation_keeps_it(served: Served) -> None:
    served.runs(replace(served.spec(), audit_mode="comment-only"))
    (order,) = served.forge.changes.values()
    (kept,) = within(served.notes.notes(SHOP.id))
    assert kept.page.rstrip() in order.body and f"```json\n{kept.envelope.decode()}```" in order.body
    assert (served.on_ref, served.world.workspace.recorded) == ([], [])


def test_a_fix_adds_its_note_in_a_comment_of_its_own_since_the_page_is_left_alone(tmp_path: Path) -> None:
    world = Served(tmp_path, [says(BLOCK), review_of()])
    world.runs(replace(asked(world), audit_mode="comment-only"))
    (said,) = [body for key, (_, body) in world.forge.replies.items() if key == "note-r-1"]
    assert digests(world)[0] in said and "```json\n" in said
    world.close()


def test_who_lost_access_while_the_forge_was_out_pushes_nothing_when_the_run_is_resumed(served: Served) -> None:
    served.forge.mishaps["change"] = [TryAgain("It is out.", code="unreachable") for _ in range(6)]
    assert served.runs(served.spec()).error_code == "unreachable"
    ((digest,), served.forge.access) = digests(served), Access.NONE
    assert asyncio.run(_gone_on(served)).error_code == "access"
    assert (served.forge.changes, within(served.ledger.note_head(SHOP.id))) == ({}, digest)
    served.forge.access = Access.WRITE
    asyncio.run(_gone_on(served))
    assert digest in served.forge.changes[BRANCH].body


def test_a_note_on_a_branch_that_the_forge_makes_no_change_of_keeps_its_place(served: Served) -> None:
    served.forge.mishaps["change"] = [OwnerMust("No pull requests here.", code="change-refused")]
    assert served.runs(replace(served.spec(), mirrors_notes=False)).error_code == "change-refused"
    (digest,) = digests(served)
    assert within(served.ledger.note_head(SHOP.id)) == digest


def test_whoever_may_not_write_any_more_when_the_ref_is_pushed_leaves_no_note_there(served: Served) -> None:
    asked: list[Access] = [Access.WRITE, Access.READ]
    served.forge.answers_of_access = asked
    view = served.runs(replace(served.spec(), audit_mode="ref"))
    assert (view.error_code, served.on_ref, served.forge.changes, asked) == ("access", [], {}, [])


async def _gone_on(world: Served) -> RunView:
    await world.engine.start()
    try:
        assert await world.engine.resume("r-1")
        await world._until(lambda: world.engine.ended("r-1"))
        return await world.view()
    finally:
        await world.engine.stop()


def test_a_review_leaves_a_note_in_the_chain_and_on_the_ref_and_a_new_one_adds_its_own(served: Served) -> None:
    """Nothing goes onto the branch; and it is there although the policy keeps notes of the tree in the tree alone."""
    served.world.models.script[:] = [review_of(), review_of()]
    spec = reviewed(served, {"bounds.py": FIXED})
    assert served.runs(spec).result == "reviewed"
    first = within(served.notes.notes(SHOP.id))
    assert served.runs(spec, run_id="r-2").result == "reviewed"
    kept = within(served.notes.notes(SHOP.id))
    assert [(one.run_id, one.change, one.branch) for one in kept] == [("r-1", "13", "topic"), ("r-2", "13", "topic")]
    assert kept[:1] == first and kept[1].previous == kept[0].digest
    assert within(served.ledger.note_head(SHOP.id)) == kept[1].digest
    assert [words.trailers for _, _, words in served.on_ref] == [("Pointsman-Run: r-1",), ("Pointsman-Run: r-2",)]
    assert (served.world.workspace.recorded, served.forge.changes) == ([], {})


def test_the_note_of_a_review_is_a_comment_of_its_own_where_notes_are_kept_in_the_text(served: Served) -> None:
    served.world.models.script[:] = [review_of()]
    served.runs(replace(reviewed(served, {"bounds.py": FIXED}), audit_mode="comment-only"))
    (digest,) = digests(served)
    (said,) = [body for key, (_, body) in served.forge.replies.items() if key == f"note-{digest[:12]}"]
    assert digest in said and "```json\n" in said
    assert served.on_ref == []


@pytest.mark.parametrize("mode", ["in-tree", "ref"])
def test_a_ref_that_cannot_be_written_keeps_no_review_from_people(served: Served, mode: AuditMode) -> None:
    served.world.models.script[:] = [review_of()]
    served.forge.mishaps["note-ref"] = [OwnerMust("The forge refused it.", code="push-refused")]
    view = served.runs(replace(reviewed(served, {"bounds.py": FIXED}), audit_mode=mode))
    assert (view.result, len(served.forge.reviews), len(digests(served))) == ("reviewed", 1, 1)
    assert within(served.ledger.note_head(SHOP.id)) == digests(served)[0]
