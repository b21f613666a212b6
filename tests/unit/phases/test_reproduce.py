"""A bug fix begins with a test that fails on base by what the issue says, or with the word why there is none."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import (
    MID,
    PYTEST,
    STRONG,
    TEST,
    TREE,
    Line,
    World,
    checked,
    routes,
    said_in,
    says,
)
from tests.unit.phases.test_coding_tries import PLAN

from pointsman.domain.levels import TaskClass
from pointsman.domain.outcome import CheckResult, Earlier, Failure, NoReproduction, Reproduction
from pointsman.domain.run import Goal, Issue
from pointsman.phases.proof.placing import example_for, neighbour, place_about, place_for, slug_of
from pointsman.phases.reproduce import Sought, reproduce, speaks_of

QUIET = {**TREE, "tests/test_bounds.py": TEST.replace("clamp(5, 0, 3) == 3", "clamp(-1, 0, 3) == 0")}
SHOWS = "from bounds import clamp\n\n\ndef test_shown():\n    assert clamp(9, 0, 3) == 3\n"
PASSES = SHOWS.replace("clamp(9, 0, 3) == 3", "clamp(-9, 0, 3) == 0")
BROKEN = SHOWS.replace("clamp(9, 0, 3)", "clam(9)")
ISSUE = Issue("7", "Clamp forgets the upper bound", "`clamp(9, 0, 3)` gives 0 and not 3.", "e" * 64)


def told(files: dict[str, str]) -> CheckResult:
    """What pytest would say of the new test alone, and of the others."""
    mine = [path for path in files if "clamp_forgets" in path]
    if not mine:
        return checked(("tests/test_bounds.py::test_clamp",), tail="1 passed")
    name, text = f"{mine[0]}::test_shown", files[mine[0]]
    if "clam(9)" in text:
        return replace(checked((), (name,)), failures=(Failure(name, "call", "NameError", (mine[0],)),))
    if "clamp(-9" in text:
        return checked((name,))
    return replace(checked((), (name,)), failures=(Failure(name, "call", "AssertionError", (mine[0],)),))


def block(text: str) -> Line:
    return says(f"```python\n{text}```\n")


def sought(
    *script: Line, world: World | None = None, task: TaskClass = TaskClass.BUGFIX, goal: Goal = "build"
) -> tuple[Sought, World]:
    held = world or World(tree=QUIET, judge=lambda files: told(dict(files)))
    held.models.script.extend(script)
    spec = held.spec(issue=ISSUE)
    order = replace(spec.verify, commands=(PYTEST,), reproduce=True)
    spec = replace(spec, verify=order, task=task, goal=goal)
    return asyncio.run(reproduce(spec, Earlier(plan=PLAN), held.ports)), held


def test_a_test_that_fails_on_base_by_the_bug_is_kept_with_who_wrote_it() -> None:
    seen, world = sought(block(SHOWS))
    found = seen.found
    assert isinstance(found, Reproduction)
    assert (found.path, found.base, found.model) == ("tests/test_clamp_forgets_the_upper_7.py", "assertion", "mid")
    assert found.text == SHOWS and world.workspace.commits[found.commit][found.path] == SHOWS
    assert world.sandbox.jobs[-1].commands == ((*PYTEST, found.path),)
    (order,) = world.workspace.orders
    assert order.rules.allowed == (found.path,) and order.onto == order.base == world.base


def test_the_model_is_shown_the_issue_the_criteria_and_a_neighbouring_test_and_asked_for_plain_text() -> None:
    _, world = sought(block(SHOWS))
    (ask,) = world.models.asks
    said = said_in(ask)
    assert ask.template == "reproduce/1" and ask.shape is None and ask.tools == ()
    assert ISSUE.body in said and PLAN.criteria[0] in said
    assert "file tests/test_bounds.py, a test that is there" in said and "file bounds.py" in said


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (PASSES, "passes on base"),
        (BROKEN, "fault of its own"),
        (SHOWS.replace("clamp(9, 0, 3) == 3", "False"), "checks nothing"),
    ],
)
def test_a_test_that_does_not_show_it_goes_back_once_with_what_happened(first: str, why: str) -> None:
    seen, world = sought(block(first), block(SHOWS))
    assert isinstance(seen.found, Reproduction)
    assert why in said_in(world.models.asks[1])


def test_after_the_second_one_it_is_given_up_and_said() -> None:
    seen, world = sought(block(PASSES), block(PASSES))
    assert isinstance(seen.found, NoReproduction) and seen.found.needed
    assert seen.found.why == ("No test showed the bug on base. The test passes on base, so it does not show the bug.")
    assert len(world.models.asks) == 2 and seen.base


def test_a_reply_without_a_file_is_given_up_as_plainly() -> None:
    seen, _ = sought(says("I cannot do that."), says("Really."))
    assert isinstance(seen.found, NoReproduction) and "could not be written" in seen.found.why


def test_nobody_is_asked_where_the_repository_shows_the_bug_itself() -> None:
    failing = replace(checked((), ("tests/test_bounds.py::test_clamp",)), tail="E   assert clamp(9, 0, 3) == 3")
    seen, world = sought(world=World(tree=TREE, judge=lambda files: failing))
    assert isinstance(seen.found, NoReproduction) and not seen.found.needed
    assert "tests/test_bounds.py::test_clamp" in seen.found.why and world.models.asks == []


def test_a_test_that_fails_by_something_else_does_not_count_as_showing_it() -> None:
    other = {**QUIET, "tests/test_net.py": "def test_net():\n    assert False\n"}

    def failing(files: dict[str, str]) -> CheckResult:
        whole = told(files)
        return whole if any("forgets" in path for path in files) else checked((), ("tests/test_net.py::test_net",))

    seen, _ = sought(block(SHOWS), world=World(tree=other, judge=lambda files: failing(dict(files))))
    assert isinstance(seen.found, Reproduction)


@pytest.mark.parametrize(
    ("task", "goal"), [(TaskClass.FEATURE, "build"), (TaskClass.DOCS, "build"), (TaskClass.BUGFIX, "fix")]
)
def test_nobody_is_asked_where_no_bug_is_to_be_mended(task: TaskClass, goal: Goal) -> None:
    seen, world = sought(task=task, goal=goal)
    assert isinstance(seen.found, NoReproduction) and not seen.found.needed and world.models.asks == []
    assert world.sandbox.jobs == []


def test_without_a_way_to_run_one_test_it_is_said() -> None:
    world = World(tree={**QUIET, "Makefile": "test:\n\ttrue\n"}, judge=lambda files: checked())
    spec = world.spec(issue=ISSUE)
    spec = replace(spec, verify=replace(spec.verify, commands=(("make", "test"),), reproduce=True))
    seen = asyncio.run(reproduce(spec, Earlier(plan=PLAN), world.ports))
    assert isinstance(seen.found, NoReproduction) and "How one test is run alone is not known" in seen.found.why


def test_another_rung_may_be_asked_in_its_turn() -> None:
    world = World(tree=QUIET, judge=lambda files: told(dict(files)))
    world.models.script.append(block(SHOWS))
    spec = replace(world.spec(routes(MID, STRONG), issue=ISSUE))
    spec = replace(spec, verify=replace(spec.verify, commands=(PYTEST,), reproduce=True))
    seen = asyncio.run(reproduce(spec, Earlier(plan=PLAN), world.ports, rung=1))
    assert isinstance(seen.found, Reproduction) and seen.found.model == "strong"


@pytest.mark.parametrize(
    ("command", "paths", "place"),
    [
        ("pytest", ["tests/unit/test_a.py", "tests/conftest.py"], "tests/unit/test_clamp_forgets_the_upper_7.py"),
        ("pytest", ["pkg/a_test.py"], "pkg/clamp_forgets_the_upper_7_test.py"),
        ("pytest", ["src/a.py"], "tests/test_clamp_forgets_the_upper_7.py"),
        ("npx jest", ["src/a.test.tsx"], "src/clamp-forgets-the-upper-7.test.tsx"),
        ("npx vitest", ["src/a.spec.ts"], "src/clamp-forgets-the-upper-7.spec.ts"),
        ("go test ./...", ["pkg/a_test.go"], "pkg/clamp_forgets_the_upper_7_test.go"),
        ("cargo test", ["tests/a_test.rs"], "tests/clamp_forgets_the_upper_7.rs"),
        ("mvn test", ["src/test/java/a/ATest.java"], "src/test/java/a/ClampForgetsTheUpper7Test.java"),
        ("bundle exec rspec", ["spec/a_spec.rb"], "spec/clamp_forgets_the_upper_7_spec.rb"),
        ("make test", ["tests/test_a.py"], ""),
    ],
)
def test_a_new_test_is_called_as_its_neighbours_are(command: str, paths: Sequence[str], place: str) -> None:
    commands = (tuple(command.split()),)
    model = neighbour((), tuple(paths), commands)
    assert place_for(ISSUE, model, frozenset(paths), commands) == place


def test_a_name_that_is_taken_gets_a_number_and_an_issue_without_one_a_digest() -> None:
    taken = frozenset({"tests/test_a.py", "tests/test_clamp_forgets_the_upper_7.py"})
    assert place_for(ISSUE, "tests/test_a.py", taken, (PYTEST,)) == "tests/test_clamp_forgets_the_upper_7_2.py"
    assert len(slug_of(replace(ISSUE, key="/srv/issues/Größe.md", title="Ü!")).split("_")[-1]) == 6


def test_what_a_text_is_about_is_told_by_the_code_that_the_issue_names() -> None:
    wanted = speaks_of(ISSUE)
    assert wanted("E assert clamp(1) == 2") and not wanted("E assert clamped == 2")
    plain = speaks_of(replace(ISSUE, title="Discounts forget percents", body="They do."))
    assert plain("test_discounts_with_percents") and not plain("test_discounts")


@pytest.mark.parametrize(
    ("code", "paths", "place"),
    [
        ("pkg/a.py", ["tests/test_b.py", "tests/conftest.py"], "tests/test_shown.py"),
        ("pkg/a.py", [], "test_shown.py"),
        ("pkg/a.go", [], ""),
        ("pkg/a.go", ["pkg/a_test.go", "web/a.test.ts"], "pkg/shown_test.go"),
        ("web/a.jsx", ["web/b-test.ts", "pkg/a_test.go"], "web/shown-test.ts"),
        ("src/main/A.swift", ["Tests/ATests.swift"], "Tests/ShownTests.swift"),
        ("pkg/a.py", ["test_shown.py", "test_b.py"], "test_shown_2.py"),
    ],
)
def test_a_test_about_some_code_goes_where_others_of_its_language_lie(
    code: str, paths: Sequence[str], place: str
) -> None:
    assert place_about(code, "shown", example_for(code, paths), paths) == place
