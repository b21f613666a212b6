"""A repository of hostile programs, the sandboxes that must hold them, and a look at what they left behind."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pointsman.domain.outcome import CheckResult
from pointsman.domain.work import SandboxJob, Toolchain
from pointsman.workspaces import toolchains
from pointsman.workspaces.sandbox import LinuxSandbox

REFUSED = {"bubblewrap": (), "landlock": ("bubblewrap",)}
TIERS = tuple(REFUSED)


@dataclass(frozen=True)
class Repository:
    """A git repository; every `commit` holds exactly the files that it is given."""

    root: Path

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.root), "-c", "user.name=t", "-c", "user.email=t@example.org", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files: dict[str, str]) -> str:
        self.git("rm", "-rqf", "--ignore-unmatch", ".")
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "x", "--allow-empty")
        return self.git("rev-parse", "HEAD")


def repository(folder: Path) -> Repository:
    """A new one below `folder`."""
    made = Repository(folder / "repository")
    made.root.mkdir(parents=True)
    made.git("init", "-q")
    return made


def own_toolchains() -> tuple[Toolchain, ...]:
    """The interpreter that runs these tests, with its pytest: a virtual environment and its base."""
    return toolchains.discover("", (str(Path(sys.prefix) / "bin" / "python"),))


def sandbox(made: Repository, tier: str) -> LinuxSandbox:
    """A sandbox that can only be of `tier`."""
    scratch = made.root.parent / "scratch"
    return LinuxSandbox(made.root / ".git", scratch, own_toolchains(), refuse_tiers=REFUSED[tier])


def run(
    made: Repository,
    tier: str,
    *commands: tuple[str, ...],
    files: dict[str, str],
    seconds: float = 30,
    memory: int = 512,
) -> tuple[CheckResult, ...]:
    """Run commands on a commit of `files` in a sandbox that must be of `tier`."""
    held = sandbox(made, tier)
    job = SandboxJob(made.commit(files), commands, seconds, memory)

    async def both() -> tuple[CheckResult, ...]:
        assert (await held.tier()).name == tier
        return await held.run(job)

    return asyncio.run(both())


def python(made: Repository, tier: str, source: str, *, seconds: float = 30, memory: int = 512) -> CheckResult:
    """Run one Python program in the sandbox."""
    return run(made, tier, ("python", "hostile.py"), files={"hostile.py": source}, seconds=seconds, memory=memory)[0]


BOMB = f"bomb{os.getpid()}.py"
FORK_BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
MEMORY_BOMBS = {
    "heap of one process": "x = bytearray(2**30)",
    "heaps of many": (
        "import os, time\nfor _ in range(7):\n    if os.fork() == 0: break\n"
        "x = bytearray(b'x') * (180 * 2**20)\ntime.sleep(60)"
    ),
    "shared": (
        "import mmap, time\nx = mmap.mmap(-1, 2**30)\n"
        "for place in range(0, 2**30, 4096): x[place] = 1\ntime.sleep(60)"
    ),
    "memfd": "import os\nos.memfd_create('x')",
}


SLEEP = f"sleep {100_000 + os.getpid()}"
"""A command that nobody else runs: tests in other workers are other processes."""


def leftovers(mark: str) -> list[str]:
    """The command lines on this machine that hold `mark`."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if mark in line:
                found.append(line)
    return found


def jobs_left(made: Repository) -> list[str]:
    """The job folders that are still on disk."""
    return sorted(path.name for path in (made.root.parent / "scratch").glob("job-*"))
