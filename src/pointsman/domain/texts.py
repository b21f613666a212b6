"""Prompts and answers as they are kept outside git: for as long as the sensitivity of their run allows."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.levels import Phase, Sensitivity

TextKind = Literal["prompt", "answer"]
"""What was sent to a model, or what came back; both as the exact bytes on the wire."""

Why = Literal["time", "request", "too-large"]
"""Why a text is not there any more: its days were over, a person asked, or it was longer than is ever kept."""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """What the policy says of a run's texts, as it was when the run began. No days: nothing of it is kept."""

    run_id: str
    repository_id: str
    repository: str
    sensitivity: Sensitivity
    keep_days: int


@dataclass(frozen=True, slots=True)
class SentText:
    """One text of one call. `sha256` is the digest that stands in the note; `at` is ISO 8601 in UTC."""

    kind: TextKind
    sha256: str
    run_id: str
    call_id: str
    attempt: int
    phase: Phase
    model: str
    at: str


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What is known of a text that is or was kept. `size` is in bytes; `erased_why` is empty while it is there."""

    seq: int
    kind: TextKind
    sha256: str
    run_id: str
    repository_id: str
    call_id: str
    attempt: int
    phase: Phase
    model: str
    at: str
    erase_after: str
    size: int
    key_id: str
    erased_at: str
    erased_by: str
    erased_why: Why | Literal[""]


@dataclass(frozen=True, slots=True)
class Which:
    """Which texts: those that fit everything that is named. `before` bounds when they were sent, `due` when they end.

    Both are ISO 8601 in UTC. At least one must be named, since nobody erases everything by leaving words out.
    """

    sha256: str = ""
    run_id: str = ""
    repository_id: str = ""
    before: str = ""
    due: str = ""


@dataclass(frozen=True, slots=True)
class Erasure:
    """When texts were erased, by whom (empty: by time) and why."""

    at: str
    why: Why
    by: str = ""


@dataclass(frozen=True, slots=True)
class TextSum:
    """How many texts, of how many bytes as they were sent, and of which runs."""

    texts: int
    size: int
    runs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """That somebody of this machine asked to see a text, and what they were shown: `text`, or why there was none."""

    at: str
    actor_id: int
    login: str
    sha256: str
    shown: str
