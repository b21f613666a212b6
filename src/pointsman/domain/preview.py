"""What would be done, told before anything is: the routes at one level, and what is special about some paths."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pointsman.domain.levels import Sensitivity, TaskClass
from pointsman.domain.run import TaskOrder


@dataclass(frozen=True, slots=True)
class PathView:
    """One path: how closed it is, and the patterns by which a person approves its plan or no model edits it."""

    path: str
    sensitivity: Sensitivity
    approved_by: str = ""
    protected_by: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The routes of every class of task at one level, and the level that paths would need."""

    sensitivity: Sensitivity
    separation: Literal["model", "family", "vendor"]
    orders: Mapping[TaskClass, TaskOrder]
    paths: tuple[PathView, ...] = ()
