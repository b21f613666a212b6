"""The tables of the ledger, and rows as the domain's records and back."""

import math
from dataclasses import asdict, replace
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
)

from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import Perimeter, Phase

VERSION = "1"
"""The layout of these tables; a ledger that says another one is refused."""

NANO = 1_000_000_000
"""Money is kept as whole nano-dollars, so that sums are exact and three calls of $0.10 fit into $0.30."""

metadata = MetaData()
sequence = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only in a column of type INTEGER

facts = Table("ledger", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

calls = Table(
    "calls",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("call_id", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("run_id", String, nullable=False, index=True),
    Column("repository_id", String, nullable=False),
    Column("day", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("model", String, nullable=False),
    Column("served", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("perimeter", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("template", String, nullable=False),
    Column("state", String, nullable=False),
    Column("superseded", Boolean, nullable=False),
    Column("sent_sha256", String, nullable=False),
    Column("received_sha256", String, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reserved_nano", BigInteger, nullable=False),
    Column("cost_nano", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("at", String, nullable=False),
    Column("why", String, nullable=False),
    Column("requester", String, nullable=False, server_default=""),
    Column("region", String, nullable=False, server_default=""),
    Column("via", String, nullable=False, server_default=""),
    UniqueConstraint("call_id", "attempt"),
    Index("calls_by_day", "day", "repository_id"),
)

answers = Table(
    "answers",
    metadata,
    Column("call_id", String, primary_key=True),
    Column("run_id", String, nullable=False, index=True),
    Column("payload", String, nullable=False),
)
"""What was paid for and is not yet in the journal of its run; emptied when the run ends."""

runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("repository_id", String, nullable=False, index=True),
    *(
        Column(name, String, nullable=False)
        for name in ("repository", "issue", "title", "state", "phase", "model", "started_at", "updated_at")
    ),
    *(
        Column(name, String, nullable=False)
        for name in ("branch", "result", "message", "error_code", "parent", "plan_hash")
    ),
    Column("exit_code", Integer, nullable=False),
    Column("change", String, nullable=False, server_default=""),
    Column("task", String, nullable=False, server_default=""),
)

acts = Table(
    "acts",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False, index=True),
    Column("actor_id", BigInteger, nullable=False),
    *(Column(name, String, nullable=False) for name in ("login", "act", "detail", "at")),
)

overrides = Table(
    "overrides",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("phase", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("payload", String, nullable=False),
)

note_heads = Table(
    "note_heads",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("repository_id", String, nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("previous", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("key_id", String, nullable=False, server_default=""),
)

notes = Table(
    "notes",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("repository_id", String, nullable=False),
    *(Column(name, String, nullable=False) for name in ("repository", "change", "branch", "name", "page")),
    *(Column(name, String, nullable=False) for name in ("digest", "previous", "key_id")),
    Column("run_id", String, nullable=False, index=True),
    Column("envelope", LargeBinary, nullable=False),
    Column("written_at", String, nullable=False, index=True),
    UniqueConstraint("repository_id", "digest"),
)
"""Every signed note whole, in the order in which they took their places in the chains."""

LATER = (runs.c.change, runs.c.task, calls.c.requester, calls.c.region, calls.c.via, note_heads.c.key_id)
"""Columns that a ledger of an earlier release lacks; each has a default, so that it can be added to it."""

_NOT_IN_RECORD = frozenset({"seq", "repository_id", "day", "superseded", "reserved_nano", "cost_nano"})
_SUMMED = ("input_tokens", "output_tokens", "cost_usd", "calls")


def nano(usd: float) -> int:
    """US dollars as whole nano-dollars. Raises ValueError for what is no amount: negative, infinite, not a number."""
    if not math.isfinite(usd) or usd < 0:
        raise ValueError(f"{usd} is no amount of money")
    return round(usd * NANO)


def day_of(at: str) -> str:
    """The day in UTC of an ISO 8601 time; one without a zone is taken as UTC."""
    moment = datetime.fromisoformat(at)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).date().isoformat()


def call_values(record: CallRecord) -> dict[str, object]:
    """A call as the columns of its row, without the repository."""
    values: dict[str, object] = asdict(record)
    del values["reserved_usd"], values["cost_usd"]
    return values | {
        "phase": record.phase.value,
        "perimeter": record.perimeter.value,
        "day": day_of(record.at),
        "reserved_nano": nano(record.reserved_usd),
        "cost_nano": nano(record.cost_usd),
        "superseded": False,
    }


def call_of(row: RowMapping) -> CallRecord:
    """The call that a row holds."""
    record = CallRecord(
        **{column.name: row[column.name] for column in calls.c if column.name not in _NOT_IN_RECORD},
        reserved_usd=row["reserved_nano"] / NANO,
        cost_usd=row["cost_nano"] / NANO,
    )
    return replace(record, phase=Phase(row["phase"]), perimeter=Perimeter(row["perimeter"]))


def run_values(view: RunView) -> dict[str, object]:
    """A run as the columns of its row; tokens, cost and calls are never kept but summed."""
    return {key: value for key, value in asdict(view).items() if key not in _SUMMED}


def run_of(row: RowMapping) -> RunView:
    """The run that a row with its sums holds."""
    return RunView(
        **{column.name: row[column.name] for column in runs.c},
        input_tokens=int(row["input_tokens"]),
        output_tokens=int(row["output_tokens"]),
        cost_usd=int(row["cost_nano"]) / NANO,
        calls=int(row["calls"]),
    )
