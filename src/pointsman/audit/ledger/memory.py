"""What the bot remembers of issues and changes, on SQL."""

from sqlalchemy import (
    Column,
    Connection,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import metadata, sequence

memories = Table(
    "memories",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    *(Column(name, String, nullable=False) for name in ("repository_id", "topic", "kind", "key", "value")),
    UniqueConstraint("repository_id", "topic", "kind", "key"),
)
"""One fact a row; `seq` is the order in which they were first kept."""


class SqlMemory:
    """The Memory in the ledger's database, by the same URL; see ports/memory.py."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def remember(self, repository_id: str, topic: str, kind: str, facts: dict[str, str]) -> None:
        """Keep facts of a kind, all or none; those with a known key are replaced and keep their place."""
        place = {"repository_id": repository_id, "topic": topic, "kind": kind}

        def work(connection: Connection) -> None:
            for key, value in facts.items():
                # Writers take turns, so nothing comes between the look and the write.
                known = update(memories).filter_by(**place, key=key).values(value=value)
                if connection.execute(known).rowcount == 0:
                    connection.execute(insert(memories).values(**place, key=key, value=value))

        await self._database.write(work)

    async def recall(self, repository_id: str, topic: str, kind: str) -> dict[str, str]:
        """The facts of a kind, in the order in which they were first kept."""
        query = select(memories.c.key, memories.c.value).order_by(memories.c.seq)
        query = query.filter_by(repository_id=repository_id, topic=topic, kind=kind)
        return await self._database.read(lambda connection: {row.key: row.value for row in connection.execute(query)})

    async def forget(self, repository_id: str, topic: str, kind: str) -> None:
        """Drop the facts of a kind."""
        gone = delete(memories).filter_by(repository_id=repository_id, topic=topic, kind=kind)

        def work(connection: Connection) -> None:
            connection.execute(gone)

        await self._database.write(work)
