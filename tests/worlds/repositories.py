"""Real git repositories for stories: a small package with a bug and an issue, and every awkward shape of it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROUTING = "plan: planner\ncode: coder\nqa: reviewer\n"

BUGGY = '''"""Prices with a discount."""


def discounted(price: float, percent: float) -> float:
    """The price after `percent` off, never below zero."""
    return price - percent
'''

FIXED = BUGGY.replace("price - percent", "max(0.0, price * (1 - percent / 100))")

TESTS = """import unittest

from shop.prices import discounted


class Discounts(unittest.TestCase):
    def test_ten_percent_off(self) -> None:
        self.assertEqual(discounted(200, 10), 180)

    def test_nothing_off(self) -> None:
        self.assertEqual(discounted(50, 0), 50)


if __name__ == "__main__":
    unittest.main()
"""

ISSUE = """# Discounts take off euros instead of percent

`discounted(200, 10)` gives 190. Ten percent off 200 is 180.
"""

# In git's source (setup.c): every repository counts as somebody else's.
_ASSUME = "GIT_TEST_ASSUME_DIFFERENT_OWNER"

# Fixed names and dates, no configuration of the machine's owner: a story has the same commit ids everywhere.
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ada Example",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-05T10:00:00+00:00",
    "GIT_COMMITTER_NAME": "Ada Example",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2026-01-05T10:00:00+00:00",
}


@dataclass(frozen=True, slots=True)
class Story:
    """A repository, the issue somebody wrote about it, and the file with the bug as it is and as it should be."""

    repository: Path
    issue: Path
    path: str = "shop/prices.py"
    buggy: str = BUGGY
    fixed: str = FIXED
    watched: tuple[Path, ...] = ()

    def places(self) -> tuple[Path, ...]:
        """Every folder that a run must leave as it was."""
        return (self.repository, *self.watched)


def git(repository: Path, *arguments: str) -> str:
    """Run git there, without any configuration of this machine; its output. Raises CalledProcessError."""
    switch = {_ASSUME: os.environ[_ASSUME]} if _ASSUME in os.environ else {}
    done = subprocess.run(
        ["git", *arguments],
        cwd=repository,
        env={**_ENVIRONMENT, **switch},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def write(repository: Path, path: str, text: str | bytes) -> None:
    """Write a file, with its folders, exactly as given."""
    target = repository / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode() if isinstance(text, str) else text)


def commit(repository: Path, subject: str) -> str:
    """Commit everything that is there; the commit id."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", subject)
    return git(repository, "rev-parse", "HEAD")


def buggy_package(where: Path, *, routing: str | None = ROUTING) -> Story:
    """A small package with one bug, a test that fails by it, an issue beside it, a routing file (None: without)."""
    repository = where / "shop"
    repository.mkdir(parents=True)
    git(repository, "init", "--quiet", "--initial-branch=main")
    write(repository, "README.md", "# Shop\n\nPrices and discounts.\n")
    write(repository, "shop/__init__.py", '"""A small shop."""\n')
    write(repository, "shop/prices.py", BUGGY)
    write(repository, "tests/__init__.py", "")
    write(repository, "tests/test_prices.py", TESTS)
    if routing is not None:
        write(repository, ".pointsman.yml", routing)
    commit(repository, "Sell things")
    issue = where / "discount.md"
    issue.write_text(ISSUE, encoding="utf-8")
    return Story(repository=repository, issue=issue)


def not_a_repository(where: Path) -> Story:
    """The same files without git."""
    story = buggy_package(where)
    plain = where / "plain"
    plain.mkdir()
    write(plain, story.path, BUGGY)
    return replace(story, repository=plain)


def bare(where: Path) -> Story:
    """A bare clone."""
    story = buggy_package(where)
    git(where, "clone", "--quiet", "--bare", str(story.repository), "shop.git")
    return replace(story, repository=where / "shop.git")


def empty(where: Path) -> Story:
    """A repository without a commit."""
    story = buggy_package(where)
    git(where, "init", "--quiet", "--initial-branch=main", "void")
    return replace(story, repository=where / "void")


def dirty(where: Path) -> Story:
    """Work under way: a changed file, a staged file, an untracked one and an ignored one."""
    story = buggy_package(where)
    write(story.repository, "README.md", "# Shop\n\nHalf a sentence\n")
    write(story.repository, "shop/staged.py", "STAGED = True\n")
    git(story.repository, "add", "shop/staged.py")
    write(story.repository, "notes.txt", "buy milk\n")
    write(story.repository, ".git/info/exclude", "*.log\n")
    write(story.repository, "mine.log", "ignored\n")
    return story


def link_out(where: Path) -> Story:
    """Links that lead out of the repository, to a file and to a folder, both watched."""
    story = buggy_package(where)
    outside = where / "outside"
    write(outside, "secret.txt", "the safe's number\n")
    (story.repository / "shop/secret.py").symlink_to(outside / "secret.txt")
    (story.repository / "vault").symlink_to(outside)
    commit(story.repository, "Link to the safe")
    return replace(story, watched=(outside,))


def submodule(where: Path) -> Story:
    """A repository with a submodule, checked out."""
    story = buggy_package(where)
    library = where / "library"
    library.mkdir()
    git(library, "init", "--quiet", "--initial-branch=main")
    write(library, "lib.py", "ANSWER = 42\n")
    commit(library, "Answer")
    allow = ("-c", "protocol.file.allow=always")
    git(story.repository, *allow, "submodule", "add", "--quiet", str(library), "vendored")
    commit(story.repository, "Vendor the library")
    return replace(story, watched=(library,))


def crlf(where: Path) -> Story:
    """Every line ends in CR LF, also in the blobs."""
    story = buggy_package(where)
    for path in ("shop/prices.py", "tests/test_prices.py", "README.md"):
        text = (story.repository / path).read_text(encoding="utf-8")
        write(story.repository, path, text.replace("\n", "\r\n"))
    commit(story.repository, "Save from another system")
    return replace(story, buggy=BUGGY.replace("\n", "\r\n"), fixed=FIXED.replace("\n", "\r\n"))


def unicode_names(where: Path) -> Story:
    """Names with accents (composed and decomposed), blanks, quotes, an emoji, a newline, bytes that are no UTF-8."""
    story = buggy_package(where)
    for name in ("Größe.py", "cafe\u0301.py", "two words.py", 'a"quote.py', "🚂.py", "line\nbreak.py"):
        write(story.repository, f"shop/{name}", "HERE = True\n")
    raw = os.fsencode(story.repository) + b"/shop/latin-\xe9.py"
    Path(os.fsdecode(raw)).write_bytes(b"HERE = True\n")
    commit(story.repository, "Name things")
    return story


def huge_file(where: Path, *, megabytes: int = 8) -> Story:
    """A committed text of many megabytes beside the code."""
    story = buggy_package(where)
    write(story.repository, "data/rows.csv", b"0123456789abcde\n" * (megabytes * 65536))
    commit(story.repository, "Keep the data")
    return story


def detached(where: Path) -> Story:
    """HEAD is a commit and no branch."""
    story = buggy_package(where)
    git(story.repository, "checkout", "--quiet", "--detach")
    return story


def worktree(where: Path) -> Story:
    """A linked worktree on a branch of its own; the main checkout is watched too."""
    story = buggy_package(where)
    linked = where / "linked"
    git(story.repository, "worktree", "add", "--quiet", "-b", "side", str(linked))
    return replace(story, repository=linked, watched=(story.repository,))


def shallow(where: Path) -> Story:
    """A clone with the last commit only."""
    story = buggy_package(where)
    write(story.repository, "CHANGES.md", "Second.\n")
    commit(story.repository, "Say what changed")
    git(where, "clone", "--quiet", "--depth=1", f"file://{story.repository}", "shallow")
    return replace(story, repository=where / "shallow", watched=(story.repository,))


@contextmanager
def foreign_owner(where: Path, *, uid: int = 65534) -> Iterator[Story]:
    """The repository belongs to another user, until the end of the block.

    Without root, and without sudo that asks for no password, git is told by its own test switch to take every owner
    for another; a program sees that only when it hands its environment on to git.
    """
    story = buggy_package(where)
    owned = _own(story.repository, uid)
    if not owned:
        os.environ[_ASSUME] = "1"
    try:
        yield story
    finally:
        os.environ.pop(_ASSUME, None)
        if owned:
            _own(story.repository, os.geteuid())


def _own(folder: Path, uid: int) -> bool:
    # Only git's own check is wanted to differ, so everybody may still read.
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    try:
        done = subprocess.run([*sudo, "chown", "-R", str(uid), str(folder)], check=False, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0
