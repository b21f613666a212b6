"""The installation's store of signed notes, on SQL."""

from sqlalchemy import Connection, RowMapping, Select, and_, func, insert, select

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import note_heads, notes, runs
from pointsman.domain.notes import KeptNote

_FIELDS = ("repository_id", "repository", "run_id", "branch", "name", "page", "digest", "previous", "key_id")


def keep_note(connection: Connection, note: KeptNote) -> None:
    """Keep a note by its digest, in the transaction that the connection is in; the same one twice counts once."""
    this = select(notes.c.seq).where(notes.c.repository_id == note.repository_id, notes.c.digest == note.digest)
    if connection.execute(this).first() is None:
        names = (*_FIELDS, "change", "envelope", "written_at")
        connection.execute(insert(notes).values({name: getattr(note, name) for name in names}))


class SqlNotes:
    """The Notes in the ledger's database, by the same URL; see ports/notes.py."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def notes(self, repository_id: str = "", since: str = "") -> tuple[KeptNote, ...]:
        """The notes in the order in which they took their places; `since` is compared as it is spelled."""
        query = _with_changes().order_by(notes.c.seq)
        if repository_id:
            query = query.where(notes.c.repository_id == repository_id)
        if since:
            query = query.where(notes.c.written_at >= since)
        return await self._rows(query)

    async def lacking(
        self, repository_id: str, held: frozenset[str], before: str, limit: int
    ) -> tuple[KeptNote, ...]:
        """The oldest notes before the one with the digest `before` that bear no `held` name, `limit` at most."""
        place, chain = note_heads.c.seq, note_heads.c.repository_id == repository_id
        own = select(place).where(chain, note_heads.c.digest == before).scalar_subquery()
        same = and_(notes.c.repository_id == note_heads.c.repository_id, notes.c.digest == note_heads.c.digest)
        earlier = select(notes.c.seq, notes.c.name).join_from(notes, note_heads, same).where(chain, place < own)

        def work(connection: Connection) -> tuple[int, ...]:
            found = connection.execute(earlier.order_by(place)).mappings()
            return tuple(int(row["seq"]) for row in found if row["name"] not in held)[:limit]

        places = await self._database.read(work)
        missed = _with_changes().where(notes.c.seq.in_(places)).order_by(notes.c.seq)
        return await self._rows(missed) if places else ()

    async def note_of(self, run_id: str) -> KeptNote | None:
        """The newest note of a run."""
        newest = _with_changes().where(notes.c.run_id == run_id).order_by(notes.c.seq.desc()).limit(1)
        found = await self._rows(newest)
        return found[0] if found else None

    async def _rows(self, query: Select[*tuple[object, ...]]) -> tuple[KeptNote, ...]:
        return await self._database.read(
            lambda connection: tuple(_note_of(row) for row in connection.execute(query).mappings())
        )


def _with_changes() -> Select[*tuple[object, ...]]:
    """Notes with the number of the change, which a build learns only after it has signed."""
    made = func.coalesce(func.nullif(notes.c.change, ""), runs.c.change, "").label("made")
    return select(notes, made).join_from(notes, runs, notes.c.run_id == runs.c.run_id, isouter=True)


def _note_of(row: RowMapping) -> KeptNote:
    told = {name: str(row[name]) for name in (*_FIELDS, "written_at")}
    return KeptNote(change=str(row["made"]), envelope=bytes(row["envelope"]), **told)
