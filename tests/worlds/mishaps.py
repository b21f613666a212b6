"""What must hold of every command that goes wrong, and the worlds in which many of them do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.worlds.fingerprints import Fingerprint
from tests.worlds.repositories import commit
from tests.worlds.stage import Said, Stage

_LAST = re.compile(r"\((?P<code>[a-z0-9-]+): docs/errors\.md#(?P=code)\)\s*\Z")


def told_once(said: Said) -> str:
    """The stable code of the one message that a person reads; no traceback and no second message are there."""
    assert "Traceback" not in said.out + said.err, said
    assert said.err.count("docs/errors.md#") == 1, said
    found = _LAST.search(said.err)
    assert found is not None, said
    return found["code"]


def route(stage: Stage, text: str) -> None:
    """Commit another routing file."""
    (stage.repository / ".pointsman.yml").write_text(text, encoding="utf-8")
    commit(stage.repository, "Route otherwise")


def in_policy(stage: Stage, old: str, new: str) -> None:
    """Change a text of the policy file, which must be there."""
    text = stage.policy.read_text(encoding="utf-8")
    assert old in text
    stage.policy.write_text(text.replace(old, new), encoding="utf-8")


@contextmanager
def undisturbed(stage: Stage) -> Iterator[Fingerprint]:
    """The user's repository is byte for byte what it was when the block ends."""
    before = stage.print()
    yield before
    assert before.disturbed_by(stage.print()) == ()
