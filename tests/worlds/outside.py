"""Run in fresh network namespaces: the machine with loopback and one way out, and the world at its other end.

Started by `tests.worlds.networks` with the words: a socket to hand descriptors to, and the command to become. In the
machine's network that command finds 127.0.0.1, and a default route through `outer`; every address beyond it is one of
the world, in a network of its own. Descriptors of sockets keep the network that they were made in, so whoever is
handed them listens there and hears every packet, from wherever it runs. Standard library only, one thread.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

VENDOR = "203.0.113.10"  # TEST-NET-3 of RFC 5737: an address of the internet that is nobody's.
GATEWAY, MACHINE = "203.0.113.1", "203.0.113.2"
PERSON = 1000
_HERE, _THERE = "02:00:00:00:00:01", "02:00:00:00:00:02"
_NEWUSER, _NEWNET = 0x10000000, 0x40000000  # sched.h
_EVERY_PROTOCOL = 0x0003  # if_ether.h
_FORCED_BUFFER = 33  # asm-generic/socket.h, SO_RCVBUFFORCE
_IP = shutil.which("ip", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def main() -> None:
    """Make both networks, hand their sockets over, and become the command as an ordinary user of the machine's."""
    line, command = socket.socket(fileno=int(sys.argv[1])), sys.argv[2:]
    _become_user(0, _NEWNET)
    there, here = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _unshare(_NEWNET)
        os.write(there[1], b".")
        os.read(here[0], 1)
        _world(line)
        os._exit(0)
    os.read(there[0], 1)
    _machine(child)
    os.write(here[1], b".")
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit("the world could not be made")
    heard = [_heard(name) for name in ("outer", "lo")]
    _hand(line, socket.create_server(("127.0.0.1", 0)), *heard)
    line.close()
    # Without privileges and not as root, so that what the command starts may make namespaces of its own as anywhere.
    _become_user(PERSON, 0)
    os.execv(command[0], command)


def _machine(world: int) -> None:
    far = ("peer", "name", "far", "address", _THERE, "netns", str(world))
    _ip("link", "add", "outer", "address", _HERE, "type", "veth", *far)
    _ip("link", "set", "lo", "up")
    _ip("link", "set", "outer", "addrgenmode", "none")
    _ip("address", "add", f"{MACHINE}/24", "dev", "outer")
    _ip("link", "set", "outer", "up")
    # Known for good, so that the kernel never asks for them on its own account, long after somebody spoke.
    for address in (GATEWAY, VENDOR):
        _ip("neighbour", "add", address, "lladdr", _THERE, "dev", "outer", "nud", "permanent")
    _ip("route", "add", "default", "via", GATEWAY)


def _world(line: socket.socket) -> None:
    _ip("link", "set", "lo", "up")
    _ip("link", "set", "far", "addrgenmode", "none")
    for address in (GATEWAY, VENDOR):
        _ip("address", "add", f"{address}/24", "dev", "far")
    _ip("link", "set", "far", "up")
    _ip("neighbour", "add", MACHINE, "lladdr", _HERE, "dev", "far", "nud", "permanent")
    # Whatever is asked for beyond, the world is there.
    _ip("route", "add", "local", "default", "dev", "lo", "table", "main")
    _hand(line, socket.create_server(("0.0.0.0", 443)))


def _ip(*words: str) -> None:
    if _IP is None:
        sys.exit("ip is not here; on Debian or Ubuntu: apt-get install iproute2")
    subprocess.run([_IP, *words], check=True)


def _heard(interface: str) -> socket.socket:
    """A socket that hears every packet of an interface, both ways."""
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    found.bind((interface, _EVERY_PROTOCOL))
    try:
        found.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, 1 << 24)
    except PermissionError:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    return found


def _hand(line: socket.socket, *sockets: socket.socket) -> None:
    socket.send_fds(line, [b"."], [one.fileno() for one in sockets])


def _become_user(uid: int, flags: int) -> None:
    """Enter a new user namespace as its only user."""
    user, group = os.getuid(), os.getgid()
    _unshare(_NEWUSER | flags)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{uid} {group} 1")


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "a namespace of its own is not allowed here")


if __name__ == "__main__":
    main()
