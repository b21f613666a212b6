"""Does one more call fit: what is spent and reserved, against the caps of phase, run, and day."""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, true

from pointsman.audit.ledger.tables import NANO, calls, day_of, nano
from pointsman.domain.errors import Stopped
from pointsman.domain.ledger import CallRecord, Spent
from pointsman.domain.models import Caps
from pointsman.domain.money import dollars

_WITHIN = "in the routing file, within the organisation's policy"


@dataclass(frozen=True, slots=True)
class _Cap:
    """One limit: what it is called, which calls of its run or day count, US dollars allowed, and how it is raised.

    `held_usd` of it is not for this call.
    """

    name: str
    counts: ColumnElement[bool]
    allowed_usd: float | None
    raised_by: str
    held_usd: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether there is a limit at all."""
        return self.allowed_usd is not None and self.allowed_usd != math.inf


def _run_caps(record: CallRecord, caps: Caps) -> tuple[_Cap, ...]:
    phase = record.phase.value
    return (
        _Cap(
            f"the {phase} phase of run {record.run_id}",
            calls.c.phase == phase,
            caps.phase_usd,
            f"raise `budget_usd` of this phase's route {_WITHIN}",
        ),
        _Cap(f"run {record.run_id}", true(), caps.run_usd, f"raise `budget.run_usd` {_WITHIN}", caps.held_usd),
    )


def _day_caps(record: CallRecord, caps: Caps, repository_id: str) -> tuple[_Cap, ...]:
    return (
        _Cap(
            "this repository today (UTC)",
            calls.c.repository_id == repository_id,
            caps.repository_day_usd,
            f"wait for tomorrow, or raise `budget.day_usd` {_WITHIN}",
        ),
        _Cap(
            "what this person asked for today (UTC)",
            calls.c.requester == record.requester,
            caps.requester_day_usd,
            "wait for tomorrow, or have the operator raise `caps.requester_day_usd` in the policy",
        ),
        _Cap(
            "the whole installation today (UTC)",
            true(),
            caps.installation_day_usd,
            "wait for tomorrow, or have the operator raise the installation's cap per day in the policy",
        ),
    )


def counted() -> ColumnElement[int]:
    """What a call counts for, in nano-dollars: its reservation until it is settled, then its cost.

    A call that a crash cut off counts until its repeat is opened; then the repeat's reservation stands for both.
    """
    return case(
        (calls.c.state != "sent", calls.c.cost_nano),
        (calls.c.superseded, 0),
        else_=calls.c.reserved_nano,
    )


def require_room(connection: Connection, record: CallRecord, *, caps: Caps, repository_id: str) -> None:
    """Raise Stopped when the reservation of `record` does not fit into a cap. A cap of None or infinity is none."""
    of_run = calls.c.run_id == record.run_id
    of_day = calls.c.day == day_of(record.at)
    asked = nano(record.reserved_usd)
    if asked == 0:
        # What costs nothing fits, even where a cap was lowered below what is spent already.
        return
    for among, limits in ((of_run, _run_caps(record, caps)), (of_day, _day_caps(record, caps, repository_id))):
        for cap, spent in zip(limits, _spent(connection, among, limits), strict=True):
            allowed = nano(cap.allowed_usd) if cap.holds and cap.allowed_usd is not None else None
            if allowed is not None and spent + asked + nano(cap.held_usd) > allowed:
                raise _no_room(cap, asked, spent, allowed)


def _spent(connection: Connection, among: ColumnElement[bool], limits: tuple[_Cap, ...]) -> tuple[int, ...]:
    """What counts towards each limit, in nano-dollars; the calls of a run, or of a day, are looked through once."""
    sums = (func.coalesce(func.sum(case((cap.counts, counted()), else_=0)), 0) for cap in limits)
    row = connection.execute(select(*sums).where(among)).one()
    return tuple(int(value) for value in row)


def _no_room(cap: _Cap, asked: int, spent: int, allowed: int) -> Stopped:
    held = f", of which {dollars(cap.held_usd)} are held for the review" if cap.held_usd else ""
    return Stopped(
        f"The budget of {cap.name} does not hold this call: asked {dollars(asked / NANO)}, "
        f"spent or reserved {dollars(spent / NANO)}, allowed {dollars(allowed / NANO)}{held}.",
        code="budget",
        hint=f"To go on, {cap.raised_by}, or choose a cheaper model.",
    )


def spent_in(connection: Connection, day: str, *, repository_id: str, requester: str) -> Spent:
    """What is paid in a day (UTC); what is only reserved may come back, so it is not counted here."""
    whose = (calls.c.repository_id == repository_id, calls.c.requester == requester, true())
    paid = and_(calls.c.day == day, calls.c.state != "sent")
    sums = (func.coalesce(func.sum(case((one, calls.c.cost_nano), else_=0)), 0) for one in whose)
    row = connection.execute(select(*sums).where(paid)).one()
    return Spent(day, *(int(value) / NANO for value in row))
