"""Does one more call fit: what is spent and reserved, against the caps of phase, run, repository and installation."""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from pointsman.audit.tables import NANO, calls, day_of, nano
from pointsman.domain.errors import Stopped
from pointsman.domain.ledger import CallRecord
from pointsman.domain.models import Caps

_WITHIN = "in the routing file, within the organisation's policy"


@dataclass(frozen=True, slots=True)
class _Cap:
    """One limit: what it is called, which calls count towards it, US dollars allowed, and how it is raised."""

    name: str
    counts: ColumnElement[bool]
    allowed_usd: float
    raised_by: str


def _caps(record: CallRecord, caps: Caps, repository_id: str) -> tuple[_Cap, ...]:
    of_run = calls.c.run_id == record.run_id
    of_day = calls.c.day == day_of(record.at)
    of_repository = and_(of_day, calls.c.repository_id == repository_id)
    phase = record.phase.value
    return (
        _Cap(
            f"the {phase} phase of run {record.run_id}",
            and_(of_run, calls.c.phase == phase),
            caps.phase_usd,
            f"raise `budget_usd` of this phase's route {_WITHIN}",
        ),
        _Cap(f"run {record.run_id}", of_run, caps.run_usd, f"raise `budget.run_usd` {_WITHIN}"),
        _Cap(
            "this repository today (UTC)",
            of_repository,
            caps.repository_day_usd,
            f"wait for tomorrow, or raise `budget.day_usd` {_WITHIN}",
        ),
        _Cap(
            "the whole installation today (UTC)",
            of_day,
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
    """Raise Stopped when the reservation of `record` does not fit into a cap. A cap of infinity is none."""
    asked = nano(record.reserved_usd)
    if asked == 0:
        # What costs nothing fits, even where a cap was lowered below what is spent already.
        return
    for cap in _caps(record, caps, repository_id):
        if math.isinf(cap.allowed_usd) and cap.allowed_usd > 0:
            continue
        spent = int(connection.scalar(select(func.coalesce(func.sum(counted()), 0)).where(cap.counts)) or 0)
        if spent + asked > nano(cap.allowed_usd):
            raise Stopped(
                f"The budget of {cap.name} does not hold this call: asked {dollars(asked)}, "
                f"spent or reserved {dollars(spent)}, allowed {dollars(nano(cap.allowed_usd))}.",
                code="budget",
                hint=f"To go on, {cap.raised_by}, or choose a cheaper model.",
            )


def dollars(amount: int) -> str:
    """Nano-dollars as people read them, with cents at least and no digits that say nothing."""
    whole, rest = divmod(amount, NANO)
    digits = f"{rest:09d}".rstrip("0").ljust(2, "0")
    return f"${whole}.{digits}"
