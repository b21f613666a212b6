"""The names a file defines at its top level: what a whole-file reply must not lose."""

import ast
import json
import re
import threading
import tomllib
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache

import yaml

_OUTLINE = re.compile(
    r"^(?:export\s+(?:default\s+)?|pub(?:\([^)]*\))?\s+|public\s+|private\s+|static\s+|abstract\s+|async\s+)*"
    r"(?:function\*?|class|interface|type|enum|struct|trait|impl|func|fn|def|module|const|let|var|macro_rules!)\s+"
    r"(?:\([^)]*\)\s*)?([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)


def is_python(path: str) -> bool:
    """Whether the path is Python source."""
    return path.endswith((".py", ".pyi"))


@lru_cache(maxsize=8)
def syntax_error(text: str) -> tuple[int, str] | None:
    """Line (from 1) and message of the first syntax error of Python text, or None."""
    try:
        _parse(text)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, f"it cannot be parsed ({type(error).__name__})"
    return None


def fault_in(path: str, text: str) -> tuple[int, str] | None:
    """Line and message of the first syntax error of a Python, JSON, TOML or YAML file; None for any other."""
    if is_python(path):
        return syntax_error(text)
    read = _READERS.get(path.rpartition(".")[2].lower())
    return read(text) if read and text.strip() else None


def _json_fault(text: str) -> tuple[int, str] | None:
    if "//" in text or "/*" in text:
        # Many programs allow comments in their JSON.
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, error.msg
    except RecursionError:
        return 1, "it is nested too deeply"
    return None


def _toml_fault(text: str) -> tuple[int, str] | None:
    try:
        tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        return int(line.group(1)) if line else text.count("\n") + 1, str(error)[:120]
    except RecursionError:
        return 1, "it is nested too deeply"
    return None


def _yaml_fault(text: str) -> tuple[int, str] | None:
    if "{{" in text or "{%" in text:
        # A template becomes YAML only when it is filled in.
        return None
    try:
        # Events alone: no alias is followed and no tag obeyed.
        for _ in yaml.parse(text, Loader=_YAML_LOADER):
            pass
    except yaml.MarkedYAMLError as error:
        return error.problem_mark.line + 1 if error.problem_mark else 1, str(error.problem)[:120]
    except (yaml.YAMLError, RecursionError):
        return 1, "it cannot be read"
    return None


_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_READERS: Mapping[str, Callable[[str], tuple[int, str] | None]] = {
    "json": _json_fault,
    "toml": _toml_fault,
    "yml": _yaml_fault,
    "yaml": _yaml_fault,
}


def top_names(path: str, text: str) -> frozenset[str]:
    """The functions, classes and variables that `text` defines at its top level; empty when it cannot be told."""
    if not is_python(path):
        return frozenset(_OUTLINE.findall(text))
    if syntax_error(text) is not None:
        return frozenset()
    return frozenset(name for statement in _parse(text).body for name in _defined(statement))


# Filters of warnings belong to the whole process: two threads that set them would undo each other's.
_FILTERS = threading.Lock()


def _parse(text: str) -> ast.Module:
    with _FILTERS, warnings.catch_warnings():
        # A strange escape in the user's file is theirs; it must not be told on our stderr.
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []
