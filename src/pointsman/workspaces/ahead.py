"""Lets git begin to blame before the rest of the program is read from disk; who asks for the same takes it over.

Whether it was the right question is decided by whoever takes it: by the whole command line, and by nothing less.
"""

import contextlib
import os
import subprocess

from pointsman.workspaces.git_words import ENVIRONMENT, blame_args, command_line, found_git, git_dir_at

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./")
_SLICE = 1 << 20
_QUICK_SECONDS = 5.0

_begun: dict[tuple[str, ...], "Begun"] = {}


class Begun:
    """One git at work, whose answer somebody may take."""

    def __init__(self, argv: list[str]) -> None:
        """Start it, as git.py starts every git."""
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )

    def answer(self, most: int) -> bytes | None:
        """What it prints, once it is done; None when it failed or printed more than `most` bytes. Waits for it."""
        parts, total = list[bytes](), 0
        try:
            while part := os.read(self._out(), _SLICE):
                total += len(part)
                if total > most:
                    return None
                parts.append(part)
            return b"".join(parts) if self._process.wait() == 0 else None
        finally:
            self.end()

    def end(self) -> None:
        """See to it that it is gone."""
        self._process.kill()
        self._process.wait()

    def _out(self) -> int:
        if self._process.stdout is None:
            raise OSError("it has no output")
        return self._process.stdout.fileno()


def begin(location: str, revision: str, path: str, span: tuple[int, int], *, copies: bool) -> None:
    """Begin to blame lines of a file. Whatever stands in the way is left to whoever asks in earnest."""
    git, git_dir = found_git(), git_dir_at(location)
    if not git or not git_dir or not path or "\0" in path:
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        commit = _commit(git, git_dir, revision)
        if commit:
            argv = command_line(git, git_dir, blame_args(commit, path, *span, copies=copies))
            _begun[tuple(argv)] = Begun(argv)


def take(argv: list[str]) -> Begun | None:
    """The git that was begun with this very command line; whoever takes it has to end it."""
    return _begun.pop(tuple(argv), None)


def end_all() -> None:
    """End what nobody took."""
    while _begun:
        _begun.popitem()[1].end()


def _commit(git: str, git_dir: str, revision: str) -> str:
    """The commit of a plain name, a branch before anything else, as source.py has it; empty when in doubt."""
    if not revision or not _PLAIN.issuperset(revision) or revision.startswith("-") or ".." in revision:
        return ""
    asked = f"refs/heads/{revision}^{{commit}}\n{revision}^{{commit}}\n"
    done = subprocess.run(
        command_line(git, git_dir, ("cat-file", "--batch-check")),
        input=asked.encode(), capture_output=True, check=True, timeout=_QUICK_SECONDS, env=ENVIRONMENT, cwd="/",
    )  # fmt: skip
    rows = done.stdout.decode("ascii", "replace").splitlines()
    return next((row.split()[0] for row in rows if " commit " in row), "")
