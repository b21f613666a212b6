"""Record: page, statement and key as the branch's last commit, the same in every replay."""

import asyncio
from dataclasses import replace

from tests.unit.phases.phase_world import World

from pointsman.domain.notes import PersonAct
from pointsman.domain.outcome import Earlier, Note
from pointsman.phases.record import Closing, record

ACT = PersonAct(7, "ada", "approve", "plan abc", "2026-11-21T11:30:00Z")


def noted(world: World, mode: str = "in-tree") -> Note:
    closing = Closing("r-1", "pointsman/1", (), (ACT,), world.base, "tree", "diff", "before", (), "ready")
    spec = world.spec()
    spec = replace(spec, audit_mode="comment-only") if mode == "comment-only" else spec
    return asyncio.run(record(spec, Earlier(), world.ports, closing=closing)).note


def test_the_note_is_committed_onto_the_head_with_its_statement_and_key() -> None:
    world = World()
    note = noted(world)
    onto, files, words = world.workspace.recorded[0]
    assert onto == world.base and sorted(files) == [
        ".pointsman/audit/2026-11-21-clamp-r-1.intoto.jsonl",
        ".pointsman/audit/2026-11-21-clamp-r-1.md",
        ".pointsman/keys/key-1.pem",
    ]
    assert words.at == "2026-11-21T10:00:00Z" and note.digest in words.body
    assert (note.previous, note.key_id) == ("before", "key-1") and note.commit in world.workspace.commits


def test_the_time_of_a_note_is_its_last_act_so_that_a_replay_signs_the_same() -> None:
    first, second = World(), World()
    assert noted(first) == noted(second)
    assert first.signer.signed[0].written_at == "2026-11-21T11:30:00Z"


def test_in_comment_only_mode_nothing_is_committed() -> None:
    world = World()
    assert noted(world, "comment-only").commit == world.base and world.workspace.recorded == []
