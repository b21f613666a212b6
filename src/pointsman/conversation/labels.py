"""Labels that say what kind of work an issue is: a closed table, and nothing is guessed."""

import re
from collections.abc import Iterable

from pointsman.domain.levels import TaskClass

_TABLE: dict[str, TaskClass] = {
    "docs": TaskClass.DOCS,
    "doc": TaskClass.DOCS,
    "documentation": TaskClass.DOCS,
    "test": TaskClass.TESTS,
    "tests": TaskClass.TESTS,
    "testing": TaskClass.TESTS,
    "boilerplate": TaskClass.BOILERPLATE,
    "chore": TaskClass.BOILERPLATE,
    "scaffolding": TaskClass.BOILERPLATE,
    "bug": TaskClass.BUGFIX,
    "bugfix": TaskClass.BUGFIX,
    "defect": TaskClass.BUGFIX,
    "fix": TaskClass.BUGFIX,
    "regression": TaskClass.BUGFIX,
    "enhancement": TaskClass.FEATURE,
    "feature": TaskClass.FEATURE,
    "feature request": TaskClass.FEATURE,
    "refactor": TaskClass.REFACTOR,
    "refactoring": TaskClass.REFACTOR,
    "tech debt": TaskClass.REFACTOR,
    "cleanup": TaskClass.REFACTOR,
    "security": TaskClass.SECURITY,
    "vulnerability": TaskClass.SECURITY,
    "ui": TaskClass.VISUAL,
    "visual": TaskClass.VISUAL,
    "design": TaskClass.VISUAL,
    "question": TaskClass.QUESTION,
    "support": TaskClass.QUESTION,
}

_PREFIX = re.compile(r"^(?:type|kind|category|t|c)\s*(?:::|[:/-])\s*")


def task_hinted(labels: Iterable[str]) -> TaskClass | None:
    """The class of task that the labels name, or None when they name none or disagree.

    `security` beats every other word, since its route is the stricter one. Prefixes as in `type: bug`, `kind/bug` and
    GitLab's scoped `type::bug` are read through.
    """
    named = {_TABLE[word] for word in map(_word, labels) if word in _TABLE}
    if TaskClass.SECURITY in named:
        return TaskClass.SECURITY
    return named.pop() if len(named) == 1 else None


def _word(label: str) -> str:
    bare = _PREFIX.sub("", label.strip().casefold())
    return re.sub(r"[\s_-]+", " ", bare)
