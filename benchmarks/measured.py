"""One command in a process of its own, and what it cost: processor seconds, wall seconds, peak memory.

Run as a program it is the small parent that the figures are taken in: a child's peak memory is never below that of
the process that forked it, so that parent must be small, and imports the standard library only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command and all that it started and waited for cost; memory is the peak of the largest process."""

    processor_seconds: float
    wall_seconds: float
    peak_mb: float
    exit_code: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of a command, and what it said."""

    cost: Cost
    output: str
    errors: str


def measure(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float = 600.0) -> Measured:
    """Run a command to its end. Raises subprocess.TimeoutExpired after `timeout` seconds."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "cost.json"
        outer = [sys.executable, "-I", "-S", str(Path(__file__).resolve()), str(figures), *command]
        done = subprocess.run(
            outer, cwd=cwd, env=dict(env), capture_output=True, text=True, timeout=timeout, check=False
        )
        return Measured(Cost(**json.loads(figures.read_text(encoding="utf-8"))), done.stdout, done.stderr)


def _parent(figures: Path, command: Sequence[str]) -> None:
    begun = time.perf_counter()
    process = os.fork()
    if process == 0:
        try:
            os.execvp(command[0], list(command))
        finally:
            os._exit(127)
    _, status, used = os.wait4(process, 0)
    cost = Cost(
        processor_seconds=used.ru_utime + used.ru_stime,
        wall_seconds=time.perf_counter() - begun,
        peak_mb=used.ru_maxrss / 1024,
        exit_code=os.waitstatus_to_exitcode(status),
    )
    figures.write_text(json.dumps(asdict(cost)), encoding="utf-8")


if __name__ == "__main__":
    _parent(Path(sys.argv[1]), sys.argv[2:])
