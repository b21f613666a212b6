"""A question is answered where it was asked, without a turn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import FIXED, says
from tests.unit.runs.served_world import ISSUE, Served, change_view

from pointsman.domain.run import ChangeRef

QUESTION = replace(ISSUE, body="Where is the upper bound looked at?")
SAID = "In `clamp` of `bounds.py`; ask @everyone."


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    world = Served(tmp_path, [says(SAID)])
    yield world
    world.close()


def test_an_answer_stands_in_the_status_text_and_waits_for_no_turn(served: Served) -> None:
    view = served.runs(replace(served.spec(), goal="ask", issue=QUESTION))
    assert (view.state, view.result, served.turns.log) == ("done", "answered", [])
    assert "`clamp`" in served.forge.told[-1] and "ask `@everyone" in served.forge.told[-1]
    assert len(served.world.models.asks) == 1 and served.forge.changes == {}


def test_a_question_in_a_thread_is_answered_there_and_nowhere_else(served: Served) -> None:
    head = served.world.workspace.keep({**served.world.tree, "bounds.py": FIXED})
    served.forge.views["13"] = change_view(head, served.world.base)
    change = ChangeRef("13", "topic")
    order = replace(served.spec(), goal="ask", issue=QUESTION, change=change)
    served.runs(replace(order, head_commit=head, thread="t5"))
    ((thread, body),) = served.forge.replies.values()
    assert (thread, "`clamp`" in body, served.forge.said) == ("t5", True, [])
    assert (served.forge.checks, served.forge.reviews) == ({}, {})
