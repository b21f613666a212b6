"""The names a file defines at its top level: what a whole-file reply must not lose."""

import ast
import re
import warnings

_OUTLINE = re.compile(
    r"^(?:export\s+(?:default\s+)?|pub(?:\([^)]*\))?\s+|public\s+|private\s+|static\s+|abstract\s+|async\s+)*"
    r"(?:function\*?|class|interface|type|enum|struct|trait|impl|func|fn|def|module|const|let|var|macro_rules!)\s+"
    r"(?:\([^)]*\)\s*)?([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)


def is_python(path: str) -> bool:
    """Whether the path is Python source."""
    return path.endswith((".py", ".pyi"))


def syntax_error(text: str) -> tuple[int, str] | None:
    """Line (from 1) and message of the first syntax error of Python text, or None."""
    try:
        _parse(text)
    except SyntaxError as error:
        return error.lineno or 1, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 1, f"it cannot be parsed ({type(error).__name__})"
    return None


def top_names(path: str, text: str) -> frozenset[str]:
    """The functions, classes and variables that `text` defines at its top level; empty when it cannot be told."""
    if not is_python(path):
        return frozenset(_OUTLINE.findall(text))
    if syntax_error(text) is not None:
        return frozenset()
    return frozenset(name for statement in _parse(text).body for name in _defined(statement))


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
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
