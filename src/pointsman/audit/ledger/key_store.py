"""The keys of an installation on SQL: every machine on one ledger knows the keys of all, and what became of them."""

from sqlalchemy import Column, Connection, String, Table, insert, select, update

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import metadata, note_heads, sequence
from pointsman.domain.keys import KeyState, KnownKey

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    *(Column(name, String, nullable=False) for name in ("pem", "state", "since", "until", "reason")),
)
vouched_notes = Table(
    "vouched_notes",
    metadata,
    Column("key_id", String, primary_key=True),
    Column("digest", String, primary_key=True),
)
"""The notes that the ledger held of a key at the moment in which it was revoked."""


class SqlKeys:
    """Public halves and states, in the ledger's database, by the same URL. A state only ever goes one way."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def known(self) -> tuple[KnownKey, ...]:
        """Every key that was ever taken in, oldest first."""
        return await self._database.read(_known)

    async def take_in(self, *keys: KnownKey) -> dict[str, KeyState]:
        """Remember keys that are new, and of known ones that they are revoked; the states of all that are known."""
        states = {key.id: key.state for key in await self.known()}
        if all(key.id in states and (key.state != "revoked" or states[key.id] == "revoked") for key in keys):
            return states

        def work(connection: Connection) -> dict[str, KeyState]:
            for key in keys:
                _put(connection, key)
            return {key.id: key.state for key in _known(connection)}

        return await self._database.write(work)

    async def replace(self, new: KnownKey, olds: tuple[str, ...], reason: str) -> None:
        """Take in `new` and retire the active ones among `olds`, at once for every reader."""

        def work(connection: Connection) -> None:
            _put(connection, new)
            retired = update(signing_keys).where(signing_keys.c.id.in_(olds), signing_keys.c.state == "active")
            connection.execute(retired.values(state="retired", until=new.since, reason=reason))

        await self._database.write(work)

    async def revoke(self, key_id: str, *, reason: str, at: str) -> None:
        """Revoke a known key and vouch for those of its notes that the ledger holds in this moment."""

        def work(connection: Connection) -> None:
            _end(connection, key_id, reason=reason, at=at)

        await self._database.write(work)


def is_revoked(connection: Connection, key_id: str) -> bool:
    """Whether the key is revoked; asked by whoever gives a note its place, in the same transaction."""
    return connection.scalar(select(signing_keys.c.state).where(signing_keys.c.id == key_id)) == "revoked"


def _known(connection: Connection) -> tuple[KnownKey, ...]:
    vouched: dict[str, list[str]] = {}
    for row in connection.execute(select(vouched_notes).order_by(vouched_notes.c.digest)).mappings():
        vouched.setdefault(row["key_id"], []).append(row["digest"])
    rows = connection.execute(select(signing_keys).order_by(signing_keys.c.seq)).mappings()
    return tuple(
        KnownKey(**{name: row[name] for name in row if name != "seq"}, vouched=tuple(vouched.get(row["id"], ())))
        for row in rows
    )


def _put(connection: Connection, key: KnownKey) -> None:
    state = connection.scalar(select(signing_keys.c.state).where(signing_keys.c.id == key.id))
    if state is None:
        columns = ("id", "pem", "state", "since", "until", "reason")
        connection.execute(insert(signing_keys).values({name: getattr(key, name) for name in columns}))
    elif key.state == "revoked":
        _end(connection, key.id, reason=key.reason, at=key.until)


def _end(connection: Connection, key_id: str, *, reason: str, at: str) -> None:
    ended = update(signing_keys).where(signing_keys.c.id == key_id, signing_keys.c.state != "revoked")
    if connection.execute(ended.values(state="revoked", until=at, reason=reason)).rowcount == 0:
        return
    # Notes of a release that did not write the key down may be of any; each is honest, or it would not be here.
    own = select(note_heads.c.digest).where(note_heads.c.key_id.in_((key_id, ""))).distinct()
    found = [{"key_id": key_id, "digest": digest} for digest in connection.scalars(own)]
    if found:
        connection.execute(insert(vouched_notes), found)
