"""Code: one try of one model, in the form of edit that suits it."""

import asyncio
from dataclasses import replace
from typing import Literal

import pytest
from tests.unit.phases.memory_workspace import digest_of
from tests.unit.phases.phase_world import (
    BUGGY,
    FIXED,
    MID,
    OUT,
    SMALL,
    STRONG,
    TREE,
    Line,
    World,
    routes,
    said_in,
    says,
)

from pointsman.domain.errors import OwnerMust, PointsmanError, Stopped, TryAgain
from pointsman.domain.json import JsonObject
from pointsman.domain.models import Ask, EditStyle, Ending, Model, Reply
from pointsman.domain.outcome import CheckResult, Earlier, NoPatch, Patch, Plan, Try
from pointsman.domain.run import Need, Repository
from pointsman.phases.code import Attempt, code
from pointsman.phases.plan import plan_digest
from pointsman.phases.writing.coding import one_line, trailers

PLAN = Plan(
    goal="clamp honours its upper bound",
    criteria=("clamp(5, 0, 3) gives 3",),
    steps=("use high in min",),
    read=(),
    change=("bounds.py",),
    create=(),
    tests=(),
    risks=(),
    questions=(),
    digest="d",
)
BLOCK = """bounds.py
<<<<<<< SEARCH
    return max(low, min(value, low))
=======
    return max(low, min(value, high))
>>>>>>> REPLACE
"""
WRONG_BLOCK = BLOCK.replace("min(value, low)", "min(value, lower)")
WHOLE = f"```python\n{FIXED}```\n"


def attempt(
    world: World, *, rung: int = 0, feedback: str = "", cause: Literal["first", "tests", "edit", "review"] = "first"
) -> Attempt:
    return Attempt(rung, cause, feedback, world.base)


def tried(world: World, coder: Model, plan: Plan = PLAN, *, need: Need = Need.DO) -> Patch | NoPatch:
    spec = world.spec(routes(coder), plan=need)
    return asyncio.run(code(spec, Earlier(plan=plan), world.ports, attempt=attempt(world)))


def text_of(world: World, patch: Patch | NoPatch, path: str = "bounds.py") -> str:
    assert isinstance(patch, Patch), patch
    return world.workspace.commits[patch.commit][path]


def test_a_small_model_is_asked_for_the_whole_file_in_a_short_prompt_at_temperature_zero() -> None:
    world = World([says(WHOLE)])
    assert text_of(world, tried(world, SMALL)) == FIXED
    ask = world.models.asks[0]
    assert ask.template == "code-whole/2" and ask.temperature == 0.0
    assert world.models.estimate_tokens(ask) < 1500
    assert world.workspace.orders[0].rules.lone_block_path == "bounds.py"
    assert world.workspace.orders[0].rules.allowed == ("bounds.py",)


def test_search_and_replace_blocks_make_a_patch_with_words_and_date_of_the_run() -> None:
    world = World([says(BLOCK)])
    patch = tried(world, MID)
    assert text_of(world, patch) == FIXED
    words = world.workspace.orders[0].text
    assert words.subject == "clamp honours its upper bound" and words.at == "2026-11-21T10:00:00Z"
    assert words.trailers == ("Assisted-by: Pointsman (mid)",)


def test_the_model_that_really_answered_is_the_author() -> None:
    world = World([says(BLOCK, model="standin")])
    patch = tried(world, MID)
    assert isinstance(patch, Patch) and patch.model == "standin"
    assert world.workspace.orders[0].text.trailers == ("Assisted-by: Pointsman (standin)",)


def test_a_refusal_goes_back_once_within_the_same_try() -> None:
    world = World([says(WRONG_BLOCK), says(BLOCK)])
    assert text_of(world, tried(world, MID)) == FIXED
    assert "SEARCH stands at 0 places" in world.models.asks[1].messages[-1].text


def test_after_two_refusals_whole_files_are_asked_for() -> None:
    world = World([says(WRONG_BLOCK), says("I would change min."), says(WHOLE)])
    assert text_of(world, tried(world, MID)) == FIXED
    assert [ask.template for ask in world.models.asks] == ["code-blocks/1", "code-blocks/1", "code-whole/2"]


@pytest.mark.parametrize(
    ("ending", "text", "kind"),
    [(Ending.CUT, "```python\ndef", "cut"), (Ending.EMPTY, "", "empty"), (Ending.REFUSED, "No.", "refused")],
)
def test_a_reply_that_is_cut_empty_or_declined_is_no_patch(ending: Ending, text: str, kind: str) -> None:
    for coder in (SMALL, MID, STRONG):
        world = World([says(text, ending=ending)])
        result = tried(world, coder)
        assert isinstance(result, NoPatch) and result.kind == kind


def test_rubbish_is_no_patch_after_its_second_turn() -> None:
    world = World([says("Hello!"), says("Hello again!")])
    result = tried(world, SMALL)
    assert isinstance(result, NoPatch) and result.kind == "unreadable" and len(world.models.asks) == 2


def test_an_unchanged_file_is_not_asked_for_again() -> None:
    world = World([says(f"```python\n{BUGGY}```")])
    result = tried(world, SMALL)
    assert isinstance(result, NoPatch) and result.kind == "unchanged" and len(world.models.asks) == 1


def test_several_files_are_asked_for_one_at_a_time_and_become_one_commit() -> None:
    plan = replace(PLAN, create=("limits.py",))
    world = World([says(WHOLE), says("```python\nLOW = 0\n```")])
    patch = tried(world, SMALL, plan)
    assert text_of(world, patch) == FIXED and text_of(world, patch, "limits.py") == "LOW = 0\n"
    assert isinstance(patch, Patch) and [edit.calls for edit in patch.edits] == [("call 1",), ("call 2",)]
    assert world.workspace.orders[-1].onto == world.base
    assert "limits.py does not exist yet" in said_in(world.models.asks[1])


def test_a_file_that_is_too_long_to_write_again_is_changed_by_blocks() -> None:
    long = BUGGY + "# remark\n" * 3_000
    world = World([says(BLOCK)], tree={**TREE, "bounds.py": long})
    wide = replace(SMALL, context_window=64_000)
    two = replace(PLAN, goal="clamp and twice honour their bounds")
    assert "min(value, high)" in text_of(world, tried(world, wide, two))
    assert world.models.asks[0].template == "code-blocks/1"


def test_one_function_is_written_again_where_the_file_is_too_long_for_a_small_model() -> None:
    long = BUGGY + "# remark\n" * 3_000
    fixed = FIXED.partition("\n\n\n")[0]
    world = World([says("No."), says(f"```python\n{fixed}\n```")], tree={**TREE, "bounds.py": long})
    assert text_of(world, tried(world, replace(SMALL, context_window=64_000))) == long.replace(BUGGY, FIXED)
    assert {ask.template.split("+")[0].split("/")[0] for ask in world.models.asks} == {"code-function"}
    assert "def twice" not in said_in(world.models.asks[0]).partition("def clamp")[2].partition("```")[0]
    bad = [says(BLOCK.replace("low))", "lower))")), says("No."), says(f"```python\n{fixed}\n```")]
    world = World(list(bad), tree={**TREE, "bounds.py": long})
    narrow = replace(MID, context_window=64_000, max_output=2_000)
    assert "min(value, high)" in text_of(world, tried(world, narrow)), "after two refusals of blocks as well"


def test_without_a_plan_the_file_that_the_issue_names_is_changed() -> None:
    nothing: tuple[str, ...] = ()
    skipped = replace(PLAN, change=nothing, steps=nothing, criteria=nothing, read=("bounds.py",), skipped=True)
    world = World([says(WHOLE)])
    assert text_of(world, tried(world, SMALL, skipped, need=Need.SKIP)) == FIXED
    guarded = world.workspace.orders[0].rules
    assert guarded.allowed == () and "tests/test_bounds.py" in guarded.protected and "infra/**" in guarded.protected


def test_tests_are_open_only_to_a_plan_that_names_them() -> None:
    edit = BLOCK.replace("bounds.py", "tests/test_bounds.py")
    world = World([says(edit), says(edit)])
    result = tried(world, MID)
    assert isinstance(result, NoPatch) and result.kind == "protected"
    world = World([says(BLOCK)])
    tried(world, MID, replace(PLAN, tests=("tests/test_bounds.py",)))
    assert "tests/test_bounds.py" not in world.workspace.orders[0].rules.protected


def test_an_approved_plan_binds_every_coder_to_its_paths() -> None:
    world = World([says(BLOCK)])
    tried(world, MID, need=Need.APPROVE)
    assert world.workspace.orders[0].rules.allowed == ("bounds.py",)


def test_a_later_try_is_warmer_and_sees_what_failed_but_no_chat() -> None:
    world = World([says(WHOLE)])
    earlier = Earlier(plan=PLAN, tries=(Try(0, "small", NoPatch("unchanged", "same", "small"), None, "first"),))
    again = attempt(world, feedback="E assert 0 == 3", cause="tests")
    asyncio.run(code(world.spec(routes(SMALL)), earlier, world.ports, attempt=again))
    ask = world.models.asks[0]
    assert ask.temperature == 0.6 and "E assert 0 == 3" in said_in(ask) and len(ask.messages) == 1


def test_a_higher_rung_is_the_next_model_of_the_ladder_and_one_beyond_is_refused() -> None:
    world = World([says(calls=[("finish", {})])])
    spec = world.spec(routes(SMALL, STRONG))
    asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world, rung=1)))
    assert world.models.asks[0].model.name == "strong" and world.models.asks[0].fallback == ()
    with pytest.raises(OwnerMust) as caught:
        asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world, rung=2)))
    assert caught.value.code == "ladder-ended"


def test_an_outage_of_the_coder_is_to_be_tried_again() -> None:
    world = World([OUT])
    with pytest.raises(TryAgain):
        tried(world, MID)


def test_a_tool_loop_looks_edits_tests_and_finishes_in_one_commit() -> None:
    first = {"path": "bounds.py", "search": "min(value, low)", "replace": "min(value, upper)"}
    second = {"path": "bounds.py", "search": "min(value, upper)", "replace": "min(value, high)"}
    world = World(
        [
            says(calls=[("search", {"query": "clamp bounds"}), ("read", {"path": "bounds.py", "start": 1})]),
            says(calls=[("edit", first), ("edit", second)]),
            says(calls=[("run_tests", {})]),
            says(calls=[("finish", {"summary": "min takes the upper bound"})]),
        ]
    )
    patch = tried(world, STRONG)
    assert text_of(world, patch) == FIXED
    assert isinstance(patch, Patch) and patch.summary == "min takes the upper bound"
    assert world.workspace.orders[-1].onto == world.base
    answers = [turn.text for turn in world.models.asks[-1].messages if turn.role == "tool"]
    assert "bounds.py:1" in answers[0] and "2\t    return max" in answers[1]
    assert "2\t    return max(low, min(value, upper))" in answers[2] and "1 tests pass" in answers[4]
    assert [turn.call_id for turn in world.models.asks[1].messages[-2:]] == ["call-0", "call-1"]


def test_unknown_tools_and_bad_arguments_are_answered_as_errors_and_do_nothing() -> None:
    calls: list[tuple[str, JsonObject]] = [
        ("shell", {"command": "id"}),
        ("edit", {"path": 3}),
        ("read", {"path": "/etc/passwd"}),
    ]
    world = World([says(calls=calls), says("I give up."), says("Really.")])
    result = tried(world, STRONG)
    assert isinstance(result, NoPatch) and result.kind == "unchanged"
    answers = [turn.text for turn in world.models.asks[1].messages if turn.role == "tool"]
    assert "no tool 'shell'" in answers[0] and "edit: search" in answers[1] and "no text file" in answers[2]
    assert world.workspace.orders == []


def test_the_same_failing_call_three_times_ends_the_loop() -> None:
    bad = says(calls=[("edit", {"path": "bounds.py", "search": "nowhere", "replace": "x"})])
    world = World([bad, bad, bad, bad])
    result = tried(world, STRONG)
    assert isinstance(result, NoPatch) and result.kind == "refused" and len(world.models.asks) == 3


def test_the_loop_is_bounded_and_keeps_what_was_changed_by_then() -> None:
    edit = {"path": "bounds.py", "search": "min(value, low)", "replace": "min(value, high)"}
    looks = [says(calls=[("search", {"query": f"clamp {number}"})]) for number in range(30)]
    world = World([says(calls=[("edit", edit)]), *looks])
    assert text_of(world, tried(world, STRONG)) == FIXED
    assert len(world.models.asks) == 12
    world = World(list(looks))
    result = tried(world, STRONG)
    assert isinstance(result, NoPatch) and result.kind == "budget"


def test_old_tool_answers_are_cleared_when_the_window_is_full() -> None:
    tree = {**TREE, "long.py": "value = 1\n" * 900}
    narrow = replace(STRONG, context_window=9_000, max_output=1_000)
    reads = [says(calls=[("read", {"path": "long.py", "start": number})]) for number in range(1, 9)]
    world = World([*reads, says(calls=[("finish", {})])], tree=tree)
    tried(world, narrow)
    assert all(world.models.estimate_tokens(ask) <= 8_000 for ask in world.models.asks)
    assert "left out to save room" in said_in(world.models.asks[-1])


def test_a_replay_asks_and_commits_the_same() -> None:
    worlds = [World([says(WRONG_BLOCK), says(BLOCK)]) for _ in range(2)]
    patches = [tried(world, MID) for world in worlds]
    assert patches[0] == patches[1] and worlds[0].models.asks == worlds[1].models.asks


def test_the_subject_of_a_commit_is_one_clean_line() -> None:
    assert one_line("Fix\x1b[31m it\n\nSigned-off-by: x [skip ci] ", 72) == "Fix [31m it Signed-off-by: x"
    assert len(one_line("word " * 60, 72)) <= 72
    assert trailers("m\nFixes: #1", "r-1") == ("Assisted-by: Pointsman (m Fixes: #1)", "Pointsman-Run: r-1")


def test_run_tests_in_the_loop_says_why_when_no_command_is_allowed() -> None:
    def never(files: object) -> CheckResult:
        raise AssertionError("nothing may be run")

    world = World([says(calls=[("run_tests", {})]), says(calls=[("finish", {})])], judge=never)
    spec = world.spec(routes(STRONG))
    spec = replace(spec, verify=replace(spec.verify, allowed=()))
    asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    assert "does not allow" in world.models.asks[1].messages[-1].text


def test_the_edit_styles_are_all_covered_here() -> None:
    vendors = {EditStyle.CLAUDE_EDITOR, EditStyle.APPLY_PATCH}  # in test_vendor_tools
    assert {SMALL.edits, MID.edits, STRONG.edits} | vendors == set(EditStyle)
    assert plan_digest(PLAN) != PLAN.digest


EDIT = says(calls=[("edit", {"path": "bounds.py", "search": "min(value, low)", "replace": "min(value, high)"})])
ENDS = {
    "context-window": OwnerMust("It does not fit.", code="context-window"),
    "time": Stopped("The time is up.", code="time"),
    "rung-spent": Stopped("It has used its money.", code="rung-spent"),
    "outage": TryAgain("Nobody answers.", code="outage"),
}


def raising(error: PointsmanError) -> Line:
    def line(_: Ask) -> Reply:
        raise error

    return line


@pytest.mark.parametrize("end", ENDS)
def test_what_cuts_a_tool_loop_off_leaves_the_edits_that_were_made(end: str) -> None:
    served = Repository("github", "1", "bounds", "https://forge.example/bounds.git", "main")
    world = World([EDIT, raising(ENDS[end])])
    spec = replace(world.spec(routes(STRONG)), repository=served)
    patch = asyncio.run(code(spec, Earlier(plan=PLAN), world.ports, attempt=attempt(world)))
    assert text_of(world, patch) == FIXED


def test_a_cancelled_tool_loop_hands_nothing_over_and_a_person_before_an_outage_can_go_on() -> None:
    for error in (Stopped("Somebody said so.", code="cancelled"), ENDS["outage"]):
        with pytest.raises(type(error)):
            tried(World([EDIT, raising(error)]), STRONG)


def test_edits_that_are_all_taken_back_are_no_patch() -> None:
    world = World()
    there = world.workspace.keep({**TREE, "bounds.py": FIXED})
    edits: list[JsonObject] = [
        {"path": "bounds.py", "search": "min(value, high)", "replace": "min(value, 9)"},
        {"path": "bounds.py", "search": "min(value, 9)", "replace": "min(value, high)"},
    ]
    world.models.script.extend([says(calls=[("edit", one) for one in edits]), says(calls=[("finish", {})])])
    order = Attempt(0, "tests", "It fails.", there)
    found = asyncio.run(code(world.spec(routes(STRONG)), Earlier(plan=PLAN), world.ports, attempt=order))
    assert isinstance(found, NoPatch) and found.kind == "unchanged" and "taken back" in found.why


def test_files_that_a_tool_loop_moves_away_end_in_one_commit_as_well() -> None:
    moves = "*** Begin Patch\n*** Update File: bounds.py\n*** Move to: limits.py\n{}*** End Patch"
    hunk = "@@\n-    return max(low, min(value, low))\n+    return max(low, min(value, high))\n"
    added = "*** Begin Patch\n*** Add File: more.py\n+MORE = 1\n*** End Patch"
    world = World([says(calls=[("apply_patch", {"input": text}) for text in (moves.format(hunk), added)])])
    world.models.script.append(says(calls=[("finish", {})]))
    plan = replace(PLAN, change=("bounds.py",), create=("limits.py", "more.py"))
    patch = tried(world, replace(STRONG, edits=EditStyle.APPLY_PATCH), plan)
    assert text_of(world, patch, "limits.py") == FIXED
    assert isinstance(patch, Patch) and "bounds.py" not in world.workspace.commits[patch.commit]
    assert patch.commit == digest_of(f"{patch.tree}{world.base}")[:40], "on what the try began with, in one step"
