"""What holds for a repository in the end, and where each value comes from."""

from dataclasses import dataclass
from typing import Literal

Section = Literal["repository", "routes", "work", "verify", "money", "paths", "protected"]
HeldValue = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a line of one of the two files, or nowhere, so that the built-in one holds."""

    file: Literal["routing", "policy", "built-in"]
    line: int = 0


BUILT_IN = Origin("built-in")


@dataclass(frozen=True, slots=True)
class Held:
    """One value that holds, by what, and what was asked for besides and lost to it."""

    section: Section
    key: str
    value: HeldValue
    by: Origin
    besides: tuple[tuple[HeldValue, Origin], ...] = ()
