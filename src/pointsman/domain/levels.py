"""The closed scales that decisions are made on: phases, task classes, risk, sensitivity, perimeter."""

from collections.abc import Collection
from enum import Enum, StrEnum
from typing import Literal, TypeVar


class Phase(StrEnum):
    """One step of a run; each goes to the model that policy names for it."""

    TRIAGE = "triage"
    PLAN = "plan"
    CODE = "code"
    VERIFY = "verify"
    REVIEW = "review"
    RECORD = "record"


AuditMode = Literal["in-tree", "comment-only", "ref"]
"""Where a note is kept beside the installation's own store: as the last commit of the change's branch, in the text of
the change alone, or on `refs/pointsman/audit`."""

NoteResult = Literal[
    "ready", "needs-person", "reviewed", "planned", "answered", "stopped", "refused", "failed", "cancelled"
]
"""What a run came to, in its note: the first two with a change, the next three without, the rest before its end."""

WITH_CHANGE: frozenset[NoteResult] = frozenset({"ready", "needs-person"})
OF_COMMITS: frozenset[NoteResult] = WITH_CHANGE | {"reviewed"}
"""Results whose note speaks of the commit that it names; of any other it is only where the work began."""

MODEL_PHASES = (Phase.TRIAGE, Phase.PLAN, Phase.CODE, Phase.REVIEW)
"""The phases that ask a model; verify asks the sandbox, record asks the signer."""


class TaskClass(StrEnum):
    """What kind of work an issue is; `unknown` takes the strict route."""

    DOCS = "docs"
    TESTS = "tests"
    BOILERPLATE = "boilerplate"
    BUGFIX = "bugfix"
    FEATURE = "feature"
    REFACTOR = "refactor"
    SECURITY = "security"
    VISUAL = "visual"
    QUESTION = "question"
    UNKNOWN = "unknown"


class _Scale(Enum):
    """An ordered scale written as words; members compare by their place in the definition."""

    rank: int

    def __init__(self, _word: str) -> None:
        self.rank = len(type(self).__members__)

    def __str__(self) -> str:
        return str(self.value)


class Risk(_Scale):
    """How much harm a wrong change can do; it only rises."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Lane(_Scale):
    """How soon an answer is wanted; each is a queue of its own, from the one that waits least to the most patient."""

    FAST = "fast"
    INTERACTIVE = "interactive"
    BACKGROUND = "background"
    BATCH = "batch"


class Sensitivity(_Scale):
    """How closed a repository or path is; it only ever rises."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"
    SECRET = "secret"


class Perimeter(_Scale):
    """Where a provider runs: on own hardware, in the own cloud account, or at a public vendor."""

    LOCAL = "local"
    ACCOUNT = "account"
    PUBLIC = "public"


class Severity(_Scale):
    """How grave a finding is; `blocking` goes back to code."""

    NOTE = "note"
    MINOR = "minor"
    MAJOR = "major"
    BLOCKING = "blocking"


S = TypeVar("S", bound=_Scale)


def highest(first: S, *more: S) -> S:
    """The highest of all of them."""
    return max((first, *more), key=lambda level: level.rank)


def classes_in_words(classes: Collection[TaskClass]) -> str:
    """Several classes of task in few words: `docs, tests`, `all classes but docs`, `every class of task`."""
    left_out = [task for task in TaskClass if task not in classes]
    if not left_out:
        return "every class of task"
    if len(left_out) <= 3:
        return f"all classes but {', '.join(left_out)}"
    return ", ".join(task for task in TaskClass if task in classes)
