"""What the installation remembers: calls before and after, money reserved and settled, the state of runs."""

from typing import Protocol

from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.models import Caps, Reply
from pointsman.domain.notes import PersonAct


class Ledger(Protocol):
    """Survives crashes. Every method may be called twice with the same arguments and counts once."""

    async def open_call(self, record: CallRecord, caps: Caps, repository_id: str) -> CallRecord:
        """Write, before a byte leaves, that the call is sent; its `reserved_usd` counts as spent until settled.

        A repeat under the same call id (after a crash) gets the next attempt and replaces the reservation.
        Raises Stopped when the reservation does not fit into a cap: of the phase, the run, or the day.
        """

    async def close_call(self, record: CallRecord, answer: Reply | None = None) -> None:
        """Settle the call: what it really cost and the digest of what came back.

        The answer is kept with it until the run ends, so that what was paid for is never asked again.
        """

    async def calls(self, run_id: str) -> tuple[CallRecord, ...]:
        """The calls of a run and of the runs it was forked from, in order, each with its last attempt."""

    async def keep(self, view: RunView) -> None:
        """Create or replace the row of a run."""

    async def run(self, run_id: str) -> RunView | None:
        """One run, with tokens and cost summed from its calls."""

    async def runs(self, repository_id: str = "", limit: int = 50) -> tuple[RunView, ...]:
        """The newest runs, all or of one repository."""

    async def act(self, run_id: str, person: PersonAct) -> None:
        """Remember what a person did to a run."""

    async def acts(self, run_id: str) -> tuple[PersonAct, ...]:
        """What people did to a run, in order."""
