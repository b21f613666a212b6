"""What a reviewer is shown beside the diff: the functions that were touched, whole, and no more of a long file."""

import asyncio
from dataclasses import replace

from tests.unit.phases.phase_world import BUGGY, FIXED, REVIEWER, TREE, World, said_in, says
from tests.unit.phases.test_review_findings import earlier_of, reviewed

from pointsman.phases.reviewing.changed import changed_code
from pointsman.phases.reviewing.subject import shown

REST = "".join(f"\n\ndef unrelated_{number}(value):\n    return value + {number}\n" for number in range(200))


def labels(before: dict[str, str], after: dict[str, str], *, limit: int = 60_000) -> list[str]:
    world = World(tree=before)
    commit = world.workspace.keep(after)
    files = asyncio.run(shown(world.workspace, world.base, commit))
    return [one.label for one in asyncio.run(changed_code(world.workspace, commit, files, limit=limit))]


def test_of_a_long_file_only_the_touched_functions_are_shown_and_those_whole() -> None:
    world = World([says(data={"findings": []})], tree={**TREE, "bounds.py": BUGGY + REST})
    reviewed(world, earlier_of(world, {**TREE, "bounds.py": FIXED + REST}))
    text = said_in(world.models.asks[0])
    assert "clamp in bounds.py, from line 1 after the change" in text and "def clamp(value, low, high):" in text
    assert "unrelated_150" not in text and "def twice" not in text.partition("after the change")[2]


def test_a_short_file_is_shown_whole_and_one_without_functions_if_it_is_not_too_long() -> None:
    assert labels({"bounds.py": BUGGY}, {"bounds.py": FIXED}) == ["file bounds.py"]
    table = {"rates.txt": "".join(f"rate {number}\n" for number in range(600))}
    changed = {"rates.txt": table["rates.txt"].replace("rate 7\n", "rate seven\n")}
    assert labels(table, changed) == ["file rates.txt"]
    assert labels(table, changed, limit=2_000) == [] and labels(table, {}) == []


def test_where_lines_were_only_taken_away_the_function_that_held_them_is_shown() -> None:
    before = {"bounds.py": BUGGY.replace("    return value * 2", "    value += 0\n    return value * 2") + REST}
    assert labels(before, {"bounds.py": BUGGY + REST}) == ["twice in bounds.py, from line 5"]


def test_a_reviewer_of_a_small_window_is_shown_the_diff_alone() -> None:
    world = World([says(data={"findings": []})], tree={**TREE, "bounds.py": BUGGY + REST})
    narrow = replace(REVIEWER, context_window=3_000, max_output=1_000)
    found = reviewed(world, earlier_of(world, {**TREE, "bounds.py": FIXED + REST}), reviewers=(narrow,))
    assert found.verdict == "approve" and "min(value, high)" in said_in(world.models.asks[0])
