"""Tests that pass are a claim of hostile code: what steers the run is noticed, and silence is no proof."""

import asyncio
import shlex
from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.phases.phase_world import BUGGY, FIXED, TREE, World, checked, judge

from pointsman.domain.outcome import CheckResult, Earlier, Evidence, Verdict
from pointsman.domain.run import VerifyOrder
from pointsman.phases.paths import is_guarded, is_test_config
from pointsman.phases.proof.commands import programs_of
from pointsman.phases.proof.weakening import weakenings
from pointsman.phases.proof.weighing import weigh
from pointsman.phases.verify import verify


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
        "sub/go.mod",
        "go.work",
        "Cargo.toml",
        "pom.xml",
        "build.gradle.kts",
        ".rspec",
        "Rakefile",
        "phpunit.xml.dist",
        ".npmrc",
        "Justfile",
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


SUM = "+".join(["1"] * 1500)


@pytest.mark.parametrize(
    "code",
    [
        "import os\ngetattr(os, '_exit')(0)\n",
        "import os as o\ngetattr(o, '_ex' + 'it')(0)\n",
        "import os\nvars(os)['_exit'](0)\n",
        "import os\nos.__dict__['_exit'](0)\n",
        "import sys\nFRAME = sys._getframe(3).f_locals\n",
        "from inspect import stack as seen\nFRAMES = seen()\n",
        "import sys\nfor module in list(sys.modules.values()):\n    module.__test__ = False\n",
        "import builtins\nbuiltins.isinstance = lambda *_: True\n",
        "class Equal:\n    __eq__ = lambda self, other: True\n",
        "class Equal:\n    def __eq__(self, other):\n        return not False\n",
        f"import os\nif {SUM}:\n    pass\nos._exit(0)\n",
        "X = 1\n" * 90_000 + "import os\nos._exit(0)\n",
    ],
)
def test_t6_a_way_to_the_runner_that_takes_a_turn_is_told_as_well(code: str) -> None:
    assert "machinery" in {one.kind for one in weakenings({"src/a.py": ("", code)})}


@pytest.mark.parametrize("path", ["typing.py", "json/__init__.py", "packaging/__init__.py"])
def test_t6_a_new_module_that_the_runner_would_load_for_its_own_is_told(path: str) -> None:
    assert [one.kind for one in weakenings({path: (None, "X = 1\n")})] == ["machinery"]
    assert weakenings({path: ("X = 1\n", "X = 2\n"), f"src/{path}": (None, ""), "test/__init__.py": (None, "")}) == ()


def test_t6_a_bulk_of_files_hides_none_that_nobody_looked_at() -> None:
    world = World()
    bulk = {f"a{number:03}.py": "" for number in range(101)}
    found = asyncio.run(
        verify(
            world.spec(), Earlier(), world.ports, commit=world.workspace.keep({**TREE, **bulk, "bounds.py": FIXED})
        )
    )
    assert found.verdict is Verdict.INCONCLUSIVE and "1 more files were not looked at" in found.why


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("./check.sh", "check.sh"),
        ("bash -e tools/../check.sh --fast", "check.sh"),
        ("env CI=1 timeout 60 python3 tools/run.py", "tools/run.py"),
        ("python -m tools.run", "tools/run.py"),
        ("uv run python -m tools", "tools/__main__.py"),
        ("sh -c 'cd web && ./check.sh'", "check.sh"),
    ],
)
def test_the_program_that_runs_the_tests_is_known_by_its_file(line: str, program: str) -> None:
    assert program in programs_of((_words(line),))


def test_what_a_runner_is_given_to_test_is_not_taken_for_the_runner() -> None:
    assert not {"bounds.py", "src/bounds.py"} & programs_of((_words("python -m pytest --cov=bounds src/bounds.py"),))


def test_t6_a_change_of_the_script_that_runs_the_tests_proves_nothing_by_itself() -> None:
    """The script is the candidate's own; base's is run on its code as well."""

    def run(files: Mapping[str, str]) -> CheckResult:
        real = judge({path: text for path, text in files.items() if path != "check.sh"})
        return checked(exit_code=0 if files["check.sh"] == "exit 0\n" else real.exit_code, tail=real.tail)

    def found(**files: str) -> Evidence:
        world = World(tree={**TREE, "check.sh": "pytest\n"}, judge=run)
        order = VerifyOrder((("./check.sh",),), 60.0, 512, ("./check.sh",))
        commit = world.workspace.keep({**world.tree, **files})
        return asyncio.run(verify(replace(world.spec(), verify=order), Earlier(), world.ports, commit=commit))

    forged = found(**{"bounds.py": f"{BUGGY}# tried\n", "check.sh": "exit 0\n"})
    assert forged.verdict is not Verdict.PASSED and forged.changed_tests == ("check.sh",)
    assert found(**{"bounds.py": FIXED, "check.sh": "pytest -q\n"}).verdict is Verdict.PASSED


def _words(line: str) -> tuple[str, ...]:
    return tuple(shlex.split(line))
