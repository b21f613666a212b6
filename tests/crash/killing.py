"""Kills a real process of the program at a chosen moment, and sees to it that nothing of it lives on."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.stage import Stage
from tests.worlds.warm import Typed

from pointsman.workspaces.processes import descendants

Moment = Callable[[int], bool]
"""Whether the moment has come; asked time and again with the id of the process."""

_PATIENCE_SECONDS = 240.0
_BUSY_SECONDS = 0.03
_COUNTED_SECONDS = 0.06
# Counts to a number that no machine reaches while a test waits; all the while the writer holds the database.
_GATE = """
CREATE TRIGGER gate BEFORE INSERT ON {where}
BEGIN
  SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1e12) SELECT n FROM c);
END
"""
_NEXT_STEP = """operation_outputs WHEN NEW.workflow_uuid NOT IN ({runs})
 AND (SELECT count(*) FROM operation_outputs WHERE workflow_uuid = NEW.workflow_uuid) = {finished}"""


@dataclass(frozen=True)
class Step:
    """A finished step as the engine keeps it."""

    run_id: str
    number: int
    name: str
    output: str


def journal(home: Path) -> tuple[Step, ...]:
    """The finished steps of all runs, in order; read beside whoever writes."""
    return tuple(
        Step(str(run), int(str(number)), str(name), str(output))
        for run, number, name, output in _read(home / "engine.sqlite", _STEPS)
    )


def recorded(home: Path, run_id: str) -> tuple[Step, ...]:
    """The finished steps of one run."""
    return tuple(step for step in journal(home) if step.run_id == run_id)


_STEPS = "SELECT workflow_uuid, function_id, function_name, output FROM operation_outputs ORDER BY 1, 2"


def rows_of(home: Path, query: str) -> list[tuple[object, ...]]:
    """What a query of the ledger finds."""
    return _read(home / "ledger.sqlite", query)


def _read(database: Path, query: str) -> list[tuple[object, ...]]:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []  # not there yet


def killed(stage: Stage, *words: str, when: Moment, every: float = 0.015) -> bool:
    """Type a command and kill -9 its process when the moment has come; False when it ended by itself before.

    It is looked for `every` so many seconds. Afterwards nothing that it had started is alive.
    """
    process = stage.begins(*words, with_policy=words[0] in ("run", "rerun"))
    try:
        if not _came(process, when, every):
            process.communicate()
            return False
        family = {pid: _born(pid) for pid in descendants(process.pid)}
        process.kill()
        process.communicate()
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    _gone(family)
    return process.returncode == -signal.SIGKILL


def _came(process: Typed, when: Moment, every: float) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while process.poll() is None:
        if when(process.pid):
            return True
        assert time.monotonic() < deadline, "neither the moment nor the end came"
        time.sleep(every)
    return False


def _born(pid: int) -> str:
    """When a process started: with it, a number that is used again is told apart."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
    except OSError:
        return "gone"


def _gone(family: dict[int, str]) -> None:
    deadline = time.monotonic() + 60
    left = family
    while left := {pid: born for pid, born in left.items() if born != "gone" and _born(pid) == born}:
        assert time.monotonic() < deadline, [_command(pid) for pid in left]
        time.sleep(0.01)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def strays(folder: Path) -> list[str]:
    """The command lines of all processes that name the folder; whoever waits in a test names none."""
    pids = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
    return [line for line in map(_command, pids) if str(folder) in line]


def runs_in(pid: int, word: str) -> bool:
    """Whether a descendant of the process has the word in its command line."""
    return any(word in _command(child) for child in descendants(pid))


def gate(home: Path, finished: int, *, spared: tuple[str, ...] = ()) -> AbstractContextManager[Moment]:
    """Who records one more step than `finished` is held: the step has had its effect, and nobody has written so.

    Gives the moment at which it is held. Runs in `spared` pass.
    """
    runs = ", ".join(f"'{run}'" for run in spared)
    where = _NEXT_STEP.format(finished=finished, runs=runs)
    return _gate(home, where, lambda: _finished(home, spared) == finished)


def gate_at(home: Path, name: str, *, after: str) -> AbstractContextManager[Moment]:
    """Who records a step of this name is held, where the last one that was recorded is called `after`."""
    where = f"operation_outputs WHEN NEW.function_name = '{name}'"
    return _gate(home, where, lambda: [step.name for step in journal(home)][-1:] == [after])


def gate_before_the_engine(home: Path) -> AbstractContextManager[Moment]:
    """Who hands a run over to the engine is held: the run is in the ledger, and the engine does not know it."""
    known = len(rows_of(home, "SELECT run_id FROM runs"))
    return _gate(home, "workflow_status", lambda: len(rows_of(home, "SELECT run_id FROM runs")) == known + 1)


@contextmanager
def _gate(home: Path, where: str, there: Callable[[], bool]) -> Iterator[Moment]:
    path = home / "engine.sqlite"
    _write(path, "DROP TRIGGER IF EXISTS gate", _GATE.format(where=where))
    since: list[tuple[float, float]] = []

    def held(pid: int) -> bool:
        if not _busy(path):
            since.clear()
            return False
        since.append((time.monotonic(), _worked(pid)))
        (began, before), (now, worked) = since[0], since[-1]
        # Whoever only waits for a slow disk holds the database as well; whoever counts works.
        return now - began >= _BUSY_SECONDS and worked - before >= _COUNTED_SECONDS and there()

    try:
        yield held
    finally:
        _write(path, "DROP TRIGGER IF EXISTS gate")


def _worked(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _finished(home: Path, spared: tuple[str, ...]) -> int:
    return sum(step.run_id not in spared for step in journal(home))


def _busy(path: Path) -> bool:
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def _write(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def tampered(home: Path, *statements: str) -> None:
    """Change the engine's database as a crash at another moment would have left it."""
    _write(home / "engine.sqlite", *statements)
