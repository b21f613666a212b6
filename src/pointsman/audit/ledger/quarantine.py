"""Providers that nobody asks until an operator lifts it, on SQL."""

from dataclasses import asdict

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import metadata
from pointsman.domain.ledger import Quarantined

quarantine = Table(
    "quarantine",
    metadata,
    Column("provider", String, primary_key=True),
    *(Column(name, String, nullable=False) for name in ("code", "why", "since", "run_id")),
)
"""One provider a row; what it did stands in `calls` as well, and stays there when the row goes."""


class SqlQuarantine:
    """The Quarantine in the ledger's database, by the same URL; see ports/quarantine.py."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def hold(self, found: Quarantined) -> None:
        """Keep that a provider is not to be asked; what was found first stands until it is lifted."""
        known = select(quarantine.c.provider).where(quarantine.c.provider == found.provider)

        def work(connection: Connection) -> None:
            # Writers take turns, so nothing comes between the look and the write.
            if connection.execute(known).first() is None:
                connection.execute(insert(quarantine).values(asdict(found)))

        await self._database.write(work)

    async def held(self) -> tuple[Quarantined, ...]:
        """The providers that are not to be asked, by name."""
        query = select(quarantine).order_by(quarantine.c.provider)
        return await self._database.read(
            lambda connection: tuple(Quarantined(**row) for row in connection.execute(query).mappings())
        )

    async def lift(self, provider: str) -> bool:
        """Let a provider be asked again. False when it was not held."""
        gone = delete(quarantine).where(quarantine.c.provider == provider)
        return await self._database.write(lambda connection: connection.execute(gone).rowcount > 0)
