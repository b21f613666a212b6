"""Labels that say what kind of work an issue is: a closed table, and nothing is guessed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pointsman.domain.levels import TaskClass

ORDER = "pointsman:"
"""What a label begins with that orders a class of task, such as `pointsman:security`."""

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

_ORDERS = {f"{ORDER}{task}": task for task in TaskClass}
_PREFIX = re.compile(r"^(?:type|kind|category|t|c)\s*(?:::|[:/-])\s*")


@dataclass(frozen=True, slots=True)
class LabelledClasses:
    """The classes of task that labels say: by an order such as `pointsman:docs`, or by a word such as `bug`."""

    ordered: tuple[TaskClass, ...]
    named: tuple[TaskClass, ...]


def classes_in(labels: Iterable[str]) -> LabelledClasses:
    """Every class that the labels say, each once, in the order of the labels.

    Prefixes as in `type: bug`, `kind/bug` and GitLab's scoped `type::bug` are read through. Case does not matter.
    """
    every = tuple(labels)
    ordered = [_ORDERS[label.strip().casefold()] for label in every if label.strip().casefold() in _ORDERS]
    named = [_TABLE[word] for word in map(_word, every) if word in _TABLE]
    return LabelledClasses(tuple(dict.fromkeys(ordered)), tuple(dict.fromkeys(named)))


def _word(label: str) -> str:
    bare = _PREFIX.sub("", label.strip().casefold())
    return re.sub(r"[\s_-]+", " ", bare)
