"""The launcher's own namespaces: a private view of mounts in which the room and the toolchains can be reached."""

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Flags of linux/sched.h and linux/mount.h.
_NEWNS, _NEWIPC, _NEWUSER, _NEWNET = 0x00020000, 0x08000000, 0x10000000, 0x40000000
_NOSUID, _NODEV, _BIND, _REC, _PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
_SET_DEATH_SIGNAL, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 1, 36, 38
_HIGH_UID: Final = 0x70000000
_LOW_UID: Final = 64_000

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2). Raises OSError naming the target."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode() if data else None
    )
    _checked(result, f"mount {target}")


def adopt_orphans(death_signal: int) -> None:
    """Become the parent of orphaned descendants, and get `death_signal` when our own parent goes."""
    _checked(_libc.prctl(_SET_SUBREAPER, 1, 0, 0, 0), "prctl")
    end_with_parent(death_signal)


def end_with_parent(death_signal: int) -> None:
    """Get `death_signal` when our parent goes."""
    _checked(_libc.prctl(_SET_DEATH_SIGNAL, death_signal, 0, 0, 0), "prctl")


def forgo_privileges() -> None:
    """Give up gaining privileges by executing programs, for good."""
    _checked(_libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")


def separate() -> bool:
    """Leave the host's mounts, network and IPC, by privilege or in a user namespace; False if neither is allowed."""
    flags = _NEWNS | _NEWNET | _NEWIPC
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(flags):
        # In a user namespace of its own a root without privileges could no longer become anybody else.
        if user == 0 or _libc.unshare(flags | _NEWUSER):
            return False
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    mount("none", "/", "none", _REC | _PRIVATE)
    return True


def mount_room(room: str, size: int, files: int) -> None:
    """Put a tmpfs of bounded size and number of files over the room."""
    mount("tmpfs", room, "tmpfs", _NOSUID | _NODEV, f"size={size},nr_inodes={files},mode=711")


def unprivileged_uid() -> int:
    """A uid that nothing else uses, told apart by our process id; a low one where a user namespace maps few ids."""
    mapped = max(int(start) + int(count) for start, _, count in _id_map())
    high = _HIGH_UID + os.getpid()
    return high if high < mapped else _LOW_UID + os.getpid() % 1000


def _id_map() -> list[list[str]]:
    return [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]


def expose(paths: Iterable[str]) -> None:
    """Make `paths` reachable for everybody at their own place, and nothing else of the closed folders above them.

    A folder that others may not search is covered by a small tmpfs in which only the way to the paths is made anew.
    """
    closed: dict[str, list[str]] = {}
    for path in paths:
        blocker = _first_closed(Path(path))
        if blocker is not None:
            closed.setdefault(str(blocker), []).append(path)
    for folder, wanted in closed.items():
        _cover(folder, wanted)


def _first_closed(path: Path) -> Path | None:
    """The topmost folder above `path` that a stranger cannot search; `path` itself does not count."""
    for folder in reversed(path.parents):
        if not stat.S_IMODE(folder.stat().st_mode) & stat.S_IXOTH:
            return folder
    return None


def _cover(folder: str, wanted: list[str]) -> None:
    # A descriptor keeps the way to what the cover is about to hide.
    handles = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in sorted(wanted)}
    mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV, "size=1m,nr_inodes=4096,mode=755")
    for path, handle in handles.items():
        if not any(Path(other) in Path(path).parents for other in wanted):
            # mkdir's parents keep the default mode, which the launcher's umask leaves at 755.
            Path(path).mkdir(parents=True, exist_ok=True)
            mount(f"/proc/self/fd/{handle}", path, "none", _BIND | _REC)
        os.close(handle)
