"""Cases T11 to T13: every way out is tried, the bot is killed, and two jobs run side by side."""

import asyncio
import json
import os
import signal
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
    return {
        "file": str(bait),
        "scratch": str(tmp_path),
        "port": "1",
        "abstract": "pointsman-none",
        "socket": str(tmp_path / "socket"),
        "pid": str(os.getpid()),
        "pid_namespace": str(Path("/proc/self/ns/pid").readlink()),
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
    for name in ("signalling the bot", "missing limits", "calling memfd_create", "removing a file of the host"):
        assert name in found["escapes"]


@each_tier
def test_t11_every_probe_stays_inside(repository: world.Repository, tier: str) -> None:
    """T11, under the uid of these tests: the self-test runs all probes, and one that gets out lowers the tier."""
    found = asyncio.run(world.sandbox(repository, tier).tier())
    assert found.name == tier


AS_ANOTHER_UID = """
import asyncio, ctypes, json, os, sys
spec = json.loads(sys.argv[1])
sys.path.append(spec["packages"])
from pathlib import Path
from pointsman.domain.work import SandboxJob, Toolchain
from pointsman.workspaces import namespaces
from pointsman.workspaces.sandbox import LinuxSandbox
if os.getuid() == 0:
    assert ctypes.CDLL(None).unshare(0x20000) == 0
    namespaces.mount("none", "/", "none", 0x44000)
    namespaces.expose([*spec["reachable"], spec["packages"], spec["world"]])
    os.setgroups([]); os.setgid(12345); os.setuid(12345)
if spec["inner"]:
    inner = spec.pop("inner")
    spec["inner"] = []
    os.execv(inner[0], [*inner, json.dumps(spec)])
tools = tuple(Toolchain(**one) for one in spec["toolchains"])
world = Path(spec["world"])
async def main():
    for refused in ((), ("bubblewrap",)):
        held = LinuxSandbox(world / "repository/.git", world / "scratch", tools, refuse_tiers=refused)
        tier = await held.tier()
        job = SandboxJob(spec["commit"], (("python", "-m", "pytest"), ("sh", "-c", "id -u; id -G")), 60, 512)
        seen = await held.run(job)
        print(json.dumps([tier.name, tier.why, seen[0].passed, seen[0].tail, seen[1].tail]))
asyncio.run(main())
"""


@pytest.mark.parametrize("namespaces", ["allowed", "forbidden"])
def test_t11_every_probe_stays_inside_as_an_ordinary_user(repository: world.Repository, namespaces: str) -> None:
    """T11, as a user without privileges; and where user namespaces are forbidden only Landlock is left, and holds."""
    commit = repository.commit({"test_a.py": "def test_a():\n    pass\n"})
    for path in (repository.root.parent, *repository.root.parent.rglob("*")):
        if os.getuid() == 0:
            os.chown(path, 12345, 12345)
    tools = world.own_toolchains()
    spec = {
        "packages": str(PACKAGES),
        "reachable": sorted({tool.root for tool in tools} | {sys.base_prefix}),
        "world": str(repository.root.parent),
        "commit": commit,
        "toolchains": [{"name": tool.name, "root": tool.root, "bin": tool.bin} for tool in tools],
    }
    words = [sys.executable, "-I", "-S", "-c", AS_ANOTHER_UID]
    forbid = ["/usr/bin/bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/", "--"]
    spec["inner"] = [*forbid, *words] if namespaces == "forbidden" else words
    said = subprocess.run([*words, json.dumps(spec)], cwd="/", env={}, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    first, second = (json.loads(line) for line in said.stdout.splitlines())
    assert first[0] == ("bubblewrap" if namespaces == "allowed" else "landlock"), first[1]
    assert second[0] == "landlock", second[1]
    for one in (first, second):
        assert one[2] == ["test_a.py::test_a"], one[3]


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
    for _ in range(600):
        if holds():
            return True
        time.sleep(0.02)
    return False


@each_tier
def test_t13_two_jobs_at_once_cannot_see_each_other(repository: world.Repository, tier: str) -> None:
    """T13. Neither by files, nor by processes, nor by a port that one opens."""
    source = (
        "import glob, os, sys, time\n"
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

    assert [text.splitlines() for text in asyncio.run(both())] == [["1 1", "True"]] * 2
