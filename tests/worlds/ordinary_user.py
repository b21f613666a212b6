"""Commands as an ordinary user of the machine: when root runs the tests, it becomes somebody without rights first."""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pointsman.workspaces import namespaces

UID = 12345
PACKAGES = Path(namespaces.__file__).parents[2]
NAMESPACES_FORBIDDEN = ("/usr/bin/bwrap", "--unshare-user", "--disable-userns", "--dev-bind", "/", "/", "--")
"""In front of a command: it can make no user namespace, so that bubblewrap fails and Landlock alone is left."""

_NEW_MOUNTS, _PRIVATE_MOUNTS, _SET_DUMPABLE = 0x20000, 0x44000, 4
_BOOT = (
    "import json, os, sys; spec = json.loads(sys.argv[1]); sys.path[:0] = spec['path'];"
    "from tests.worlds.ordinary_user import become; become(spec['own']);"
    "os.execve(spec['command'][0], spec['command'], spec['env'])"
)


def uid() -> int:
    """The user that commands run as here: one without rights, or whoever runs the tests if that is not root."""
    return UID if os.getuid() == 0 else os.getuid()


def become(own: str) -> None:
    """Make this process one of an ordinary user who owns the folder `own`; nothing happens to one that is it already.

    What such a user may not search is opened along the way to the programs and to `own`, in mounts of its own.
    """
    if os.getuid() != 0:
        return
    for path in (Path(own), *Path(own).rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)
    libc = ctypes.CDLL(None)
    assert libc.unshare(_NEW_MOUNTS) == 0
    namespaces.mount("none", "/", "none", _PRIVATE_MOUNTS)
    namespaces.expose(sorted({str(PACKAGES), sys.prefix, sys.base_prefix, own}))
    os.setgroups([])
    os.setgid(UID)
    os.setuid(UID)
    # Otherwise its own entries in /proc would stay root's.
    libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)


def run(command: Iterable[str], *, own: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as an ordinary user who owns the folder `own`."""
    path = [str(Path(__file__).parents[2]), str(PACKAGES)]
    spec = {"path": path, "own": str(own), "command": [str(word) for word in command], "env": dict(env)}
    line = [sys.executable, "-I", "-S", "-c", _BOOT, json.dumps(spec)]
    return subprocess.run(line, cwd="/", env={}, capture_output=True, text=True, check=False, timeout=240)
