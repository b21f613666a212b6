"""Which commands prove a candidate: the ones that were ordered, else the usual one for what the tree holds."""

import json
import posixpath
import re
import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase
from itertools import pairwise

from pointsman.domain.run import RunSpec
from pointsman.domain.work import FileEntry
from pointsman.phases.paths import is_test
from pointsman.phases.proof.runners import Command, Wanted, narrowed
from pointsman.ports.workspace import Workspace

__all__ = [
    "Command",
    "commands_for",
    "detected",
    "is_allowed",
    "is_pytest",
    "is_unittest",
    "one_test",
    "one_test_at",
    "programs_of",
]

PYTEST: Command = ("python3", "-m", "pytest")
UNITTEST: Command = ("python3", "-m", "unittest", "discover")
_PYTEST_SECTIONS = {"pyproject.toml": "[tool.pytest", "setup.cfg": "[tool:pytest]", "tox.ini": "[pytest]"}
_MOST_READ = 20
_HANDS_ON = re.compile(
    r"-.*|\w+=.*|\d+[smh]?|env|time|timeout|nice|uv|run|poetry|pipenv|hatch|bundle|exec|npx|(?:ba|da|z)?sh|"
    r"python[\d.]*|node|deno|bun|ruby|perl|php"
)


async def commands_for(spec: RunSpec, workspace: Workspace) -> tuple[tuple[Command, ...], str]:
    """The commands to run, and, when there are none, why.

    They are looked for at the base commit, so that a candidate cannot choose what is run. A command that the
    operator's patterns do not allow is not run.
    """
    commands = spec.verify.commands or await detected(workspace, spec.base_commit)
    if not commands:
        return (), "no test command is configured, and none was found in the repository"
    barred = tuple(command for command in commands if not is_allowed(command, spec.verify.allowed))
    if barred:
        return (), f"the operator's policy does not allow the command `{shlex.join(barred[0])}`"
    return commands, ""


def is_allowed(command: Command, patterns: Iterable[str]) -> bool:
    """Whether the whole command line fits a pattern; `*` stands for any text, a trailing ` *` also for none."""
    line = shlex.join(command)
    return any(fnmatchcase(line, pattern) or fnmatchcase(f"{line} ", pattern) for pattern in patterns)


def one_test(commands: tuple[Command, ...], path: str, test_id: str = "", *, script: str = "") -> Command | None:
    """The command that runs one test file alone, or one test of it; None when no command here is known to do that.

    `commands` are those that `commands_for` gave. What is made of one that the operator allows is allowed as well: it
    is the same program and runner with some of the same options, and beside them only words that select tests, which
    can begin no option. `test_id` is as a runner prints it (`path::Class::test`) or the names alone; `script` is what
    `npm test` stands for.
    """
    names = tuple(part for part in test_id.removeprefix(path).split("::") if part)
    if not _selects(path) or "/" in path[:1] or ".." in path.split("/") or not all(map(_selects, names)):
        return None
    found = (narrowed(command, Wanted(path, names), script) for command in commands)
    return next((command for command in found if command is not None), None)


def _selects(word: str) -> bool:
    """Whether a word is fit to select a test: printable, short, and no option."""
    return bool(word) and len(word) <= 500 and word.isprintable() and not word.startswith(("-", "@"))


async def one_test_at(
    workspace: Workspace, commit: str, commands: tuple[Command, ...], path: str, test_id: str = ""
) -> Command | None:
    """The same, with what `npm test` stands for at `commit`, which should be the base."""
    script = ""
    if any(command[1:2] == ("test",) for command in commands):
        script = _test_script(await _text(workspace, commit, "package.json"))
    return one_test(commands, path, test_id, script=script)


def _test_script(text: str) -> str:
    try:
        package = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return ""
    scripts = package.get("scripts") if isinstance(package, dict) else None
    script = scripts.get("test") if isinstance(scripts, dict) else None
    return script if isinstance(script, str) else ""


def is_pytest(command: Command) -> bool:
    """Whether the command is a pytest run, which leaves ids of tests behind."""
    return "pytest" in (word.rsplit("/", 1)[-1] for word in command[:4])


def is_unittest(command: Command) -> bool:
    """Whether the command is a run of Python's unittest, which says at its end how many tests ran."""
    return command[1:3] == ("-m", "unittest")


def programs_of(commands: tuple[Command, ...]) -> frozenset[str]:
    """The files that the commands run as programs, should the tree hold them: `./check.sh`, `sh -c 'tools/t'`."""
    found: set[str] = set()
    for command in commands:
        for before, word in pairwise(("", *command)):
            if before == "-m":
                module = word.replace(".", "/")
                found |= {f"{module}.py", f"{module}/__main__.py"}
            elif _HANDS_ON.fullmatch(word.rsplit("/", 1)[-1]):
                continue
            else:
                found.update(posixpath.normpath(part) for part in re.findall(r"[\w./+-]+", word))
            break
    return frozenset(found)


async def detected(workspace: Workspace, commit: str) -> tuple[Command, ...]:
    """The usual test command for what lies at the root of the tree; empty when nothing is known."""
    entries = await workspace.files(commit)
    names = frozenset(entry.path for entry in entries)
    python_tests = tuple(entry.path for entry in entries if entry.path.endswith(".py") and is_test(entry.path))
    if python_tests:
        return (await _python(workspace, commit, entries, python_tests),)
    if "package.json" in names and '"test"' in await _text(workspace, commit, "package.json"):
        return (("npm", "test"),)
    if "go.mod" in names:
        return (("go", "test", "./..."),)
    if "Cargo.toml" in names:
        return (("cargo", "test", "--offline"),)
    makefile = await _text(workspace, commit, "Makefile") if "Makefile" in names else ""
    if any(line.startswith(("test:", "test ")) for line in makefile.splitlines()):
        return (("make", "test"),)
    return ()


async def _python(
    workspace: Workspace, commit: str, entries: tuple[FileEntry, ...], tests: tuple[str, ...]
) -> Command:
    names = frozenset(entry.path for entry in entries)
    if any(path.rsplit("/", 1)[-1] in ("conftest.py", "pytest.ini") for path in names):
        return PYTEST
    for path, section in _PYTEST_SECTIONS.items():
        if path in names and section in await _text(workspace, commit, path):
            return PYTEST
    texts = [await _text(workspace, commit, path) for path in tests[:_MOST_READ]]
    unittests = any("unittest" in text for text in texts)
    plain = any("import pytest" in text or "\ndef test_" in f"\n{text}" for text in texts)
    return UNITTEST if unittests and not plain else PYTEST


async def _text(workspace: Workspace, commit: str, path: str) -> str:
    source = await workspace.read(commit, path)
    return source.text if source is not None else ""
