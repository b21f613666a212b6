"""The bench of reviewers: controls that keep behaviour, figures over every review, and whole runs with a script."""

from pathlib import Path

import pytest
from benchmarks.installation import Seat
from benchmarks.planted import documented, items_of, reformatted, renamed, reordered
from benchmarks.programs import Program
from benchmarks.review import Result, figures_of, review_all, review_with
from tests.worlds.script import Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import replies

TOTAL = """def total(numbers):
    found = 0
    seen = []
    for number in numbers:
        seen.append(number)
        found += number
    return found
"""
PROGRAM = Program(
    "Python/9",
    "total",
    "The sum.\n>>> total([1, 2])\n3",
    TOTAL.replace("found += number", "found -= number"),
    TOTAL,
    "",
    "",
)
TEST = """```python
import unittest
from total import total


class Sum(unittest.TestCase):
    def test_sum(self):
"""
FINDING = {
    "path": "total.py",
    "quote": "        found -= number",
    "severity": "major",
    "kind": "bug",
    "criterion": "",
    "message": "It subtracts.",
    "failing_input": "total([1, 2]) gives -3",
    "suggestion": "",
}
WRONG = {
    **FINDING,
    "quote": '    """Work out total."""',
    "message": "It is wrong.",
    "failing_input": "total([7]) gives 7",
}


def total_by(source: str) -> object:
    space: dict[str, object] = {}
    exec(compile(source, "total.py", "exec"), space)
    function = space["total"]
    assert callable(function)
    return function([3, 4])


@pytest.mark.parametrize("way", [renamed, reordered, documented, reformatted])
def test_a_control_differs_and_does_the_same(way: object) -> None:
    assert callable(way)
    source = TOTAL.replace("seen = []", "seen =  []") if way is reformatted else TOTAL
    after = way(source)
    assert isinstance(after, str) and after != source and total_by(after) == 7


def test_what_cannot_be_rewritten_safely_is_left_alone() -> None:
    assert renamed("def total(numbers):\n    f = 1\n    return (lambda: f)()\n") is None
    assert reordered("def total(numbers):\n    a = 1\n    return a\n") is None
    assert documented('def total(numbers):\n    """Sum."""\n    return 1\n') is None


def a_result(*, is_bug: bool, verdict: str, grave: int = 0, confirmed: int = 0) -> Result:
    return Result("x", is_bug, "bug" if is_bug else "renamed", verdict, grave, confirmed, 0, 0, 0, 0, 1, 1, 1.0)


def test_figures_count_every_review_and_keep_alarms_apart_from_blocks() -> None:
    results = (
        a_result(is_bug=True, verdict="changes", grave=1, confirmed=1),
        a_result(is_bug=True, verdict="inconclusive", grave=1),
        a_result(is_bug=True, verdict="time limit"),
        a_result(is_bug=True, verdict="approve"),
        a_result(is_bug=False, verdict="inconclusive", grave=2),
        a_result(is_bug=False, verdict="approve"),
    )
    found = figures_of(results)
    assert (found.catch, found.confirmed_catch, found.false_alarm, found.false_blocks) == (0.5, 0.25, 0.5, 0)
    assert (found.bugs, found.controls, found.unjudged) == (4, 2, 1)
    assert figures_of(()).catch is None


def test_a_bug_is_caught_with_a_test_a_control_is_not_blocked_and_nothing_is_reviewed_twice(tmp_path: Path) -> None:
    script = Script(
        rules=(
            rule(
                f"{TEST}        self.assertEqual(total([1, 2]), 3)\n```", when=("You write one test", "It subtracts")
            ),
            rule(f"{TEST}        self.assertEqual(total([7]), 8)\n```", when=("You write one test",)),
            rule(replies({"summary": "", "findings": [FINDING]}), when=("found -= number",)),
            rule(replies({"summary": "", "findings": [WRONG]})),
        )
    )
    bug, *_, control = items_of([PROGRAM] * 3)
    items = (bug, control)
    with ScriptedServer(script) as server:
        seat = Seat("reviewer", "openai-compatible", f"{server.url}/v1", "reviewer", "real")
        results = review_all(items, tmp_path / "out", review_with(seat, tmp_path / "work", timeout=120))
        asked = len(server.seen)
        again = review_all(items, tmp_path / "out", review_with(seat, tmp_path / "work", timeout=120))
    assert again == results and len(server.seen) == asked == 4
    assert [(one.verdict, one.confirmed, one.older) for one in results] == [("changes", 1, 0), ("approve", 0, 1)], (
        results
    )
