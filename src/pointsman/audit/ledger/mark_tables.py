"""The tables of marks: what each run showed, what became of each finding and of each change."""

from sqlalchemy import Boolean, Column, Index, Integer, RowMapping, String, Table

from pointsman.audit.ledger.tables import metadata
from pointsman.domain.marks import ChangeEnd, ChangeFacts, ChangeMark

marks = Table(
    "marks",
    metadata,
    *(Column(name, String, primary_key=True) for name in ("run_id", "phase", "model", "what")),
    *(Column(name, String, nullable=False) for name in ("repository_id", "change", "day", "task")),
    Column("count", Integer, nullable=False),
    Index("marks_by_day", "day"),
)

finding_marks = Table(
    "finding_marks",
    metadata,
    *(Column(name, String, primary_key=True) for name in ("repository_id", "change", "finding")),
    *(
        Column(name, String, nullable=False)
        for name in ("run_id", "day", "task", "reviewer", "coder", "severity", "fate")
    ),
    Column("proof", String, nullable=False, server_default=""),
)

LATER_MARKS = (finding_marks.c.proof,)
"""Columns that a ledger of an earlier release lacks, as those of `tables.LATER`."""

change_marks = Table(
    "change_marks",
    metadata,
    *(Column(name, String, primary_key=True) for name in ("repository_id", "change")),
    *(Column(name, String, nullable=False) for name in ("run_id", "made_at", "task", "location")),
    *(Column(name, String, nullable=False) for name in ("base", "head", "code", "diff_digest")),
    *(Column(name, String, nullable=False) for name in ("state", "ended_at", "landed", "reverted_at")),
    *(Column(name, Boolean, nullable=False) for name in ("is_approved", "is_as_reviewed")),
)


def change_of(row: RowMapping) -> ChangeFacts:
    """The change that a row holds."""
    return ChangeFacts(
        repository_id=row["repository_id"],
        run_id=row["run_id"],
        made=ChangeMark(
            key=row["change"],
            base=row["base"],
            head=row["head"],
            commit=row["code"],
            diff_digest=row["diff_digest"],
            is_approved=row["is_approved"],
            location=row["location"],
        ),
        end=ChangeEnd(row["state"], row["ended_at"], row["landed"], row["is_as_reviewed"]),
        reverted_at=row["reverted_at"],
        made_at=row["made_at"],
    )
