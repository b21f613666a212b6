"""The command line that puts a command behind bubblewrap."""

import resource
from dataclasses import dataclass
from pathlib import Path

from pointsman.workspaces.orders import Limits

TREE, RESULTS, HOME = "/tree", "/results", "/home"
TEMPORARY = str(Path("/", "tmp"))
_SHARED_MEMORY = str(Path("/dev", "shm"))
_SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/ssl",
)


def system_files() -> tuple[str, ...]:
    """What programs under /usr read in /etc and holds no secret."""
    java = sorted(str(path) for path in Path("/etc").glob("java*"))
    return tuple(path for path in (*_SYSTEM_FILES, *java) if Path(path).exists())


def rlimits(limits: Limits, *, processes: int) -> dict[int, int]:
    """The resource limits of a command, never above what we ourselves may have."""
    wanted = {
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CPU: int(limits.seconds) + 2,
        resource.RLIMIT_DATA: limits.data,
        resource.RLIMIT_MEMLOCK: 65_536,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_SIGPENDING: 1024,
        resource.RLIMIT_NICE: 0,
        resource.RLIMIT_RTPRIO: 0,
        resource.RLIMIT_CORE: 0,
    }
    return {name: _at_most(name, value) for name, value in wanted.items()}


def _at_most(name: int, value: int) -> int:
    hard = resource.getrlimit(name)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


_PRLIMIT_OPTIONS = {
    resource.RLIMIT_NPROC: "nproc",
    resource.RLIMIT_FSIZE: "fsize",
    resource.RLIMIT_NOFILE: "nofile",
    resource.RLIMIT_CPU: "cpu",
    resource.RLIMIT_DATA: "data",
    resource.RLIMIT_MEMLOCK: "memlock",
    resource.RLIMIT_MSGQUEUE: "msgqueue",
    resource.RLIMIT_SIGPENDING: "sigpending",
    resource.RLIMIT_NICE: "nice",
    resource.RLIMIT_RTPRIO: "rtprio",
    resource.RLIMIT_CORE: "core",
}


def prlimit(program: str, limits: dict[int, int]) -> list[str]:
    """Set inside the sandbox, where the number of processes is counted per user namespace."""
    return [program, *(f"--{_PRLIMIT_OPTIONS[name]}={value}:{value}" for name, value in limits.items()), "--"]


def environment(*, path: str, home: str, temporary: str) -> dict[str, str]:
    """All that a command finds in its environment."""
    return {
        "PATH": path,
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "CI": "true",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


@dataclass(frozen=True, slots=True)
class View:
    """What a command sees of the job: `room` holds `tree` and `etc`, `own` its `results`, `tmp` and `home`."""

    room: Path
    own: Path
    roots: tuple[str, ...]

    def binds(self) -> list[str]:
        words = [word for path in system_files() for word in ("--ro-bind", path, path)]
        for name in ("passwd", "group", "hosts"):
            words += ["--ro-bind", str(self.room / "etc" / name), f"/etc/{name}"]
        for name in ("results", "tmp", "home"):
            words += ["--bind", str(self.own / name), f"/{name}"]
        # A toolchain may lie below /tmp or /home, so it comes after them.
        for path in self.roots:
            words += ["--ro-bind", path, path]
        return [*words, "--bind", str(self.room / "tree"), TREE]


def argv(program: str, view: View, limits: Limits, *, filter_fd: int, status_fd: int) -> list[str]:
    """bwrap with everything up to `--`.

    The environment is the one bwrap itself is started with, because its own can be read in /proc/1/environ whatever
    it is told to clear (bubblewrap issue 725).
    """
    return [
        program,
        *("--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"),
        *("--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--cap-drop", "ALL"),
        *_system(),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(limits.shared_memory), "--tmpfs", _SHARED_MEMORY, "--remount-ro", "/dev"),
        *view.binds(),
        *("--chdir", TREE, "--remount-ro", "/"),
        *("--seccomp", str(filter_fd), "--json-status-fd", str(status_fd), "--"),
    ]


def _system() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr"]
    for folder in _SYSTEM_FOLDERS:
        if Path(folder).is_symlink():
            words += ["--symlink", str(Path(folder).readlink()), folder]
        elif Path(folder).is_dir():
            words += ["--ro-bind", folder, folder]
    return words
