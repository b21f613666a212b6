"""The command line as real processes that are forked from one that has imported everything already.

Half of a short command is the import of its libraries. A process that is forked from a warm one is a process of its
own in every other way: its own id, files, environment and working directory, and `kill -9` kills it.
"""

import array
import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import IO

_PRELOADED = (
    "pointsman.entrypoints.cli.app",
    "pointsman.entrypoints.cli.running",
    "pointsman.entrypoints.cli.looking",
    "pointsman.entrypoints.cli.auditing",
    "pointsman.entrypoints.cli.serving",
    "pointsman.entrypoints.cli.progress",
    "pointsman.entrypoints.cli.reporting",
    "pointsman.entrypoints.wiring",
    "pointsman.forges.github.forge",
    "pointsman.forges.github.posting",
    "pointsman.forges.github.talk",
    "pointsman.forges.github.hooks",
    "pointsman.forges.github.translate",
    "pointsman.runs.hearing.deliveries",
    "pointsman.runs.engine",
    "pointsman.runs.sweep",
    "github.Requester",
    "pointsman.models.over_httpx",
    "pointsman.phases.prompts",
    "dbos._sys_db_sqlite",
    "anyio._backends._asyncio",
    "anthropic",
    "openai",
    "ollama",
    "httpx",
)

NAMES = "STORY_NAMES"
"""In the environment of a command: a JSON object of the only host names that it knows, with their addresses."""


class Typed:
    """A command that somebody typed: the part of `subprocess.Popen` that the stories use."""

    def __init__(self, line: socket.socket, pid: int, out: IO[bytes], err: IO[bytes]) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._line = line
        self._out, self._err = out, err

    def poll(self) -> int | None:
        """The exit code, or None while it goes on."""
        return self._told(timeout=0.0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        code = self._told(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("pointsman", timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; what it printed."""
        self.wait(timeout)
        return self._printed(self._out), self._printed(self._err)

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it at once."""
        self.send_signal(signal.SIGKILL)

    def _told(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                said = self._line.recv(64)
            except (BlockingIOError, TimeoutError):
                return None
            self._line.close()
            self.returncode = int(said)
        return self.returncode

    @staticmethod
    def _printed(file: IO[bytes]) -> str:
        file.seek(0)
        return file.read().decode("utf-8", "replace")


def typed(words: list[str], *, cwd: Path, env: dict[str, str], place: str = "") -> Typed:
    """Type a command; `words[0]` is the program as somebody would call it, `place` where a warm process listens."""
    out, err = (os.fdopen(os.memfd_create(name), "w+b") for name in ("out", "err"))
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(place or shared())
    asked = json.dumps({"words": words, "cwd": str(cwd), "env": env}).encode()
    handles = array.array("i", [out.fileno(), err.fileno()])
    line.sendmsg([asked], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, handles)])
    return Typed(line, int(line.recv(64)), out, err)


_told: list[str] = []


def share(place: str) -> None:
    """Start commands through the warm process that listens there, which another process of the same tests keeps."""
    _told[:] = [place]


@cache
def shared() -> str:
    """Where the one warm process of these tests listens; it ends with the process that asked first."""
    if _told:
        return _told[0]
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(warmed())


@contextmanager
def warmed(before: tuple[str, ...] = (), *, hands: tuple[int, ...] = ()) -> Iterator[str]:
    """A warm process, until the end of the block; where it listens.

    `before` are words of a program that becomes it, such as one that changes the network, and `hands` the descriptors
    that this program is given.
    """
    with tempfile.TemporaryDirectory(prefix="warm-") as folder:
        place = f"{folder}/line"
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listening.bind(place)
        listening.listen(16)
        command = [*before, sys.executable, "-P", str(Path(__file__).resolve()), str(listening.fileno())]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": folder}
        given = (listening.fileno(), *hands)
        process = subprocess.Popen(command, cwd="/", env=environment, pass_fds=given)
        listening.close()
        try:
            yield place
        finally:
            process.kill()
            process.wait()


def _serve(listening: socket.socket) -> None:
    import gc
    import importlib

    gc.disable()
    for name in _PRELOADED:
        importlib.import_module(name)
    _learn_the_words()
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        line, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _keep(line)
        line.close()


def _learn_the_words() -> None:
    """Build what parses a command line once, and not in every process anew."""
    import typer.main

    from pointsman.entrypoints.cli.app import app

    build = cache(typer.main.get_command)
    build(app)
    vars(typer.main)["get_command"] = build


def _keep(line: socket.socket) -> None:
    """Start the command, tell its id, wait for it, tell its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A shell starts what runs in its background deaf to Ctrl-C; a person at a terminal is not.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    said, handles, _, _ = socket.recv_fds(line, 1 << 20, 2)
    asked = json.loads(said)
    pid = os.fork()
    if pid == 0:
        line.close()
        _become(asked["words"], asked["cwd"], asked["env"], handles)
    for handle in handles:
        os.close(handle)
    line.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    try:
        line.send(str(os.waitstatus_to_exitcode(status)).encode())
    finally:
        os._exit(0)


def _know(names: dict[str, str]) -> None:
    """Find these names at these addresses, addresses at themselves, and no other name at all."""
    ask = socket.getaddrinfo

    def found(host: bytes | str | None, port: int | str | None, *rest: int, **more: int) -> object:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name not in names and not name.replace(".", "").isdecimal():
            raise socket.gaierror(socket.EAI_NONAME, f"nobody here is called {name}")
        return ask(names.get(name, name), port, *rest, **more)

    # Whoever looks a name up, httpx and asyncio among them, finds the function in this module.
    vars(socket)["getaddrinfo"] = found


def _become(words: list[str], cwd: str, env: dict[str, str], handles: list[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (handles[0], 1), (handles[1], 2)):
        os.dup2(source, target)
    os.closerange(3, 256)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = words
    if NAMES in env:
        _know(json.loads(env[NAMES]))
    if words[0].endswith(".py"):
        runpy.run_path(words[0], run_name="__main__")
        sys.exit(0)
    from pointsman.entrypoints.cli import main

    # What is raised here ends the process as it would end any program.
    main()
    sys.exit(0)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
