"""Amounts that bound nothing, and readers that have seen enough."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("pointsman")


@pytest.mark.parametrize("amount", ["nan", "inf", "-1"])
@pytest.mark.parametrize("command", [("measure",), ("eval", "triage")])
def test_an_amount_that_bounds_nothing_is_no_budget(command: tuple[str, ...], amount: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, *command, "--budget-usd", amount, "--home", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--budget-usd" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--cost-over", "--cost-under"])
def test_no_run_costs_more_or_less_than_no_amount(option: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [PROGRAM, "audit", "query", option, "nan", "--home", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert option in done.stderr


def test_a_reader_that_has_seen_enough_is_no_fault_of_ours() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    with os.fdopen(ours, "wb") as nobody_reads:
        done = subprocess.run(
            [PROGRAM, "presets", "default"], stdout=nobody_reads, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == ""
