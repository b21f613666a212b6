"""Launchers are forked from one process, which ends with ours and is started again when somebody ended it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world

from pointsman.domain.work import SandboxJob
from pointsman.workspaces import processes


@pytest.fixture
def repository(tmp_path: Path) -> world.Repository:
    return world.repository(tmp_path)


def _mothers(pid: int) -> list[int]:
    return [child for child in processes.descendants(pid) if b"prefork" in _command(child)]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _waited_for(pids: list[int]) -> bool:
    deadline = time.monotonic() + 30
    while any(b"prefork" in _command(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(b"prefork" in _command(pid) for pid in pids)


def test_jobs_share_one_process_that_is_started_again_when_it_was_killed(repository: world.Repository) -> None:
    assert world.run(repository, "bubblewrap", ("true",), files={})[0].exit_code == 0
    first = _mothers(os.getpid())
    assert world.run(repository, "bubblewrap", ("true",), files={})[0].exit_code == 0
    assert _mothers(os.getpid()) == first
    assert len(first) == 1

    os.kill(first[0], signal.SIGKILL)
    assert _waited_for(first)
    seen = world.run(repository, "bubblewrap", ("sh", "-c", "exit 3"), files={})[0]
    assert (seen.status, seen.exit_code) == ("exited", 3)
    assert len(_mothers(os.getpid())) == 1 != first[0]


def test_a_job_whose_launcher_is_killed_is_not_run_and_the_next_one_is(repository: world.Repository) -> None:
    async def both() -> tuple[str, str]:
        sandbox, commit = world.sandbox(repository, "bubblewrap"), repository.commit({})
        await sandbox.tier()
        job = asyncio.ensure_future(sandbox.run(SandboxJob(commit, (("sleep", "60"),), 90, 256)))
        for _ in range(3000):
            if held := _launchers():
                os.kill(held[0], signal.SIGKILL)
                break
            await asyncio.sleep(0.01)
        seen = await job
        return seen[0].status, (await sandbox.run(SandboxJob(commit, (("true",),), 30, 256)))[0].status

    assert asyncio.run(both()) == ("not run", "exited")


def _launchers() -> list[int]:
    """Launchers that have begun a command: what they are called, and who their children are."""
    below = {mother: processes.descendants(mother) for mother in _mothers(os.getpid())}
    return [
        pid
        for found in below.values()
        for pid, process in found.items()
        if process.parent in below and processes.descendants(pid)
    ]


_FIRST_JOB = """
import asyncio, sys, time
from pathlib import Path
from pointsman.workspaces.sandbox import LinuxSandbox
print((asyncio.run(LinuxSandbox(Path("/nonexistent"), Path(sys.argv[1])).tier())).name, flush=True)
time.sleep(60)
"""


def test_it_ends_with_the_process_that_it_works_for(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    command = (sys.executable, "-c", _FIRST_JOB, str(tmp_path / "scratch"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bot:
        assert bot.stdout is not None
        assert bot.stdout.readline().strip() == "bubblewrap"
        mothers = _mothers(bot.pid)
        assert len(mothers) == 1
        bot.kill()
    assert _waited_for(mothers)


def test_what_a_glimpse_sees_is_what_there_is_also_where_the_kernel_keeps_no_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = "sleep 60 & sh -c 'sleep 60 & wait' & echo begun; wait"
    with subprocess.Popen(("sh", "-c", command), stdout=subprocess.PIPE, start_new_session=True) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        try:
            deadline = time.monotonic() + 30
            while len(processes.descendants(shell.pid)) < 3 and time.monotonic() < deadline:
                time.sleep(0.01)
            exact = set(processes.descendants(shell.pid))
            assert len(exact) == 3
            assert set(processes.glimpse(shell.pid)) == exact
            assert exact < set(processes.glimpse(os.getpid()))
            monkeypatch.setattr(processes, "_children", lambda _pid: None)
            assert set(processes.glimpse(shell.pid)) == exact
        finally:
            os.killpg(shell.pid, signal.SIGKILL)
