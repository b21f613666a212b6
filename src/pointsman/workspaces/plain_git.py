"""Plain git in a folder of our own, for laying out the demonstration's repository."""

import subprocess
from pathlib import Path

from pointsman.domain.errors import OperatorMust
from pointsman.workspaces.git import binary


def run_git(folder: Path, arguments: tuple[str, ...]) -> None:
    """Run git in `folder` with no configuration but its own. Raises OperatorMust with what git said."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    done = subprocess.run(
        [binary(), "-C", str(folder), *arguments], capture_output=True, text=True, check=False, env=env, timeout=60
    )
    if done.returncode != 0:
        raise OperatorMust(f"git could not lay out {folder}: {done.stderr.strip()[:300]}", code="git-failed")
