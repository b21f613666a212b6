"""The ledger on SQL: calls before and after, money reserved and settled, runs, people's acts, the chain's head."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from pointsman.audit.ledger.budget import require_room, spent_in
from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.key_store import is_revoked
from pointsman.audit.ledger.notes import keep_note
from pointsman.audit.ledger.tables import (
    acts,
    answers,
    call_of,
    call_values,
    calls,
    day_of,
    note_heads,
    notes,
    overrides,
    run_of,
    run_values,
    runs,
)
from pointsman.domain.errors import TryAgain
from pointsman.domain.ledger import ENDED, CallRecord, RunView, Spent
from pointsman.domain.levels import Phase
from pointsman.domain.models import Caps, Reply
from pointsman.domain.notes import KeptNote, PersonAct

T = TypeVar("T")

_ORDER = tuple(Phase)
_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)


class SqlLedger:
    """The Ledger on SQLite (`sqlite:////absolute/path`) or PostgreSQL (`postgresql+psycopg://...`).

    Every method is one short transaction beside the event loop and is on disk when it returns. Raises OperatorMust
    (`disk-full`, `ledger`) and TryAgain (`ledger-busy`); when the ledger cannot be read, no call is admitted.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def open_call(self, record: CallRecord, caps: Caps, repository_id: str) -> CallRecord:
        """Write that the call is sent, if its reservation fits into every cap; see ports/ledger.py."""

        def work(connection: Connection) -> CallRecord:
            supersede = update(calls).where(calls.c.call_id == record.call_id, calls.c.state == "sent")
            connection.execute(supersede.values(superseded=True))
            require_room(connection, record, caps=caps, repository_id=repository_id)
            last = select(func.max(calls.c.attempt)).where(calls.c.call_id == record.call_id)
            opened = replace(record, state="sent", attempt=(connection.scalar(last) or 0) + 1)
            connection.execute(insert(calls).values(call_values(opened) | {"repository_id": repository_id}))
            return opened

        return await self._database.write(work)

    async def close_call(self, record: CallRecord, answer: Reply | None = None) -> None:
        """Settle the call. The first settlement stands; one of a call never seen open is kept, for it was paid.

        The answer is kept with it, in one transaction, until the run ends.
        """

        def work(connection: Connection) -> None:
            this = and_(calls.c.call_id == record.call_id, calls.c.attempt == record.attempt)
            row = connection.execute(select(calls).where(this)).mappings().first()
            values = call_values(record)
            if row is None:
                of_run = select(runs.c.repository_id).where(runs.c.run_id == record.run_id)
                values["repository_id"] = connection.scalar(of_run) or ""
                connection.execute(insert(calls).values(values))
            elif row["state"] == "sent":
                # The day is that of the reservation; whether a repeat took its place is not for the answer to say.
                del values["day"], values["superseded"]
                connection.execute(update(calls).where(this).values(values))
            if answer is not None and (row is None or row["state"] == "sent"):
                payload = _REPLY.dump_json(answer).decode()
                _put(connection, answers, {"call_id": record.call_id, "run_id": record.run_id, "payload": payload})

        await self._database.write(work)

    async def spent(self, repository_id: str, requester: str, at: str) -> Spent:
        """What is paid in the day (UTC) of `at`; what calls on their way have reserved is not in it."""
        day = day_of(at)
        return await self._database.read(
            lambda connection: spent_in(connection, day, repository_id=repository_id, requester=requester)
        )

    async def answer_of(self, call_id: str) -> Reply | None:
        """What was answered to a call that is settled, as long as its run goes on."""
        query = select(answers.c.payload).where(answers.c.call_id == call_id)
        found = await self._rows(query, lambda row: _REPLY.validate_json(str(row["payload"])))
        return found[0] if found else None

    async def forget_answers(self, run_id: str) -> None:
        """Forget the answers of calls that belong to no run, and so to none whose end would do it."""

        def work(connection: Connection) -> None:
            connection.execute(delete(answers).where(answers.c.run_id == run_id))

        await self._database.write(work)

    async def calls(self, run_id: str) -> tuple[CallRecord, ...]:
        """The calls of a run, after those of the runs it was forked from, each with its last attempt.

        Of a parent count the calls of phases before the first phase that the child called itself; all of them as
        long as the child has called none.
        """
        return await self._database.read(lambda connection: _lineage(connection, run_id, frozenset()))

    async def calls_with(self, prefix: str) -> tuple[CallRecord, ...]:
        """The calls whose prompt or answer has a digest that begins so."""
        sides = (calls.c.sent_sha256, calls.c.received_sha256)
        fits = or_(*(side.startswith(prefix, autoescape=True) for side in sides))
        return await self._rows(select(calls).where(fits).order_by(calls.c.seq), call_of)

    async def keep(self, view: RunView) -> None:
        """Create or replace the row of a run. Tokens, cost and calls are not taken from `view` but summed."""

        def work(connection: Connection) -> None:
            _put(connection, runs, run_values(view))
            if view.state in ENDED:
                connection.execute(delete(answers).where(answers.c.run_id == view.run_id))

        await self._database.write(work)

    async def run(self, run_id: str) -> RunView | None:
        """One run, with tokens and cost summed from its own calls; what a settled attempt cost counts each time."""

        def work(connection: Connection) -> RunView | None:
            row = connection.execute(_with_sums().where(runs.c.run_id == run_id)).mappings().first()
            return None if row is None else run_of(row)

        return await self._database.read(work)

    async def runs(self, repository_id: str = "", limit: int = 50) -> tuple[RunView, ...]:
        """The newest runs, all or of one repository."""
        query = _with_sums().order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(limit)
        if repository_id:
            query = query.where(runs.c.repository_id == repository_id)
        return await self._rows(query, run_of)

    async def act(self, run_id: str, person: PersonAct) -> None:
        """Remember what a person did to a run; the same act said twice counts once."""
        values: dict[str, object] = {"run_id": run_id, **_act_values(person)}

        def work(connection: Connection) -> None:
            if connection.execute(select(acts.c.seq).where(_same(acts, values))).first() is None:
                connection.execute(insert(acts).values(values))

        await self._database.write(work)

    async def acts(self, run_id: str) -> tuple[PersonAct, ...]:
        """What people did to this run, in order; not what they did to the run that it was forked from."""
        query = select(acts).where(acts.c.run_id == run_id).order_by(acts.c.seq)
        return await self._rows(query, _act_of)

    async def override(self, run_id: str, phase: str, model_name: str, payload: str) -> None:
        """Keep the route that replaces the one of `phase` in this run; the last one said holds."""
        values = {"run_id": run_id, "phase": str(phase), "model": model_name, "payload": payload}
        await self._database.write(lambda connection: _put(connection, overrides, values))

    async def overrides(self, run_id: str) -> dict[str, str]:
        """The payloads of the overrides of a run by phase."""
        query = select(overrides).where(overrides.c.run_id == run_id).order_by(overrides.c.phase)
        return dict(await self._rows(query, lambda row: (str(row["phase"]), str(row["payload"]))))

    async def note_head(self, repository_id: str) -> str:
        """The digest of the newest note of a repository, empty before the first: the chain's head outside git."""
        chain = await self.note_chain(repository_id)
        return chain[-1] if chain else ""

    async def note_chain(self, repository_id: str) -> tuple[str, ...]:
        """The digests of all notes of a repository, oldest first, whatever branch they lie on."""
        query = select(note_heads).where(note_heads.c.repository_id == repository_id).order_by(note_heads.c.seq)
        return await self._rows(query, lambda row: str(row["digest"]))

    async def take_place(self, note: KeptNote, *, holder: str = "") -> None:
        """Move the chain's head to a note, from the one that it names as the one before it, and keep the note.

        Both happen or neither; a note that has its place keeps it. `holder` stands for the note's run where the run
        may have two: one that signs anew after a crash replaces the note that it holds at the head. Raises TryAgain
        (`note-head`), and moves nothing, when the head stands elsewhere: another run of the repository was faster;
        or when the key that signed the note was revoked since.
        """

        def work(connection: Connection) -> None:
            _take(connection, note, holder or note.run_id)
            keep_note(connection, note)

        await self._database.write(work)

    async def give_back_note_head(self, repository_id: str, digest: str, run_id: str) -> None:
        """Forget a note that came to no branch, as long as no other follows it; else it stays known for ever."""

        def work(connection: Connection) -> None:
            newest = select(func.max(note_heads.c.seq)).where(note_heads.c.repository_id == repository_id)
            own = and_(note_heads.c.digest == digest, note_heads.c.run_id == run_id)
            gone = delete(note_heads).where(own, note_heads.c.seq == connection.scalar(newest))
            if connection.execute(gone).rowcount:
                connection.execute(delete(notes).where(_kept_as(repository_id, digest)))

        await self._database.write(work)

    async def _rows(self, query: Select[*tuple[object, ...]], made: Callable[[RowMapping], T]) -> tuple[T, ...]:
        return await self._database.read(
            lambda connection: tuple(made(row) for row in connection.execute(query).mappings())
        )


def _take(connection: Connection, note: KeptNote, holder: str) -> None:
    of_repository = note_heads.c.repository_id == note.repository_id
    known = select(note_heads.c.seq).where(of_repository, note_heads.c.digest == note.digest)
    if connection.execute(known).first() is not None:
        return
    if note.key_id and is_revoked(connection, note.key_id):
        raise TryAgain(
            f"The key that signed the note of run {note.run_id} was revoked meanwhile.",
            code="note-head",
            hint="Record again: the note must be signed with another key.",
        )
    newest = select(note_heads).where(of_repository).order_by(note_heads.c.seq.desc()).limit(1)
    head = connection.execute(newest).mappings().first()
    stands = "" if head is None else str(head["digest"])
    own = head is not None and head["run_id"] == holder and head["previous"] == note.previous
    if stands != note.previous and not own:
        raise TryAgain(
            f"Another run wrote a note first; the one of run {note.run_id} would not follow it.",
            code="note-head",
            hint="Record again: the note must name the newest one as the one before it.",
        )
    if own and stands != note.previous:
        connection.execute(delete(notes).where(_kept_as(note.repository_id, stands)))
    values = {"repository_id": note.repository_id, "digest": note.digest, "previous": note.previous}
    connection.execute(insert(note_heads).values(values | {"run_id": holder, "key_id": note.key_id}))


def _kept_as(repository_id: str, digest: str) -> ColumnElement[bool]:
    return and_(notes.c.repository_id == repository_id, notes.c.digest == digest)


def _same(table: Table, values: Mapping[str, object]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in values.items()))


def _put(connection: Connection, table: Table, values: Mapping[str, object]) -> None:
    """Replace the row with this primary key, or make it; writers take turns, so nothing comes between."""
    key = _same(table, {column.name: values[column.name] for column in table.primary_key})
    if connection.execute(update(table).where(key).values(values)).rowcount == 0:
        connection.execute(insert(table).values(values))


def _lineage(connection: Connection, run_id: str, seen: frozenset[str]) -> tuple[CallRecord, ...]:
    own = _own_calls(connection, run_id)
    parent = connection.scalar(select(runs.c.parent).where(runs.c.run_id == run_id))
    if not parent or parent in seen:
        return own
    inherited = _lineage(connection, parent, seen | {run_id})
    fork = min((_ORDER.index(call.phase) for call in own), default=len(_ORDER))
    return (*(call for call in inherited if _ORDER.index(call.phase) < fork), *own)


def _own_calls(connection: Connection, run_id: str) -> tuple[CallRecord, ...]:
    rows = connection.execute(select(calls).where(calls.c.run_id == run_id).order_by(calls.c.seq)).mappings()
    last = {row["call_id"]: row for row in rows}
    return tuple(call_of(row) for row in sorted(last.values(), key=lambda row: int(row["seq"])))


@cache
def _with_sums() -> Select[*tuple[object, ...]]:
    kept = and_(calls.c.run_id == runs.c.run_id, ~and_(calls.c.state == "sent", calls.c.superseded))
    return (
        select(
            runs,
            func.coalesce(func.sum(calls.c.input_tokens), 0).label("input_tokens"),
            func.coalesce(func.sum(calls.c.output_tokens), 0).label("output_tokens"),
            func.coalesce(func.sum(calls.c.cost_nano), 0).label("cost_nano"),
            func.count(calls.c.seq).label("calls"),
        )
        .join_from(runs, calls, kept, isouter=True)
        .group_by(*runs.c)
    )


def _act_values(person: PersonAct) -> dict[str, object]:
    return {name: getattr(person, name) for name in ("actor_id", "login", "act", "detail", "at")}


def _act_of(row: RowMapping) -> PersonAct:
    return PersonAct(**{name: row[name] for name in ("actor_id", "login", "act", "detail", "at")})
