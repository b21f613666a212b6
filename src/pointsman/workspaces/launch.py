"""Has a launcher forked for one order and waits for its answers without blocking the event loop."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from pointsman.workspaces.orders import Ending, Order

_PACKAGES = str(Path(__file__).resolve().parents[2])
_BOOT = "import sys; sys.path.append(sys.argv.pop()); from pointsman.workspaces.prefork import main; main()"
_ANSWER_LIMIT = 64 * 2**20
_LAST_WORDS = 2_000
_GRACE_SECONDS = 10.0


class _Prefork:
    """The one process of ours that launchers are forked from; started when it is needed, and again if it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self) -> tuple[socket.socket, socket.socket]:
        """Our ends of a new launcher's conversation and of its complaints. Raises OSError when there is none."""
        (talk, its_talk), (complaints, its_complaints) = socket.socketpair(), socket.socketpair()
        with its_talk, its_complaints, self._lock:
            ends = [its_talk.fileno(), its_complaints.fileno()]
            try:
                self._ask(ends)
            except OSError:
                # Somebody ended it. Nothing was begun, so it is asked again, once.
                self._line = None
                self._ask(ends)
        return talk, complaints

    def _ask(self, ends: list[int]) -> None:
        if self._line is None:
            self._line = self._started()
        socket.send_fds(self._line, [b"f"], ends)

    def _started(self) -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            # It ends when the other end of its line is closed, which nobody but this process holds.
            self._process = subprocess.Popen(
                (sys.executable, "-I", "-S", "-c", _BOOT, _PACKAGES),
                stdin=its.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
        return ours


_PREFORK = _Prefork()


@dataclass(slots=True)
class _Launcher:
    """A launcher as we hold it. Its lifeline's end is its sign to end everything; `pid` is 0 until it is known."""

    answers: asyncio.StreamReader
    lifeline: asyncio.StreamWriter
    complaints: asyncio.StreamReader
    quiet: asyncio.StreamWriter
    pid: int = 0


async def launch(order: Order) -> tuple[Ending, ...]:
    """One ending per command of the order. Cancelling it ends the job and all its processes before it returns."""
    talk, complaints = await asyncio.to_thread(_PREFORK.fork)
    answers, lifeline = await asyncio.open_connection(sock=talk, limit=_ANSWER_LIMIT)
    launcher = _Launcher(answers, lifeline, *await asyncio.open_connection(sock=complaints))
    try:
        return await _converse(launcher, order)
    finally:
        await _end(launcher)


async def _converse(launcher: _Launcher, order: Order) -> tuple[Ending, ...]:
    launcher.pid = int(await launcher.answers.readline() or 0)
    with contextlib.suppress(ConnectionError):
        launcher.lifeline.write(order.encode())
        await launcher.lifeline.drain()
    lines, said = await asyncio.gather(_lines(launcher.answers), launcher.complaints.read())
    endings = tuple(Ending.decode(line) for line in lines)
    return endings + _unanswered(len(order.commands) - len(endings), said.decode(errors="replace").strip())


async def _lines(answers: asyncio.StreamReader) -> list[bytes]:
    return [line async for line in answers if line.endswith(b"\n")]


def _unanswered(count: int, said: str) -> tuple[Ending, ...]:
    why = said.splitlines()[-1][:_LAST_WORDS] if said else "the launcher ended before the command did"
    return tuple(Ending("not run", None, 0.0, why=why) for _ in range(count))


async def _end(launcher: _Launcher) -> None:
    """Call it off if it still works, and wait until it is gone: it alone holds the other end of the conversation."""
    try:
        with contextlib.suppress(OSError):
            launcher.lifeline.write_eof()
        async with asyncio.timeout(_GRACE_SECONDS):
            await _gone(launcher.answers)
    except TimeoutError:
        if launcher.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(launcher.pid, signal.SIGKILL)
        await _gone(launcher.answers)
    finally:
        launcher.lifeline.close()
        launcher.quiet.close()


async def _gone(answers: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await answers.read(1 << 16):
            pass
