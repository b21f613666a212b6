"""One test run alone on a commit, and how it failed: in what it says of the code, or in itself."""

import re
from dataclasses import dataclass
from typing import Literal

from pointsman.domain.outcome import CheckResult, Failure
from pointsman.domain.run import RunSpec
from pointsman.phases.paths import is_test, is_test_config
from pointsman.phases.proof.commands import Command, is_pytest, is_unittest, one_test_at
from pointsman.phases.proof.jobs import job_of
from pointsman.ports.bundle import Ports

FailedBy = Literal["assertion", "exception", "error", "passed", "not-run"]

# What each runner says when an assertion did not hold, and says only then.
_ASSERTED: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (("go",), re.compile(r"^\s*--- FAIL: ", re.MULTILINE)),
    (("cargo",), re.compile(r"panicked at .*(\n.*)?assertion|assertion `|assertion failed", re.IGNORECASE)),
    (("jest", "vitest", "npm", "bun"), re.compile(r"\bexpect\(|AssertionError")),
    (("mocha", "node", "deno"), re.compile(r"\bAssertionError\b|ERR_ASSERTION")),
    (("rspec",), re.compile(r"\b[1-9]\d* failures?\b")),
    (("phpunit",), re.compile(r"^Failed asserting|Failures: [1-9]", re.MULTILINE)),
    (("mvn", "mvnw"), re.compile(r"Failures: [1-9]")),
    (("gradle", "gradlew"), re.compile(r"AssertionFailedError|AssertionError|ComparisonFailure")),
    (("dotnet",), re.compile(r"\bAssert\.\w+\(\) Failure|Assert\.\w+ failed")),
)
_BROKEN = re.compile(r"\[build failed\]|\[setup failed\]|could not compile|^panic: |SyntaxError|Cannot find module|"
                     r"COMPILATION ERROR|Errors: [1-9]|error CS\d+", re.MULTILINE)  # fmt: skip
_NOTHING_RAN = re.compile(
    r"no tests? (files|to run|ran|found|were executed)|running 0 tests|\b0 (tests|examples|passing)\b", re.IGNORECASE
)
_RAN = re.compile(r"^Ran ([1-9]\d*) tests?\b", re.MULTILINE)
_SKIPPED = re.compile(r"^OK \(.*\bskipped=(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestRun:
    """How one test file did on one commit.

    `assertion`: something the test says of the code does not hold. `exception`: the code under test raised. `error`:
    the test itself is at fault, or it could not be told from that. `tail` is what the runner printed.
    """

    __test__ = False

    failed_by: FailedBy
    tail: str
    result: CheckResult | None = None

    @property
    def collected(self) -> bool:
        """Whether the test was found and began."""
        return self.failed_by in ("assertion", "exception", "passed")

    @property
    def shows(self) -> bool:
        """Whether it failed by what it says of the code, so that it shows something."""
        return self.failed_by in ("assertion", "exception")


async def run_test(
    spec: RunSpec, ports: Ports, *, commit: str, path: str, text: str | None, commands: tuple[Command, ...]
) -> TestRun:
    """Run one test file on `commit`, where `text` stands in it (None: as it is there), and judge how it did.

    The file is laid over the tree in the sandbox, so no commit is made for it. `commands` are those of
    `commands_for`; where none of them can be narrowed to one test, nothing is run. Raises what the sandbox raises.
    """
    command = await one_test_at(ports.workspace, spec.base_commit, commands, path)
    if command is None:
        return TestRun("not-run", "How one test is run alone is not known for the commands of this repository.")
    files = () if text is None else ((path, text),)
    (result,) = await ports.sandbox.run(job_of(spec, commit, (command,), files=files))
    return judged(result, path)


def judged(result: CheckResult, path: str) -> TestRun:
    """How the test in `path` did, by the result of a command that ran it alone.

    Pure; in doubt the test is at fault itself.
    """
    if result.status == "not run":
        return TestRun("not-run", result.tail, result)
    if result.status != "exited":
        return TestRun("error", result.tail, result)
    if is_pytest(result.command):
        return TestRun(_by_report(result, path), result.tail, result)
    if is_unittest(result.command):
        return TestRun(_by_unittest(result, path), result.tail, result)
    return TestRun(_by_words(result), result.tail, result)


def _by_report(result: CheckResult, path: str) -> FailedBy:
    if result.failed:
        return _worst(result.failures, path) if len(result.failures) == len(result.failed) else "error"
    if result.passed:
        return "passed"
    return "error" if result.exit_code not in (0, 5) else "not-run"


def _by_unittest(result: CheckResult, path: str) -> FailedBy:
    ran, skipped = _RAN.search(result.tail), _SKIPPED.search(result.tail)
    if ran is None:
        return "error" if result.exit_code else "not-run"
    if result.exit_code == 0:
        return "not-run" if skipped and skipped.group(1) == ran.group(1) else "passed"
    return _worst(result.failures, path) if result.failures else "error"


def _worst(failures: tuple[Failure, ...], path: str) -> FailedBy:
    """A file in which one test is at fault itself proves nothing by the others."""
    kinds = {_kind(one, path) for one in failures}
    return "error" if "error" in kinds else "assertion" if "assertion" in kinds else "exception"


def _kind(failure: Failure, path: str) -> FailedBy:
    if failure.stage != "call":
        return "error"
    if failure.error == "AssertionError":
        return "assertion"
    last = failure.places[-1] if failure.places else path
    return "error" if last == path or is_test(last) or is_test_config(last) else "exception"


def _by_words(result: CheckResult) -> FailedBy:
    """By the output of a runner that leaves no report; what it does not plainly say is not taken for shown."""
    if result.exit_code == 0:
        return "not-run" if _NOTHING_RAN.search(result.tail) else "passed"
    words = frozenset(word.rsplit("/", 1)[-1] for word in result.command[:4])
    said = next((pattern for names, pattern in _ASSERTED if words.intersection(names)), None)
    if said is None or _BROKEN.search(result.tail) or not said.search(result.tail):
        return "error"
    return "assertion"
