"""What in new code reaches for the machinery that judges it: the runner, the process, the report."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

Said = tuple[int, str]

_RUNNERS = frozenset({"pytest", "_pytest", "pluggy", "unittest", "nose", "conftest", "ctypes"})
_ENDS = frozenset(
    {
        "os._exit", "os.abort", "os.kill", "os.killpg", "atexit.register", "sys.settrace", "sys.setprofile",
        "signal.raise_signal", "gc.get_objects", "gc.get_referrers",
        # From a frame or from the loaded modules it is one step to the runner's own objects.
        "sys._getframe", "sys._current_frames", "inspect.currentframe", "inspect.stack", "sys.modules",
    }
)  # fmt: skip
_AT_IMPORT = frozenset({"sys.exit", "exit", "quit"})
_BUILDS_CODE = frozenset({"exec", "eval", "compile", "__import__"})
_OPEN_TO_ANY_NAME = frozenset({"os", "sys", "builtins", "signal", "atexit", "__builtins__"})
_WORDS = re.compile(r"\b_?pytest\b|\bunittest\b|\bjunit|PYTEST_|/results\b|\bconftest\b|JEST_WORKER_ID|\bVITEST\b")
_BY_SUFFIX: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"),
        re.compile(
            r"\bprocess\.(exit|abort|reallyExit|kill)\b|\bprocess\.on\(\s*['\"](exit|beforeExit)|JEST_WORKER_ID|"
            r"\bVITEST\b|['\"](jest|vitest|mocha|chai|node:test|@jest/\w+)['\"]|\b(global|globalThis)\.(it|test|expect)\b"
        ),
    ),
    ((".go",), re.compile(r'"testing"|\bos\.Exit\(|\bsyscall\.(Exit|Kill)\(|\bruntime\.Goexit\(')),
    ((".rs",), re.compile(r"\bprocess::(exit|abort)\b|\blibc::_?exit\b")),
    ((".java", ".kt"), re.compile(r"\bSystem\.exit\(|\.halt\(|\borg\.(junit|testng)\b|addShutdownHook")),
    ((".rb",), re.compile(r"\bexit!|\bat_exit\b|\bMinitest\b|\bRSpec\b")),
    ((".php",), re.compile(r"\b(exit|die)\s*[(;]|register_shutdown_function|\bPHPUnit\b")),
    ((".cs",), re.compile(r"\bEnvironment\.(Exit|FailFast)\(|\b(Xunit|NUnit)\b")),
)


def touched(path: str, before: str, after: str) -> tuple[Said, ...]:
    """The places of a file that is no test, new with this change, where it reaches for what judges it."""
    suffix = PurePosixPath(path).suffix
    if suffix == ".py":
        return _python(before, after)
    pattern = next((pattern for suffixes, pattern in _BY_SUFFIX if suffix in suffixes), None)
    return _lines(pattern, before, after) if pattern is not None else ()


def _lines(pattern: re.Pattern[str], before: str, after: str) -> tuple[Said, ...]:
    had = Counter(found.group() for found in pattern.finditer(before))
    said: list[Said] = []
    for number, line in enumerate(after.split("\n"), start=1):
        for found in pattern.finditer(line):
            had[found.group()] -= 1
            if had[found.group()] < 0:
                said.append((number, f"reaches for what judges it: `{found.group().strip()[:60]}`"))
    return tuple(said)


def _python(before: str, after: str) -> tuple[Said, ...]:
    new = _reaches(after)
    if new is None:
        return ((1, "is built so that what it reaches for cannot be told"),) if before != after else ()
    had = Counter(what for _, what in _reaches(before) or ())
    said: list[Said] = []
    for line, what in new:
        had[what] -= 1
        if had[what] < 0:
            said.append((line, f"reaches for what judges it: {what}"))
    return tuple(said)


def _reaches(text: str) -> list[Said] | None:
    """All such places; none where Python would not load the file, None where only we cannot read it."""
    try:
        tree = ast.parse(text)
        found = [*_everywhere(tree), *_at_import(tree.body)]
    except (SyntaxError, ValueError):
        return []
    except (RecursionError, MemoryError):
        return None
    return sorted(set(found))


def _everywhere(tree: ast.Module) -> Iterator[Said]:
    words = {id(one) for one in _docstrings(tree)} | {id(one) for one in _own_modules(tree)}
    bound = _bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.Attribute | ast.Name) and id(node) not in words:
            yield from _named(node, _full(node, bound))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words:
            if found := _WORDS.search(node.value):
                yield node.lineno, f"a text that names `{found.group()}`"
        elif isinstance(node, ast.Call):
            yield from _called(node, bound)
        elif isinstance(node, ast.FunctionDef | ast.Assign):
            yield from _equal_to_all(node)


def _named(node: ast.Attribute | ast.Name, name: str) -> Iterator[Said]:
    owner = name.partition(".")[0]
    if name in _ENDS or name in {f"{one}.__dict__" for one in _OPEN_TO_ANY_NAME}:
        yield node.lineno, f"`{name}`"
    elif owner == "builtins" and not isinstance(node.ctx, ast.Load):
        yield node.lineno, f"another `{name}` for all code"


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[Said]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        if name.split(".")[0] in _RUNNERS:
            yield node.lineno, f"`import {name}`"


def _called(node: ast.Call, bound: dict[str, str]) -> Iterator[Said]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in _BUILDS_CODE:
        yield node.lineno, f"`{name}`, which runs code that is not in the diff"
    if name in ("getattr", "setattr") and len(node.args) > 1:
        owner, attribute = _full(node.args[0], bound), node.args[1]
        if owner in _OPEN_TO_ANY_NAME and not isinstance(attribute, ast.Constant):
            yield node.lineno, f"`{name}` on `{owner}` with a name that is made up"
        elif isinstance(attribute, ast.Constant) and f"{owner}.{attribute.value!s}" in _ENDS:
            yield node.lineno, f"`{owner}.{attribute.value!s}`"
    if name == "vars" and node.args and _full(node.args[0], bound) in _OPEN_TO_ANY_NAME:
        yield node.lineno, f"`vars` of `{_full(node.args[0], bound)}`"


def _at_import(body: list[ast.stmt]) -> Iterator[Said]:
    """What ends the process while the module is loaded; below `if __name__ ==` it is a program's own affair."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _is_main(node):
            continue
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and _full(one.func, {}) in _AT_IMPORT:
                yield one.lineno, f"`{_full(one.func, {})}` when it is imported"
            if isinstance(one, ast.Raise) and "SystemExit" in ast.dump(one):
                yield one.lineno, "`SystemExit` when it is imported"


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "'__name__'" in ast.dump(node.test)


def _equal_to_all(node: ast.FunctionDef | ast.Assign) -> Iterator[Said]:
    """A comparison that never looks at what it is compared with."""
    made = node if isinstance(node, ast.FunctionDef) else node.value
    if isinstance(node, ast.FunctionDef):
        names = [node.name]
    else:
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    name = next((name for name in names if name in ("__eq__", "__ne__")), "")
    if not name or not isinstance(made, ast.FunctionDef | ast.Lambda):
        return
    other = made.args.args[1].arg if len(made.args.args) > 1 else ""
    if not any(isinstance(one, ast.Name) and one.id == other for one in ast.walk(made)):
        yield node.lineno, f"an `{name}` that always answers the same"


def _own_modules(tree: ast.Module) -> Iterator[ast.expr]:
    """`sys.modules[__name__]`, by which a module speaks of itself and of no other."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == "__name__":
            yield node.value


def _bound(tree: ast.Module) -> dict[str, str]:
    """What names stand for that imports gave: `from os import _exit as leave` binds `leave` to `os._exit`."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
    return found


def _full(node: ast.expr, bound: dict[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join((bound.get(node.id, node.id), *reversed(parts)))


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    """Texts that are nothing but statements: they are read by people."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
