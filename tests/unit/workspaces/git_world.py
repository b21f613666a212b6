"""A small world: real repositories on disk, made with the real git."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class World:
    """One user's repository, spoken to with their own git."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *args: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", "-C", str(self.root), *args],
            input=stdin, capture_output=True, check=True, env={"PATH": os.defpath, **_IDENTITY},
        )  # fmt: skip
        return done.stdout.decode().strip()

    def commit(self, files: Mapping[str, str | bytes], message: str = "change") -> str:
        for path, text in files.items():
            target = self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode() if isinstance(text, str) else text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def fingerprint(self, *, without: tuple[str, ...] = ()) -> dict[str, str]:
        """A digest, mode and time of every file of the repository except its objects."""
        found: dict[str, str] = {}
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if name.startswith(".git/objects") or name in without or path.is_dir():
                continue
            stat = path.lstat()
            data = bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[name] = f"{hashlib.sha256(data).hexdigest()} {stat.st_mode:o} {stat.st_mtime_ns}"
        return found
