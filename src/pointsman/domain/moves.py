"""What an edit of the two files would move, as a value; the gravest kinds first."""

from dataclasses import dataclass
from enum import StrEnum

from pointsman.domain.levels import Phase, Sensitivity, TaskClass


class Kind(StrEnum):
    """What became different, the gravest first."""

    CROSSING = "crossing"
    REFUSED = "refused"
    APPROVAL_LOST = "approval-lost"
    EVIDENCE_LOST = "evidence-lost"
    REVIEW_LOST = "review-lost"
    PROTECTION_LOST = "protection-lost"
    LEVEL_LOWERED = "level-lowered"
    MODEL = "model"
    SERVED = "served"
    LEVEL_RAISED = "level-raised"
    FALLBACK = "fallback"
    ESCALATION = "escalation"
    LIMIT = "limit"
    APPROVAL = "approval"
    EVIDENCE = "evidence"
    REVIEW = "review"
    PROTECTION = "protection"

    @property
    def is_grave(self) -> bool:
        """Whether a person should look before this is merged: less is guarded, or something stops."""
        return self in _GRAVE


_GRAVE = frozenset(list(Kind)[: list(Kind).index(Kind.MODEL)])


@dataclass(frozen=True, slots=True)
class Move:
    """One difference, for some classes of task at some levels.

    `about` is the model that text goes to, the rule that refuses, or the limit that changed. `place` is the pattern
    of the paths or repositories that it is about, when it is not about all.
    """

    kind: Kind
    before: str
    after: str
    phase: Phase | None = None
    about: str = ""
    place: str = ""
    tasks: tuple[TaskClass, ...] = ()
    levels: tuple[Sensitivity, ...] = ()
