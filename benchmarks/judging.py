"""Whether a tree solves a program: its official check, in a clean process that the tree's own tests do not reach."""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.programs import Program

_BWRAP = "/usr/bin/bwrap"
_SECONDS = 30.0
_CHECK = """import sys
sys.dont_write_bytecode = True
sys.path.insert(0, {tree!r})
from {name} import *
{checks}
check({name})
sys.stdout.write("\\n" + {word!r} + "\\n")
"""


def solves(program: Program, tree: Path) -> bool:
    """Whether the tree's module passes the program's official check; the tree's own tests have no say."""
    with tempfile.TemporaryDirectory(prefix="judge-") as folder:
        place = Path(folder)
        _copied(tree, place / "tree")
        word = secrets.token_hex(16)
        call = f"check({program.entry_point})"
        checks = program.test.strip().removesuffix(call).rstrip()
        text = _CHECK.format(tree=str(place / "tree"), name=program.entry_point, checks=checks, word=word)
        (place / "check.py").write_text(text, encoding="utf-8")
        command = contained([sys.executable, "-I", str(place / "check.py")], own=place, network=False)
        try:
            done = subprocess.run(
                command, env={"PATH": os.defpath}, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except (subprocess.TimeoutExpired, UnicodeDecodeError):
            return False
        # A process that ends itself with 0 does not know the word that stands behind the last check.
        return done.returncode == 0 and done.stdout.rstrip().endswith(word)


def contained(
    command: Sequence[str], *, own: Path, reads: Iterable[Path] = (), cwd: Path | None = None, network: bool = True
) -> list[str]:
    """The command behind bubblewrap: it writes to `own` and to a /tmp that is thrown away, and ends with its starter.

    Models' commands and code are run by it. Raises FileNotFoundError where bubblewrap is not installed.
    """
    if not Path(_BWRAP).exists():
        raise FileNotFoundError(f"{_BWRAP} is missing; what a model writes is not run without it")
    words = [_BWRAP, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    here = Path(__file__).resolve().parents[1]
    for path in (here, Path(sys.prefix), Path(sys.base_prefix), *reads):
        words += ["--ro-bind", str(path), str(path)]
    words += ["--bind", str(own), str(own), "--chdir", str(cwd or own)]
    words += ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    return [*words, *([] if network else ["--unshare-net"]), "--", *command]


class Watch:
    """Keeps each state of a working tree in which the program's module differs from the state before."""

    def __init__(self, program: Program, repository: Path, states: Path) -> None:
        self._module = repository / f"{program.entry_point}.py"
        self._repository, self._folder = repository, states
        self._last = self._text()
        self.states: list[Path] = []

    def look(self) -> None:
        """Keep the tree as it is now, if the module was changed since the last look."""
        text = self._text()
        if text == self._last:
            return
        self._last = text
        kept = self._folder / str(len(self.states) + 1)
        _copied(self._repository, kept)
        self.states.append(kept)

    def _text(self) -> bytes:
        try:
            return self._module.read_bytes()
        except OSError:
            return b""


def exported(git_dir: Path, commit: str, into: Path) -> Path | None:
    """The files of a commit in a new folder; None when the repository has no such commit."""
    into.mkdir(parents=True)
    archive = subprocess.run(
        ["git", f"--git-dir={git_dir}", "archive", "--end-of-options", commit], capture_output=True, check=False
    )
    if archive.returncode:
        return None
    subprocess.run(["tar", "-x", "-C", str(into)], input=archive.stdout, check=True)
    return into


def told(file: Path) -> Mapping[str, object]:
    """The JSON object in a file; empty when there is none."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _copied(tree: Path, into: Path) -> None:
    """The tree's plain files, without tests, git and what would get in front of the interpreter's own modules."""
    into.mkdir(parents=True)
    for path in tree.rglob("*.py"):
        inside = path.relative_to(tree)
        hidden = any(part.startswith(".") or part in ("tests", "unittest", "__pycache__") for part in inside.parts)
        if hidden or path.is_symlink() or not path.is_file() or inside.name in ("sitecustomize.py", "conftest.py"):
            continue
        (into / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, into / inside)
