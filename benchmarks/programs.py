"""Small programs with one planted bug each, as repositories with a failing test and an issue.

The input is JSON lines in the fields of HumanEvalFix (OctoPack's HumanEvalPack, MIT licence): `id`, `entry_point`,
`docstring`, `buggy`, `correct`, `test`, `failure_symptoms`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.repositories import Story, commit, git, write

from benchmarks.installation import ROUTING, VERIFY


@dataclass(frozen=True, slots=True)
class Program:
    """One function with a bug, the same without it, and assertions on it."""

    id: str
    entry_point: str
    docstring: str
    buggy: str
    correct: str
    test: str
    symptoms: str

    @property
    def slug(self) -> str:
        """The id as a file name."""
        return re.sub(r"[^A-Za-z0-9]+", "-", self.id).strip("-").lower()


def programs_in(file: Path, ids: Sequence[str] = ()) -> tuple[Program, ...]:
    """The programs of a file, all or the named ones, in the file's order. Raises KeyError for an unknown id."""
    found = {program.id: program for program in map(_program, file.read_text(encoding="utf-8").splitlines())}
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise KeyError(f"{file} holds no program {', '.join(missing)}")
    return tuple(program for program in found.values() if not ids or program.id in ids)


def every(programs: Sequence[Program], step: int) -> tuple[Program, ...]:
    """The first of every `step` programs, in order: a choice that is made before anything was tried."""
    return tuple(programs[::step])


def repository_of(program: Program, where: Path, *, routing: str = ROUTING) -> Story:
    """A git repository with the buggy module, its test and a routing file, if any; the issue lies beside it."""
    name = program.entry_point
    repository = where / program.slug
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch=main")
    write(repository, f"{name}.py", program.buggy)
    write(repository, "tests/__init__.py", "")
    write(repository, f"tests/test_{name}.py", _test_file(program))
    if routing:
        write(repository, ".pointsman.yml", routing)
    commit(repository, "Add a function and its test")
    issue = where / "issue.md"
    issue.write_text(_issue(program), encoding="utf-8")
    return Story(repository=repository, issue=issue, path=f"{name}.py", buggy=program.buggy, fixed=program.correct)


def _issue(program: Program) -> str:
    name = program.entry_point
    wanted = "\n".join(f"    {line}".rstrip() for line in program.docstring.splitlines())
    return (
        f"# {name} has a bug\n\nWhat `{name}` in `{name}.py` should do:\n\n{wanted}\n\n"
        f"What happens: {program.symptoms}. `{VERIFY}` fails.\n"
    )


def _test_file(program: Program) -> str:
    # The data set calls `check` at the end of the module; as a test it has a name and a result.
    call = f"check({program.entry_point})"
    checks = program.test.strip().removesuffix(call).rstrip()
    return (
        f"import unittest\n\nfrom {program.entry_point} import *\n\n\n{checks}\n\n\n"
        f"class Check(unittest.TestCase):\n    def test_{program.entry_point}(self):\n        {call}\n"
    )


def _program(line: str) -> Program:
    data = json.loads(line)
    return Program(
        id=str(data["id"]),
        entry_point=str(data["entry_point"]),
        docstring=str(data["docstring"]),
        buggy=str(data["buggy"]),
        correct=str(data["correct"]),
        test=str(data["test"]),
        symptoms=str(data.get("failure_symptoms", "wrong results")),
    )
