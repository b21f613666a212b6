"""U17: files that somebody plants among the notes to take a line away from its author, or to lend it to the bot."""

import base64
import json
from pathlib import Path

import pytest
from tests.unit.audit.blame_world import BotWorld, Step

NOTES = ".pointsman/audit"


def test_u17_copies_of_a_note_take_nothing_from_it_and_lend_nothing_to_others(tmp_path: Path) -> None:
    world = BotWorld.made(tmp_path / "shop")
    world.commit({"shop.py": "Ada wrote this\n"})
    signed = world.run("r-1", Step({"shop.py": "the model wrote this\n"}))
    name = f"{signed.name}.intoto.jsonl"
    below = f"{NOTES}/below/{name}"
    world.commit({f"{NOTES}/zzz.intoto.jsonl": signed.envelope, f"{NOTES}/0.intoto.jsonl": signed.envelope})
    world.commit({below: "approved by everybody\n"})
    assert world.told("shop.py") == ["bigger"]
    assert {line.written.by for line in world.blame(f"{NOTES}/{name}").lines} == {"record"}
    assert {line.written.by for line in world.blame(below).lines} == {"unknown"}


@pytest.mark.parametrize("word", ["0badc0de blob 5", "HEAD\n--all", "--all", "^HEAD", 7])
def test_u18_what_an_unsigned_note_says_is_no_question_to_git(tmp_path: Path, word: object) -> None:
    world = BotWorld.made(tmp_path / "shop")
    predicate = {
        **dict.fromkeys(("run", "previous"), word),
        "order": {"base_commit": word},
        "edits": [{"path": "shop.py", "hunks_sha256": word}],
        "tries": [],
        "reviews": [],
    }
    subject = [{"name": name, "digest": {"gitCommit": word}} for name in ("commit", "tree", "diff")]
    payload = json.dumps({"subject": subject, "predicate": predicate}).encode()
    planted = json.dumps({"payload": base64.b64encode(payload).decode()})
    world.commit({"shop.py": "Ada wrote this\n"})
    world.commit({f"{NOTES}/x.intoto.jsonl": planted})
    assert world.told("shop.py") == ["Ada"]
