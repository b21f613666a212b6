"""One command under watch: its output taken in, its limits kept, and nothing of it left when it ends."""

import os
import select
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.workspaces import processes
from pointsman.workspaces.orders import Ending, Limits, Status

_TICK_SECONDS = 0.05
_DISK_TICK_SECONDS = 0.5
_CHUNK = 65_536


@dataclass(slots=True)
class _Output:
    """The first and last half of what may be kept."""

    half: int
    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def take(self, chunk: bytes) -> None:
        self.total += len(chunk)
        room = self.half - len(self.head)
        self.head += chunk[:room]
        self.tail += chunk[room:]
        if len(self.tail) > 2 * self.half:
            del self.tail[: -self.half]

    def ends(self) -> tuple[bytes, bytes, int]:
        tail = bytes(self.tail[-self.half :])
        return bytes(self.head), tail, self.total - len(self.head) - len(tail)


@dataclass(frozen=True, slots=True)
class Start:
    """How to start a command: everything but its pipes."""

    argv: list[str]
    env: dict[str, str]
    cwd: str
    uid: int | None = None
    pass_fds: tuple[int, ...] = ()
    enter: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What a command is held to. `lifeline` becomes readable when whoever ordered the job is gone or wants an end.

    `disk` is the folder to weigh when no file system does it for us.
    """

    limits: Limits
    deadline: float
    lifeline: int
    disk: Path | None = None


def run(start: Start, watch: Watch) -> Ending:
    """Run to the end; afterwards no descendant of the calling process lives. Raises OSError when it cannot start."""
    began = time.monotonic()
    child = subprocess.Popen(
        start.argv,
        env=start.env,
        cwd=start.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=start.uid,
        group=start.uid,
        extra_groups=None if start.uid is None else [],
        pass_fds=start.pass_fds,
        preexec_fn=start.enter,
        start_new_session=True,
        umask=0o022,
    )
    pipe = child.stdout
    if pipe is None:
        raise OSError("the command has no output pipe")
    output = _Output(watch.limits.keep // 2)
    try:
        status, why = _follow(child, pipe.fileno(), output, watch)
    finally:
        child.kill()
        code = child.wait()
        processes.end_all()
    _drain(pipe.fileno(), output, watch.limits.kill)
    pipe.close()
    head, tail, left_out = output.ends()
    exit_code = (code if code >= 0 else 128 - code) if status == "exited" else None
    return Ending(status, exit_code, time.monotonic() - began, head, tail, left_out, why=why)


def _follow(child: subprocess.Popen[bytes], pipe: int, output: _Output, watch: Watch) -> tuple[Status, str]:
    next_look = next_weighing = 0.0
    sources = [pipe, watch.lifeline]
    while child.poll() is None:
        ready = select.select(sources, [], [], _TICK_SECONDS)[0]
        if watch.lifeline in ready:
            return "killed", "the job was called off"
        if pipe in ready:
            chunk = os.read(pipe, _CHUNK)
            output.take(chunk)
            if not chunk:
                sources.remove(pipe)
        now = time.monotonic()
        if now >= next_look:
            next_look = now + _TICK_SECONDS
            processes.reap_orphans(child.pid)
            if stop := _broken_limit(output, watch, now):
                return stop
        if watch.disk is not None and now >= next_weighing:
            next_weighing = now + _DISK_TICK_SECONDS
            if _too_heavy(watch.disk, watch.limits):
                return "killed", "the job wrote more to disk than it may"
    return "exited", ""


def _broken_limit(output: _Output, watch: Watch, now: float) -> tuple[Status, str] | None:
    if now >= watch.deadline:
        return "timeout", f"stopped after {watch.limits.seconds:g} seconds, the limit of the whole job"
    if output.total > watch.limits.kill:
        return "output-limit", f"stopped after {watch.limits.kill // 2**20} MB of output"
    found = processes.glimpse(os.getpid())
    # The plain sum counts shared pages for everybody; only when it is too high is the true one worth its price.
    if sum(process.resident for process in found.values()) > watch.limits.resident:
        held = processes.weight(found)
        if held > watch.limits.resident:
            return "memory", f"stopped at {held // 2**20} MB of memory over all processes"
    return None


def _too_heavy(folder: Path, limits: Limits) -> bool:
    size = count = 0
    for root, folders, files in os.walk(folder):
        count += len(folders) + len(files)
        for name in files:
            try:
                size += Path(root, name).lstat().st_blocks * 512
            except OSError:
                continue
        if size > limits.room or count > limits.files:
            return True
    return False


def _drain(pipe: int, output: _Output, most: int) -> None:
    """Take what dead writers left in the pipe; never waits."""
    os.set_blocking(pipe, False)
    while output.total <= most:
        try:
            chunk = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            return
        output.take(chunk)
