"""What came of the work of models: the facts that figures are counted from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from pointsman.domain.levels import Phase, Severity
from pointsman.domain.outcome import ProofResult

MEASURE = "measure/1"
"""The template of the small questions that are asked only to measure how long an answer takes."""

REPAIR = " repair"
"""What the template of a question ends with that asks again for an answer which could not be read."""


_REVERTED = re.compile(r"\bThis reverts commit ([0-9a-f]{40}(?:[0-9a-f]{24})?)\b")


def reverted_commits(message: str) -> tuple[str, ...]:
    """The commits that a message says it takes back, in the words that `git revert` writes by itself."""
    return tuple(dict.fromkeys(_REVERTED.findall(message)))


class What(StrEnum):
    """What is counted of one model in one phase of one run."""

    TRIED = "edit tried"
    APPLIED = "edit applied"
    PASSED = "tests passed"
    FAILED = "tests failed"
    UNCLEAR = "tests unclear"
    UNREADABLE = "edit unreadable"
    DROPPED = "finding dropped"
    APPROVED = "approved"
    OBJECTED = "changes asked for"
    UNDECIDED = "no verdict"
    FALLBACK = "fell back"
    ESCALATION = "was relieved"
    OVERRIDE = "was replaced"
    SHARED = "had a share"


@dataclass(frozen=True, slots=True)
class Mark:
    """So often this was seen of one model in one phase."""

    phase: Phase
    model: str
    what: What
    count: int = 1


FindingFate = Literal["open", "upheld", "ignored", "disputed"]
"""`upheld`: what it asked for was done, or a person settled it; `ignored`: a person does not want to hear of it;
`disputed`: a test confirmed it, and the coder did not come to mend it."""


@dataclass(frozen=True, slots=True)
class FindingMark:
    """A finding that was raised: by which reviewer, on lines of which coder, and what became of it.

    `coder` is `people` for lines that no model wrote. `proof` is what its own test came to, empty where none was due.
    """

    id: str
    reviewer: str
    coder: str
    severity: Severity
    fate: FindingFate = "open"
    proof: ProofResult | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """A change that a run of ours made or added to.

    `key` is its number, or its branch where the forge has no numbers. `head` is its head as we pushed it, `commit`
    the one that holds the code, `base` where it begins and `diff_digest` its canonical diff from there. `is_approved`
    says that the last review approved it and came from a model of another family than every author's. `location` is
    where the repository lies on disk, for the forge that tells nobody of a merge.
    """

    key: str
    base: str
    head: str
    commit: str
    diff_digest: str
    is_approved: bool
    location: str = ""


@dataclass(frozen=True, slots=True)
class RunMarks:
    """Everything that the end of one run shows; a run that goes on from a failure replaces what it showed before.

    `change` is the key of what it worked on: a change, or the run itself where there is none. `looked` says of a
    review of a change what it came to: whether it approved in the sense of a `ChangeMark`.
    """

    run_id: str
    repository_id: str
    at: str
    task: str
    change: str
    marks: tuple[Mark, ...] = ()
    findings: tuple[FindingMark, ...] = ()
    made: ChangeMark | None = None
    looked: bool | None = None


ChangeState = Literal["open", "merged", "closed"]


@dataclass(frozen=True, slots=True)
class ChangeEnd:
    """How a change ended: when, and as which commit of the default branch, where that is known.

    `is_as_reviewed` says that what was merged is what the last review had looked at.
    """

    state: ChangeState
    at: str
    landed: str = ""
    is_as_reviewed: bool = False


@dataclass(frozen=True, slots=True)
class ChangeFacts:
    """A change of ours as it stands; `reverted_at` is empty as long as it was not taken back."""

    repository_id: str
    run_id: str
    made: ChangeMark
    end: ChangeEnd
    reverted_at: str = ""
    made_at: str = ""

    @property
    def is_trusted(self) -> bool:
        """Merged as it was reviewed, approved by another family, and not reverted."""
        merged = self.end.state == "merged" and self.end.is_as_reviewed
        return merged and self.made.is_approved and not self.reverted_at


@dataclass(frozen=True, slots=True)
class Landing:
    """What the default branch shows of a change: how it was merged, if it was, and whether it was taken back."""

    key: str
    end: ChangeEnd | None
    is_reverted: bool = False


@dataclass(frozen=True, slots=True)
class Worked:
    """What one model did in one phase of one class of task. Cost in US dollars, times of answers in seconds.

    `seen` counts marks. `raised`, `confirmed`, `refuted`, `upheld` and `ignored` count its findings as a reviewer;
    `merged` and `trusted` name the changes that it had a share in, so that one change counts once however rows are
    put together.
    """

    model: str
    phase: Phase
    task: str
    calls: int = 0
    answered: int = 0
    outages: int = 0
    malformed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    seconds: tuple[float, ...] = ()
    seen: Mapping[What, int] = field(default_factory=dict)
    raised: int = 0
    confirmed: int = 0
    refuted: int = 0
    upheld: int = 0
    ignored: int = 0
    merged: frozenset[str] = frozenset()
    trusted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PairMark:
    """What became of the findings of one reviewer on the lines of one coder.

    `confirmed`, `refuted`, `older` and `unconfirmed` count what their tests came to; slight findings have none.
    `disputed` were confirmed and never mended.
    """

    coder: str
    reviewer: str
    raised: int
    upheld: int
    ignored: int
    confirmed: int = 0
    refuted: int = 0
    older: int = 0
    unconfirmed: int = 0
    disputed: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: everything since a day (ISO 8601), of one repository when its id is given."""

    since: str = ""
    repository_id: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What a span of time came to.

    `runs` counts the runs that were started in it. `merged`, `trusted`, `closed` and `reverted` count changes that
    ended in it, whenever they were made.
    """

    worked: tuple[Worked, ...] = ()
    pairs: tuple[PairMark, ...] = ()
    runs: int = 0
    merged: int = 0
    trusted: int = 0
    closed: int = 0
    reverted: int = 0
