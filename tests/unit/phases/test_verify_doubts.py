"""What passes is doubted once more: by what the diff weakens, by numbers that shrink, by a test that has to fail."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import BUGGY, FIXED, PYTEST, TEST, TREE, World, checked, judge
from tests.unit.phases.test_coding_tries import PLAN

from pointsman.domain.levels import TaskClass
from pointsman.domain.outcome import CheckResult, Earlier, Evidence, Reproduction, Verdict
from pointsman.domain.run import Need, RunSpec
from pointsman.phases.proof.weighing import weigh
from pointsman.phases.verify import verify

GOOD = {**TREE, "bounds.py": FIXED}
LOOSE = TEST.replace("clamp(5, 0, 3) == 3", "clamp(5, 0, 3) in (0, 3)")
SHOWS = "from bounds import clamp\n\n\ndef test_shown():\n    assert clamp(9, 0, 3) == 3\n"
UNITTEST = ("python3", "-m", "unittest", "discover")


def seen(
    world: World, files: Mapping[str, str], earlier: Earlier | None = None, *, spec: RunSpec | None = None
) -> Evidence:
    commit = world.workspace.keep(files)
    return asyncio.run(verify(spec or world.spec(), earlier or Earlier(plan=PLAN), world.ports, commit=commit))


def test_a_weakened_test_is_told_by_its_line_and_nothing_is_passed_by_it() -> None:
    evidence = seen(World(), {**GOOD, "tests/test_bounds.py": LOOSE})
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert [(one.path, one.line) for one in evidence.weakened] == [("tests/test_bounds.py", 4)]
    assert "an exact comparison became a broader one" in evidence.why
    assert evidence.old_tests and evidence.old_tests[0].failed == ()


@pytest.mark.parametrize(
    ("task", "need", "named", "verdict"),
    [
        (TaskClass.TESTS, Need.DO, True, Verdict.PASSED),
        (TaskClass.TESTS, Need.DO, False, Verdict.INCONCLUSIVE),
        (TaskClass.FEATURE, Need.APPROVE, True, Verdict.PASSED),
        (TaskClass.FEATURE, Need.DO, True, Verdict.INCONCLUSIVE),
    ],
)
def test_a_weakened_test_is_accepted_only_where_it_was_asked_for(
    task: TaskClass, need: Need, named: bool, verdict: Verdict
) -> None:
    world = World()
    spec = replace(world.spec(plan=need), task=task)
    plan = replace(PLAN, tests=("tests/test_bounds.py",) if named else ())
    files = {**GOOD, "tests/test_bounds.py": LOOSE}
    evidence = seen(world, files, Earlier(plan=plan), spec=spec)
    assert evidence.verdict is verdict and evidence.weakened


def test_code_that_reaches_for_the_runner_is_never_passed_whatever_was_approved() -> None:
    world = World()
    spec = replace(world.spec(plan=Need.APPROVE), task=TaskClass.TESTS)
    plan = replace(PLAN, change=("bounds.py",))
    files = {**GOOD, "bounds.py": FIXED + "\n\ndef leave():\n    import os\n    os._exit(0)\n"}
    evidence = seen(world, files, Earlier(plan=plan), spec=spec)
    assert evidence.verdict is Verdict.INCONCLUSIVE and "os._exit" in evidence.why
    assert evidence.weakened[0].kind == "machinery"


def test_a_remark_to_a_linter_is_told_and_the_verdict_stands() -> None:
    evidence = seen(World(), {**GOOD, "bounds.py": FIXED + "x = 1  # pylint: disable=all\n"})
    assert evidence.verdict is Verdict.PASSED and [one.kind for one in evidence.weakened] == ["lint"]


def test_beside_new_code_a_test_that_fails_must_be_told_as_failed() -> None:
    """T6: whatever in the code turns failures into successes does so with this one as well."""
    world = World()
    world.sandbox.forges = lambda files: "evil" in files["bounds.py"]
    assert seen(world, GOOD).verdict is Verdict.PASSED
    (job,) = world.sandbox.canaries
    ((path, text),) = job.files
    assert path.startswith("tests/proof_") and job.commands == ((*PYTEST, path),)
    assert "('bounds',)" in text and "self.fail(" in text
    evidence = seen(world, {**GOOD, "bounds.py": FIXED + "# evil\n"})
    assert evidence.verdict is Verdict.INCONCLUSIVE and "told as a success" in evidence.why


def test_no_such_test_is_run_where_nothing_passed_or_no_code_is_touched() -> None:
    world = World(tree=GOOD)
    assert seen(world, {**GOOD, "README.md": "# Bound\n"}).verdict is Verdict.PASSED
    assert seen(world, {**GOOD, "bounds.py": BUGGY}).verdict is Verdict.FAILED
    assert world.sandbox.canaries == []


def _ran(command: tuple[str, ...], tail: str, *passed: str, exit_code: int = 0) -> CheckResult:
    return replace(checked(passed, exit_code=exit_code, tail=tail), command=command)


@pytest.mark.parametrize(
    ("base", "now", "said"),
    [
        (_ran(UNITTEST, "Ran 5 tests\n\nOK"), _ran(UNITTEST, "Ran 4 tests\n\nOK"), "ran 5 tests on base and runs 4"),
        (
            _ran(UNITTEST, "Ran 5 tests\n\nOK"),
            _ran(UNITTEST, "Ran 5 tests\n\nOK (skipped=2)"),
            "skipped or expected to fail",
        ),
        (
            _ran(UNITTEST, "Ran 5 tests\n\nOK"),
            _ran(UNITTEST, "Ran 5 tests\n\nOK (expected failures=1)"),
            "skipped or expected to fail",
        ),
        (_ran(PYTEST, "1 passed", "a"), _ran(PYTEST, "1 passed, 2 deselected", "a"), "deselected"),
        (_ran(PYTEST, "1 passed", "a"), _ran(PYTEST, "", "a"), "its output tells no result"),
        (_ran(PYTEST, "2 passed", "a", "b"), _ran(PYTEST, "1 passed", "a", "b"), "names more tests that passed"),
    ],
)
def test_numbers_that_shrink_or_contradict_each_other_prove_nothing(
    base: CheckResult, now: CheckResult, said: str
) -> None:
    weighed = weigh((base,), (now,))
    assert weighed.verdict is Verdict.INCONCLUSIVE and said in weighed.why


def test_tests_that_are_expected_to_fail_now_are_told_as_such() -> None:
    base = _ran(PYTEST, "2 passed", "a", "b")
    now = replace(_ran(PYTEST, "1 passed, 1 xfailed", "a"), skipped=("b",), xfailed=("b",))
    assert "expected to fail now: b" in weigh((base,), (now,)).why


def _with_reproduction(world: World) -> Earlier:
    commit = world.workspace.keep({**TREE, "tests/test_shown.py": SHOWS})
    made = Reproduction("tests/test_shown.py", SHOWS, "d" * 64, commit, "mid", "assertion", "E")
    return Earlier(plan=PLAN, reproduction=made)


def _by_one_file(files: Mapping[str, str], failing: str) -> CheckResult:
    """All tests pass but those of one file, which fails by an assertion wherever it is there."""
    if failing not in files:
        return judge(files)
    rest = judge({path: text for path, text in files.items() if path != failing})
    failures = (f"{failing}::test_shown",)
    return checked(rest.passed, failures, tail="E   assert 1 == 2")


def test_the_test_that_shows_the_bug_is_no_change_of_the_tests_and_how_it_does_is_kept() -> None:
    world = World()
    evidence = seen(world, {**GOOD, "tests/test_shown.py": SHOWS}, _with_reproduction(world))
    assert evidence.verdict is Verdict.PASSED and evidence.changed_tests == () and evidence.weakened == ()
    assert isinstance(evidence.reproduction, Reproduction) and evidence.reproduction.candidate == "passed"
    assert world.sandbox.jobs[-2].commands == (PYTEST, (*PYTEST, "tests/test_shown.py"))
    assert world.sandbox.jobs[-1].overlay_paths == ("tests/test_shown.py",), "the rest has to pass without it"


def test_where_only_that_test_fails_it_is_said_so_plainly() -> None:
    world = World(judge=lambda files: _by_one_file(files, "tests/test_shown.py"))
    evidence = seen(world, {**GOOD, "tests/test_shown.py": SHOWS}, _with_reproduction(world))
    assert evidence.verdict is Verdict.FAILED and evidence.disputed
    assert "All other tests pass; tests/test_shown.py" in evidence.why
    assert world.sandbox.jobs[-1].overlay_paths == ("tests/test_shown.py",)


def test_where_other_tests_fail_too_it_is_an_ordinary_failure() -> None:
    world = World(judge=lambda files: _by_one_file(files, "tests/test_shown.py"))
    files = {**TREE, "bounds.py": BUGGY + "# tried\n", "tests/test_shown.py": SHOWS}
    evidence = seen(world, files, _with_reproduction(world))
    assert evidence.verdict is Verdict.FAILED and not evidence.disputed


def test_a_coder_that_changes_the_test_that_shows_the_bug_is_told_on() -> None:
    world = World()
    softer = SHOWS.replace("== 3", "in (0, 3)")
    evidence = seen(world, {**GOOD, "tests/test_shown.py": softer}, _with_reproduction(world))
    assert evidence.verdict is not Verdict.PASSED
    assert evidence.weakened[0].what == "the test that shows the bug was changed"


def test_nothing_passes_while_that_test_fails_though_the_commands_do_not_collect_it() -> None:
    """The commands leave it out; a run without it comes out otherwise than the one before."""
    runs: list[int] = []

    def told(files: Mapping[str, str]) -> CheckResult:
        runs.append(1)
        if "tests/test_shown.py" in files and "tests/test_bounds.py" not in files:
            return _by_one_file(files, "tests/test_shown.py")
        return checked(("tests/test_bounds.py::test_clamp",) if len(runs) < 4 else (), tail="1 passed in 0.12s")

    world = World(judge=told)
    evidence = seen(world, {**GOOD, "tests/test_shown.py": SHOWS}, _with_reproduction(world))
    assert evidence.verdict is not Verdict.PASSED and evidence.feedback
    assert isinstance(evidence.reproduction, Reproduction) and evidence.reproduction.candidate == "error"
