"""Where a test is put that the harness adds, after the manner of the tests that a repository has."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from pointsman.phases.paths import is_code, is_test, is_test_config, tests_beside

_SCRIPTS = frozenset((".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"))


def example_for(path: str, paths: Iterable[str]) -> str:
    """The test file to go by for code at `path`: the one named after it, else the nearest of its language."""
    known = tuple(paths)
    tests = [one for one in known if is_test(one) and is_code(one) and not is_test_config(one) and _holds_tests(one)]
    alike = [one for one in tests if _language(one) == _language(path)]
    folder = PurePosixPath(path).parts[:-1]
    nearest = sorted(alike, key=lambda one: (-_shared(folder, PurePosixPath(one).parts[:-1]), one))
    return next(iter((*tests_beside(path, alike), *nearest)), "")


def _holds_tests(path: str) -> bool:
    return "test" in PurePosixPath(path).name.casefold() or "spec" in PurePosixPath(path).name.casefold()


def _language(path: str) -> str:
    suffix = PurePosixPath(path).suffix
    return "script" if suffix in _SCRIPTS else suffix


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(1 for left, right in zip(one, other, strict=False) if left == right)


def place_for(word: str, path: str, example: str, paths: Iterable[str]) -> str:
    """Where a test about code at `path` goes: beside the example and named in its manner, where nothing is yet.

    Without an example only Python is sure to find it, at the top of the tree. Empty when nobody can tell.
    """
    known = frozenset(paths)
    if not example and PurePosixPath(path).suffix != ".py":
        return ""
    folder = PurePosixPath(example).parent if example else PurePosixPath()
    for more in ("", "_2", "_3", "_4"):
        found = str(folder / _named(f"{word}{more}", PurePosixPath(example or "test_a.py").name))
        if found not in known:
            return found
    return ""


def _named(word: str, example: str) -> str:
    """A name in the manner of another test's: `test_x.py`, `x_test.go`, `x.test.ts`, `x_spec.rb`, `XTest.java`."""
    stem, dot, ends = example.partition(".")
    if re.fullmatch(r".*Tests?", stem):
        joined = "".join(part.capitalize() for part in word.split("_"))
        return f"{joined}{'Tests' if stem.endswith('Tests') else 'Test'}{dot}{ends}"
    behind = re.search(r"[_-](tests?|spec)$", stem)
    if behind:
        return f"{word}{behind.group()}{dot}{ends}"
    if re.search(r"(^|\.)(test|spec)\.", f"{ends}"):
        return f"{word}{dot}{ends}"
    return f"test_{word}{dot}{ends}"
