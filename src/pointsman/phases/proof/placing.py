"""Where a new test goes: beside the tests that are there, and called as they are."""

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import PurePosixPath

from pointsman.domain.run import Issue
from pointsman.phases.paths import is_code, is_test, is_test_config, tests_beside
from pointsman.phases.proof.commands import Command, is_pytest, one_test

_WORDS = 4
_STEM = re.compile(r"[^A-Za-z0-9]+")
_CLASSES = {".java": "Test", ".kt": "Test", ".groovy": "Test", ".php": "Test", ".cs": "Tests"}
_SCRIPTS = frozenset((".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs"))
_NUMBERS = ("", "_2", "_3", "_4")


def neighbour(sources: tuple[str, ...], paths: tuple[str, ...], commands: tuple[Command, ...]) -> str:
    """The test file to take for a model: one of a source that matters here, else the first that can be run alone."""
    tests = tuple(path for path in paths if _is_plain_test(path, commands))
    beside = (test for source in sources for test in tests_beside(source, tests))
    return next(beside, "") or next(iter(sorted(tests, key=lambda path: (path.count("/"), path))), "")


def _is_plain_test(path: str, commands: tuple[Command, ...]) -> bool:
    if not is_test(path) or is_test_config(path) or PurePosixPath(path).name == "__init__.py":
        return False
    return _holds_tests(path) and one_test(commands, path) is not None


def place_for(issue: Issue, model: str, paths: frozenset[str], commands: tuple[Command, ...]) -> str:
    """The path of a new test, called after the issue in the manner of its neighbour; empty where none is sound."""
    if not model and any(is_pytest(command) for command in commands):
        model = "tests/test_x.py"
    if not model:
        return ""
    return _free(slug_of(issue), model, paths, lambda path: one_test(commands, path) is not None)


def example_for(path: str, paths: Iterable[str]) -> str:
    """The test file to go by for code at `path`: the one named after it, else the nearest of its language."""
    tests = [one for one in paths if is_test(one) and is_code(one) and not is_test_config(one) and _holds_tests(one)]
    alike = [one for one in tests if _language(one) == _language(path)]
    folder = PurePosixPath(path).parts[:-1]
    nearest = sorted(alike, key=lambda one: (-_shared(folder, PurePosixPath(one).parts[:-1]), one))
    return next(iter((*tests_beside(path, alike), *nearest)), "")


def place_about(path: str, word: str, example: str, paths: Iterable[str]) -> str:
    """Where a test about code at `path` goes that has `word` in its name: beside the example, where nothing is yet.

    Without an example only Python is sure to find it, at the top of the tree. Empty when nobody can tell.
    """
    if not example and PurePosixPath(path).suffix != ".py":
        return ""
    return _free(word, example or "test_x.py", frozenset(paths), lambda _path: True)


def _holds_tests(path: str) -> bool:
    return re.search(r"test|spec", PurePosixPath(path).name, re.IGNORECASE) is not None


def _language(path: str) -> str:
    suffix = PurePosixPath(path).suffix
    return "script" if suffix in _SCRIPTS else suffix


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(1 for left, right in zip(one, other, strict=False) if left == right)


def _free(word: str, example: str, taken: frozenset[str], is_sound: Callable[[str], bool]) -> str:
    folder = PurePosixPath(example).parent
    places = (str(folder / named_like(f"{word}{number}", example)) for number in _NUMBERS)
    return next((path for path in places if path not in taken and is_sound(path)), "")


def slug_of(issue: Issue) -> str:
    """A few words of the title and the issue's number, or a digest where its key is none."""
    words = [word.lower() for word in _STEM.split(issue.title) if word and word.isascii()]
    key = issue.key if issue.key.isdigit() else sha256(issue.key.encode("utf-8", "replace")).hexdigest()[:6]
    return "_".join((*(words[:_WORDS] or ["issue"]), key))[:60]


def named_like(word: str, example: str) -> str:
    """A name in the manner of another test's: `test_x.py`, `x_test.go`, `x-y.test.ts`, `x_spec.rb`, `XTest.java`."""
    stem, dot, ends = PurePosixPath(example).name.partition(".")
    suffix = PurePosixPath(example).suffix
    of_class = re.search(r"Tests?$", stem)
    if of_class or suffix in _CLASSES:
        joined = "".join(part.capitalize() for part in word.split("_"))
        return f"{joined}{of_class.group() if of_class else _CLASSES[suffix]}{dot}{ends}"
    if suffix == ".rs":
        return f"{word}.rs"
    if re.match(r"(test|spec)\.", ends):
        return f"{word.replace('_', '-')}{dot}{ends}"
    if behind := re.search(r"[_-](tests?|spec)$", stem):
        return f"{word if behind.group()[0] == '_' else word.replace('_', '-')}{behind.group()}{dot}{ends}"
    return f"test_{word}{dot}{ends}"
