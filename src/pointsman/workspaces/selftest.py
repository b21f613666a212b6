"""Tries a sandbox before it is trusted: every probe of probe.py must stay inside."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from pointsman.domain.errors import OperatorMust
from pointsman.workspaces.launch import launch
from pointsman.workspaces.orders import Ending, Limits, Order

_LIMITS = Limits(seconds=30, data=256 * 2**20, resident=384 * 2**20, room=64 * 2**20)
_BAIT = b"bait"


async def trial(order: Order, folder: Path, secret: tuple[str, ...] = ()) -> str:
    """What is wrong with the sandbox that `order` describes, with its commands replaced; empty when it holds.

    `folder` is a job folder: beside the room a file, a port and sockets of the host are laid out as bait. `secret`
    are files of the bot's. Raises OperatorMust (`signing-key`) when one of them can be read inside, since no other
    tier makes good what the installation's folders give away.
    """
    source = await asyncio.to_thread((Path(__file__).parent / "probe.py").read_text)
    program, prefix = await asyncio.to_thread(interpreter)
    async with _baited(folder) as outside:
        command = (program, "-I", "-S", "-c", source, json.dumps({**outside, "secret": "\0".join(secret)}))
        own = () if Path(prefix).is_relative_to("/usr") else (prefix,)
        roots = tuple(dict.fromkeys((*order.roots, *own)))
        (ending,) = await launch(replace(order, commands=(command,), roots=roots, limits=_LIMITS))
        touched = await asyncio.to_thread(_touched, folder / "bait")
    return touched or _judge(ending, secret)


def interpreter() -> tuple[str, str]:
    """The running interpreter and its installation, free of links."""
    return os.path.realpath(sys.executable), os.path.realpath(sys.base_prefix)


@contextlib.asynccontextmanager
async def _baited(folder: Path) -> AsyncIterator[dict[str, str]]:
    await asyncio.to_thread((folder / "bait").write_bytes, _BAIT)
    abstract = f"pointsman-{folder.name}"
    place = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        with (
            socket.create_server(("127.0.0.1", 0)) as port,
            # Addressed by descriptor, because the path of a socket may have 107 characters at most.
            _listening(f"/proc/self/fd/{place}/socket"),
            _listening("\0" + abstract),
        ):
            yield {
                "file": str(folder / "bait"),
                "scratch": str(folder.parent),
                "port": str(port.getsockname()[1]),
                "abstract": abstract,
                "socket": str(folder / "socket"),
                "pid": str(os.getpid()),
                "pid_namespace": await asyncio.to_thread(os.readlink, "/proc/self/ns/pid"),
            }
    finally:
        os.close(place)


def _listening(address: str) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(address)
    made.listen()
    return made


def _touched(bait: Path) -> str:
    try:
        return "" if bait.read_bytes() == _BAIT else "its self-test changed a file of the host"
    except OSError:
        return "its self-test removed a file of the host"


def _judge(ending: Ending, secret: tuple[str, ...]) -> str:
    said = (ending.head + ending.tail).decode(errors="replace").strip()
    if ending.status != "exited" or ending.exit_code != 0:
        return f"its self-test did not run: {ending.why or said[-300:] or ending.status}"
    found = json.loads(said.splitlines()[-1])
    given_away = next((path for path in secret if f"reading {path}" in found["escapes"]), "")
    if given_away:
        raise OperatorMust(
            f"What runs in the sandbox could read {given_away}, so nothing is run.",
            code="signing-key",
            hint="Keep it away from /usr and from the folders of interpreters; `pointsman doctor` tries again.",
        )
    if found["escapes"]:
        return "its self-test got out: " + ", ".join(found["escapes"])
    return "" if found["works"] else "ordinary work failed in its self-test"
