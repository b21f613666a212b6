"""The launcher's descendants: counted, weighed, and ended without exception."""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.005
_LINE = 4096


@dataclass(frozen=True, slots=True)
class Process:
    """One line of /proc: who started it and how many bytes it holds resident."""

    parent: int
    resident: int


def _table() -> dict[int, Process]:
    names = [entry.name for entry in os.scandir("/proc") if entry.name.isdigit()]
    return {int(name): told for name in names if (told := _told(name)) is not None}


def _told(pid: str) -> Process | None:
    """None when it is gone. Read by its descriptor: the whole table is looked at again and again beside a command."""
    try:
        source = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # The name in parentheses is chosen by the process and may hold anything; all of the line is less than this.
        fields = os.read(source, _LINE).rpartition(b")")[2].split()
        return Process(int(fields[1]), int(fields[21]) * _PAGE)
    except (OSError, ValueError, IndexError):
        return None
    finally:
        os.close(source)


def descendants(root: int) -> dict[int, Process]:
    """Every process below `root`, itself not counted."""
    table = _table()
    below: dict[int, list[int]] = {}
    for pid, process in table.items():
        below.setdefault(process.parent, []).append(pid)
    found: dict[int, Process] = {}
    waiting = [root]
    while waiting:
        for pid in below.get(waiting.pop(), []):
            found[pid] = table[pid]
            waiting.append(pid)
    return found


def glimpse(root: int) -> dict[int, Process]:
    """The same at less cost: what is below `root` is looked at, and not every process of the machine.

    One that starts while another ends may be missed until the next look (proc(5), `children`).
    """
    found: dict[int, Process] = {}
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        if children is None:
            return descendants(root)
        for pid in children:
            told = _told(pid)
            if told is not None:
                found[int(pid)] = told
                waiting.append(int(pid))
    return found


def _children(pid: int) -> list[str] | None:
    """The ids of its children; None where the kernel keeps no such list."""
    found: list[str] = []
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            found += Path(task.path, "children").read_text().split()
    except OSError:
        # The list of a process that is gone is missing as well; our own is there wherever the kernel keeps any.
        return found if pid != os.getpid() else None
    return found


def weight(found: dict[int, Process]) -> int:
    """Bytes that the processes hold together, where pages that several share count once."""
    return sum(_share(pid, process) for pid, process in found.items())


def _share(pid: int, process: Process) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return process.resident
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), process.resident)


def threads_of(uid: int) -> int:
    """How many threads of `uid` the host runs: what its process limit already counts."""
    total = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == uid:
                    total += sum(1 for _ in os.scandir(f"/proc/{entry.name}/task"))
    return total


def end_all() -> None:
    """Kill and reap every descendant of the calling process, which must be a subreaper.

    All are stopped before any is killed, so that a fork bomb cannot outrun the sweep. Who has no child has no
    descendant either: orphans become children of a subreaper.
    """
    if not _reap():
        return
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        _freeze()
        for pid in descendants(os.getpid()):
            _send(pid, signal.SIGKILL)
        if not _reap():
            return
        time.sleep(_PAUSE_SECONDS)


def _freeze() -> None:
    frozen: set[int] = set()
    while fresh := descendants(os.getpid()).keys() - frozen:
        for pid in fresh:
            _send(pid, signal.SIGSTOP)
        frozen |= fresh


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _reap() -> bool:
    """Collect who is dead; True while somebody is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def reap_orphans(main: int) -> None:
    """Collect dead descendants other than `main`, whose exit code somebody else waits for."""
    while True:
        try:
            seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if seen is None or seen.si_pid == main:
            return
        os.waitpid(seen.si_pid, 0)
