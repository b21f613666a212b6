"""Verify: evidence by rules, never guessed, and never believed because it says so."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import BUGGY, FIXED, PYTEST, TEST, TREE, World, checked, judge
from tests.unit.phases.test_coding_tries import PLAN

from pointsman.domain.outcome import CheckResult, Earlier, Evidence, Verdict
from pointsman.domain.work import SandboxTier
from pointsman.phases.proof.commands import detected, is_allowed
from pointsman.phases.proof.feedback import feedback_on, first_failure
from pointsman.phases.verify import verify

GOOD = {**TREE, "bounds.py": FIXED}


def seen(world: World, files: Mapping[str, str], earlier: Earlier | None = None) -> Evidence:
    commit = world.workspace.keep(files)
    return asyncio.run(verify(world.spec(), earlier or Earlier(plan=PLAN), world.ports, commit=commit))


def test_a_candidate_whose_tests_pass_is_passed_beside_a_base_that_fails() -> None:
    world = World()
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.PASSED and evidence.why == "1 tests pass, 1 of which failed on base."
    assert evidence.base[0].failed == ("tests/test_bounds.py::test_clamp",) and evidence.feedback == ""
    assert [job.commands for job in world.sandbox.jobs] == [(PYTEST,), (PYTEST,)]


def test_a_failure_is_told_in_short_and_stable_words() -> None:
    world = World()
    evidence = seen(world, {**TREE, "bounds.py": BUGGY + "# tried\n"})
    assert evidence.verdict is Verdict.FAILED and "1 failed on base already" in evidence.why
    assert "- tests/test_bounds.py::test_clamp\n" in evidence.feedback and "E   AssertionError" in evidence.feedback
    assert "0.12s" not in evidence.feedback


def test_base_is_run_once_for_all_tries() -> None:
    world = World()
    first = seen(world, {**TREE, "bounds.py": BUGGY + "# tried\n"})
    second = seen(world, GOOD, Earlier(plan=PLAN, evidence=first))
    assert second.verdict is Verdict.PASSED and second.base == first.base
    assert [job.commit for job in world.sandbox.jobs].count(world.base) == 1


def test_weakened_tests_do_not_pass_because_those_of_base_are_run_too() -> None:
    world = World()
    evidence = seen(world, {**TREE, "tests/test_bounds.py": TEST.replace("== 3", "== 0")})
    assert evidence.verdict is Verdict.FAILED
    assert evidence.changed_tests == ("tests/test_bounds.py",)
    assert "touches its own tests" in evidence.why and "as they were before" in evidence.feedback
    assert world.sandbox.jobs[-1].overlay_paths == ("tests/test_bounds.py",)
    assert world.sandbox.jobs[-1].overlay_commit == world.base


def test_a_test_that_the_plan_wanted_changed_is_for_a_person_to_judge() -> None:
    world = World()
    named = Earlier(plan=replace(PLAN, tests=("tests/test_bounds.py",)))
    evidence = seen(world, {**TREE, "tests/test_bounds.py": TEST.replace("== 3", "== 0")}, named)
    assert evidence.verdict is Verdict.INCONCLUSIVE


def test_an_added_test_passes_when_the_tests_of_base_pass_too() -> None:
    world = World()
    evidence = seen(world, {**GOOD, "tests/test_more.py": TEST.replace("test_clamp", "test_more")})
    assert evidence.verdict is Verdict.PASSED and evidence.changed_tests == ("tests/test_more.py",)
    assert len(world.sandbox.jobs) == 3


def test_a_removed_test_is_missing_and_never_passed() -> None:
    world = World(tree={**TREE, "tests/test_twice.py": "def test_twice():\n    assert twice(2) == 4\n"})
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert evidence.missing == ("tests/test_twice.py::test_twice",)


@pytest.mark.parametrize(
    ("lie", "word"),
    [
        (checked(), "no report shows a test that passed"),
        (checked(("a",), ("b",), exit_code=0), "names failed tests"),
        (checked((), (), ("tests/test_bounds.py::test_clamp",)), "no report shows a test that passed"),
        (checked(exit_code=5), "collected no test"),
    ],
)
def test_forged_success_is_inconclusive(lie: CheckResult, word: str) -> None:
    """T6: an exit code of 0 that no report bears out proves nothing."""
    world = World(judge=lambda files: lie if files["bounds.py"] == FIXED else judge(files))
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.INCONCLUSIVE and word in evidence.why


def test_a_test_that_is_skipped_now_is_inconclusive() -> None:
    base, now = checked(("a", "b")), checked(("a",), (), ("b",))
    world = World(judge=lambda files: now if files["bounds.py"] == FIXED else base)
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.INCONCLUSIVE and "skipped now: b" in evidence.why


def test_without_a_sandbox_nothing_is_run_and_the_reason_is_said() -> None:
    world = World(tier=SandboxTier("none", "bubblewrap is not installed"))
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.NOT_RUN and "bubblewrap is not installed" in evidence.why
    assert evidence.tier == "none" and len(world.sandbox.jobs) == 1


def test_a_command_that_policy_does_not_allow_is_not_run() -> None:
    world = World()
    spec = world.spec()
    spec = replace(spec, verify=replace(spec.verify, commands=(("sh", "-c", "id"),)))
    evidence = asyncio.run(verify(spec, Earlier(), world.ports, commit=world.workspace.keep(GOOD)))
    assert evidence.verdict is Verdict.NOT_RUN and "sh -c id" in evidence.why and world.sandbox.jobs == []


def test_tests_that_hang_are_failed_and_said() -> None:
    hangs = replace(checked(), status="timeout", exit_code=None)
    world = World(judge=lambda files: hangs if files["bounds.py"] == FIXED else judge(files))
    evidence = seen(world, GOOD)
    assert evidence.verdict is Verdict.FAILED and "did not end in time" in evidence.why
    assert "did not end in time" in evidence.feedback


@pytest.mark.parametrize(
    ("tree", "command"),
    [
        ({"test_a.py": "import unittest\n"}, ("python3", "-m", "unittest", "discover")),
        ({"test_a.py": "def test_a():\n    pass\n"}, PYTEST),
        ({"tests/a.py": "x = 1\n", "pyproject.toml": "[tool.pytest.ini_options]\n"}, PYTEST),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, ("npm", "test")),
        ({"go.mod": "module a\n"}, ("go", "test", "./...")),
        ({"Cargo.toml": "[package]\n"}, ("cargo", "test", "--offline")),
        ({"Makefile": "test:\n\ttrue\n"}, ("make", "test")),
    ],
)
def test_the_usual_command_is_found_by_what_the_tree_holds(tree: dict[str, str], command: tuple[str, ...]) -> None:
    world = World(tree=tree)
    assert asyncio.run(detected(world.workspace, world.base)) == (command,)


def test_nothing_is_run_where_no_command_is_known() -> None:
    world = World(tree={"README.md": "hello\n"})
    evidence = seen(world, {"README.md": "hallo\n"})
    assert evidence.verdict is Verdict.NOT_RUN and "none was found" in evidence.why


def test_a_pattern_is_anchored_at_both_ends() -> None:
    assert is_allowed(("python3", "-m", "pytest"), ("python3 -m pytest *",))
    assert not is_allowed(("sudo", "python3", "-m", "pytest"), ("python3 -m pytest*",))
    assert not is_allowed(("python3", "-m", "pytest"), ())


def test_feedback_names_ten_tests_at_most_and_the_newly_broken_first() -> None:
    failed = tuple(f"t::{number:02}" for number in range(14))
    text = feedback_on((checked((), failed[:13]),), (replace(checked((), failed), command=PYTEST),))
    assert text.split("\n")[2] == "- t::13 (passed before this change)"
    assert text.count("- t::") == 10 and "- and 4 more" in text


def test_the_first_failure_is_its_error_lines_and_their_place() -> None:
    failure = "pkg/mod.py:7: in f\n    return 1 / 0\nE   ZeroDivisionError: division by zero"
    assert first_failure(f"..F\n____ test_a ____\n{failure}\n\nmore\nE  second") == failure
    assert first_failure("a\n\nended in 0.31s at 0x7f00aa11") == "a\nended  at 0x…"
