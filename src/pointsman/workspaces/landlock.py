"""Landlock: a process gives up, for itself and its children, every path but those named."""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Kernel documentation, "Landlock: unprivileged access control"; call numbers are the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE, _IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2
_TCP_BIND, _TCP_CONNECT = 1, 2
_ACCESS_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
WRITE: Final = ~0
DEVICE: Final = _READ_FILE | _WRITE_FILE | _TRUNCATE

LEAST_ABI: Final = 3
"""Below it (before Linux 6.2) a path may be truncated without a right to write it."""

_libc = ctypes.CDLL(None, use_errno=True)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"landlock: {os.strerror(ctypes.get_errno())}")
    return result


def abi() -> int:
    """The version of Landlock that the kernel speaks; 0 when it has none."""
    try:
        return _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def ruleset(rules: Iterable[tuple[str, int]]) -> int:
    """A file descriptor for a ruleset that allows just `rules` (path, rights); missing paths are left out."""
    version = abi()
    handled = (1 << _ACCESS_BITS.get(version, 16)) - 1
    attributes = struct.pack("=Q", handled)
    if version >= 4:
        attributes += struct.pack("=Q", _TCP_BIND | _TCP_CONNECT)
    if version >= 6:
        attributes += struct.pack("=Q", _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS)
    made = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path, rights in rules:
        if Path(path).exists():
            _allow(made, path, rights & handled)
    return made


def _allow(made: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, parent)
        _call(_ADD_RULE, ctypes.c_int(made), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    finally:
        os.close(parent)


def restrict(made: int) -> None:
    """Bind the calling process to the ruleset for good; it must have given up new privileges before."""
    _call(_RESTRICT_SELF, ctypes.c_int(made), ctypes.c_uint32(0))
