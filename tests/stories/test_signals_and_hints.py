"""What a person reads when a run is cut off, taken up again or done again: commands that can be typed."""

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, WRONG, Stage, edit, environment, staged, usual


def _cut_off(stage: Stage, number: int) -> tuple[int, str]:
    """Cut a run off by a signal while its coder is asked; the exit code, and what it said."""
    process = stage.begins("run", *stage.about(), with_policy=True)
    try:
        for _ in range(3600):
            if "coder" in stage.asked():
                break
            time.sleep(0.05)
        process.send_signal(number)
        _, err = process.communicate(timeout=180)
    finally:
        process.kill()
    return process.wait(), err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_a_signal_cuts_off_says_the_command_that_goes_on_with_it(tmp_path: Path, number: int) -> None:
    with ScriptedServer(usual(coder=(Answer(fault="hang"), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        code, err = _cut_off(stage, number)
        said = err.splitlines()[-1]
        command = shlex.split(said.split("`")[1])
        on = subprocess.run(command, cwd="/", env=environment(tmp_path), capture_output=True, text=True, timeout=240)

    assert (code, said.split("`")[::2]) == (4, ["Interrupted. What was finished is kept; ", " goes on."])
    assert command[-3:] == ["resume", "--home", str(stage.home)]
    assert on.returncode == 0, on
    assert stage.asked() == ["planner", "coder", "coder", "reviewer"]
    told = [line.split(",")[0] for line in on.stderr.splitlines()]
    assert not [line for line in told if line.startswith("plan")], told
    assert "code     started with coder" in told


def test_what_to_try_next_names_the_policy_that_was_given_and_can_be_typed(tmp_path: Path) -> None:
    again = tuple(edit(f"price - percent * {factor}") for factor in (3, 4))
    with ScriptedServer(usual(coder=again)) as server:
        stage = staged(tmp_path, server)
        first = stage.does("run", *stage.about(), with_policy=True)
        line = next(line for line in first.out.splitlines() if " rerun " in line)
        command = shlex.split(line.strip().removeprefix("$ ").replace("NAME", "senior"))
        done = subprocess.run(
            command, cwd="/", env=environment(tmp_path), capture_output=True, text=True, timeout=240
        )

    assert command[-4:] == ["--home", str(stage.home), "--policy", str(stage.policy)]
    assert done.returncode == 0, done
    told = [line.split(",")[0] for line in done.stderr.splitlines() if line[:1].islower()]
    assert not [line for line in told if line.startswith(("triage", "plan"))], told
    assert "verify   ended: not passed" in first.err
    assert WRONG in first.out


def test_doctor_says_what_to_do_when_no_model_answers(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
    said = stage.does("doctor", with_policy=True)
    assert said.code == 3
    assert said.told.endswith("Then call doctor again.")
    assert "No model answers, so nothing can be run." in said.told


def test_the_demonstration_ends_with_an_approved_change_and_commands_that_can_be_typed(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "pointsman"), "demo", "--scripted", "--folder", str(tmp_path / "d")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "approve by scripted-reviewer" in done.stdout
    assert "1 of which failed on base" in done.stdout
    assert "For a bus that leaves this minute" in done.stdout
    typed = [shlex.split(line.strip()[2:]) for line in done.stdout.splitlines() if line.strip().startswith("$ ")]
    verify = next(words for words in typed if "verify" in words)
    checked = subprocess.run(verify, cwd="/", env=environment(tmp_path), capture_output=True, text=True, timeout=240)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_demonstration_leaves_a_folder_alone_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    command = [str(Path(sys.executable).parent / "pointsman"), "demo", "--scripted", "--folder", str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert f"The folder {tmp_path} is not empty." in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
