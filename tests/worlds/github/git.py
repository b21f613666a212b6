"""Bare repositories as the GitHub world keeps them: written by plumbing, read by git itself."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ZERO = "0" * 40

_UPDATE_HOOK = """#!/bin/sh
ref=$1; new=$3
case " $WORLD_PROTECTED " in *" $ref "*)
  echo "error: GH006: Protected branch update failed for $ref." >&2; exit 1;;
esac
test "$WORLD_WORKFLOWS" = no || exit 0
case $new in 0000000000000000000000000000000000000000) exit 0;; esac
path=$(git log --format= --name-only "$new" --not --all -- .github/workflows | head -n 1)
test -z "$path" && exit 0
echo "refusing to allow a GitHub App to create or update workflow \\`$path\\` without \\`workflows\\` permission" >&2
exit 1
"""


_CONFIG = """
[uploadpack]
	allowAnySHA1InWant = true
	allowFilter = true
[receive]
	hideRefs = refs/pull
[core]
	quotePath = false
[gc]
	auto = 0
"""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What git is started with: nothing of the machine's own configuration."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **(extra or {}),
    }


@dataclass(frozen=True, slots=True)
class Written:
    """A commit as it lies in the repository; times are ISO 8601."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    email: str
    at: str
    committer: str
    committer_email: str
    message: str


class Bare:
    """One bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make it, open for every push that the hook lets through."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._start("init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(self.path))
        self.hook()

    def copy_to(self, path: Path) -> "Bare":
        """A fork: the same branches, nothing of the pull requests."""
        copy = Bare(path)
        copy.create()
        copy.run("fetch", "--quiet", str(self.path), "+refs/heads/*:refs/heads/*")
        return copy

    def hook(self) -> None:
        """Put hook and settings in place, which refuse what GitHub refuses of a push."""
        hooks = self.path / "hooks"
        hooks.mkdir(exist_ok=True)
        update = hooks / "update"
        update.write_text(_UPDATE_HOOK, encoding="utf-8")
        update.chmod(0o755)
        with (self.path / "config").open("a", encoding="utf-8") as config:
            config.write(_CONFIG)

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """Run git there; what it printed. Raises CalledProcessError."""
        return self.raw(*arguments, given=given).decode("utf-8", "replace").rstrip("\n")

    def raw(self, *arguments: str, given: bytes = b"") -> bytes:
        """The same, as bytes."""
        return self._start("-C", str(self.path), *arguments, given=given)

    def _start(self, *arguments: str, given: bytes = b"") -> bytes:
        done = subprocess.run(["git", *arguments], input=given, env=environment(), check=True, capture_output=True)
        return done.stdout

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        who: str,
        at: int,
        message: str,
        parent: str = "",
        committer: str = "",
    ) -> str:
        """Write a commit on a branch (None deletes a file) and move the branch there; its id. Modes stay."""
        ref = f"refs/heads/{branch}"
        heads = f"commit {ref}\nauthor {who} {at} +0000\ncommitter {committer or who} {at} +0000\n"
        stream = [heads.encode(), _data(message.encode())]
        start = parent or self.ref(ref)
        modes = self.modes(start) if start else {}
        if start:
            stream.append(f"from {start}\n".encode())
        for path, content in files.items():
            if content is None:
                stream.append(b"D " + path.encode() + b"\n")
            else:
                body = content.encode() if isinstance(content, str) else content
                stream += [f"M {modes.get(path, '100644')} inline {path}\n".encode(), _data(body)]
        self.run("fast-import", "--quiet", "--force", given=b"".join(stream))
        return self.ref(ref)

    def ref(self, name: str) -> str:
        """Where a full ref name points, or an empty text."""
        return self.refs().get(name, "")

    def refs(self) -> dict[str, str]:
        """Every ref and where it points."""
        lines = self.run("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        return {name: sha for sha, name in (line.split(" ", 1) for line in lines)}

    def resolve(self, revision: str) -> str:
        """The full id of a commit, branch or tag, or an empty text."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        except subprocess.CalledProcessError:
            return ""

    def merge_base(self, left: str, right: str) -> str:
        """The merge base, or an empty text."""
        try:
            return self.run("merge-base", left, right)
        except subprocess.CalledProcessError:
            return ""

    def contains(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is the other or an ancestor of it."""
        return self.merge_base(ancestor, descendant) == ancestor

    def log(self, *revisions: str) -> list[Written]:
        """Commits, oldest first."""
        form = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%B%x01"
        text = self.run("log", "--topo-order", "--reverse", f"--format={form}", *revisions)
        return [_written(part.lstrip("\n")) for part in text.split("\x01") if part.strip("\n")]

    def files(self, revision: str) -> dict[str, str]:
        """The files of a commit, path to blob id."""
        text = self.run("ls-tree", "-r", "-z", "--full-tree", revision)
        pairs = (entry.split("\t", 1) for entry in text.split("\0") if entry)
        return {path: meta.split()[2] for meta, path in pairs}

    def modes(self, revision: str) -> dict[str, str]:
        """The files of a commit, path to mode."""
        text = self.run("ls-tree", "-r", "-z", "--full-tree", revision)
        pairs = (entry.split("\t", 1) for entry in text.split("\0") if entry)
        return {path: meta.split()[0] for meta, path in pairs}

    def blob(self, sha: str) -> bytes:
        """The bytes of a blob."""
        return self.raw("cat-file", "blob", sha)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _written(text: str) -> Written:
    sha, tree, parents, author, email, at, committer, committer_email, message = text.split("\0", 8)
    return Written(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=author,
        email=email,
        at=at,
        committer=committer,
        committer_email=committer_email,
        message=message.rstrip("\n"),
    )
