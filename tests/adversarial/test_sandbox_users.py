"""The cases of execution again where the bot is an ordinary user, behind each tier, and whole runs of such a user."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world
from tests.worlds import ordinary_user
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PROGRAM, environment, fields, staged, usual

from pointsman.workspaces import sandbox as sandbox_module

PROBES = (Path(sandbox_module.__file__).parent / "probe.py").read_text(encoding="utf-8")
SEES = (
    "import os, glob\n"
    "print(sorted(os.environ))\n"
    "for path in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n"
    "    try: print(open(path, 'rb').read())\n"
    "    except OSError: pass\n"
)
DAEMON = (
    "import os, signal\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    if os.fork() == 0:\n"
    "        signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    f"        os.execvp('sleep', {world.SLEEP.split()})\n"
    "    os._exit(0)\n"
)
FILLS = (
    "try:\n"
    "    for number in range(40):\n"
    "        with open(f'fill{number}', 'wb') as out:\n"
    "            for _ in range(50): out.write(bytes(2**20))\n"
    "except OSError as error: print('stopped', error.errno)\n"
)
FORKS = f"users{world.BOMB}"
EVIL = "mkdir -p .git/hooks; echo '[core] fsmonitor=touch /tmp/owned' > .git/config; echo x > a.txt; cat a.txt"
FILES = {
    "a.txt": "a\n",
    "sees.py": SEES,
    "daemon.py": DAEMON,
    "fills.py": FILLS,
    "probe.py": PROBES,
    FORKS: world.FORK_BOMB,
    "heap.py": world.MEMORY_BOMBS["heap of one process"],
    "shared.py": world.MEMORY_BOMBS["shared"],
    "test_a.py": "def test_a():\n    pass\n",
    "t7/conftest.py": (
        "import os\ndef pytest_configure(config):\n"
        "    os.symlink('/etc/passwd', config.option.xmlpath); os.kill(os.getpid(), 9)\n"
    ),
    "t7/test_b.py": "def test_b(): pass\n",
}
JOBS: dict[str, tuple[tuple[tuple[str, ...], ...], float, int]] = {
    "T1": ((("python", "sees.py"),), 30, 256),
    "T3 forks": ((("python", FORKS),), 2, 256),
    "T3 memory": ((("python", "heap.py"), ("python", "shared.py")), 30, 256),
    "T3 disk": ((("python", "fills.py"),), 60, 256),
    "T3 output": ((("sh", "-c", "yes 0123456789abcdef | head -c 1G"),), 30, 256),
    "T4": ((("python", "daemon.py"), ("true",)), 30, 256),
    "T5": ((("sh", "-c", EVIL),), 30, 256),
    "T5 again": ((("sh", "-c", "cat a.txt; ls -d .git"),), 30, 256),
    "T7": ((("python", "-m", "pytest", "t7"),), 30, 512),
    "T8": ((("sh", "-c", r"printf '\033[31m::set-output name=a::b\033[0m\n\377\n'"),), 30, 256),
    "T10": ((("python", "-c", "import socket; socket.getaddrinfo('example.org', 80)"),), 30, 256),
    "whole": ((("python", "-m", "pytest", "test_a.py"), ("sh", "-c", "id -u; id -G")), 60, 512),
}
DRIVER = """
import asyncio, json, os, sys
spec = json.loads(sys.argv[1])
sys.path.append(spec["packages"])
from dataclasses import asdict
from pathlib import Path
from pointsman.domain.work import SandboxJob, Toolchain
from pointsman.workspaces.sandbox import LinuxSandbox
tools = tuple(Toolchain(**one) for one in spec["toolchains"])
place = Path(spec["place"])
async def main():
    held = LinuxSandbox(place / "repository/.git", place / "scratch", tools, refuse_tiers=spec["refused"])
    told = {"tier": asdict(await held.tier()), "uid": os.getuid(), "jobs": {}}
    for name, (commands, seconds, memory) in spec["jobs"].items():
        job = SandboxJob(spec["commit"], tuple(tuple(words) for words in commands), seconds, memory)
        told["jobs"][name] = [asdict(one) for one in await held.run(job)]
    told["left"] = sorted(path.name for path in (place / "scratch").glob("job-*"))
    print(json.dumps(told))
asyncio.run(main())
"""


@dataclass(frozen=True)
class Told:
    """What one ordinary user saw of all jobs: the tier, its uid, the results by job, the folders that are left."""

    tier: str
    why: str
    uid: int
    jobs: dict[str, list[dict[str, object]]]
    left: list[str]
    root: Path

    def text(self, job: str) -> str:
        """The output of a job's only or first command."""
        return str(self.jobs[job][0]["tail"])


def told_by_user(place: Path, *, refused: tuple[str, ...], before: tuple[str, ...], jobs: object = JOBS) -> Told:
    """Run jobs in a sandbox that an ordinary user made; `before` are words in front of its command."""
    made = world.repository(place)
    tools = [{"name": one.name, "root": one.root, "bin": one.bin} for one in world.own_toolchains()]
    spec = {
        "packages": str(ordinary_user.PACKAGES),
        "place": str(place),
        "commit": made.commit(FILES),
        "toolchains": tools,
        "refused": refused,
        "jobs": jobs,
    }
    done = ordinary_user.run(
        (*before, sys.executable, "-I", "-S", "-c", DRIVER, json.dumps(spec)),
        own=place,
        env={"CANARY": "sesame-user"},
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Told(told["tier"]["name"], told["tier"]["why"], told["uid"], told["jobs"], told["left"], made.root)


@pytest.fixture(scope="module", params=["bubblewrap", "landlock"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """All jobs by a user behind bubblewrap, and by one for whom nothing but Landlock is possible."""
    before = () if request.param == "bubblewrap" else ordinary_user.NAMESPACES_FORBIDDEN
    seen = told_by_user(tmp_path_factory.mktemp("user"), refused=(), before=before)
    assert seen.tier == request.param, seen.why
    yield seen


def test_t11_every_probe_stays_inside_as_an_ordinary_user(told: Told) -> None:
    """T11, and a whole job as well: an export, a run of pytest and its results, under the user's own uid or none."""
    tests, ids = told.jobs["whole"]
    assert told.uid == ordinary_user.uid() != 0
    assert tests["passed"] == ["test_a.py::test_a"], tests["tail"]
    assert str(ids["tail"]).split()[0] != "0"
    assert told.left == []


def test_t11_landlock_holds_for_an_ordinary_user_also_where_namespaces_are_allowed(tmp_path: Path) -> None:
    seen = told_by_user(tmp_path, refused=("bubblewrap",), before=(), jobs={"whole": JOBS["whole"]})
    assert seen.tier == "landlock", seen.why
    assert seen.jobs["whole"][0]["passed"] == ["test_a.py::test_a"]


def test_t1_an_ordinary_users_environment_and_processes_show_nothing(told: Told) -> None:
    assert told.jobs["T1"][0]["exit_code"] == 0
    assert "sesame" not in told.text("T1")
    assert "CANARY" not in told.text("T1")


def test_t3_bombs_are_bounded_for_an_ordinary_user(told: Told) -> None:
    assert told.jobs["T3 forks"][0]["status"] == "timeout"
    for one in told.jobs["T3 memory"]:
        assert one["status"] == "memory" or one["exit_code"] not in (0, None), one
    disk = told.jobs["T3 disk"][0]
    assert "stopped 28" in str(disk["tail"]) or "wrote more to disk than it may" in str(disk["tail"])
    assert told.jobs["T3 output"][0]["status"] == "output-limit"


def test_t4_nothing_of_an_ordinary_users_jobs_is_left(told: Told) -> None:
    assert [one["exit_code"] for one in told.jobs["T4"]] == [0, 0]
    assert world.leftovers(world.SLEEP) == []
    assert world.leftovers(FORKS) == []
    assert told.left == []


def test_t5_the_repository_of_an_ordinary_user_is_what_it_was(told: Told) -> None:
    assert told.text("T5") == "x"
    assert told.text("T5 again").splitlines()[0] == "a"
    assert "fsmonitor" not in (told.root / ".git/config").read_text(encoding="utf-8")


def test_t7_t8_t10_results_and_output_of_an_ordinary_user_are_no_more_believed(told: Told) -> None:
    forged = told.jobs["T7"][0]
    assert (forged["exit_code"], forged["passed"], forged["failed"]) == (137, [], [])
    assert told.text("T8") == ": :set-output name=a::b\n�"
    assert "the sandbox has no network" in told.text("T10").lower()


@pytest.mark.parametrize("tier", world.TIERS)
def test_t11_a_whole_run_works_and_is_held_when_the_bot_is_an_ordinary_user(tmp_path: Path, tier: str) -> None:
    """From the issue to the signed change: mirror, export, tests of base and candidate, review, note."""
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        command = [str(PROGRAM), *stage.command("run", *stage.about(), "--json", with_policy=True)[1:]]
        before = () if tier == "bubblewrap" else ordinary_user.NAMESPACES_FORBIDDEN
        done = ordinary_user.run((*before, sys.executable, *command), own=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert fields(json.loads(done.stdout)["run"])["result"] == "ready"
    pages = "".join(path.read_text("utf-8") for path in stage.home.glob("changes/*/*.md"))
    assert f"Sandbox: {tier}." in pages
    assert {path.stat().st_uid for path in stage.home.rglob("*")} == {ordinary_user.uid()}
