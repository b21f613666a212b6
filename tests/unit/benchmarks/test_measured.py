import sys
from pathlib import Path

from benchmarks.measured import measure


def test_the_cost_holds_the_work_and_memory_of_children_too(tmp_path: Path) -> None:
    inner = "x = bytearray(120_000_000)\nfor i in range(3_000_000): pass"
    outer = f"import subprocess, sys; print('said'); subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    measured = measure([sys.executable, "-c", outer], cwd=tmp_path, env={})
    assert (measured.cost.exit_code, measured.output) == (0, "said\n")
    assert measured.cost.peak_mb > 110
    assert measured.cost.processor_seconds > 0.02
    assert measured.cost.wall_seconds > 0


def test_the_parent_adds_little_memory_and_exit_codes_are_kept(tmp_path: Path) -> None:
    ballast = bytearray(200_000_000)
    measured = measure(["/bin/sh", "-c", "exit 3"], cwd=tmp_path, env={})
    assert measured.cost.exit_code == 3
    assert measured.cost.peak_mb < len(ballast) / 4e6
    assert measure(["/no/such/program"], cwd=tmp_path, env={}).cost.exit_code == 127
