"""The system call filter of the sandbox, assembled here as classic BPF so that no library is needed."""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from typing import Final

# Audit architecture codes and call numbers: linux/audit.h, asm/unistd_64.h (x86-64), asm-generic/unistd.h (arm64).
_ARCHES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32_BIT: Final = 0x40000000

_DENIED: Final[dict[str, tuple[int | None, int | None]]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_METADATA: Final[dict[str, tuple[int | None, int | None]]] = {
    "chmod": (90, None),
    "chown": (92, None),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchownat": (260, 54),
    "futimesat": (261, None),
    "lchown": (94, None),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "removexattrat": (466, 466),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
    "utime": (132, None),
    "utimensat": (280, 88),
    "utimes": (235, None),
}
_OTHER_PROCESSES: Final[dict[str, tuple[int, int]]] = {
    "prlimit64": (302, 261),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
}
_SETPRIORITY: Final = (141, 140)
_IOPRIO_SET: Final = (251, 30)
_FILE_SETATTR: Final = (469, 469)
_TRUNCATE: Final = (76, 45)
_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_IOCTL: Final = (16, 29)
_SOCKET: Final = (41, 198)
_SOCKETPAIR: Final = (53, 199)

_NEW_NAMESPACES: Final = 0x7E020000
_TERMINAL_INJECTION: Final = (0x5412, 0x541C)
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 5, 0xF
_CONNECTED_FOR_GOOD: Final = (_SOCK_STREAM, _SOCK_SEQPACKET)

_LOAD, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16


def supported() -> bool:
    """Whether a filter is known for this machine's architecture."""
    return os.uname().machine in _ARCHES


def _line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _errno(number: int) -> bytes:
    return _line(_RETURN, 0x00050000 | number)


class _Program:
    """Filter lines for one architecture; every rule jumps only within itself."""

    def __init__(self, machine: str) -> None:
        self._column = list(_ARCHES).index(machine)
        self._lines = [
            _line(_LOAD, _ARCH),
            _line(_JEQ, _ARCHES[machine], 1, 0),
            _line(_RETURN, _KILL),
            _line(_LOAD, _NUMBER),
        ]
        if machine == "x86_64":
            self._lines += [_line(_JGE, _X32_BIT, 0, 1), _errno(errno.ENOSYS)]

    def answer(self, call: tuple[int | None, int | None], number: int) -> None:
        """Let the call return errno `number` without doing anything; 0 looks like success."""
        value = call[self._column]
        if value is not None:
            self._lines += [_line(_JEQ, value, 0, 1), _errno(number)]

    def when_argument(self, call: tuple[int, int], index: int, test: list[bytes]) -> None:
        """Judge the low 32 bits of an argument; `test` falls through to allow the rest of the filter to look."""
        body = [_line(_LOAD, _ARGUMENTS + 8 * index), *test, _line(_LOAD, _NUMBER)]
        self._lines += [_line(_JEQ, call[self._column], 0, len(body)), *body]

    def finish(self) -> bytes:
        return b"".join([*self._lines, _line(_RETURN, _ALLOW)])


def _only(values: Iterable[int], number: int) -> list[bytes]:
    """Errno unless the loaded argument is one of `values`."""
    wanted = list(values)
    checks = [_line(_JEQ, value, len(wanted) - place, 0) for place, value in enumerate(wanted)]
    return [*checks, _errno(number)]


def _never(values: Iterable[int]) -> list[bytes]:
    """EPERM when the loaded argument is one of `values`."""
    return [line for value in values for line in (_line(_JEQ, value, 0, 1), _errno(errno.EPERM))]


def program(*, sockets: bool, own_uid: bool = False, machine: str = "") -> bytes:
    """The filter as `struct sock_filter` lines.

    `sockets` allows local, IP and route sockets, which is right where a network namespace holds them; without it only
    connected pairs can be made, of kinds that stay connected to each other. `own_uid` is for code that runs under the
    bot's own uid and can name the bot's files: calls that would change a file's metadata by path do nothing and say
    that all went well (so that copying files still works), and those that touch priorities or limits of other
    processes are refused.
    """
    made = _Program(machine or os.uname().machine)
    for call in _DENIED.values():
        made.answer(call, errno.EPERM)
    # Its flags lie in memory, where a filter cannot look; C libraries fall back to clone.
    made.answer(_CLONE3, errno.ENOSYS)
    made.when_argument(_CLONE, 0, [_line(_JSET, _NEW_NAMESPACES, 0, 1), _errno(errno.EPERM)])
    made.when_argument(_IOCTL, 1, _never(_TERMINAL_INJECTION))
    if sockets:
        made.when_argument(_SOCKET, 0, _only((_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK), errno.EAFNOSUPPORT))
    else:
        made.answer(_SOCKET, errno.EACCES)
        # A datagram socket of a pair could be connected anew, to a socket of the host.
        made.when_argument(_SOCKETPAIR, 1, [_line(_AND, _SOCK_TYPE_MASK), *_only(_CONNECTED_FOR_GOOD, errno.EACCES)])
    if own_uid:
        _guard_own_uid(made)
    return made.finish()


def _guard_own_uid(made: _Program) -> None:
    for call in _METADATA.values():
        made.answer(call, 0)
    for denied in (_SETPRIORITY, _IOPRIO_SET, _FILE_SETATTR, _TRUNCATE):
        made.answer(denied, errno.EPERM)
    for other in _OTHER_PROCESSES.values():
        made.when_argument(other, 0, _only((0,), errno.EPERM))


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(lines: bytes) -> None:
    """Put the filter on the calling process for good. Raises OSError when the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    prog = _SockFprog(len(lines) // 8, lines)
    set_no_new_privs, set_seccomp, mode_filter = 38, 22, 2
    if libc.prctl(set_no_new_privs, 1, 0, 0, 0) or libc.prctl(set_seccomp, mode_filter, ctypes.byref(prog), 0, 0):
        raise OSError(ctypes.get_errno(), f"seccomp: {os.strerror(ctypes.get_errno())}")
