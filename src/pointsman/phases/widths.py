"""How long a repository's lines may be: by its own configuration, where its code really keeps to it."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from configparser import Error as BadConfiguration
from pathlib import PurePosixPath

from pointsman.domain.work import FileEntry
from pointsman.phases import memory
from pointsman.phases.memory import Fact
from pointsman.ports.workspace import Workspace

_MOST_READ = 30
_LARGEST = 100_000
_PYTHON = frozenset({".py"})
_SCRIPTS = frozenset({".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"})
_RUST = frozenset({".rs"})


async def width_of(workspace: Workspace, commit: str, entries: tuple[FileEntry, ...]) -> Fact | None:
    """The width that a formatter or linter is told at the root, when the first files of its language keep to it."""
    known = frozenset(entry.path for entry in entries)
    for path, suffixes, read in _SAID:
        source = await workspace.read(commit, path) if path in known else None
        most = read(source.text) if source is not None and len(source.text) <= _LARGEST else None
        if most is None or not 40 <= most <= 400:
            continue
        if await _is_kept(workspace, commit, entries, suffixes, most):
            return memory.line_width(most, path)
    return None


async def _is_kept(
    workspace: Workspace, commit: str, entries: tuple[FileEntry, ...], suffixes: frozenset[str], most: int
) -> bool:
    code = [one.path for one in entries if PurePosixPath(one.path).suffix in suffixes and 0 < one.size <= _LARGEST]
    found = [await workspace.read(commit, path) for path in code[:_MOST_READ]]
    texts = [source.text for source in found if source is not None]
    return bool(texts) and all(len(line) <= most for text in texts for line in text.splitlines())


def _of_pyproject(text: str) -> int | None:
    try:
        told = tomllib.loads(text).get("tool")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    tools = told if isinstance(told, Mapping) else {}
    parts = (tools.get(name) for name in ("ruff", "black"))
    widths = (part.get("line-length") for part in parts if isinstance(part, Mapping))
    return next((width for width in widths if type(width) is int), None)


def _of_toml(*names: str) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        try:
            told = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError):
            return None
        return next((width for name in names if type(width := told.get(name)) is int), None)

    return read


def _of_flake8(text: str) -> int | None:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except (BadConfiguration, ValueError):
        return None
    for section in ("flake8", "pycodestyle"):
        width = parser.get(section, "max-line-length", fallback="")
        if width.isascii() and width.isdigit():
            return int(width[:5])
    return None


def _of_prettier(text: str) -> int | None:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        found = re.search(r"^printWidth:[ \t]*(\d{1,4})[ \t]*$", text, re.MULTILINE)
        return int(found[1]) if found else None
    width = told.get("printWidth") if isinstance(told, dict) else None
    return width if type(width) is int else None


_SAID: tuple[tuple[str, frozenset[str], Callable[[str], int | None]], ...] = (
    ("ruff.toml", _PYTHON, _of_toml("line-length")),
    (".ruff.toml", _PYTHON, _of_toml("line-length")),
    ("pyproject.toml", _PYTHON, _of_pyproject),
    ("setup.cfg", _PYTHON, _of_flake8),
    (".flake8", _PYTHON, _of_flake8),
    ("tox.ini", _PYTHON, _of_flake8),
    (".prettierrc", _SCRIPTS, _of_prettier),
    (".prettierrc.json", _SCRIPTS, _of_prettier),
    ("rustfmt.toml", _RUST, _of_toml("max_width")),
    (".rustfmt.toml", _RUST, _of_toml("max_width")),
)
