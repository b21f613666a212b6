"""Where a new test goes: beside the tests that are there, and called as they are."""

import re
from hashlib import sha256
from pathlib import PurePosixPath

from pointsman.domain.run import Issue
from pointsman.phases.paths import is_test, is_test_config, tests_beside
from pointsman.phases.proof.commands import Command, is_pytest, one_test

_WORDS = 4
_STEM = re.compile(r"[^A-Za-z0-9]+")
_CLASSES = {".java": "Test", ".kt": "Test", ".groovy": "Test", ".php": "Test", ".cs": "Tests"}


def neighbour(sources: tuple[str, ...], paths: tuple[str, ...], commands: tuple[Command, ...]) -> str:
    """The test file to take for a model: one of a source that matters here, else the first that can be run alone."""
    tests = tuple(path for path in paths if _is_plain_test(path, commands))
    beside = (test for source in sources for test in tests_beside(source, tests))
    return next(beside, "") or next(iter(sorted(tests, key=lambda path: (path.count("/"), path))), "")


def _is_plain_test(path: str, commands: tuple[Command, ...]) -> bool:
    name = PurePosixPath(path).name
    if not is_test(path) or is_test_config(path) or name == "__init__.py":
        return False
    return bool(re.search(r"test|spec", name, re.IGNORECASE)) and one_test(commands, path) is not None


def place_for(issue: Issue, model: str, paths: frozenset[str], commands: tuple[Command, ...]) -> str:
    """The path of a new test, called after the issue in the manner of its neighbour; empty where none is sound."""
    if not model and any(is_pytest(command) for command in commands):
        model = "tests/test_x.py"
    if not model:
        return ""
    place = PurePosixPath(model)
    for number in ("", "_2", "_3"):
        path = str(place.parent / _named_like(place, f"{slug_of(issue)}{number}"))
        path = path.removeprefix("./")
        if path not in paths and one_test(commands, path) is not None:
            return path
    return ""


def slug_of(issue: Issue) -> str:
    """A few words of the title and the issue's number, or a digest where its key is none."""
    words = [word.lower() for word in _STEM.split(issue.title) if word and word.isascii()]
    key = issue.key if issue.key.isdigit() else sha256(issue.key.encode("utf-8", "replace")).hexdigest()[:6]
    return "_".join((*(words[:_WORDS] or ["issue"]), key))[:60]


def _named_like(place: PurePosixPath, slug: str) -> str:
    """The file's name by the manner of the language and of the neighbour."""
    name, suffix = place.name, place.suffix
    if suffix in _CLASSES:
        return "".join(word.capitalize() for word in slug.split("_")) + _CLASSES[suffix] + suffix
    if found := re.search(r"([.\-])(test|spec)(\.\w+)$", name):
        return slug.replace("_", "-") + found.group(1) + found.group(2) + found.group(3)
    if suffix == ".rs":
        return f"{slug}.rs"
    if found := re.search(r"_(test|spec)(\.\w+)$", name):
        return f"{slug}_{found.group(1)}{found.group(2)}"
    return f"test_{slug}{suffix}"
