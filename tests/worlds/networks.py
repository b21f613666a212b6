"""A machine with one way out, on which every packet is recorded: what a program says to whom, whatever it is made of.

The local models answer on the machine's 127.0.0.1, a public vendor over https at an address of the internet. Both
servers run in this process, on sockets that were made in those networks.
"""

import socket
import struct
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select

from tests.worlds import outside
from tests.worlds.certificates import vouched
from tests.worlds.script import Script
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.warm import warmed

VENDOR = f"https://{outside.VENDOR}"
_OUTGOING = 4  # if_packet.h
_STATISTICS = (263, 6)  # SOL_PACKET, PACKET_STATISTICS
_ROOM = 2048


@dataclass(frozen=True, slots=True)
class Packet:
    """One frame as it passed an interface, its beginning kept."""

    interface: str
    data: bytes

    @property
    def opens(self) -> tuple[str, int] | None:
        """Where to, when this asks for a new TCP connection; None for everything else."""
        ip = self.data[14:]
        if self.data[12:14] != b"\x08\x00" or ip[9] != 6:
            return None
        tcp = ip[(ip[0] & 15) * 4 :]
        asks = tcp[13] & 0x12 == 0x02
        return (socket.inet_ntoa(ip[16:20]), int.from_bytes(tcp[2:4])) if asks else None

    @property
    def is_tcp(self) -> bool:
        return self.data[12:14] == b"\x08\x00" and self.data[23] == 6


@dataclass
class Heard:
    """What passed while somebody listened."""

    packets: list[Packet] = field(default_factory=list)

    @property
    def outer(self) -> list[Packet]:
        """Every packet on the way out, in either direction."""
        return [packet for packet in self.packets if packet.interface == "outer"]

    def opened(self, interface: str) -> set[tuple[str, int]]:
        """The addresses and ports to which a connection was asked for."""
        asked = (packet.opens for packet in self.packets if packet.interface == interface)
        return {one for one in asked if one is not None}

    @property
    def loopback_but_tcp(self) -> list[Packet]:
        """What is no TCP on loopback, such as a question for a name."""
        return [packet for packet in self.packets if packet.interface == "lo" and not packet.is_tcp]


class Networks:
    """The machine and the world; a context manager. Commands are typed on the machine through `place`."""

    def __init__(self, local: Script, public: Script) -> None:
        self._scripts = (local, public)
        self._stack = ExitStack()
        self._reading = threading.Lock()
        self._ended = threading.Event()
        self._heard = Heard()
        self._ears: dict[str, socket.socket] = {}

    def __enter__(self) -> "Networks":
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="networks-")))
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            words = (sys.executable, "-P", outside.__file__ or "", str(theirs.fileno()))
            self.place = stack.enter_context(warmed(words, hands=(theirs.fileno(),)))
            theirs.close()
            world, here, outer, lo = (*_handed(ours, 1), *_handed(ours, 3))
            self._ears = {"outer": outer, "lo": lo}
            trusted, context = vouched(self.folder, outside.VENDOR)
            self.env = {"SSL_CERT_FILE": str(trusted)}
            self.local = stack.enter_context(ScriptedServer(self._scripts[0], listening=here))
            self.public = stack.enter_context(ScriptedServer(self._scripts[1], listening=world, tls=context))
            thread = threading.Thread(target=self._listen, name="every-packet", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._ended.set)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for ear in self._ears.values():
            ear.close()

    @contextmanager
    def listening(self) -> Iterator[Heard]:
        """What passes from here to the end of the block. Raises AssertionError when a packet was not recorded."""
        self._drain()
        self._heard = Heard()
        yield self._heard
        self._drain()
        assert [self._lost(ear) for ear in self._ears.values()] == [0, 0]

    def _listen(self) -> None:
        while not self._ended.is_set():
            select(list(self._ears.values()), [], [], 0.1)
            self._drain()

    def _drain(self) -> None:
        with self._reading:
            for name, ear in self._ears.items():
                for data in _waiting(ear):
                    self._heard.packets.append(Packet(name, data))

    @staticmethod
    def _lost(ear: socket.socket) -> int:
        _, lost = struct.unpack("II", ear.getsockopt(*_STATISTICS, 8))
        return int(lost)


def _waiting(ear: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            data, (_, _, way, *_) = ear.recvfrom(_ROOM, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        # Loopback shows each packet twice.
        if way != _OUTGOING or ear.getsockname()[0] == "outer":
            yield data


def _handed(line: socket.socket, count: int) -> list[socket.socket]:
    line.settimeout(30)
    _, handles, _, _ = socket.recv_fds(line, 16, count)
    assert len(handles) == count, "the networks could not be made"
    return [socket.socket(fileno=handle) for handle in handles]
