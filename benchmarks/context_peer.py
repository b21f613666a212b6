"""aider's RepoMap asked the same questions: installed once, driven from its own Python, a file shown is a hit."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.context_queries import Question
from benchmarks.installation import environment
from benchmarks.measured import measure

AIDER = "aider-chat==0.86.2"
# Runs in aider's own environment. What a text mentions is found as aider's chat does it (coders/base_coder.py); a
# token is taken for four characters, so that no tokenizer has to be downloaded.
_DRIVER = r"""
import json, os, re, subprocess, sys, time
from pathlib import Path
from aider.repomap import RepoMap
job = json.loads(Path(sys.argv[1]).read_text())
root = job["root"]
class Model:
    def token_count(self, text):
        return len(text) // 4
class Quiet:
    def __getattr__(self, name):
        return lambda *a, **k: None
    def read_text(self, name, **k):
        try:
            return Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeError):
            return None
def mentioned(text, files):
    words = {w.rstrip(",.!;:?").strip("\"'`*_") for w in text.split()}
    idents = set(re.split(r"\W+", text))
    named = {f for f in files if f in words or (os.path.basename(f) in words and "." in os.path.basename(f))}
    low = {i.lower() for i in idents if len(i) >= 5}
    return named | {f for f in files if Path(f).stem.lower() in low}, idents
found, maps = [], {}
for question in job["questions"]:
    if job["checkout"]:
        subprocess.run(["git", "-C", root, "checkout", "-q", "-f", question["commit"]], check=True)
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True, text=True)
    files = [f for f in listed.stdout.split("\0") if f and os.path.isfile(os.path.join(root, f))]
    names, idents = mentioned(question["text"], files)
    row = {"ms": {}, "shown": {}}
    for size in job["sizes"]:
        if size not in maps:
            maps[size] = RepoMap(map_tokens=size, root=root, main_model=Model(), io=Quiet(), refresh="always")
        begun = time.perf_counter()
        text = maps[size].get_repo_map(set(), [os.path.join(root, f) for f in files], names, idents) or ""
        row["ms"][size] = (time.perf_counter() - begun) * 1e3
        lines = {line.rstrip(":") for line in text.splitlines()}
        row["shown"][size] = sorted(lines.intersection(files))
    found.append(row)
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """What aider said: milliseconds of the first map and of later ones, the share of hits by size, peak memory."""

    first_ms: float
    later_ms: tuple[float, ...]
    hits: Mapping[int, float]
    shown: Mapping[int, float]
    peak_mb: float


def ask_aider(
    tools: Path, checkout: Path, questions: Sequence[Question], sizes: Sequence[int], *, moving: bool
) -> Peer:
    """Maps of each size for each question; with `moving` the checkout, a clone, is first brought to its commit."""
    python = _installed(tools)
    job = {
        "root": str(checkout),
        "checkout": moving,
        "sizes": list(sizes),
        "questions": [{"text": question.text, "commit": question.commit} for question in questions],
    }
    asked = tools / "context-questions.json"
    asked.write_text(json.dumps(job), encoding="utf-8")
    command = [str(python), "-c", _DRIVER, str(asked)]
    settings = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    done = measure(command, cwd=checkout, env={**environment(tools / "home"), **settings}, timeout=3600)
    if done.cost.exit_code:
        raise RuntimeError(done.errors[-2000:])
    rows = json.loads(done.output.splitlines()[-1])
    times = [row["ms"][str(size)] for row in rows for size in sizes]

    def share(size: int) -> float:
        hit = [
            bool(question.targets & set(row["shown"][str(size)]))
            for row, question in zip(rows, questions, strict=True)
        ]
        return sum(hit) / len(hit)

    counts = {size: sum(len(row["shown"][str(size)]) for row in rows) / len(rows) for size in sizes}
    return Peer(
        times[0], tuple(times[len(sizes) :]), {size: share(size) for size in sizes}, counts, done.cost.peak_mb
    )


def _installed(tools: Path) -> Path:
    python = tools / "aider" / "bin" / "python"
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(tools / "aider")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", AIDER], check=True)
    return python
