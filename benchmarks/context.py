"""What finding files costs and how often it finds them, in one run with aider's RepoMap on the same trees.

`--source` is a tree without history (a source distribution, packed or not) for cost, and for hits by docstrings of
its tests; `--history`, given as often as wanted, a repository whose commit messages are the questions.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.context_cost import regular
from benchmarks.context_peer import Peer, ask_aider
from benchmarks.context_queries import Question, hits, of_history, of_tests
from benchmarks.measured import Measured, measure
from pointsman.workspaces.code_map.index import CodeMap

DEPTHS = (1, 5, 10)
SIZES = (1024, 4096, 8192)
CHANGED = 10
MOST_TIMES_READING = 20.0
MOST_MS = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    tools: Path | None
    questions: int
    peer_questions: int


def repository_of(source: Path, where: Path) -> Path:
    """The tree of a source distribution as a git repository with one commit, and a second that changes ten files."""
    if source.is_file():
        with tarfile.open(source) as packed:
            packed.extractall(where, filter="data")
        (source,) = where.iterdir()
    else:
        subprocess.run(["cp", "-r", str(source), str(where / "tree")], check=True)
        source = where / "tree"
    _git(source, "init", "-q")
    _commit(source)
    paths = [path for path in _git(source, "ls-files", "*.py").split() if (source / path).stat().st_size > 500]
    for path in paths[:: max(1, len(paths) // CHANGED)][:CHANGED]:
        (source / path).write_bytes((source / path).read_bytes() + b"\n\ndef one_more():\n    return 1\n")
    _commit(source)
    # A mirror holds what it fetches as packs.
    _git(source, "repack", "-adq")
    return source


def cost(tree: Path, texts: Sequence[str]) -> list[str]:
    """Rows on the cost of the map of a tree of two commits; the last row says whether the limits are kept."""
    first, second = _git(tree, "rev-list", "--reverse", "HEAD").split()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(list(texts)), encoding="utf-8")
        read = json.loads(_child("read", str(tree)).output)
        blobs = json.loads(_child("blobs", str(tree / ".git"), first).output)
        cold = _child("map", str(tree / ".git"), first)
        later = json.loads(_child("map", str(tree / ".git"), second, "--texts", str(file)).output)
    built = json.loads(cold.output)["steps"][0]
    moved = later["steps"][0]
    cpu, wall = later["cpu_ms"], later["wall_ms"]
    return [
        f"| files, MB | {read['files']:.0f}, {read['mb']:.1f} |",
        f"| all files read once: wall s, processor s | {read['wall_s']:.3f}, {read['cpu_s']:.3f} |",
        f"| all of them read once through git: wall s, processor s | {blobs['wall_s']:.3f}, {blobs['cpu_s']:.3f} |",
        f"| cold index: wall s, processor s | {built['wall_s']:.2f}, {built['cpu_s']:.2f} |",
        f"| cold index in readings: wall, processor | {built['wall_s'] / read['wall_s']:.1f},"
        f" {built['cpu_s'] / read['cpu_s']:.1f} (aimed at: {MOST_TIMES_READING:.0f}) |",
        f"| cold index in readings through git: wall, processor | {built['wall_s'] / blobs['wall_s']:.1f},"
        f" {built['cpu_s'] / blobs['cpu_s']:.1f} |",
        f"| a commit of {CHANGED} changed files: wall s, processor s | {moved['wall_s']:.3f}, {moved['cpu_s']:.3f} |",
        f"| question, processor ms: p50, p95 | {_told(cpu)} (aimed at: {MOST_MS:.0f}) |",
        f"| question, wall ms: p50, p95 | {_told(wall)} |",
        f"| peak MB of the cold index, size of the file in MB | {cold.cost.peak_mb:.0f}, {later['file_mb']:.1f} |",
    ]


async def answers(repository: Path, questions: Sequence[Question]) -> list[list[str]]:
    """The first ten files for each question, each at its own commit."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        # The map lies beside the repository that it is asked for, and nothing is to be left beside a user's own.
        link = Path(folder) / "repository.git"
        link.symlink_to(git_dir_of(repository))
        code_map = CodeMap(link)
        for question in questions:
            files = await regular(link, question.commit)
            best = await code_map.find(question.commit, files, question.text, limit=10, hidden=lambda _path: False)
            found.append([hit.path for hit in best])
        await code_map.close()
    return found


def git_dir_of(repository: Path) -> Path:
    """Where the objects lie."""
    return (repository / ".git" if (repository / ".git").is_dir() else repository).resolve()


def report(name: str, repository: Path, questions: list[Question], asked: Asked, *, moving: bool) -> None:
    """Print the hits of one repository, and aider's on the first of the same questions."""
    found = asyncio.run(answers(repository, questions))
    print(f"\n{name}: {len(questions)} questions\n\n| | any@1 | any@5 | any@10 |\n|---|---|---|---|")
    _row(f"code map, {len(questions)} questions", hits(found, questions, DEPTHS), DEPTHS)
    if asked.tools is None or not asked.peer_questions:
        return
    step = max(1, len(questions) // asked.peer_questions)
    some = questions[::step][: asked.peer_questions]
    _row(f"code map, {len(some)} of them", hits(found[::step][: asked.peer_questions], some, DEPTHS), DEPTHS)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        _git(repository, "clone", "-q", "--no-local", str(git_dir_of(repository)), str(clone))
        if not moving:
            _git(clone, "checkout", "-q", "-f", some[0].commit)
        _peer(ask_aider(asked.tools, clone, some, SIZES, moving=moving), len(some))


def _peer(peer: Peer, count: int) -> None:
    print(f"\n| aider's map, {count} of them, in tokens | 1k | 4k | 8k |\n|---|---|---|---|")
    _row("a target is shown", peer.hits, SIZES)
    print("| files shown | " + " | ".join(f"{peer.shown[size]:.0f}" for size in SIZES) + " |")
    print(f"\naider: first map {peer.first_ms / 1e3:.1f} s, later ones ms p50, p95: {_told(peer.later_ms)},"
          f" peak {peer.peak_mb:.0f} MB")  # fmt: skip


def _row(name: str, shares: Mapping[int, float], columns: Sequence[int]) -> None:
    print(f"| {name} | " + " | ".join(f"{shares[column]:.0%}" for column in columns) + " |")


def _told(values: Sequence[float]) -> str:
    if len(values) < 2:
        return ", ".join(f"{value:.1f}" for value in values)
    return f"{statistics.median(values):.1f}, {statistics.quantiles(values, n=20)[-1]:.1f}"


def _child(*arguments: str) -> Measured:
    command = [sys.executable, "-m", "benchmarks.context_cost", *arguments]
    done = measure(command, cwd=Path(__file__).parents[1], env={**os.environ})
    if done.cost.exit_code:
        raise RuntimeError(done.errors[-2000:])
    return done


def _commit(repository: Path) -> None:
    _git(repository, "add", "-A", "-f")
    _git(repository, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "Files")


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, help="A source distribution, or its folder.")
    parser.add_argument("--history", type=Path, action="append", default=[])
    parser.add_argument("--tools", type=Path, help="Where aider is installed; without it only ours is measured.")
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--peer-questions", type=int, default=20)
    given = parser.parse_args()
    asked = Asked(given.tools, given.questions, given.peer_questions)
    if given.source:
        with tempfile.TemporaryDirectory() as folder:
            tree = repository_of(given.source.resolve(), Path(folder))
            commit = _git(tree, "rev-parse", "HEAD").strip()
            questions = of_tests(tree, commit, asked.questions)
            print(f"{given.source.name}\n\n| | |\n|---|---|")
            print("\n".join(cost(tree, [question.text for question in questions])))
            report(given.source.name, tree, questions, asked, moving=False)
    for repository in given.history:
        report(str(repository), repository, of_history(repository, asked.questions), asked, moving=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
