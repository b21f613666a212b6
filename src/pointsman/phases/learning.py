"""What a run learned about the repository: facts from what it ran and saw at the base, looked at by the harness."""

import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from pointsman.domain.outcome import CheckResult, Earlier, Verdict
from pointsman.domain.run import RunSpec
from pointsman.phases import memory
from pointsman.phases.memory import Fact, Held, held_in
from pointsman.phases.paths import is_test_file, test_folder
from pointsman.phases.proof.commands import Command, commands_for, one_test_at
from pointsman.phases.proof.jobs import job_of
from pointsman.phases.proof.showing import judged
from pointsman.phases.widths import width_of
from pointsman.ports.bundle import Ports

SLOW_RUN_SECONDS = (60.0, 120.0)
"""Below the first all tests count as quick again, above the second as slow: in between a word once said stays."""

SLOW_TEST_SECONDS = 10.0
_MOST_SLOW = 10
_MOST_FOLDERS = 5
_NO_NETWORK = "The sandbox has no network"
_NO_PROGRAM = re.compile(r"not found|No such file|cannot execute", re.IGNORECASE)
_RAN = re.compile(r"^Ran [1-9]\d* tests?\b|^ok\s+\S+|^--- FAIL|^test result: |^\d+ examples?, ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Learned:
    """The memory file as it should be now (empty: leave it), the facts that are new in it, or why it was left."""

    text: str = ""
    new: tuple[str, ...] = ()
    why: str = ""


async def learned(spec: RunSpec, earlier: Earlier, ports: Ports, *, text: str | None, size: int) -> Learned:
    """What of this run goes into the memory, whose file reads `text` on the change (None: there is no such text).

    `size` is the file's in bytes, 0 when there is none. Nothing is run for what is known already. Raises what the
    sandbox raises.
    """
    if spec.audit_mode != "in-tree":
        return Learned(why="nothing is committed beside the change in this repository")
    if size > memory.MEMORY_BYTES or (size > 0 and text is None):
        return Learned(why=f"{memory.MEMORY} is no text of at most {memory.MEMORY_BYTES} bytes, and was left alone")
    held = held_in(text or "")
    seen = await _seen(spec, earlier, ports)
    facts = tuple(one for one in (*_facts(seen), await _one_test(seen, held)) if one is not None)
    wrong = frozenset(one.text for one in held.ours if _WRONG[one.kind](seen, one))
    whole = memory.updated(text, facts, wrong)
    if whole is None or len(whole.encode()) > memory.MEMORY_BYTES:
        return Learned(why="" if whole is None else f"{memory.MEMORY} is full")
    before = frozenset(one.text for one in held.standing)
    return Learned(whole, tuple(one.text for one in held_in(whole).standing if one.text not in before))


@dataclass(frozen=True, slots=True)
class _Example:
    """One test that would show how one is run: its file, its id where there is one, and the command for it alone."""

    path: str
    test: str
    command: Command
    fact: Fact


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the run saw: the tree and the commands at the base, how they ended, and what can be told from it.

    `worked` are the results of commands that ran tests; those on a candidate count only where its evidence holds.
    """

    spec: RunSpec
    ports: Ports
    paths: tuple[str, ...]
    commands: tuple[str, ...]
    base: tuple[CheckResult, ...]
    worked: tuple[CheckResult, ...]
    ids: tuple[str, ...]
    test_files: tuple[str, ...]
    example: _Example | None
    width: Fact | None


async def _seen(spec: RunSpec, earlier: Earlier, ports: Ports) -> _Seen:
    evidence = earlier.evidence
    base = evidence.base if evidence else ()
    held = evidence.candidate if evidence and evidence.verdict is Verdict.PASSED else ()
    commands, _ = await commands_for(spec, ports.workspace)
    entries = await ports.workspace.files(spec.base_commit)
    paths = tuple(entry.path for entry in entries)
    ids = tuple(name for one in base for name in (*one.passed, *one.failed))
    files = _test_files(ids, paths)
    return _Seen(
        spec=spec,
        ports=ports,
        paths=paths,
        commands=tuple(shlex.join(command) for command in commands),
        base=base,
        worked=tuple(one for one in (*base, *held) if _did_work(one) and one.command in commands),
        ids=ids,
        test_files=files,
        example=await _example(spec, ports, commands, sorted(files), ids),
        width=await width_of(ports.workspace, spec.base_commit, entries),
    )


def _test_files(ids: tuple[str, ...], paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files of tests that ran; where a runner names none, those that are called like tests."""
    known = frozenset(paths)
    ran = tuple(path for path in dict.fromkeys(name.split("::")[0] for name in ids) if path in known)
    return ran or tuple(path for path in paths if is_test_file(path))


async def _example(
    spec: RunSpec, ports: Ports, commands: tuple[Command, ...], files: list[str], ids: tuple[str, ...]
) -> _Example | None:
    path = next((path for path in files if is_test_file(path)), "")
    test = next((name for name in sorted(ids) if path and name.startswith(f"{path}::")), "")
    command = await one_test_at(ports.workspace, spec.base_commit, commands, path, test) if path else None
    stated = memory.one_test_alone(shlex.join(command)) if command else None
    return _Example(path, test, command, stated) if command and stated else None


def _facts(seen: _Seen) -> list[Fact | None]:
    """Everything that holds now and needs nothing run for it."""
    facts = [memory.all_tests(shlex.join(one.command)) for one in seen.worked]
    facts += [_broken(one) for one in seen.base]
    facts += [memory.slow_run(shlex.join(one.command)) for one in seen.base if _is_slow(one)]
    slow = [name for one in seen.base for name, seconds in one.slow if seconds >= SLOW_TEST_SECONDS]
    facts += [memory.slow_test(name) for name in slow[:_MOST_SLOW]]
    facts += _places(seen) if seen.worked else []
    return [*dict.fromkeys(facts), seen.width]


def _did_work(one: CheckResult) -> bool:
    """Whether a command ran tests, however they came out."""
    if one.status != "exited":
        return False
    return one.exit_code == 0 or bool(one.passed or one.failed) or _RAN.search(one.tail) is not None


def _broken(one: CheckResult) -> Fact | None:
    if _did_work(one):
        return None
    line = shlex.join(one.command)
    if one.status == "timeout":
        return memory.broken(line, "it does not end in its time")
    if one.status == "memory":
        return memory.broken(line, "it takes too much memory")
    if one.exit_code in (126, 127) and _NO_PROGRAM.search(one.tail):
        return memory.broken(line, "its program is not there")
    return memory.broken(line, "it needs the network") if _NO_NETWORK in one.tail else None


def _is_slow(one: CheckResult) -> bool:
    return _did_work(one) and one.seconds > SLOW_RUN_SECONDS[1]


def _places(seen: _Seen) -> list[Fact | None]:
    """Where the tests lie: in a few folders of their own, or beside the code."""
    folders = Counter(test_folder(path) for path in seen.test_files)
    own = [folder for folder, _ in sorted(folders.items(), key=lambda it: (-it[1], it[0])) if folder]
    if own:
        return [memory.tests_in(folder) for folder in own[:_MOST_FOLDERS]]
    return [memory.tests_in("")] if folders else []


async def _one_test(seen: _Seen, held: Held) -> Fact | None:
    """How one test is run, shown by running one; not again where that is known, struck out or deleted."""
    example = seen.example
    if example is None or not seen.worked:
        return None
    standing = next((one for one in held.standing if one.id == example.fact.id), None)
    if standing is not None and not _is_another_test(seen, standing):
        return standing
    if standing is None and not held.wants(example.fact):
        return None
    job = job_of(seen.spec, seen.spec.base_commit, (example.command,))
    (result,) = await seen.ports.sandbox.run(job)
    ran = example.test in (*result.passed, *result.failed) or judged(result, example.path).collected
    return example.fact if ran else None


def _is_another_test(seen: _Seen, one: Fact) -> bool:
    """Whether the fact is of another runner than today's, or its example is gone."""
    words = (word.split("::")[0].rpartition("/")[2] for word in re.split(r"[` ]+", one.text))
    named = frozenset(word for word in words if is_test_file(word) and "*" not in word)
    gone = named - frozenset(PurePosixPath(path).name for path in seen.paths)
    return bool(gone) or (seen.example is not None and seen.example.fact.id != one.id)


def _is_quick(seen: _Seen, one: Fact) -> bool:
    if not seen.ids:
        return False
    return one.subject not in {name for check in seen.base for name, _ in check.slow}


def _works_now(seen: _Seen, one: Fact) -> bool:
    return any(shlex.join(check.command) == one.subject for check in seen.worked)


def _runs_quickly(seen: _Seen, one: Fact) -> bool:
    quick = (check for check in seen.base if _did_work(check) and check.seconds < SLOW_RUN_SECONDS[0])
    return any(shlex.join(check.command) == one.subject for check in quick)


_WRONG: dict[memory.Kind, Callable[[_Seen, Fact], bool]] = {
    "run": lambda seen, one: bool(seen.commands) and one.subject not in seen.commands,
    "one": _is_another_test,
    "slow-run": _runs_quickly,
    "slow-test": _is_quick,
    "place": lambda seen, one: not any(test_folder(path) == one.subject for path in seen.paths),
    "beside": lambda seen, _: any(test_folder(path) for path in seen.test_files),
    "width": lambda seen, one: seen.width is None or seen.width.id != one.id,
    "broken": _works_now,
}
"""Whether what was seen now speaks against a fact; what was not looked at speaks against none."""
