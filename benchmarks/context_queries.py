"""Questions with known answers for the code map: commit messages of a history, and docstrings of a tree's tests."""

import ast
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pointsman.workspaces.code_map.languages import language_of

MAX_TARGETS = 3
MIN_WORDS = 12
_TRAILER = re.compile(
    r"^[A-Z][\w-]+(?:-[Bb]y|-Note|-Run|-Id)?: .*$|^\(?(?:cherry picked|Merge|Revert).*$", re.MULTILINE
)
_TEST = re.compile(r"(?:^|/)(?:tests?|testing|spec|__tests__)/|(?:^|/)(?:test_|conftest)|[._-](?:test|spec)\.\w+$")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Question:
    """A text, the commit whose tree is searched, and the files of which any is a hit."""

    text: str
    commit: str
    targets: frozenset[str]


def of_history(repository: Path, count: int) -> list[Question]:
    """The newest `count` commits with a real message that changed one to three source files.

    The tree is the one before the commit, the targets are the files that the commit changed there: a message tells
    more of a change than an issue does, so the hits are an upper line. New files, tests and documents are no targets.
    """
    found: list[Question] = []
    for commit in _git(repository, "rev-list", "--no-merges", "-n", "6000", "HEAD").split():
        if len(found) == count:
            break
        parents = _git(repository, "rev-list", "--parents", "-n", "1", commit).split()[1:]
        message = _TRAILER.sub("", _git(repository, "log", "-1", "--format=%B", commit))
        if len(parents) != 1 or len(_WORD.findall(message)) < MIN_WORDS:
            continue
        changed = _git(repository, "diff-tree", "-r", "--no-commit-id", "--name-status", "-z", parents[0], commit)
        fields = changed.split("\0")
        rows = list(zip(fields[::2], fields[1::2], strict=False))
        sources = [(status, path) for status, path in rows if language_of(path) and not _TEST.search(path)]
        targets = frozenset(path for status, path in sources if status in ("M", "D"))
        if 1 <= len(targets) <= MAX_TARGETS and len(sources) == len(targets):
            found.append(Question(message.strip(), parents[0], targets))
    return found


def of_tests(tree: Path, commit: str, count: int) -> list[Question]:
    """Docstrings of tests, spread over the tree; a hit is any source file that the test's module imports.

    A weak stand-in where there is no history: a module imports files that the one test is not about, and some of what
    a test is about it reaches through others.
    """
    texts: list[tuple[str, frozenset[str]]] = []
    for path in sorted(tree.rglob("test*.py")):
        try:
            module = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        targets = frozenset(_imported(tree, module))
        if 1 <= len(targets) <= MAX_TARGETS:
            texts += [(said, targets) for said in _said(module)]
    step = max(1, len(texts) // count)
    return [Question(text, commit, targets) for text, targets in texts[::step]][:count]


def _said(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            said = " ".join((ast.get_docstring(node) or "").split())
            if len(_WORD.findall(said)) >= MIN_WORDS:
                yield said


def _imported(tree: Path, module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            folder = PurePosixPath(*node.module.split("."))
            for name in (f"{folder}.py", *(f"{folder / alias.name}.py" for alias in node.names)):
                if (tree / name).is_file() and not _TEST.search(name):
                    yield name


def hits(
    answers: Sequence[Sequence[str]], questions: Sequence[Question], depths: Sequence[int]
) -> Mapping[int, float]:
    """The share of questions of which a target stands among the first so many files."""
    return {
        depth: sum(
            bool(question.targets & frozenset(answer[:depth]))
            for answer, question in zip(answers, questions, strict=True)
        )
        / max(1, len(questions))
        for depth in depths
    }


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments]
    done = subprocess.run(command, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "replace")
