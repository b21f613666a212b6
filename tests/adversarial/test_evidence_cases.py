"""Tests that pass are a claim of hostile code: what steers the run is noticed, and silence is no proof."""

import pytest

from pointsman.domain.outcome import CheckResult, Verdict
from pointsman.phases.paths import is_guarded, is_test_config
from pointsman.phases.weighing import weigh


@pytest.mark.parametrize(
    "path",
    [
        "pytest.py",
        "pytest/__main__.py",
        "_pytest/main.py",
        "unittest/__init__.py",
        "evil.egg-info/entry_points.txt",
        "evil-1.0.dist-info/entry_points.txt",
        ".cargo/config.toml",
        "crates/a/.cargo/config",
        "web/jest.config.mjs",
        "jest.setup.js",
        "vitest.workspace.ts",
        ".mocharc.cjs",
        "pytest.toml",
    ],
)
def test_a_file_that_takes_the_place_of_the_runner_or_steers_it_is_held_for_test_configuration(path: str) -> None:
    assert is_test_config(path)
    assert is_guarded(path)


@pytest.mark.parametrize(
    "path", ["src/pytest_notes.py", "docs/unittest/a.md", "jest.py", "cargo/config.toml", "a.py"]
)
def test_a_file_that_only_sounds_like_it_is_a_file_like_others(path: str) -> None:
    assert not is_test_config(path)


@pytest.mark.parametrize("said", ["", "Ran 0 tests in 0.000s\n\nOK", "I Ran 9 tests"])
def test_a_unittest_run_that_ends_well_without_a_test_proves_nothing(said: str) -> None:
    """The code under test may end the process with 0 before the first test."""
    command = ("python3", "-m", "unittest", "discover")
    found = weigh((), (CheckResult(command, "c", "exited", 0, (), (), (), said, 0.1),))
    assert found.verdict is Verdict.INCONCLUSIVE
    good = CheckResult(command, "c", "exited", 0, (), (), (), "..\n\nRan 2 tests in 0.001s\n\nOK", 0.1)
    assert weigh((), (good,)).verdict is Verdict.PASSED
