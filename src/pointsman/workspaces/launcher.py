"""The small process between the bot and a sandboxed command: `python -I -S`, standard library only, no environment.

It reads one order from its standard input, which afterwards is its lifeline: the end of it ends everything. It
answers with one line per command. When it runs as root it keeps root for itself alone, to make mounts and to end what
it started; commands run under an unprivileged uid that nothing else uses.
"""

import json
import os
import resource
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pointsman.workspaces import bubblewrap, landlock, namespaces, processes, seccomp, supervise
from pointsman.workspaces.orders import Ending, Order

_ETC = {
    "passwd": "nobody:x:65534:65534:sandbox:/home:/bin/sh\n",
    "group": "nogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_KERNEL_FACTS = ("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where commands run: the room, the uid they get (None: ours), whether the room is a file system of its own."""

    room: Path
    uid: int | None
    bounded: bool

    @property
    def own_uid(self) -> bool:
        return self.uid is None


@dataclass(frozen=True, slots=True)
class _Turn:
    """One command of the job: its place in the order, its words, and when the job must be over."""

    number: int
    command: tuple[str, ...]
    deadline: float

    def folder(self, room: Path) -> Path:
        return room / f"turn-{self.number}"


def main() -> None:
    """Read the order, answer each command, leave nothing behind."""
    signal.signal(signal.SIGTERM, _called_off)
    namespaces.adopt_orphans(signal.SIGTERM)
    os.umask(0o022)
    order = Order.decode(_read_line(0))
    try:
        place = _prepare(order)
    except OSError as error:
        raise SystemExit(f"the room of the job could not be made: {error}") from error
    deadline = time.monotonic() + order.limits.seconds
    try:
        for number, command in enumerate(order.commands):
            if time.monotonic() >= deadline:
                ending = Ending("not run", None, 0.0, why="the time of the job was used up before its turn")
            else:
                ending = _one(order, place, _Turn(number, command, deadline))
            sys.stdout.buffer.write(ending.encode())
            sys.stdout.buffer.flush()
    finally:
        processes.end_all()


def _called_off(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit("called off")


def _read_line(source: int) -> bytes:
    """The order, byte for byte, so that nothing beyond its line leaves the pipe."""
    line = bytearray()
    while not line.endswith(b"\n"):
        chunk = os.read(source, 1)
        if not chunk:
            raise SystemExit("no order")
        line += chunk
    return bytes(line)


def _prepare(order: Order) -> _Place:
    root = os.getuid() == 0
    separate = namespaces.separate()
    room = Path(order.room)
    if separate:
        namespaces.mount_room(order.room, order.limits.room, order.limits.files)
    place = _Place(room, namespaces.unprivileged_uid() if root else None, bounded=separate)
    shutil.copytree(order.tree, room / "tree", symlinks=True)
    (room / "etc").mkdir()
    for name, text in _ETC.items():
        (room / "etc" / name).write_text(text)
    _hand_over(room / "tree", place.uid)
    if separate and root:
        namespaces.expose((order.room, *order.roots))
    return place


def _hand_over(folder: Path, uid: int | None) -> None:
    """Let the uid of the commands own a folder with all that is in it."""
    for path, folders, files in os.walk(folder):
        for entry in (Path(path), *(Path(path, name) for name in (*folders, *files))):
            if uid is not None:
                os.chown(entry, uid, uid, follow_symlinks=False)
            if not entry.is_symlink():
                entry.chmod(stat.S_IMODE(entry.stat().st_mode) | stat.S_IRUSR | stat.S_IWUSR)


def _one(order: Order, place: _Place, turn: _Turn) -> Ending:
    folder = turn.folder(place.room)
    for name in ("results", "tmp", "home"):
        (folder / name).mkdir(parents=True)
        if place.uid is not None:
            os.chown(folder / name, place.uid, place.uid)
    watch = supervise.Watch(order.limits, turn.deadline, 0, None if place.bounded else place.room)
    run = _behind_bubblewrap if order.tier == "bubblewrap" else _behind_landlock
    ending = run(order, place, turn, watch)
    results = _results(folder / "results" / "junit.xml", order.limits.results)
    pictures = tuple(_results(folder / "results" / name, order.limits.results) for name in order.pictures)
    shutil.rmtree(folder, ignore_errors=True)
    return replace(ending, results=results, pictures=pictures)


def _behind_bubblewrap(order: Order, place: _Place, turn: _Turn, watch: supervise.Watch) -> Ending:
    filter_fd = os.memfd_create("filter")
    os.write(filter_fd, seccomp.program(sockets=True))
    os.lseek(filter_fd, 0, os.SEEK_SET)
    report, status_fd = os.pipe()
    view = bubblewrap.View(place.room, turn.folder(place.room), order.roots)
    limits = bubblewrap.rlimits(order.limits, processes=order.limits.processes)
    argv = [
        *bubblewrap.argv(order.bwrap, view, order.limits, filter_fd=filter_fd, status_fd=status_fd),
        *bubblewrap.prlimit(order.prlimit, limits),
        *turn.command,
    ]
    env = bubblewrap.environment(path=order.path, home=bubblewrap.HOME, temporary=bubblewrap.TEMPORARY)
    try:
        ending = supervise.run(supervise.Start(argv, env, "/", place.uid, (filter_fd, status_fd)), watch)
    finally:
        os.close(filter_fd)
        os.close(status_fd)
    with os.fdopen(report, "rb") as stream:
        ran = any("exit-code" in json.loads(line) for line in stream.read().splitlines())
    if ending.status == "exited" and not ran:
        said = ending.head.decode(errors="replace").strip()[:500]
        return replace(ending, status="not run", exit_code=None, why=f"bubblewrap could not make the sandbox: {said}")
    return ending


def _behind_landlock(order: Order, place: _Place, turn: _Turn, watch: supervise.Watch) -> Ending:
    tree, own = place.room / "tree", turn.folder(place.room)
    writable = [str(path) for path in (tree, own / "results", own / "tmp", own / "home")]
    readable = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", *bubblewrap.system_files(), *_KERNEL_FACTS]
    rules = [(path, landlock.READ) for path in (*readable, *order.roots)]
    rules += [(path, landlock.WRITE) for path in writable]
    rules += [(path, landlock.DEVICE) for path in _DEVICES]
    ruleset = landlock.ruleset(rules)
    env = bubblewrap.environment(path=order.path, home=str(own / "home"), temporary=str(own / "tmp"))
    argv = [word.replace(bubblewrap.RESULTS + "/", f"{own}/results/") for word in turn.command]
    enter = _entrance(order, place, ruleset)
    try:
        return supervise.run(supervise.Start(argv, env, str(tree), place.uid, enter=enter), watch)
    except FileNotFoundError:
        return Ending("exited", 127, 0.0, head=f"{turn.command[0]}: command not found\n".encode())
    except PermissionError:
        return Ending("exited", 126, 0.0, head=f"{turn.command[0]}: cannot be executed\n".encode())
    finally:
        os.close(ruleset)


def _entrance(order: Order, place: _Place, ruleset: int) -> Callable[[], None]:
    already = processes.threads_of(os.getuid() if place.uid is None else place.uid)
    limits = bubblewrap.rlimits(order.limits, processes=order.limits.processes + already)
    filter_lines = seccomp.program(sockets=False, own_uid=place.own_uid)

    def enter() -> None:
        namespaces.forgo_privileges()
        namespaces.end_with_parent(signal.SIGKILL)
        for name, value in limits.items():
            resource.setrlimit(name, (value, value))
        landlock.restrict(ruleset)
        seccomp.install(filter_lines)

    return enter


def _results(path: Path, most: int) -> bytes:
    """The result file if it is a plain file of sane size; whoever wrote it is not believed."""
    try:
        source = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    facts = os.fstat(source)
    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1 or facts.st_size > most:
        os.close(source)
        return b""
    with os.fdopen(source, "rb") as stream:
        return stream.read(most)
