"""A test run alone: what it shows of the code is told from what is wrong with the test itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world
from tests.unit.phases.phase_world import PYTEST, World, checked

from pointsman.domain.outcome import CheckResult, Failure
from pointsman.domain.work import SandboxJob
from pointsman.phases.proof.showing import TestRun, judged, run_test

SHOP = {
    "shop/__init__.py": "",
    "shop/prices.py": (
        "def half(price):\n    return price // 3\n\n\ndef share(price, heads):\n    return price / len(heads)\n"
    ),
    "tests/__init__.py": "",
}
UNITTEST = ("python", "-m", "unittest", "discover", "-s", "tests", "-t", ".")
BODIES = {
    "assertion": "        self.assertEqual(half(6), 3)\n",
    "exception": "        share(6, [])\n",
    "error": "        half(six)\n",
    "passed": "        self.assertEqual(half(9), 3)\n",
    "not-run": "        self.skipTest('not now')\n",
}


def _class_of(body: str, imports: str = "from shop.prices import half, share\n") -> str:
    return f"import unittest\n\n{imports}\n\nclass Shown(unittest.TestCase):\n    def test_it(self):\n{body}"


FILES = {
    **{f"tests/test_{kind.replace('-', '_')}.py": _class_of(body) for kind, body in BODIES.items()},
    "tests/test_import.py": _class_of(BODIES["passed"], imports="from shop.prices import nothing\n"),
    "tests/test_syntax.py": _class_of("        half(\n"),
    "tests/test_fixture.py": "def test_it(no_such_fixture):\n    assert False\n",
    "tests/test_raises.py": (
        "import pytest\nfrom shop.prices import half\ndef test_it():\n"
        "    with pytest.raises(ValueError):\n        half(1)\n"
    ),
}
AT_FAULT = ("error", "import", "syntax", "fixture")


def test_pytest_tells_what_a_test_shows_from_what_is_wrong_with_it(tmp_path: Path) -> None:
    command = ("python", "-m", "pytest", "-q", "--continue-on-collection-errors")
    whole = sandbox_world.run(sandbox_world.repository(tmp_path), "bubblewrap", command, files={**SHOP, **FILES})[0]
    kinds = {path: judged(_only(whole, path), path).failed_by for path in FILES}
    expected = {f"tests/test_{kind.replace('-', '_')}.py": kind for kind in BODIES}
    expected |= {f"tests/test_{name}.py": "error" for name in AT_FAULT}
    assert kinds == {**expected, "tests/test_raises.py": "assertion"}


def _only(whole: CheckResult, path: str) -> CheckResult:
    """What of a run of all tests is about one file."""
    module = path.removesuffix(".py").replace("/", ".")

    def those(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(one for one in ids if one.startswith((path, module)))

    failures = tuple(one for one in whole.failures if those((one.test,)))
    code = 1 if those(whole.failed) else 0
    return replace(whole, passed=those(whole.passed), failed=those(whole.failed), failures=failures, exit_code=code)


@pytest.mark.parametrize("kind", ["assertion", "exception", "error", "not-run", "import"])
def test_unittest_tells_the_same(ran: dict[str, TestRun], kind: str) -> None:
    assert ran[kind].failed_by == ("error" if kind in AT_FAULT else kind), ran[kind]
    assert ran[kind].shows == (kind in ("assertion", "exception"))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TestRun]:
    """Each kind of test laid over the same commit, and run alone by unittest in one sandbox."""
    made = sandbox_world.repository(tmp_path_factory.mktemp("shown"))
    commit = made.commit(SHOP)
    world = World(tree=SHOP)
    ports = replace(world.ports, sandbox=sandbox_world.sandbox(made, "bubblewrap"))

    async def every() -> dict[str, TestRun]:
        found = {}
        for path in (path for path in FILES if "pytest" not in FILES[path] and "fixture" not in path):
            run = await run_test(
                world.spec(), ports, commit=commit, path=path, text=FILES[path], commands=(UNITTEST,)
            )
            found[path.removeprefix("tests/test_").removesuffix(".py").replace("_", "-")] = run
        return found

    return asyncio.run(every())


def test_a_file_never_lands_outside_the_tree_or_through_a_link(tmp_path: Path) -> None:
    made = sandbox_world.repository(tmp_path)
    (made.root / "tests").symlink_to("/tmp")
    made.git("add", "-A")
    made.git("commit", "-qm", "x")
    commit = made.git("rev-parse", "HEAD")
    files = (("tests/a.txt", "in"), ("../out.txt", "out"), (".git/config", "x"), ("/abs.txt", "x"))
    job = SandboxJob(commit, (("sh", "-c", "cat tests/a.txt; ls -a . .."),), 30, 256, files=files)
    seen = asyncio.run(sandbox_world.sandbox(made, "bubblewrap").run(job))[0]
    assert seen.tail.startswith("in")
    assert "out.txt" not in seen.tail and "abs.txt" not in seen.tail and ".git" not in seen.tail
    assert not Path("/tmp/a.txt").exists()


def _by(command: str, tail: str, exit_code: int = 1) -> CheckResult:
    return replace(checked(exit_code=exit_code, tail=tail), command=tuple(command.split()))


@pytest.mark.parametrize(
    ("command", "tail", "kind"),
    [
        ("go test ./a", "--- FAIL: TestA (0.00s)\n    a_test.go:7: got 1", "assertion"),
        ("go test ./a", "# a\n./a_test.go:3:1: undefined: x\nFAIL a [build failed]", "error"),
        ("go test ./a", "--- FAIL: TestA\npanic: runtime error", "error"),
        ("cargo test", "thread 'a' panicked at tests/a.rs:3:5:\nassertion `left == right` failed", "assertion"),
        ("cargo test", "error: could not compile `a`", "error"),
        ("npx jest a", "expect(received).toBe(expected)", "assertion"),
        ("npx jest a", "ReferenceError: x is not defined", "error"),
        ("mvn test", "Tests run: 1, Failures: 1, Errors: 0", "assertion"),
        ("mvn test", "Tests run: 1, Failures: 0, Errors: 1", "error"),
        ("my-own-runner", "FAILED", "error"),
    ],
)
def test_other_runners_are_believed_only_where_they_name_an_assertion(command: str, tail: str, kind: str) -> None:
    assert judged(_by(command, tail), "a").failed_by == kind


@pytest.mark.parametrize("tail", ["?  a [no test files]", "running 0 tests", "No tests found", "0 passing"])
def test_a_runner_that_found_no_test_ran_none(tail: str) -> None:
    assert judged(_by("npx jest", tail, 0), "a").failed_by == "not-run"


def test_a_file_in_which_one_test_is_at_fault_itself_proves_nothing_by_the_others() -> None:
    failures = (Failure("a", "call", "AssertionError"), Failure("b", "call", "NameError", ("t.py",)))
    both = replace(checked((), ("a", "b")), command=PYTEST, failures=failures)
    assert judged(both, "t.py").failed_by == "error"
    assert judged(replace(both, failed=("a",), failures=failures[:1]), "t.py").failed_by == "assertion"
    assert judged(replace(both, failures=failures[:1]), "t.py").failed_by == "error"


def test_where_no_command_runs_one_test_nothing_is_run(tmp_path: Path) -> None:
    world = World()
    run = asyncio.run(
        run_test(world.spec(), world.ports, commit=world.base, path="a.py", text="", commands=(("make", "test"),))
    )
    assert run.failed_by == "not-run" and world.sandbox.jobs == []
