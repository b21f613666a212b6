"""A file that is right, with the place of everything that stands in it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pointsman.config.problem import ConfigProblem
from pointsman.config.yaml_source import KeyPath, YamlText

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a file says, and the text that says it; its places are those of the long form."""

    content: T
    source: YamlText

    def says(self, path: KeyPath) -> bool:
        """Whether somebody wrote this very key or entry."""
        return path in self.source.keys or path in self.source.values

    def line(self, path: KeyPath) -> int:
        """The line of the value at `path`, or of the nearest thing around it; from 1."""
        return self.source.place_of_value(path).line

    def remark(self, path: KeyPath, message: str, hint: str = "") -> ConfigProblem:
        """Something to say about the value at `path`."""
        return self.source.problem(self.source.place_of_value(path), message, hint)
