"""Turns how a command ended into a result; what the command wrote about itself is read as a claim."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.parsers import expat

from pointsman.domain.outcome import CheckResult, Failure
from pointsman.workspaces import output
from pointsman.workspaces.bubblewrap import RESULTS, TREE
from pointsman.workspaces.failures import of_pytest, of_unittest
from pointsman.workspaces.orders import Ending

_MOST_TESTS = 50_000
_LONGEST_ID = 500
_SLOW_SECONDS, _ENDLESS_SECONDS = 3.0, 1e6
_MOST_SLOW = 50
_MOST_FAILURES = 20
_LONGEST_REPORT = 20_000
_LEFT_OUT = b"\n... %d bytes left out ...\n"


def instrument(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command as it is run: pytest is asked for a result file and short tracebacks, others are left alone.

    The words go right behind the program, so that what the command itself says later on its line wins.
    """
    place = _pytest_at(command)
    if place is None or any("junit" in word for word in command):
        return command
    wanted = (f"--junitxml={RESULTS}/junit.xml", "-o", "junit_family=xunit1", "--tb=short", "--color=no")
    return (*command[: place + 1], *wanted, *command[place + 1 :])


def _pytest_at(command: tuple[str, ...]) -> int | None:
    if not command:
        return None
    program = PurePosixPath(command[0]).name
    if program in ("pytest", "py.test"):
        return 0
    if program.startswith("python") and "-m" in command:
        place = command.index("-m") + 1
        if command[place : place + 1] in (("pytest",), ("py.test",)):
            return place
    return None


def all_of(
    commands: tuple[tuple[str, ...], ...], commit: str, endings: tuple[Ending, ...], *, rooms: tuple[str, ...]
) -> tuple[CheckResult, ...]:
    """The results of the commands of one job; see `result`."""
    both = zip(commands, endings, strict=True)
    return tuple(result(command, commit, ending, rooms=rooms) for command, ending in both)


def result(command: tuple[str, ...], commit: str, ending: Ending, *, rooms: tuple[str, ...] = ()) -> CheckResult:
    """The result of `command` on `commit`. `rooms` are folders of the host whose names say nothing to a reader.

    Exit code and test ids are both passed on as reported; where they disagree it is for the caller to say so.
    """
    tests = read_junit(ending.results)
    middle = _LEFT_OUT % ending.left_out if ending.left_out else b""
    text = output.tidy(ending.head + middle + ending.tail, (*rooms, TREE))
    if ending.exit_code != 0 and output.needs_network(text):
        text = output.shorten(text, most=3_900) + "\n" + output.NETWORK_HINT
    if ending.why:
        why = output.tidy(ending.why.encode(), rooms)[:600]
        text = output.shorten(text, most=3_300) + f"\n({why[:1].upper()}{why[1:]}.)"
    return CheckResult(
        command=command,
        commit=commit,
        status=ending.status,
        exit_code=ending.exit_code,
        passed=tests.named("passed"),
        failed=tests.named("failed"),
        skipped=tests.named("skipped"),
        tail=output.shorten(text.strip()),
        seconds=round(ending.seconds, 3),
        xfailed=tuple(name for name in tests.named("skipped") if name in tests.expected),
        failures=tuple(tests.failures.values()) or _of_unittest(command, ending, (*rooms, TREE)),
        slow=tuple(tests.slow.items()),
    )


def _of_unittest(command: tuple[str, ...], ending: Ending, rooms: tuple[str, ...]) -> tuple[Failure, ...]:
    if "unittest" not in command[:4] or ending.exit_code == 0:
        return ()
    return of_unittest(output.tidy(ending.head + b"\n" + ending.tail, rooms))


def not_run(command: tuple[str, ...], commit: str, why: str) -> CheckResult:
    """A command that never started, and why."""
    return CheckResult(command, commit, "not run", None, (), (), (), why[:4_000], 0.0)


class _Unusable(Exception):
    """The file is not one that pytest writes."""


@dataclass(slots=True)
class Tests:
    """What a result file claims, test by test; a test with two outcomes has the worse one."""

    outcomes: dict[str, str] = field(default_factory=dict)
    expected: set[str] = field(default_factory=set)
    failures: dict[str, Failure] = field(default_factory=dict)
    slow: dict[str, float] = field(default_factory=dict)
    current: str = ""
    _failing: tuple[str, str] | None = None
    _report: list[str] = field(default_factory=list)

    def named(self, outcome: str) -> tuple[str, ...]:
        """The ids with that outcome, in the order of the file."""
        return tuple(name for name, seen in self.outcomes.items() if seen == outcome)

    def opened(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "testcase":
            self.current = _test_id(attributes)
            self.outcomes.setdefault(self.current, "passed")
            self._timed(attributes.get("time", ""))
            if len(self.outcomes) > _MOST_TESTS:
                raise _Unusable
        elif self.current and tag in ("failure", "error"):
            self.outcomes[self.current] = "failed"
            self._failing = (tag, attributes.get("message", ""))
            self._report = []
        elif self.current and tag == "skipped" and self.outcomes[self.current] == "passed":
            self.outcomes[self.current] = "skipped"
            if attributes.get("type") == "pytest.xfail":
                self.expected.add(self.current)

    def _timed(self, said: str) -> None:
        try:
            seconds = float(said)
        except ValueError:
            return
        if _SLOW_SECONDS <= seconds < _ENDLESS_SECONDS and len(self.slow) < _MOST_SLOW:
            self.slow[self.current] = round(seconds, 1)

    def said(self, text: str) -> None:
        if self._failing is not None and len(self.failures) < _MOST_FAILURES:
            self._report.append(text)

    def closed(self, tag: str) -> None:
        if self._failing is not None and tag == self._failing[0]:
            if len(self.failures) < _MOST_FAILURES:
                found = of_pytest(self.current, *self._failing, "".join(self._report)[-_LONGEST_REPORT:])
                self.failures.setdefault(self.current, found)
            self._failing = None
        if tag == "testcase":
            self.current = ""


def _test_id(attributes: dict[str, str]) -> str:
    """The node id as pytest prints it, put together from file, class and name; one line, no control characters."""
    name, dotted, file = (attributes.get(key, "") for key in ("name", "classname", "file"))
    module = file.removesuffix(".py").replace("/", ".")
    if file and (dotted == module or dotted.startswith(module + ".")):
        inner = dotted[len(module) + 1 :]
        parts = [file, *(inner.split(".") if inner else []), name]
    else:
        parts = [file or dotted, name]
    text = "::".join(part for part in parts if part)
    return "".join(char if char.isprintable() else "?" for char in text)[:_LONGEST_ID]


def read_junit(data: bytes) -> Tests:
    """The tests of a JUnit XML file; none when it is missing, broken, or declares a document type or entities."""
    tests = Tests()
    if not data:
        return tests
    parser = expat.ParserCreate()
    parser.StartElementHandler = tests.opened
    parser.EndElementHandler = tests.closed
    parser.CharacterDataHandler = tests.said
    parser.StartDoctypeDeclHandler = _refuse_declaration
    parser.EntityDeclHandler = _refuse_declaration
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _Unusable, ValueError):
        return Tests()
    return tests


def _refuse_declaration(*_: object) -> None:
    raise _Unusable
