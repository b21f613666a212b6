"""Everything that a note says of a run, gathered before it is signed."""

from dataclasses import dataclass
from typing import Literal

from pointsman.domain.ledger import CallRecord
from pointsman.domain.levels import NoteResult
from pointsman.domain.note_names import note_name
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.outcome import Earlier
from pointsman.domain.run import RunSpec
from pointsman.domain.verified import CommitCover, NoteBinding


@dataclass(frozen=True, slots=True)
class PersonAct:
    """What a person did to the run: an approval, an override, a rerun. `at` is ISO 8601 in UTC."""

    actor_id: int
    login: str
    act: Literal["request", "approve", "override", "rerun"]
    detail: str
    at: str


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """The facts of one run as the signer is given them.

    `head` and `tree` are the code commit that the note covers; `diff_digest` its canonical diff from the base.
    `not_run` names what was cut off or not run. `previous` is the digest of the note before it, empty for the first.
    `memory` is sha256 of the memory file as it was written along with the note, empty when it was not. `ended` names
    how the rounds of code, tests and review ended, `ended_why` in a clause what led to it.
    """

    run_id: str
    branch: str
    spec: RunSpec
    earlier: Earlier
    calls: tuple[CallRecord, ...]
    people: tuple[PersonAct, ...]
    head: str
    tree: str
    diff_digest: str
    previous: str
    written_at: str
    not_run: tuple[str, ...]
    result: NoteResult
    memory: str = ""
    ended: str = ""
    ended_why: str = ""

    @property
    def name(self) -> str:
        """What the note's files are called, without folder and suffix."""
        return note_name(self.written_at, self.branch, self.run_id, result=self.result, calls=self.calls)


@dataclass(frozen=True, slots=True)
class SignedNote:
    """The two files of a note, the digest of the envelope's bytes, and the public half of its key as PEM."""

    name: str
    page: str
    envelope: bytes
    digest: str
    key_id: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A signed note as the installation keeps it, wherever else it lies; `name` is without folder and suffix.

    `change` is the number of the change where the forge has numbers; empty before the change is made. `written_at`
    is ISO 8601 in UTC.
    """

    repository_id: str
    repository: str
    run_id: str
    change: str
    branch: str
    name: str
    page: str
    envelope: bytes
    digest: str
    previous: str
    key_id: str
    written_at: str


@dataclass(frozen=True, slots=True)
class NoteReport:
    """What verification saw: notes in order, commits covered and by whom, and every problem.

    `unseen` is what this copy of the repository cannot show, `remarks` what is worth a look and no fault. `coverage`
    has a row for each commit of the range, `bindings` one for each note.
    """

    notes: tuple[str, ...]
    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    problems: tuple[NoteProblem, ...]
    head: str
    unseen: tuple[NoteProblem, ...] = ()
    remarks: tuple[NoteProblem, ...] = ()
    bindings: tuple[NoteBinding, ...] = ()
    coverage: tuple[CommitCover, ...] = ()

    @property
    def verdict(self) -> Literal["holds", "broken", "unseen", "empty"]:
        """In one word; what was not seen never holds, and neither does what is not there."""
        if self.problems:
            return "broken"
        if self.unseen:
            return "unseen"
        return "holds" if self.notes else "empty"
