"""What a run is handed by the one file that names adapters, and what of it only the durable run asks."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from pointsman.domain.ledger import Spent
from pointsman.domain.levels import Lane
from pointsman.domain.models import Model, Reply
from pointsman.domain.notes import KeptNote
from pointsman.domain.pictures import Previews, Shown
from pointsman.domain.run import Repository, RunSpec
from pointsman.domain.work import NoteFiles
from pointsman.ports.bundle import Ports
from pointsman.ports.clearing import Clearing
from pointsman.ports.clock import Clock
from pointsman.ports.forge import Forge
from pointsman.ports.ledger import Ledger
from pointsman.ports.marks import Marks
from pointsman.ports.memory import Memory
from pointsman.ports.notes import Late, Notes
from pointsman.ports.talk import Talk
from pointsman.ports.texts import Texts


class RunLedger(Ledger, Protocol):
    """The ledger with what only the durable run asks of it."""

    async def override(self, run_id: str, phase: str, model_name: str, payload: str) -> None:
        """Remember, before a rerun begins, which route a phase of it takes."""

    async def overrides(self, run_id: str) -> dict[str, str]:
        """The routes that were chosen by hand: phase to JSON."""

    async def answer_of(self, call_id: str) -> Reply | None:
        """What was answered to a call that is settled, as long as its run goes on."""

    async def spent(self, repository_id: str, requester: str, at: str) -> Spent:
        """What is paid in the day (UTC) of `at`."""

    async def note_head(self, repository_id: str) -> str:
        """Digest of the newest note of a repository; empty before the first."""

    async def take_place(self, note: KeptNote, *, holder: str = "") -> None:
        """Move the chain's head, kept outside git, to a note, and keep the note; twice is once.

        Raises TryAgain(note-head) when the head is not where the note says, or when the key that signed is revoked.
        """

    async def give_back_note_head(self, repository_id: str, digest: str, run_id: str) -> None:
        """Forget a note that came to no branch, as long as no other follows it."""


SORTING: Literal["sorting"] = "sorting"
"""Where runs work whose class of task is not known yet: until they are sorted."""

Queue = Lane | Literal["sorting"]


class Turns(Protocol):
    """Who works when: some at once in each lane, and one at a time of each repository in it."""

    def place(self, repository_id: str, queue: Queue) -> AbstractAsyncContextManager[None]:
        """A place among those at work in a lane, waited for on entering and given back on leaving."""


@dataclass(frozen=True)
class Adapters:
    """What a run is handed by the one file that names adapters.

    `ports_for` is told the order and every model that the run may ask: the door knows no other provider than theirs.
    `append_note` adds a note to the ref of notes, below it those that are late, and may be repeated. `talk_for`
    to `let_go` are for a served forge; the forge on disk has nobody to talk to and no turns to wait for. `let_go`
    is told at a run's end that its credentials are not needed any more. `marks` is told what a run showed. `show`
    makes the pictures of a run's previews ready for people to find. `texts` is told how long the prompts and
    answers of a run are kept, `clearing` what stays of one whose words are gone.
    """

    ports_for: Callable[[RunSpec, tuple[Model, ...]], Awaitable[Ports]]
    forge_for: Callable[[Repository], Forge]
    ledger: RunLedger
    notes: Notes
    append_note: Callable[[Repository, NoteFiles, Late], Awaitable[str]]
    clock: Clock
    talk_for: Callable[[Repository], Talk] | None = None
    memory: Memory | None = None
    turns: Turns | None = None
    let_go: Callable[[Repository], None] | None = None
    marks: Marks | None = None
    show: Callable[[str, RunSpec, Previews], Awaitable[Shown]] | None = None
    texts: Texts | None = None
    clearing: Clearing | None = None
