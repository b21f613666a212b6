"""What came of the work of models, on SQL: kept at the end of each run, and when its change ends."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Update, and_, delete, insert, select, update

from pointsman.audit.ledger.accounting import account_of, figures_since
from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.mark_tables import change_marks, change_of, finding_marks, marks
from pointsman.audit.ledger.tables import day_of
from pointsman.domain.figures import Figures
from pointsman.domain.marks import Account, ChangeEnd, ChangeFacts, FindingFate, FindingMark, RunMarks, Span


class SqlMarks:
    """The Marks in the ledger's database, by the same URL; see ports/marks.py."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def keep(self, left: RunMarks) -> None:
        """Keep what the end of a run shows, in place of what that run showed before, in one transaction."""

        def work(connection: Connection) -> None:
            _put_marks(connection, left)
            own = and_(finding_marks.c.run_id == left.run_id, finding_marks.c.fate == "open")
            connection.execute(delete(finding_marks).where(own))
            for finding in left.findings:
                _put_finding(connection, left, finding)
            if left.made is not None:
                _put_change(connection, left)
            elif left.looked is not None:
                known = _change(left.repository_id, left.change)
                connection.execute(update(change_marks).where(known).values(is_approved=left.looked))

        await self._database.write(work)

    async def settle(self, repository_id: str, change: str, fates: Mapping[str, FindingFate]) -> None:
        """Say what became of findings, by their ids; those that were never kept are passed over."""

        def work(connection: Connection) -> None:
            for finding, fate in fates.items():
                known = _finding(repository_id, change, finding)
                connection.execute(update(finding_marks).where(known).values(fate=fate))

        await self._database.write(work)

    async def changes(self, repository_id: str = "") -> tuple[ChangeFacts, ...]:
        """The changes of ours, oldest first, all or of one repository."""
        query = select(change_marks).order_by(change_marks.c.made_at, change_marks.c.change)
        if repository_id:
            query = query.where(change_marks.c.repository_id == repository_id)
        return await self._database.read(
            lambda connection: tuple(change_of(row) for row in connection.execute(query).mappings())
        )

    async def ended(self, repository_id: str, change: str, end: ChangeEnd) -> None:
        """Say how a change ended, or that it is open again; one that was never kept is passed over."""
        values = {
            "state": end.state,
            "ended_at": end.at,
            "landed": end.landed,
            "is_as_reviewed": end.is_as_reviewed,
        }
        known = update(change_marks).where(_change(repository_id, change)).values(**values)
        await self._database.write(lambda connection: _done(connection, known))

    async def reverted(self, repository_id: str, change: str, at: str) -> None:
        """Say that a change was taken back; the first time stands."""
        first = and_(_change(repository_id, change), change_marks.c.reverted_at == "")
        known = update(change_marks).where(first).values(reverted_at=at)
        await self._database.write(lambda connection: _done(connection, known))

    async def account(self, span: Span) -> Account:
        """Everything that was counted in a span of time."""
        return await self._database.read(lambda connection: account_of(connection, span))

    async def figures(self, since: str) -> Figures:
        """What calls came to since a day (ISO 8601), as routes are chosen by it: of each model its newest calls."""
        return await self._database.read(lambda connection: figures_since(connection, since))


def _done(connection: Connection, statement: Update) -> None:
    connection.execute(statement)


def _change(repository_id: str, change: str) -> ColumnElement[bool]:
    return and_(change_marks.c.repository_id == repository_id, change_marks.c.change == change)


def _finding(repository_id: str, change: str, finding: str) -> ColumnElement[bool]:
    here = and_(finding_marks.c.repository_id == repository_id, finding_marks.c.change == change)
    return and_(here, finding_marks.c.finding == finding)


def _put_marks(connection: Connection, left: RunMarks) -> None:
    connection.execute(delete(marks).where(marks.c.run_id == left.run_id))
    where = {
        "run_id": left.run_id,
        "repository_id": left.repository_id,
        "change": left.change,
        "day": day_of(left.at),
        "task": left.task,
    }
    for mark in left.marks:
        values = {"phase": mark.phase.value, "model": mark.model, "what": mark.what.value, "count": mark.count}
        connection.execute(insert(marks).values(where | values))


def _put_finding(connection: Connection, left: RunMarks, finding: FindingMark) -> None:
    """A finding that is known keeps who raised it and when; what became of it is only ever said anew, not unsaid."""
    known = _finding(left.repository_id, left.change, finding.id)
    if connection.execute(select(finding_marks.c.fate).where(known)).first() is None:
        values = {
            "repository_id": left.repository_id,
            "change": left.change,
            "finding": finding.id,
            "run_id": left.run_id,
            "day": day_of(left.at),
            "task": left.task,
            "reviewer": finding.reviewer,
            "coder": finding.coder,
            "severity": str(finding.severity),
            "fate": finding.fate,
            "proof": finding.proof,
        }
        connection.execute(insert(finding_marks).values(values))
        return
    fate = {"fate": finding.fate} if finding.fate != "open" else {}
    proof = {"proof": finding.proof} if finding.proof else {}
    if fate or proof:
        connection.execute(update(finding_marks).where(known).values(fate | proof))


def _put_change(connection: Connection, left: RunMarks) -> None:
    """A run that adds to a change moves its head; where the change begins is for the run to say that made it."""
    made = left.made
    assert made is not None
    known = _change(left.repository_id, left.change)
    now = {"head": made.head, "code": made.commit, "is_approved": made.is_approved, "location": made.location}
    began = {"base": made.base, "diff_digest": made.diff_digest, "task": left.task}
    maker = connection.scalar(select(change_marks.c.run_id).where(known))
    if maker is not None:
        values = now | began if maker == left.run_id else now
        connection.execute(update(change_marks).where(known).values(**values))
        return
    where = {"repository_id": left.repository_id, "change": left.change, "run_id": left.run_id, "made_at": left.at}
    fresh = {"state": "open", "ended_at": "", "landed": "", "reverted_at": "", "is_as_reviewed": False}
    connection.execute(insert(change_marks).values(where | now | began | fresh))
