"""The server as a process: a bound socket, signals, and an orderly end."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from pointsman.domain.errors import OperatorMust
from pointsman.entrypoints.web.connections import Connection
from pointsman.entrypoints.web.front import Front
from pointsman.entrypoints.web.parts import Loaded

_BACKLOG = 2048
_GRACE_SECONDS = 10


class Listener(uvicorn.Server):
    """A server that leaves the signals to us, so that the work is brought to an end after the requests."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer; `up` is set whether or not that worked."""
        try:
            await super().startup(sockets)
        finally:
            self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured here."""
        yield


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OperatorMust(address) when the address is taken or is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no address"
        raise OperatorMust(
            f"The server cannot listen on {host}, port {port}: {why}.",
            code="address",
            hint="Name another address with --host and --port, or stop the program that has this one.",
        ) from error


def configured(app: FastAPI, connection: type[Connection] = Connection) -> uvicorn.Config:
    """How the application is served: plain HTTP/1.1, nothing believed of a proxy, nothing told of ourselves."""
    return uvicorn.Config(
        app,
        http=connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


async def serve(app: FastAPI, front: Front, listening: socket.socket, *, loaded: Callable[[Loaded], None]) -> None:
    """Answer until SIGINT or SIGTERM: then no request is taken any more, and the work ends where it can go on.

    A second signal does not wait. `loaded` is told the parts once they are there; what goes wrong while they are
    loaded ends the server and is raised.
    """
    listener = Listener(configured(app))
    with _signals(listener):
        opening = asyncio.create_task(_open(front, listener, loaded))
        try:
            await listener.serve(sockets=[listening])
        finally:
            try:
                await opening
            finally:
                await front.close()


async def _open(front: Front, listener: Listener, loaded: Callable[[Loaded], None]) -> None:
    # The first answers come before anything slow is imported.
    await listener.up.wait()
    try:
        loaded(await front.open())
    except BaseException:
        listener.should_exit = True
        raise


@contextmanager
def _signals(listener: Listener) -> Iterator[None]:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if listener.should_exit and task is not None:
            task.cancel()
        listener.should_exit = True

    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
