"""The files of the checkout as the architecture tests read them."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def files() -> tuple[Path, ...]:
    """Every file that is committed or about to be, relative to the root."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = (Path(name) for name in sorted(set(listed.split("\0"))) if name)
    return tuple(path for path in found if (ROOT / path).is_file())


def python_files(*tops: str) -> tuple[Path, ...]:
    """The Python files below the given folders."""
    return tuple(path for path in files() if path.suffix == ".py" and any(path.is_relative_to(top) for top in tops))


@cache
def text_of(path: Path) -> str:
    """The text of a file; bytes that are no UTF-8 are replaced."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(text_of(path), filename=str(path))


def definitions(path: Path) -> Iterator[tuple[str, Definition]]:
    """Every function and method of a module, however deep, with where it stands."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Definition):
            yield f"{path}:{node.lineno} {node.name}", node


def classes(path: Path) -> Iterator[ast.ClassDef]:
    """Every class of a module."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))


def imported(path: Path) -> frozenset[str]:
    """The top-level names of everything that a module imports, in functions too."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return frozenset(found)
