"""Cases T1 to T10: what hostile code does when it is run, and what must come of it."""

import asyncio
import socket
import subprocess
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world

from pointsman.domain.work import SandboxJob
from pointsman.workspaces.sandbox import LinuxSandbox

each_tier = pytest.mark.parametrize("tier", world.TIERS)


@pytest.fixture
def repository(tmp_path: Path) -> world.Repository:
    return world.repository(tmp_path)


@each_tier
def test_t1_the_environment_and_that_of_other_processes_hold_nothing(repository: world.Repository, tier: str) -> None:
    """T1. The test process itself carries a canary that no file under /proc may show."""
    canary = subprocess.Popen(["sleep", "60"], env={"CANARY_T1": "sesame-t1"})
    try:
        source = (
            "import os, glob\n"
            "print(sorted(os.environ))\n"
            "for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
            "    try: print(open(path, 'rb').read())\n"
            "    except OSError: pass\n"
        )
        seen = world.python(repository, tier, source)
    finally:
        canary.kill()
        canary.wait()
    assert seen.exit_code == 0
    assert "sesame" not in seen.tail
    assert "canary" not in seen.tail.lower()
    known = ["CI", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT", "HOME", "LANG", "PATH", "PWD", "TMPDIR"]
    assert seen.tail.splitlines()[0] == str([name for name in known if name != "PWD" or tier == "bubblewrap"])


@each_tier
def test_t2_nothing_of_the_host_can_be_reached_by_a_socket(repository: world.Repository, tier: str) -> None:
    """T2. Listening ports, an abstract socket and a socket file of the host, and addresses outside."""
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(type=socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        datagrams.bind(("127.0.0.1", 0))
        datagrams.setblocking(False)
        abstract.bind("\0pointsman-t2")
        abstract.listen()
        source = (
            "import socket\n"
            f"for family, address in ((2, ('127.0.0.1', {port.getsockname()[1]})), (2, ('192.0.2.1', 53)),\n"
            "        (2, ('169.254.169.254', 80)), (1, '\\0pointsman-t2'), (1, '/run/docker.sock'),\n"
            "        (40, (2, 1024))):\n"
            "    try:\n"
            "        made = socket.socket(family); made.settimeout(1); made.connect(address)\n"
            "        print('REACHED', address)\n"
            "    except OSError as error: print('held', error.errno)\n"
            "try:\n"
            f"    socket.socket(type=2).sendto(b'x', ('127.0.0.1', {datagrams.getsockname()[1]}))\n"
            "except OSError: pass\n"
        )
        seen = world.python(repository, tier, source)
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)
    assert seen.exit_code == 0
    assert "REACHED" not in seen.tail
    assert seen.tail.count("held") == 6


@each_tier
def test_t3_a_fork_bomb_ends_with_the_time_and_leaves_nobody(repository: world.Repository, tier: str) -> None:
    """T3, fork bomb."""
    seen = world.run(repository, tier, ("python", world.BOMB), files={world.BOMB: world.FORK_BOMB}, seconds=2)[0]
    assert seen.status == "timeout"
    assert seen.exit_code is None
    assert world.leftovers(world.BOMB) == []


@each_tier
@pytest.mark.parametrize("bomb", world.MEMORY_BOMBS)
def test_t3_memory_is_bounded(repository: world.Repository, tier: str, bomb: str) -> None:
    """T3, memory: over the whole tree of processes, shared memory included."""
    seen = world.python(repository, tier, world.MEMORY_BOMBS[bomb], memory=256)
    assert seen.status == "memory" or seen.exit_code not in (0, None)


@each_tier
def test_t3_disk_and_files_are_bounded(repository: world.Repository, tier: str) -> None:
    """T3, disk: what is written lands in a bounded file system, or stops at the size of one file."""
    source = (
        "import os\n"
        "total = 0\n"
        "try:\n"
        "    for number in range(40):\n"
        "        with open(f'fill{number}', 'wb') as out:\n"
        "            for _ in range(50): total += out.write(bytes(2**20))\n"
        "except OSError as error: print('stopped', error.errno, total // 2**20)\n"
    )
    seen = world.python(repository, tier, source)
    assert "stopped 28" in seen.tail
    assert world.jobs_left(repository) == []


@each_tier
def test_t3_a_gigabyte_of_output_is_cut_off(repository: world.Repository, tier: str) -> None:
    """T3, output."""
    seen = world.run(repository, tier, ("sh", "-c", "yes 0123456789abcdef | head -c 1G"), files={})[0]
    assert seen.status == "output-limit"
    assert len(seen.tail) <= 4_000
    assert "64 MB of output" in seen.tail


@each_tier
def test_t3_spinning_and_sleeping_end_with_the_time_while_the_bot_goes_on(
    repository: world.Repository, tier: str
) -> None:
    """T3, time: the event loop keeps turning while the sandbox is busy."""
    held = world.sandbox(repository, tier)
    job = SandboxJob(repository.commit({}), (("sh", "-c", "sleep 100 & while :; do :; done"), ("true",)), 2, 256)

    async def both() -> tuple[object, int]:
        running = asyncio.ensure_future(held.run(job))
        turns = 0
        while not running.done():
            await asyncio.sleep(0.01)
            turns += 1
        return [one.status for one in running.result()], turns

    statuses, turns = asyncio.run(both())
    assert statuses == ["timeout", "not run"]
    # A loop that stood still would have turned once or twice; how often it turns is the machine's affair.
    assert turns > 10


@each_tier
def test_t4_daemons_that_ignore_every_signal_are_gone_afterwards(repository: world.Repository, tier: str) -> None:
    """T4. setsid, double fork, signals ignored, output held open."""
    source = (
        "import os, signal, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        for number in range(1, 65):\n"
        "            try: signal.signal(number, signal.SIG_IGN)\n"
        "            except (OSError, ValueError): pass\n"
        f"        os.execvp('sleep', {world.SLEEP.split()})\n"
        "    os._exit(0)\n"
        "time.sleep(0.3); print('parent done')\n"
    )
    seen = world.python(repository, tier, source)
    assert (seen.status, seen.exit_code, seen.tail) == ("exited", 0, "parent done")
    assert world.leftovers(world.SLEEP) == []


@each_tier
def test_t5_what_tests_write_into_git_folders_never_meets_the_hosts_git(
    repository: world.Repository, tier: str
) -> None:
    """T5. The host's repository is byte for byte what it was, and a later job sees the commit again."""
    evil = (
        "mkdir -p .git/hooks sub/.git; echo '[core] fsmonitor=touch /tmp/owned' > .git/config;"
        "cp .git/config sub/.git/config; echo x > a.txt; rm b.txt"
    )
    look = ("sh", "-c", "cat a.txt; ls -A")
    commit = repository.commit({"a.txt": "a\n", "b.txt": "b\n"})
    before = _contents(repository.root)
    held = world.sandbox(repository, tier)
    seen = asyncio.run(held.run(SandboxJob(commit, (("sh", "-c", evil), look), 30, 256)))
    assert seen[1].tail.splitlines() == ["x", ".git", "a.txt", "sub"]
    assert _contents(repository.root) == before
    again = asyncio.run(held.run(SandboxJob(commit, (look,), 30, 256)))
    assert again[0].tail.splitlines() == ["a", "a.txt", "b.txt"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


RESULT_FILES = {
    "link": "os.symlink('/etc/passwd', path)",
    "pipe": "os.mkfifo(path)",
    "folder": "os.mkdir(path)",
    "too large": "f = open(path, 'wb'); f.truncate(100 * 2**20)",
    "entities": "open(path, 'w').write('<!DOCTYPE x [<!ENTITY a \"b\">]><s><testcase name=\"&a;\"/></s>')",
    "hard link": "open(path, 'w').write('<s><testcase name=\"t\"/></s>'); os.link(path, path + '2')",
}


@each_tier
@pytest.mark.parametrize("kind", RESULT_FILES)
def test_t7_a_result_file_that_is_not_plain_counts_as_absent(
    repository: world.Repository, tier: str, kind: str
) -> None:
    """T7."""
    conftest = (
        "import os\ndef pytest_configure(config):\n    path = config.option.xmlpath\n"
        f"    {RESULT_FILES[kind]}\n    os.kill(os.getpid(), 9)\n"
    )
    files = {"conftest.py": conftest, "test_a.py": "def test_a(): pass\n"}
    seen = world.run(repository, tier, ("python", "-m", "pytest"), files=files)[0]
    assert seen.exit_code == 137
    assert (seen.passed, seen.failed, seen.skipped) == ((), (), ())


def test_t8_output_of_a_real_command_is_made_inert(repository: world.Repository) -> None:
    """T8."""
    text = r"printf '\033[31m::set-output name=a::b\033[0m\n\377\nghp_abcdefghijklmnopqrstuvwxyz012345\n'"
    seen = world.run(repository, "bubblewrap", ("sh", "-c", text), files={})[0]
    assert seen.tail == ": :set-output name=a::b\n�\n[masked]"


def test_t9_without_any_tier_nothing_is_run_and_the_reason_is_said(repository: world.Repository) -> None:
    """T9. No fallback to running it unsandboxed."""
    mark = repository.root.parent / "ran"
    held = LinuxSandbox(repository.root / ".git", repository.root.parent / "scratch", refuse_tiers=world.TIERS)
    job = SandboxJob(repository.commit({}), (("touch", str(mark)), ("true",)), 10, 256)
    seen = asyncio.run(held.run(job))
    assert asyncio.run(held.tier()).name == "none"
    assert [one.status for one in seen] == ["not run", "not run"]
    assert "refused by the installation" in seen[0].tail
    assert not mark.exists()


@each_tier
def test_t10_a_test_that_wants_the_network_fails_with_a_hint(repository: world.Repository, tier: str) -> None:
    """T10."""
    seen = world.python(repository, tier, "import socket\nsocket.getaddrinfo('example.org', 80)")
    assert seen.exit_code == 1
    assert "the sandbox has no network" in seen.tail.lower()
