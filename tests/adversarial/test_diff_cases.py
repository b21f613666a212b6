"""Paths and contents that imitate a diff: each file is known by its own path, and every line of it can be quoted."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from tests.unit.phases.phase_world import TREE, World, says
from tests.unit.phases.test_review_findings import GRAVE, NO_TEST, earlier_of, reviewed

from pointsman.phases.reviewing.anchors import Place, anchor, files_of
from pointsman.workspaces.patches import canonical

EVIL = "steal(everything)"
PATHS = (
    "src/x b/evil.py",
    "a b/x b/x",
    " b/evil",
    "a/b/a/evil.py",
    "a/café.py",
    "b/a/b/é.py",
    'a/quo"te.py',
    "a/new\nline.py",
    "a/tab\tb.py",
    "a/back\\303\\251slash.py",
    "--- a/evil",
    "@@ -1 +1 @@",
    "diff --git a/x b/x",
)


def diff_of(folder: Path, path: str, data: bytes) -> str:
    """The canonical diff of a commit that adds one file, by the real git and the real workspace."""

    def git(*words: str, fed: bytes = b"") -> str:
        done = subprocess.run(["git", "-C", str(folder), *words], input=fed, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def commit(tree: str) -> str:
        return git("-c", "user.name=eve", "-c", "user.email=eve@example.org", "commit-tree", "-m", "x", tree)

    git("init", "--quiet", "--bare")
    blob = git("hash-object", "-w", "--stdin", fed=data)
    before = commit(git("mktree", fed=b""))
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    after = commit(git("write-tree"))
    return asyncio.run(canonical(folder, before, after)).data.decode("utf-8", "replace")


@pytest.mark.parametrize("path", PATHS)
def test_p5_a_path_that_imitates_the_head_of_a_diff_hides_nothing(tmp_path: Path, path: str) -> None:
    """P5: rules for paths see the path as it is, and a finding on a line of it has its place."""
    found = files_of(diff_of(tmp_path, path, f"{EVIL}\n".encode()))
    assert [file.path for file in found] == [path]
    place = anchor(found, path, EVIL)
    assert isinstance(place, Place) and (place.path, place.line.line) == (path, 1)


@pytest.mark.parametrize("path", PATHS)
def test_p5_a_binary_file_is_known_by_its_own_path(tmp_path: Path, path: str) -> None:
    """P5: that a path is closed or reserved holds for what has no lines as well."""
    assert [file.path for file in files_of(diff_of(tmp_path, path, b"\0\1\2"))] == [path]


def test_p5_lines_that_imitate_a_diff_stay_lines(tmp_path: Path) -> None:
    """P5: what stands in a file ends neither its hunk nor its part of the diff."""
    heads = ["--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", "diff --git a/q b/q"]
    lines = [*heads, "\\ No newline", "a\rb\x0c\u2028\x85", EVIL]
    (only,) = files_of(diff_of(tmp_path, "x.py", "\n".join(lines).encode()))
    assert [line.text for line in only.lines] == lines


def test_p5_a_finding_in_such_a_file_holds_the_verdict_back() -> None:
    """P5: a reviewer that quotes the line is heard, whatever the file is called."""
    path = PATHS[0]
    world = World([says(data={"summary": "s", "findings": [{**GRAVE, "path": path, "quote": EVIL}]}), NO_TEST])
    found = reviewed(world, earlier_of(world, {**TREE, path: f"{EVIL}\n"}))
    assert (found.verdict, [finding.path for finding in found.findings]) == ("inconclusive", [path])
