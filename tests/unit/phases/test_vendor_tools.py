"""The tools that vendors trained their models on: offered by their own names, over the same engine."""

import asyncio
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import BUGGY, FIXED, STRONG, TEST, TREE, World, routes, said_in, says
from tests.unit.phases.test_coding_tries import PLAN, attempt, text_of, tried

from pointsman.domain.json import JsonObject
from pointsman.domain.models import EditStyle, Model
from pointsman.domain.outcome import Earlier, NoPatch, Patch
from pointsman.phases.code import code

CLAUDE = replace(STRONG, name="claude", edits=EditStyle.CLAUDE_EDITOR)
GPT = replace(STRONG, name="gpt", edits=EditStyle.APPLY_PATCH)
EDITOR = "str_replace_based_edit_tool"
PATCH = (
    "*** Begin Patch\n*** Update File: bounds.py\n@@ def clamp(value, low, high):\n"
    "-    return max(low, min(value, low))\n+    return max(low, min(value, high))\n*** End Patch"
)


def editor(command: str, **arguments: object) -> tuple[str, JsonObject]:
    return EDITOR, {"command": command, "path": "bounds.py", **arguments}


def answers(world: World) -> list[str]:
    return [turn.text for turn in world.models.asks[-1].messages if turn.role == "tool"]


def test_each_model_is_offered_the_tools_of_its_style() -> None:
    offered = {}
    for coder in (STRONG, CLAUDE, GPT):
        world = World([says(calls=[("finish", {})])])
        tried(world, coder)
        offered[coder.name] = [tool.name for tool in world.models.asks[0].tools]
    assert offered == {
        "strong": ["search", "read", "edit", "write", "run_tests", "finish"],
        "claude": ["search", EDITOR, "run_tests", "finish"],
        "gpt": ["search", "read", "apply_patch", "run_tests", "finish"],
    }


def test_claude_views_replaces_inserts_and_creates_with_its_own_editor() -> None:
    old, new = "min(value, low)", "min(value, high)"
    world = World(
        [
            says(calls=[editor("view", path="."), editor("view"), editor("view", view_range=[4, -1])]),
            says(calls=[editor("str_replace", old_str=old, new_str=new)]),
            says(calls=[editor("insert", insert_line=2, insert_text="    # ends\n")]),
            says(calls=[editor("create", path="/limits.py", file_text="LOW = 0\n"), ("run_tests", {})]),
            says(calls=[("finish", {"summary": "done"})]),
        ]
    )
    patch = tried(world, CLAUDE)
    assert text_of(world, patch) == FIXED.replace("high))\n", "high))\n    # ends\n")
    assert text_of(world, patch, "limits.py") == "LOW = 0\n"
    assert isinstance(patch, Patch) and {edit.path: edit.calls for edit in patch.edits} == {
        "bounds.py": ("call 2", "call 3"),
        "limits.py": ("call 4",),
    }
    said = answers(world)
    assert said[0].splitlines() == sorted(TREE) and said[1].startswith("1\tdef clamp(") and said[2].startswith("4\t")
    assert "2\t    return max(low, min(value, high))" in said[3] and "3\t    # ends" in said[4]
    assert "1 tests pass" in said[6]


def test_text_is_inserted_only_at_lines_that_were_shown_as_they_are_now() -> None:
    put = editor("insert", insert_line=6, insert_text="    print(value)\n")
    grown = editor("str_replace", old_str="def clamp(", new_str="import math\n\n\ndef clamp(")
    far = "\n\ndef clamp(value, low, high):\n" + "    pass\n" * 60
    world = World([says(calls=[put]), says(calls=[editor("view"), grown, put]), says(calls=[("finish", {})])])
    tried(world, CLAUDE)
    said = answers(world)
    assert "was not shown" in said[0]
    assert "6\t" in said[2] and "is changed" in said[3], "the lines around an edit are shown anew"
    there = editor("insert", insert_line=60, insert_text="x = 1\n")
    world = World(
        [says(calls=[editor("view"), grown, there]), says(calls=[("finish", {})])],
        tree={**TREE, "bounds.py": BUGGY.split("\n\n")[0] + far.replace("clamp", "other")},
    )
    tried(world, CLAUDE)
    assert "was not shown around line 60" in answers(world)[-1]


def test_gpt_writes_a_patch_through_its_own_tool_and_is_told_how_the_place_reads_now() -> None:
    world = World([says(calls=[("apply_patch", {"input": PATCH})]), says(calls=[("finish", {"summary": "s"})])])
    patch = tried(world, GPT)
    assert text_of(world, patch) == FIXED and isinstance(patch, Patch) and patch.summary == "s"
    assert "2\t    return max(low, min(value, high))" in answers(world)[0]


@pytest.mark.parametrize(
    ("coder", "call", "way_out"),
    [
        (STRONG, ("edit", {"path": "bounds.py", "search": "nowhere", "replace": "x"}), "with `write`"),
        (CLAUDE, editor("str_replace", old_str="nowhere", new_str="x"), "`create`"),
        (GPT, ("apply_patch", {"input": PATCH.replace("min(value, low)", "min(low)")}), "*** Add File"),
    ],
)
def test_two_refusals_on_a_file_change_the_form_and_three_end_the_try(
    coder: Model, call: tuple[str, JsonObject], way_out: str
) -> None:
    world = World([says(calls=[call]), says(calls=[call, call]), says("never asked")])
    result = tried(world, coder)
    assert isinstance(result, NoPatch) and result.kind == "refused" and result.refusals == 3
    world = World([says(calls=[call]), says(calls=[call]), says(calls=[("finish", {})])])
    tried(world, coder)
    first, second = answers(world)
    assert "as a whole" not in first and "as a whole" in second and way_out in second


def test_an_edit_that_is_made_forgives_the_refusals_of_its_file() -> None:
    bad = ("edit", {"path": "bounds.py", "search": "nowhere", "replace": "x"})
    good = ("edit", {"path": "bounds.py", "search": "min(value, low)", "replace": "min(value, high)"})
    world = World([says(calls=[bad, bad, good, bad, bad]), says(calls=[("finish", {})])])
    assert text_of(world, tried(world, STRONG)) == FIXED


def test_one_named_test_is_run_where_the_runner_can() -> None:
    world = World(
        [
            says(calls=[("run_tests", {"test": "tests/test_bounds.py::test_clamp"})]),
            says(calls=[("run_tests", {"test": "../x.py"})]),
            says(calls=[("finish", {})]),
        ],
        tree={**TREE, "tests/test_bounds.py": f"import pytest\n{TEST}"},
    )
    asyncio.run(code(world.spec(routes(STRONG)), Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    (job,) = world.sandbox.jobs
    assert job.commands[0][-1].endswith("tests/test_bounds.py::test_clamp")
    assert "cannot run one test alone" in answers(world)[-1]


def test_a_model_that_only_talks_is_told_once_to_use_its_tools() -> None:
    world = World([says("I would use high."), says(calls=[("apply_patch", {"input": PATCH})]), says("Done.")])
    assert text_of(world, tried(world, GPT)) == FIXED
    assert "Use the tools" in said_in(world.models.asks[1])


def test_what_is_shown_ends_where_it_is_too_long_and_the_rest_does_not_count_as_seen() -> None:
    """Lines that were cut out of the middle would count as shown, and text could be inserted there unseen."""
    long = "".join(f"line_{number} = '{'x' * 100}'\n" for number in range(1, 401))
    put = editor("insert", path="long.py", insert_line=250, insert_text="x = 1\n")
    world = World(
        [
            says(calls=[editor("view", path="long.py"), put, editor("view", path="long.py", view_range=[999, -1])]),
            says(calls=[("finish", {})]),
        ],
        tree={**TREE, "long.py": long},
    )
    tried(world, CLAUDE)
    shown, refused, beyond = answers(world)
    last = int(shown.rsplit("start=", 1)[1].removesuffix(")")) - 1
    assert 150 < last < 250 and f"\n{last}\tline_{last} = " in shown and "was not shown around line 250" in refused
    assert "has 401 lines" in beyond
