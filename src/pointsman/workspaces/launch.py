"""Starts the launcher for one order and waits for its answers without blocking the event loop."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from pointsman.workspaces.orders import Ending, Order

_PACKAGES = str(Path(__file__).resolve().parents[2])
# All is answered and nothing lives when `main` returns, so taking the interpreter apart would be time for nothing.
_BOOT = (
    "import os, sys; sys.path.append(sys.argv.pop()); "
    "from pointsman.workspaces.launcher import main; main(); sys.stdout.flush(); os._exit(0)"
)
_ANSWER_LIMIT = 64 * 2**20
_LAST_WORDS = 2_000
_GRACE_SECONDS = 10.0


async def launch(order: Order) -> tuple[Ending, ...]:
    """One ending per command of the order. Cancelling it ends the job and all its processes before it returns."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _BOOT, _PACKAGES),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
        limit=_ANSWER_LIMIT,
    )
    try:
        return await _converse(process, order)
    finally:
        await _end(process)


async def _converse(process: asyncio.subprocess.Process, order: Order) -> tuple[Ending, ...]:
    lifeline, answers, complaints = process.stdin, process.stdout, process.stderr
    if lifeline is None or answers is None or complaints is None:
        raise OSError("the launcher has no pipes")
    with contextlib.suppress(ConnectionError):
        lifeline.write(order.encode())
        await lifeline.drain()
    # The order's pipe stays open: the end of it is the launcher's sign to end everything.
    lines, said = await asyncio.gather(_lines(answers), complaints.read())
    endings = tuple(Ending.decode(line) for line in lines)
    return endings + _unanswered(len(order.commands) - len(endings), said.decode(errors="replace").strip())


async def _lines(answers: asyncio.StreamReader) -> list[bytes]:
    return [line async for line in answers if line.endswith(b"\n")]


def _unanswered(count: int, said: str) -> tuple[Ending, ...]:
    why = said.splitlines()[-1][:_LAST_WORDS] if said else "the launcher ended before the command did"
    return tuple(Ending("not run", None, 0.0, why=why) for _ in range(count))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()
