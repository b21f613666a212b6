"""What somebody wants of the bot: a closed union that comments, labels and buttons are read into."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.levels import Phase, TaskClass


@dataclass(frozen=True, slots=True)
class Build:
    """Work on the issue until there is a change; `task` is the class that the person named, if one."""

    task: TaskClass | None = None


@dataclass(frozen=True, slots=True)
class MakePlan:
    """Make the plan and stop there; `task` is the class that the person named, if one."""

    task: TaskClass | None = None


@dataclass(frozen=True, slots=True)
class ReviewChange:
    """Review a change; `full` says everything again instead of what is new."""

    full: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """Turn the open findings of the newest review into one commit."""


@dataclass(frozen=True, slots=True)
class Rerun:
    """Do the newest run again from a phase on; `model` is empty or the name of another one for that phase."""

    phase: Phase
    model: str = ""


@dataclass(frozen=True, slots=True)
class Approve:
    """Agree to the plan with this hash, of at least eight characters."""

    plan_hash: str


@dataclass(frozen=True, slots=True)
class Question:
    """Ask about the code, the issue or the change."""

    text: str


@dataclass(frozen=True, slots=True)
class Show:
    """Be told something that costs nothing."""

    what: Literal["route", "cost", "status", "config", "audit", "help"]


@dataclass(frozen=True, slots=True)
class Handover:
    """Be given the work as a text for somebody else's agent."""

    to: Literal["copilot", "duo", "claude-code"]


@dataclass(frozen=True, slots=True)
class RunCi:
    """Let the repository's own CI run on the change."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Do nothing on this issue or change until told to go on."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Never raise this finding again."""

    finding: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop what goes on here."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A command that is none, or one that lacks a part; `problem` says what and `near` what may have been meant."""

    word: str
    problem: str
    near: str = ""


Intent = (
    Build
    | MakePlan
    | ReviewChange
    | Fix
    | Rerun
    | Approve
    | Question
    | Show
    | Handover
    | RunCi
    | Pause
    | Resume
    | Ignore
    | Cancel
    | Misread
)
