"""What the worker is handed by the one file that names adapters."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pointsman.domain.events import Delivery, Event, Ignored
from pointsman.domain.notes import NoteReport
from pointsman.domain.run import Actor, Repository
from pointsman.ports.clock import Clock
from pointsman.ports.forge import Forge
from pointsman.ports.hooks import Hooks
from pointsman.ports.inbox import Inbox
from pointsman.ports.marks import Marks
from pointsman.ports.memory import Memory
from pointsman.ports.talk import Talk
from pointsman.ports.workspace import Workspace
from pointsman.runs.adapters import RunLedger
from pointsman.runs.tidying import Kept

if TYPE_CHECKING:
    from pointsman.runs.engine import Engine
    from pointsman.runs.intake import Law


def _anything(_forge: str, _event: str) -> bool:
    return True


def _always() -> bool:
    return True


def _nothing() -> None:
    """Nothing is to be tidied."""


@dataclass(frozen=True)
class Parts:
    """The world as the worker knows it. Everything here is called from more than one event loop.

    `engine` and `law` may be slow the first time (they import), and are called in a thread. `law` reads the policy
    anew when its file changed. `translate` is pure and is told who we are. `verified` checks the notes of a change,
    from its base to its head. `forges` names the forges whose missed deliveries are looked for, and `wanted` says
    whether an event of one is worth asking for again. `unfinished` tells, without the engine, whether something was
    cut off in it; a run's row may say that it is done before the people were told. `marks` is told what became of
    findings and changes. `telling` is held by who looks whether something was told already, and tells it.
    `tidy` takes away pictures that were kept for some days, `kept` is where words are until their days are over.
    """

    engine: "Callable[[], Engine]"
    inbox: Inbox
    memory: Memory
    ledger: RunLedger
    clock: Clock
    law: "Callable[[], Law]"
    translate: Callable[[Delivery, Actor], Event | Ignored]
    talk_for: Callable[[str], Talk]
    forge_for: Callable[[Repository], Forge]
    workspace_for: Callable[[Repository], Awaitable[Workspace]]
    hooks_for: Callable[[str], Hooks]
    verified: Callable[[Repository, str, str], Awaitable[NoteReport]]
    marks: Marks | None = None
    forges: tuple[str, ...] = ()
    telling: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: Callable[[str, str], bool] = field(default=_anything)
    unfinished: Callable[[], bool] = field(default=_always)
    tidy: Callable[[], object] = field(default=_nothing)
    kept: Kept | None = None


def delivery_workflow(forge: str, delivery_id: str) -> str:
    """The id under which a delivery is dealt with: twice is once."""
    return f"d-{forge}-{delivery_id}"


def run_id_of(delivery_id: str, intent: str) -> str:
    """The id of the run that follows from a delivery: a repeat is the same run."""
    digest = hashlib.sha256(b"\0".join((delivery_id.encode(), intent.encode()))).hexdigest()
    return f"r-{digest[:8]}"
