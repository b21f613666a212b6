"""Issues whose class and risk people agreed on, against which triage is measured."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pointsman.domain.levels import Risk, TaskClass
from pointsman.domain.run import Issue, text_digest


@dataclass(frozen=True, slots=True)
class Example:
    """One issue, the class it belongs to, and the least risk that it has. `asked` is a class that a person named."""

    issue: Issue
    task: TaskClass
    risk: Risk
    asked: TaskClass | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """The examples, and the paths of the repository that their texts speak of."""

    examples: tuple[Example, ...]
    paths: tuple[str, ...]

    def every(self, step: int) -> "Collection":
        """Each `step`-th example, from the first on; they are in the order of their classes."""
        return Collection(self.examples[::step], self.paths)


@cache
def triage_examples() -> Collection:
    """The examples that come with Pointsman. Raises ValueError for a class or level that there is none of."""
    found = json.loads(files("pointsman.evals").joinpath("triage_examples.json").read_text(encoding="utf-8"))
    return Collection(tuple(_example(**entry) for entry in found["examples"]), tuple(found["tree"]))


def _example(*, id: str, title: str, body: str, labels: list[str], **expected: str) -> Example:
    issue = Issue(id, title, body, text_digest(title, body), labels=tuple(labels))
    asked = TaskClass(expected["asked"]) if "asked" in expected else None
    return Example(issue, TaskClass(expected["task"]), Risk(expected["risk"]), asked)
