"""Tries to get out of the sandbox and says in how many ways it could; run inside, from its own source text.

Standard library only. Its last argument is a JSON object with what exists outside: see `Outside` in selftest.py.
"""

import ctypes
import fcntl
import functools
import json
import os
import platform
import resource
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

OUTSIDE: dict[str, str] = json.loads(sys.argv[-1])
HOST_FILE = Path(OUTSIDE["file"])
LIBC = ctypes.CDLL(None, use_errno=True)
KNOWN = {"PATH", "HOME", "TMPDIR", "LANG", "CI", "GIT_CONFIG_NOSYSTEM", "GIT_TERMINAL_PROMPT", "PWD", "LC_CTYPE"}
CALLS = {
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "memfd_create": (319, 279),
    "shmget": (29, 194),
    "open_by_handle_at": (304, 265),
    "process_vm_readv": (310, 270),
    "fsopen": (430, 430),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "pidfd_getfd": (438, 438),
}


def environment() -> bool:
    return not set(os.environ) <= KNOWN


def first_process_environment() -> bool:
    names = {line.split(b"=")[0].decode() for line in Path("/proc/1/environ").read_bytes().split(b"\0") if line}
    return not names <= KNOWN


def host_file_read() -> bool:
    return bool(HOST_FILE.read_bytes())


def host_file_write() -> bool:
    HOST_FILE.open("a").close()
    return True


def host_file_truncate() -> bool:
    os.truncate(HOST_FILE, 0)
    return True


def host_file_mode() -> bool:
    HOST_FILE.chmod(0o604)
    return HOST_FILE.stat().st_mode & 0o777 == 0o604


def host_file_remove() -> bool:
    HOST_FILE.unlink()
    return True


def host_folder_write() -> bool:
    return creates(HOST_FILE.parent)


def creates(folder: Path) -> bool:
    (folder / "pointsman-probe").touch()
    (folder / "pointsman-probe").unlink()
    return True


def opens_file(path: str) -> bool:
    Path(path).open("rb").close()
    return True


def environment_of_the_bot() -> bool:
    return same_processes() and bool(Path("/proc", OUTSIDE["pid"], "environ").read_bytes())


def inherited_file() -> bool:
    for descriptor in range(3, 256):
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return True
        except OSError:
            continue
    return False


def shadow() -> bool:
    return bool(Path("/etc/shadow").read_bytes())


def scratch_folder() -> bool:
    return bool(list(Path(OUTSIDE["scratch"]).iterdir()))


def block_device() -> bool:
    os.mknod("probe-device", 0o660 | 0o060000, os.makedev(8, 0))
    return True


def kernel_setting() -> bool:
    Path("/proc/sys/kernel/core_pattern").open("w").close()
    return True


def connects(family: int, address: tuple[str, int] | str, kind: int = socket.SOCK_STREAM) -> bool:
    with socket.socket(family, kind) as made:
        made.settimeout(1)
        made.connect(address)
    return True


def opens(family: int, kind: int) -> bool:
    socket.socket(family, kind).close()
    return True


def unshares() -> bool:
    return bool(LIBC.unshare(0x10000000) == 0)


def clones() -> bool:
    number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
    pid = LIBC.syscall(number, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return bool(pid > 0)


def mounts() -> bool:
    return bool(LIBC.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0)


def remounts() -> bool:
    return bool(LIBC.mount(b"none", b"/usr", None, 0x20 | 0x1000, None) == 0)


def kernel_call(name: str) -> bool:
    number = CALLS[name][0 if platform.machine() == "x86_64" else 1]
    blank = ctypes.create_string_buffer(256)
    result = LIBC.syscall(ctypes.c_long(number), blank, blank, 0, 0, 0, 0)
    # Only a refusal counts; a complaint about our arguments means that the kernel listened.
    return bool(result >= 0 or ctypes.get_errno() not in (1, 38))


def traces() -> bool:
    return bool(LIBC.ptrace(16, int(OUTSIDE["pid"]), 0, 0) == 0)


def same_processes() -> bool:
    """Whether a process id means the same here and outside; assumed where /proc is closed."""
    try:
        return str(Path("/proc/self/ns/pid").readlink()) == OUTSIDE["pid_namespace"]
    except OSError:
        return True


def signals() -> bool:
    if same_processes():
        os.kill(int(OUTSIDE["pid"]), 0)
        return True
    return False


def sees_processes() -> bool:
    return same_processes() and bool(Path("/proc", OUTSIDE["pid"], "cmdline").read_bytes())


def injects_input() -> bool:
    fcntl.ioctl(0, 0x5412, b"x")
    return True


def raises_limits() -> bool:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard + 1))
    return True


def lacks_limits() -> bool:
    kinds = (resource.RLIMIT_NPROC, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
    return any(resource.getrlimit(kind)[1] == resource.RLIM_INFINITY for kind in kinds)


def lacks_filter() -> bool:
    return not (LIBC.prctl(39, 0, 0, 0, 0) == 1 and LIBC.prctl(21, 0, 0, 0, 0) == 2)


def is_root() -> bool:
    return os.getuid() == 0


def gains_root() -> bool:
    os.setuid(0)
    return True


PROBES: dict[str, Callable[[], bool]] = {
    "environment": environment,
    "environment of process 1": first_process_environment,
    "reading a file of the host": host_file_read,
    "writing a file of the host": host_file_write,
    "truncating a file of the host": host_file_truncate,
    "changing the mode of a file of the host": host_file_mode,
    "making a file on the host": host_folder_write,
    "removing a file of the host": host_file_remove,
    "reading /etc/shadow": shadow,
    "listing the folder of all jobs": scratch_folder,
    "writing to /usr": lambda: creates(Path("/usr")),
    "writing to /etc": lambda: creates(Path("/etc")),
    "writing to /": lambda: creates(Path("/")),
    "writing to /dev": lambda: creates(Path("/dev")),
    "making a device": block_device,
    "changing a kernel setting": kernel_setting,
    "connecting to a port of the host": lambda: connects(socket.AF_INET, ("127.0.0.1", int(OUTSIDE["port"]))),
    "connecting to a port of the host by IPv6": lambda: connects(socket.AF_INET6, ("::1", int(OUTSIDE["port"]))),
    "connecting to the metadata address": lambda: connects(socket.AF_INET, ("169.254.169.254", 80)),
    "asking a name server": lambda: connects(socket.AF_INET, ("192.0.2.1", 53), socket.SOCK_DGRAM),
    "connecting to an abstract socket": lambda: connects(socket.AF_UNIX, "\0" + OUTSIDE["abstract"]),
    "connecting to a socket file": lambda: connects(socket.AF_UNIX, OUTSIDE["socket"]),
    "opening a hypervisor socket": lambda: opens(40, socket.SOCK_STREAM),
    "opening a packet socket": lambda: opens(17, socket.SOCK_RAW),
    "opening a raw socket": lambda: opens(socket.AF_INET, socket.SOCK_RAW),
    "a new user namespace by unshare": unshares,
    "a new user namespace by clone": clones,
    "mounting": mounts,
    "remounting /usr": remounts,
    "tracing the bot": traces,
    "signalling the bot": signals,
    "seeing the bot's command line": sees_processes,
    "injecting terminal input": injects_input,
    "raising a limit": raises_limits,
    "missing limits": lacks_limits,
    "missing filter": lacks_filter,
    "reading the bot's environment": environment_of_the_bot,
    "a file that the bot left open": inherited_file,
    "being root": is_root,
    "becoming root": gains_root,
    **{f"calling {name}": functools.partial(kernel_call, name) for name in CALLS},
    **{f"reading {path}": functools.partial(opens_file, path) for path in OUTSIDE["secret"].split("\0") if path},
}


def escapes() -> list[str]:
    found = []
    for name, attempt in PROBES.items():
        try:
            if attempt():
                found.append(name)
        except (OSError, ValueError):
            continue
    return found


def works() -> bool:
    """Whether ordinary work is possible: a file here, in the temporary folder and at home, and a child."""
    Path("made-here").write_text("x")
    with tempfile.TemporaryFile() as made:
        made.write(b"x")
    (Path.home() / "made-at-home").write_text("x")
    return subprocess.run(["/bin/sh", "-c", "exit 7"], check=False).returncode == 7


sys.stdout.write(json.dumps({"works": works(), "escapes": escapes(), "probes": len(PROBES)}) + "\n")
