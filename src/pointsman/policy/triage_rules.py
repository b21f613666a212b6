"""What kind of work touched paths show, without asking a model; labels are read where words come in."""

from pointsman.domain.levels import TaskClass
from pointsman.policy.globs import first_match

_DOCS = ("docs/", "doc/", "*.md", "*.rst", "*.txt", "*.adoc", "LICENSE*", "CHANGELOG*")
_TESTS = (
    "tests/",
    "test/",
    "test_*.py",
    "*_test.py",
    "*_test.go",
    "*.test.js",
    "*.test.ts",
    "*.spec.js",
    "*.spec.ts",
)
_SECURITY = ("auth/", "authn/", "authz/", "crypto/", "security/")
_VISUAL = ("*.css", "*.scss", "*.svg", "*.less")
_ORDER = ((TaskClass.DOCS, _DOCS), (TaskClass.TESTS, _TESTS), (TaskClass.VISUAL, _VISUAL))
# A list of requirements is no prose, whatever its ending.
_NO_DOCS = ("requirements*.txt", "constraints*.txt", "CMakeLists.txt")


def task_shown(paths: tuple[str, ...]) -> TaskClass | None:
    """The class of task that all paths show together; security as soon as one does; None when they show nothing."""
    if any(first_match(_SECURITY, path, fold=True) for path in paths):
        return TaskClass.SECURITY
    shown = {_class_of(path) for path in paths}
    return shown.pop() if len(shown) == 1 else None


def _class_of(path: str) -> TaskClass | None:
    if first_match(_NO_DOCS, path, fold=True):
        return None
    return next((task for task, patterns in _ORDER if first_match(patterns, path, fold=True)), None)
