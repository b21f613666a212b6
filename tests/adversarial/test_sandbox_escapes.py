"""Cases T11 to T13: every way out is tried, the bot is killed, and two jobs run side by side."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world

from pointsman.domain.work import SandboxJob
from pointsman.workspaces import sandbox as sandbox_module

SOURCES = Path(sandbox_module.__file__).parent
PACKAGES = SOURCES.parents[1]
each_tier = pytest.mark.parametrize("tier", world.TIERS)


@pytest.fixture
def repository(tmp_path: Path) -> world.Repository:
    return world.repository(tmp_path)


def _probe(tmp_path: Path) -> dict[str, str]:
    bait = tmp_path / "bait"
    bait.write_text("bait")
    (tmp_path / "key").write_text("key")
    return {
        "file": str(bait),
        "scratch": str(tmp_path),
        "port": "1",
        "abstract": "pointsman-none",
        "socket": str(tmp_path / "socket"),
        "pid": str(os.getpid()),
        "pid_namespace": str(Path("/proc/self/ns/pid").readlink()),
        "secret": str(tmp_path / "key"),
    }


def test_t11_the_probes_do_get_out_where_nothing_holds_them(tmp_path: Path) -> None:
    """T11. A probe that never succeeds anywhere would prove nothing."""
    words = [sys.executable, "-I", "-S", str(SOURCES / "probe.py"), json.dumps(_probe(tmp_path))]
    said = subprocess.run(
        words, cwd=tmp_path, env={"PATH": "/usr/bin", "SECRET": "x"}, capture_output=True, check=True
    )
    found = json.loads(said.stdout)
    assert found["probes"] >= 46
    for name in ("environment", "reading a file of the host", "writing a file of the host", "missing filter"):
        assert name in found["escapes"]
    assert f"reading {tmp_path / 'key'}" in found["escapes"]
    for name in ("signalling the bot", "missing limits", "calling memfd_create", "removing a file of the host"):
        assert name in found["escapes"]


@each_tier
def test_t11_every_probe_stays_inside(repository: world.Repository, tier: str) -> None:
    """T11, under the uid of these tests: the self-test runs all probes, and one that gets out lowers the tier."""
    found = asyncio.run(world.sandbox(repository, tier).tier())
    assert found.name == tier


@each_tier
def test_t11_a_job_of_a_run_gets_no_further_than_the_self_test(
    repository: world.Repository, tmp_path: Path, tier: str
) -> None:
    """T11. All probes again from inside a job, with the toolchains, tree and limits that a run has."""
    source = (SOURCES / "probe.py").read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        name = f"pointsman-job-{os.getpid()}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        outside = {**_probe(tmp_path), "port": str(port.getsockname()[1]), "abstract": name}
        seen = world.run(repository, tier, ("python", "-c", source, json.dumps(outside)), files={})[0]
    found = json.loads(seen.tail.splitlines()[-1])
    assert (found["works"], found["escapes"]) == (True, [])
    assert found["probes"] >= 46
    assert (tmp_path / "bait").read_text(encoding="utf-8") == "bait"


OWNER = """
import asyncio, json, sys
sys.path.append(sys.argv[2])
from pathlib import Path
from pointsman.domain.work import SandboxJob
from pointsman.workspaces.sandbox import LinuxSandbox
spec = json.loads(sys.argv[1])
held = LinuxSandbox(Path(spec["git"]), Path(spec["scratch"]), refuse_tiers=spec["refused"])
asyncio.run(held.run(SandboxJob(spec["commit"], (("sh", "-c", spec["command"]),), 60, 256)))
"""


@each_tier
def test_t12_a_bot_that_is_killed_leaves_no_process_and_its_folder_is_reclaimed(
    repository: world.Repository, tier: str
) -> None:
    """T12. kill -9 in the middle of a job."""
    spec = {
        "git": str(repository.root / ".git"),
        "scratch": str(repository.root.parent / "scratch"),
        "refused": world.REFUSED[tier],
        "command": f"{world.SLEEP} & {world.SLEEP}",
        "commit": repository.commit({}),
    }
    owner = subprocess.Popen([sys.executable, "-c", OWNER, json.dumps(spec), str(PACKAGES)])
    assert _eventually(lambda: len(world.leftovers(world.SLEEP)) >= 2)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert _eventually(lambda: world.leftovers(world.SLEEP) == [])
    assert len(world.jobs_left(repository)) == 1
    seen = world.run(repository, tier, ("true",), files={})
    assert seen[0].exit_code == 0
    assert world.jobs_left(repository) == []


def _eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(3000):
        if holds():
            return True
        time.sleep(0.02)
    return False


@each_tier
def test_t13_two_jobs_at_once_cannot_see_each_other(repository: world.Repository, tier: str) -> None:
    """T13. Neither by files, nor by processes, nor by a port that one opens."""
    source = (
        "import glob, os, socket, sys, time\n"
        "try: held = socket.socket(); held.bind(('127.0.0.1', 47311)); held.listen(); print('own port')\n"
        "except OSError as error: print('no socket' if error.errno in (1, 13) else error)\n"
        "mine = 'mine-' + os.urandom(8).hex()\n"
        "open(mine, 'w').close()\n"
        "open(os.environ['TMPDIR'] + '/' + mine, 'w').close()\n"
        "time.sleep(1.0)\n"
        "print(len(glob.glob('mine*')), len(glob.glob(os.environ['TMPDIR'] + '/mine*')))\n"
        "lines = []\n"
        "for path in glob.glob('/proc/[0-9]*/cmdline'):\n"
        "    try: lines.append(open(path, 'rb').read().split(b'\\0'))\n"
        "    except OSError: pass\n"
        "print(sum(line[:2] == [b'python', b'hostile.py'] for line in lines) <= 1)\n"
    )
    held = world.sandbox(repository, tier)
    job = SandboxJob(repository.commit({"hostile.py": source}), (("python", "hostile.py"),), 30, 256)

    async def both() -> list[str]:
        return [one[0].tail for one in await asyncio.gather(held.run(job), held.run(job))]

    port = "own port" if tier == "bubblewrap" else "no socket"
    assert [text.splitlines() for text in asyncio.run(both())] == [[port, "1 1", "True"]] * 2
