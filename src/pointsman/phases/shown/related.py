"""Which tests belong to a source file: named after it, or importing it, by the manners of its language."""

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from pointsman.phases.paths import is_test, tests_beside
from pointsman.ports.workspace import Workspace

_SCRIPTS = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte"})
_CLASSES = frozenset({".java", ".kt", ".kts", ".scala", ".groovy", ".cs", ".php", ".swift"})
_INDEX_NAMES = frozenset({"__init__", "index", "mod"})
_FROM = re.compile(r"^[ \t]*from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([^\n#]+)", re.MULTILINE)
_QUOTED = re.compile(r"(?:\bfrom|\bimport|\brequire|\bmock)\s*\(?\s*['\"]([^'\"\n]{1,300})['\"]")
_RUBY = re.compile(r"^[ \t]*(?:require|require_relative|load)[ (]+['\"]([^'\"\n]{1,300})['\"]", re.MULTILINE)
_ANY_QUOTED = re.compile(r"\"([^\"\n]{1,300})\"")
_MOST_READ = 12


async def tests_of(
    workspace: Workspace, commit: str, path: str, paths: tuple[str, ...], limit: int
) -> tuple[str, ...]:
    """The tests of a source file, those named after it first, then those that import it, the nearest first."""
    if is_test(path):
        return ()
    named = tests_beside(path, paths)
    if len(named) >= limit:
        return named[:limit]
    query = f"{path} {module_name(path)} {PurePosixPath(path).stem}"
    hits = await workspace.search(commit, query, _MOST_READ, hidden=lambda one: one in named or not is_test(one))
    importing = []
    for candidate in (hit.path for hit in hits):
        source = await workspace.read(commit, candidate)
        if source is not None and imports(candidate, source.text, path):
            importing.append(candidate)
    importing.sort(key=lambda one: (-_shared(one, path), one))
    return (*named, *importing)[:limit]


def imports(test: str, text: str, path: str) -> bool:
    """Whether the text of a test file imports a source file, or names what it defines where nothing is imported."""
    place = PurePosixPath(path)
    if place.suffix in (".py", ".pyi"):
        return _imports_python(text, path)
    if place.suffix in _SCRIPTS:
        wanted = _without_suffix(path)
        return any(_resolved(test, name) == wanted for name in _QUOTED.findall(text) if name.startswith("."))
    if place.suffix == ".go":
        folder = str(place.parent)
        beside = str(PurePosixPath(test).parent) == folder
        return beside or any(_is_tail(name, folder) for name in _ANY_QUOTED.findall(text))
    if place.suffix == ".rb":
        return any(_is_tail(_without_suffix(path), name.lstrip("./")) for name in _RUBY.findall(text))
    word = place.stem if place.suffix in _CLASSES or place.stem not in _INDEX_NAMES else place.parent.name
    return bool(word) and _word(word).search(text) is not None


def module_name(path: str) -> str:
    """A path as the dotted name under which Python would import it."""
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1:] == ("__init__",) else parts)


def _imports_python(text: str, path: str) -> bool:
    whole = module_name(path)
    return any(_is_tail(whole, name, ".") for name in _python_names(text))


def _python_names(text: str) -> Iterable[str]:
    """Every module that the text may import; a name taken from a package may be a module of it."""
    for base, taken in _FROM.findall(text):
        module = base.strip(".")
        if module:
            yield module
        for name in re.findall(r"\b(?!as\b)\w+", taken):
            yield f"{module}.{name}" if module else name
    for line in _IMPORT.findall(text):
        for part in line.split(","):
            yield part.split(" as ")[0].strip()


def _resolved(test: str, name: str) -> str:
    return _without_suffix(posixpath.normpath(posixpath.join(posixpath.dirname(test), name)))


def _without_suffix(path: str) -> str:
    place = PurePosixPath(path)
    plain = place.with_suffix("") if place.suffix in {*_SCRIPTS, ".rb"} else place
    return str(plain.parent if plain.name in _INDEX_NAMES else plain)


def _is_tail(whole: str, end: str, by: str = "/") -> bool:
    return bool(end) and (whole == end or whole.endswith(f"{by}{end}"))


def _shared(one: str, other: str) -> int:
    """How many folders two paths have in common."""
    return len(set(PurePosixPath(one).parts[:-1]) & set(PurePosixPath(other).parts[:-1]))


@lru_cache(maxsize=256)
def _word(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b")
