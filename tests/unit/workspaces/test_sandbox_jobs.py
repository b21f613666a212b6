"""What a job gets in the sandbox: its commit, its overlay, its toolchains, one tree for all commands, and an end."""

import asyncio
import os
import socket
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world

from pointsman.domain.errors import PointsmanError
from pointsman.domain.work import SandboxJob, Toolchain
from pointsman.workspaces import seccomp
from pointsman.workspaces.sandbox import LinuxSandbox

each_tier = pytest.mark.parametrize("tier", world.TIERS)
TESTS = (
    "import os, pytest\n"
    "def test_good(): pass\n"
    "@pytest.mark.parametrize('x', ['a/b', 'c'])\n"
    "def test_bad(x): assert x == 'c'\n"
    "class TestIn:\n"
    "    @pytest.mark.skip\n"
    "    def test_later(self): pass\n"
)


@pytest.fixture
def repository(tmp_path: Path) -> world.Repository:
    return world.repository(tmp_path)


@each_tier
def test_pytest_of_a_virtual_environment_below_a_closed_home_tells_its_tests(
    repository: world.Repository, tier: str
) -> None:
    command = ("python", "-m", "pytest", "-q")
    seen = world.run(repository, tier, command, files={"tests/test_it.py": TESTS})[0]
    assert (seen.command, seen.status, seen.exit_code) == (command, "exited", 1)
    assert seen.passed == ("tests/test_it.py::test_good", "tests/test_it.py::test_bad[c]")
    assert seen.failed == ("tests/test_it.py::test_bad[a/b]",)
    assert seen.skipped == ("tests/test_it.py::TestIn::test_later",)
    assert "assert 'a/b' == 'c'" in seen.tail


def test_both_tiers_give_the_same_text_for_the_same_failure(repository: world.Repository) -> None:
    files = {"test_it.py": "import os\ndef test_it():\n    assert os.path.exists('x'), os.getcwd()\n"}
    seen = [world.run(repository, tier, ("pytest",), files=files)[0].tail for tier in world.TIERS]
    assert seen[0] == seen[1]
    assert "test_it.py:3" in seen[0]


@each_tier
def test_the_repositorys_own_options_for_pytest_stay_in_force(repository: world.Repository, tier: str) -> None:
    files = {
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q --strict-config --tb=long -k good'\n",
        "test_it.py": TESTS,
    }
    seen = world.run(repository, tier, ("python", "-m", "pytest"), files=files)[0]
    assert (seen.passed, seen.failed) == (("test_it.py::test_good",), ())


@each_tier
def test_commands_share_the_tree_but_no_process_and_no_temporary_file(
    repository: world.Repository, tier: str
) -> None:
    first = f"echo built > out.txt; echo x > $TMPDIR/left; echo x > $HOME/left; ({world.SLEEP} &) ; true"
    second = "cat out.txt; ls $TMPDIR $HOME | grep left; exit 3"
    seen = world.run(repository, tier, ("sh", "-c", first), ("sh", "-c", second), files={})
    assert [(one.exit_code, one.tail) for one in seen] == [(0, ""), (3, "built")]
    assert world.leftovers(world.SLEEP) == []


@each_tier
def test_files_of_the_overlay_come_from_the_other_commit_and_what_it_lacks_goes(
    repository: world.Repository, tier: str
) -> None:
    base = repository.commit({"tests/a.txt": "base", "code.txt": "base", "tests/only-base.txt": "x"})
    head = repository.commit({"tests/a.txt": "head", "code.txt": "head", "tests/new.txt": "head"})
    paths = ("tests/a.txt", "tests/new.txt", "tests/only-base.txt", "../escape", ".")
    job = SandboxJob(head, (("sh", "-c", "cat code.txt tests/a.txt; ls tests"),), 30, 256, base, paths)
    seen = asyncio.run(world.sandbox(repository, tier).run(job))[0]
    assert seen.tail == "headbasea.txt\nonly-base.txt"


@each_tier
def test_links_and_file_modes_of_the_commit_are_kept(repository: world.Repository, tier: str) -> None:
    (repository.root / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (repository.root / "run.sh").chmod(0o755)
    (repository.root / "link").symlink_to("run.sh")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "x")
    job = SandboxJob(repository.git("rev-parse", "HEAD"), (("./link",), ("sh", "-c", "echo x >> run.sh")), 30, 256)
    seen = asyncio.run(world.sandbox(repository, tier).run(job))
    assert [(one.exit_code, one.tail) for one in seen] == [(0, "ran"), (0, "")]


@each_tier
def test_a_command_that_does_not_exist_or_cannot_be_executed_ends_as_in_a_shell(
    repository: world.Repository, tier: str
) -> None:
    seen = world.run(repository, tier, ("no-such-program",), ("./plain.txt",), files={"plain.txt": "x"})
    assert [(one.status, one.exit_code) for one in seen] == [("exited", 127), ("exited", 126)]


@each_tier
def test_children_and_pairs_of_sockets_work_and_none_can_be_turned_to_the_host(
    repository: world.Repository, tier: str
) -> None:
    source = (
        "import asyncio, socket\n"
        "async def child(): return await (await asyncio.create_subprocess_exec('true')).wait()\n"
        "print(asyncio.run(child()))\n"
        "for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):\n"
        "    try:\n"
        "        one, other = socket.socketpair(type=kind)\n"
        "        one.send(b'x'); print(other.recv(1))\n"
        "        one.connect('\\0pointsman-pair-PID')\n"
        "        print('REACHED')\n"
        "    except OSError: print('held')\n"
    ).replace("PID", str(os.getpid()))
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_UNIX, kind) as bait:
            bait.bind(f"\0pointsman-pair-{os.getpid()}")
            if kind != socket.SOCK_DGRAM:
                bait.listen()
            seen = world.python(repository, tier, source)
        assert seen.exit_code == 0
        assert seen.tail.startswith("0\nb'x'\nheld\nb'x'\nheld\n")
        assert "REACHED" not in seen.tail


@each_tier
def test_a_command_that_dies_of_a_signal_ends_as_in_a_shell(repository: world.Repository, tier: str) -> None:
    assert world.run(repository, tier, ("sh", "-c", "kill -9 $$"), files={})[0].exit_code == 137


@each_tier
def test_no_descriptor_of_ours_is_open_in_a_command(repository: world.Repository, tier: str) -> None:
    source = (
        "import os\nfor number in range(256):\n    try: os.fstat(number)\n"
        "    except OSError: continue\n    print(number)\n"
    )
    assert world.python(repository, tier, source).tail.split() == ["0", "1", "2"]


@each_tier
def test_cancelling_ends_every_process_before_it_returns(repository: world.Repository, tier: str) -> None:
    held = world.sandbox(repository, tier)
    job = SandboxJob(repository.commit({}), (("sh", "-c", f"{world.SLEEP} & {world.SLEEP}"),), 60, 256)

    async def cancelled() -> list[str]:
        await held.tier()
        running = asyncio.ensure_future(held.run(job))
        for _ in range(3000):
            if len(world.leftovers(world.SLEEP)) >= 2:
                break
            await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()
        return world.leftovers(world.SLEEP)

    assert asyncio.run(cancelled()) == []
    assert world.jobs_left(repository) == []


@each_tier
def test_folders_that_a_command_closed_are_taken_away_too(repository: world.Repository, tier: str) -> None:
    seen = world.run(repository, tier, ("sh", "-c", "mkdir -p a/b && touch a/b/c && chmod 000 a/b a"), files={})
    assert seen[0].exit_code == 0
    assert world.jobs_left(repository) == []


def test_nothing_else_of_a_closed_home_becomes_visible_with_a_toolchain(
    repository: world.Repository, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    tool = home / "tools" / "node-1"
    (tool / "bin").mkdir(parents=True)
    (tool / "bin" / "node").write_text("#!/bin/sh\necho tool ran\n")
    (tool / "bin" / "node").chmod(0o755)
    (home / "id_rsa").write_text("key")
    home.chmod(0o700)
    chain = (Toolchain("node", str(tool), str(tool / "bin")),)
    commit = repository.commit({})
    job = SandboxJob(commit, (("node",), ("cat", str(home / "id_rsa")), ("ls", str(home))), 30, 256)
    for refused in world.REFUSED.values():
        held = LinuxSandbox(repository.root / ".git", tmp_path / "scratch", chain, refuse_tiers=refused)
        ran, key, listing = asyncio.run(held.run(job))
        assert ran.tail == "tool ran"
        assert key.exit_code != 0
        assert "id_rsa" not in listing.tail
        assert asyncio.run(held.toolchains()) == chain
    assert (home / "id_rsa").read_text() == "key"


def test_a_commit_that_does_not_exist_is_said_and_leaves_no_folder(repository: world.Repository) -> None:
    repository.commit({})
    held = world.sandbox(repository, "bubblewrap")
    with pytest.raises(PointsmanError):
        asyncio.run(held.run(SandboxJob("0" * 40, (("true",),), 10, 256)))
    assert world.jobs_left(repository) == []


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_lines_and_short_enough_for_the_kernel(machine: str) -> None:
    for own_uid in (False, True):
        lines = seccomp.program(sockets=False, own_uid=own_uid, machine=machine)
        assert len(lines) % 8 == 0
        assert len(lines) // 8 < 4096
        assert int.from_bytes(lines[-4:], "little") == 0x7FFF0000


def test_the_tests_run_where_a_sandbox_can_hold() -> None:
    assert Path("/usr/bin/bwrap").exists(), "install bubblewrap: these tests are not skipped"
