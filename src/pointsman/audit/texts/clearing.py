"""What goes and what stays of runs that have ended, on SQL."""

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.memory import memories
from pointsman.audit.ledger.tables import answers, metadata, runs
from pointsman.audit.texts.tables import kept_runs
from pointsman.domain.ledger import ENDED, RESUMABLE
from pointsman.domain.levels import Sensitivity
from pointsman.domain.moments import later
from pointsman.domain.texts import Erasure, KeptRun
from pointsman.ports.clearing import Cleared, EndedRuns

USUAL_DAYS = 30
"""Of runs of an earlier release, which did not say."""

RESUMABLE_SECONDS = 86_400.0
"""What can still be gone on with is kept so long at least: who starts a model that was out, then resumes."""

_DAY_SECONDS = 86_400.0

cleared_runs = Table(
    "cleared_runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("remains", String, nullable=False),
    *(Column(name, String, nullable=False) for name in ("at", "by", "why")),
)
"""Runs whose words are gone; `at` is empty as long as that is not done."""

_OPEN = or_(cleared_runs.c.at.is_(None), cleared_runs.c.at == "")
_JOINED = runs.outerjoin(kept_runs, kept_runs.c.run_id == runs.c.run_id).outerjoin(
    cleared_runs, cleared_runs.c.run_id == runs.c.run_id
)


class SqlClearing:
    """The Clearing in the ledger's database, by the same URL; see ports/clearing.py."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def due(self, now: str, limit: int) -> tuple[str, ...]:
        """Runs whose days are over, the oldest first. One that keeps none goes at once, if nobody can resume it."""

        def work(connection: Connection) -> tuple[str, ...]:
            known = connection.scalars(select(kept_runs.c.keep_days).distinct())
            over = or_(*(_over(days, now) for days in sorted({*known, USUAL_DAYS})))
            query = select(runs.c.run_id).select_from(_JOINED).where(_OPEN, over)
            return tuple(connection.scalars(query.order_by(runs.c.updated_at, runs.c.run_id).limit(limit)))

        return await self._database.read(work)

    async def ended(self, which: EndedRuns) -> tuple[str, ...]:
        """Runs that have ended and are not cleared yet."""
        named = [runs.c[name] == value for name in ("run_id", "repository_id") if (value := getattr(which, name))]
        bound = [runs.c.updated_at < which.before] if which.before else []
        over = runs.c.state.in_(ENDED)
        query = select(runs.c.run_id).select_from(_JOINED).where(_OPEN, over, *named, *bound).order_by(runs.c.run_id)
        return await self._database.read(lambda connection: tuple(connection.scalars(query)))

    async def rule(self, run_id: str) -> KeptRun | None:
        """How long the words of a run are kept; None for one that never said."""
        query = select(kept_runs).where(kept_runs.c.run_id == run_id)

        def work(connection: Connection) -> KeptRun | None:
            row = connection.execute(query).mappings().first()
            return None if row is None else KeptRun(**{**row, "sensitivity": Sensitivity(row["sensitivity"])})

        return await self._database.read(work)

    async def repositories(self, name: str) -> tuple[str, ...]:
        """The ids under which runs knew a repository of this name."""
        query = select(runs.c.repository_id).where(runs.c.repository == name).distinct()
        return await self._database.read(lambda connection: tuple(sorted(connection.scalars(query))))

    async def of(self, run_id: str) -> Cleared | None:
        """What stays of a run that is cleared."""
        query = select(cleared_runs).where(cleared_runs.c.run_id == run_id)

        def work(connection: Connection) -> Cleared | None:
            row = connection.execute(query).mappings().first()
            return None if row is None else Cleared(row["remains"], Erasure(row["at"], row["why"], row["by"]))

        return await self._database.read(work)

    async def leave(self, run_id: str, remains: str) -> None:
        """Keep what stays; what was kept first stands."""
        values = {"run_id": run_id, "remains": remains, "at": "", "by": "", "why": "time"}
        known = select(cleared_runs.c.run_id).where(cleared_runs.c.run_id == run_id)

        def work(connection: Connection) -> None:
            if connection.execute(known).first() is None:
                connection.execute(insert(cleared_runs).values(values))

        await self._database.write(work)

    async def forget(self, kind: str, now: str) -> None:
        """Drop what is remembered of changes, where every run about them has ended and its days are over."""

        def over(connection: Connection) -> list[tuple[str, str]]:
            return _over_topics(connection, kind, now)

        def work(connection: Connection) -> None:
            for repository_id, topic in over(connection):
                gone = delete(memories).filter_by(repository_id=repository_id, topic=topic, kind=kind)
                connection.execute(gone)

        if await self._database.read(over):
            await self._database.write(work)
            await self._database.scrub()

    async def clear(self, run_id: str, erasure: Erasure) -> None:
        """Take the words out of the run's row, and say that it is done."""
        said = {"at": erasure.at, "by": erasure.by, "why": erasure.why}
        this = and_(cleared_runs.c.run_id == run_id, cleared_runs.c.at == "")

        def work(connection: Connection) -> None:
            connection.execute(update(runs).where(runs.c.run_id == run_id).values(title="", message=""))
            connection.execute(delete(answers).where(answers.c.run_id == run_id))
            connection.execute(update(cleared_runs).where(this).values(said))

        await self._database.write(work)
        await self._database.scrub()


def _over_topics(connection: Connection, kind: str, now: str) -> list[tuple[str, str]]:
    """Repository and number of the changes that are remembered and about which no run's days still go on."""
    about = and_(runs.c.repository_id == memories.c.repository_id, runs.c.change == memories.c.topic)
    joined = memories.join(runs, about).outerjoin(kept_runs, kept_runs.c.run_id == runs.c.run_id)
    days = func.coalesce(kept_runs.c.keep_days, USUAL_DAYS)
    of_each = select(memories.c.repository_id, memories.c.topic, runs.c.state, runs.c.updated_at, days)
    held: dict[tuple[str, str], bool] = {}
    for repository_id, topic, state, at, kept in connection.execute(
        of_each.select_from(joined).where(memories.c.kind == kind)
    ):
        until = later(at, max(kept * _DAY_SECONDS, RESUMABLE_SECONDS))
        is_held = state not in ENDED or until > now
        held[repository_id, topic] = held.get((repository_id, topic), False) or is_held
    return [place for place, is_held in held.items() if not is_held]


def _over(days: int, now: str) -> ColumnElement[bool]:
    """Runs with so many days that ended before them."""
    known = func.coalesce(kept_runs.c.keep_days, USUAL_DAYS) == days
    final, cut_short = days * _DAY_SECONDS, max(days * _DAY_SECONDS, RESUMABLE_SECONDS)
    return and_(
        known,
        or_(
            and_(runs.c.state.in_(ENDED - RESUMABLE), runs.c.updated_at <= later(now, -final)),
            and_(runs.c.state.in_(RESUMABLE), runs.c.updated_at <= later(now, -cut_short)),
        ),
    )
