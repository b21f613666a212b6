"""Deliveries on SQL: kept before they are acknowledged, each id once."""

import asyncio
from dataclasses import dataclass
from functools import partial

from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    String,
    Table,
    insert,
    select,
    update,
)

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import metadata, sequence
from pointsman.domain.errors import PointsmanError, TryAgain
from pointsman.domain.events import Delivery

# GitHub closes the connection after ten seconds (GitHub documentation, "Best practices for using webhooks").
PATIENCE = 8.0
_AT_ONCE = 100

deliveries = Table(
    "deliveries",
    metadata,
    Column("seq", sequence, primary_key=True, autoincrement=True),
    Column("id", String, nullable=False, unique=True),
    *(Column(name, String, nullable=False) for name in ("forge", "event", "received_at")),
    Column("body", LargeBinary, nullable=False),
    Column("outcome", String, nullable=True),
)
"""What was acknowledged. `outcome` is null until it was dealt with; then the body is empty."""

_OPEN = deliveries.c.outcome.is_(None)
Index("deliveries_open", deliveries.c.seq, sqlite_where=_OPEN, postgresql_where=_OPEN)


class SqlInbox:
    """The Inbox in the ledger's database, by the same URL; see ports/inbox.py. `patience` is in seconds."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._database = Database(url)
        self._patience = patience
        self._offered: list[_Offer] = []
        self._carrier: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Make the tables now, so that the first delivery does not wait for them."""
        await self.waiting(1)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def take(self, delivery: Delivery) -> bool:
        """Keep a delivery; it is on disk when this returns. False when its id is known.

        Raises TryAgain (`inbox`) when it cannot be kept within the time that a forge waits for an answer: the
        database is lost, locked or full. Those that come while one is written are written together, after it; so it
        is called from one event loop.
        """
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._offered.append(_Offer(delivery, kept))
        if self._carrier is None or self._carrier.done():
            self._carrier = asyncio.create_task(self._carry())
        try:
            async with asyncio.timeout(self._patience):
                return await kept
        except TimeoutError as error:
            raise _not_kept("no answer in time") from error

    async def _carry(self) -> None:
        while self._offered:
            offers, self._offered = self._offered[:_AT_ONCE], self._offered[_AT_ONCE:]
            try:
                new = await self._database.write(partial(_keep, offers=offers))
                for offer in offers:
                    offer.settle(new.get(offer.delivery.id) is offer)
            except PointsmanError as error:
                for offer in offers:
                    offer.fail(error)

    async def waiting(self, limit: int = 100) -> tuple[str, ...]:
        """The ids of deliveries that are not dealt with, oldest first."""
        query = select(deliveries.c.id).where(_OPEN).order_by(deliveries.c.seq).limit(limit)
        return await self._database.read(lambda connection: tuple(connection.scalars(query)))

    async def delivery(self, delivery_id: str) -> Delivery | None:
        """A delivery that is not dealt with yet."""
        query = select(deliveries).where(deliveries.c.id == delivery_id, _OPEN)

        def work(connection: Connection) -> Delivery | None:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            return Delivery(row["forge"], row["id"], row["event"], bytes(row["body"]), row["received_at"])

        return await self._database.read(work)

    async def finish(self, delivery_id: str, outcome: str) -> None:
        """Dealt with: the id and a word on what came of it stay, the body goes. The first outcome stands."""
        change = update(deliveries).where(deliveries.c.id == delivery_id, _OPEN).values(outcome=outcome, body=b"")

        def work(connection: Connection) -> None:
            connection.execute(change)

        await self._database.write(work)

    async def known(self, delivery_ids: tuple[str, ...]) -> frozenset[str]:
        """Which of these ids were ever taken."""
        found: set[str] = set()
        for start in range(0, len(delivery_ids), 500):
            some = delivery_ids[start : start + 500]
            found |= await self._database.read(partial(_known, ids=some))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Offer:
    """One who waits to hear whether a delivery was kept; he may have gone meanwhile."""

    delivery: Delivery
    kept: asyncio.Future[bool]

    def settle(self, new: bool) -> None:
        if not self.kept.done():
            self.kept.set_result(new)

    def fail(self, error: PointsmanError) -> None:
        if not self.kept.done():
            refusal = _not_kept(error.code)
            refusal.__cause__ = error
            self.kept.set_exception(refusal)


def _keep(connection: Connection, offers: list[_Offer]) -> dict[str, _Offer]:
    """Write those that nobody has written; by id, the offer that was new. Writers take turns."""
    first: dict[str, _Offer] = {}
    for offer in offers:
        first.setdefault(offer.delivery.id, offer)
    known = _known(connection, tuple(first))
    new = {key: offer for key, offer in first.items() if key not in known}
    if new:
        connection.execute(insert(deliveries), [_values(offer.delivery) for offer in new.values()])
    return new


def _known(connection: Connection, ids: tuple[str, ...]) -> frozenset[str]:
    return frozenset(connection.scalars(select(deliveries.c.id).where(deliveries.c.id.in_(ids))))


def _not_kept(why: str) -> TryAgain:
    return TryAgain(
        f"A delivery could not be kept ({why}).",
        after=10.0,
        code="inbox",
        hint="Mend the ledger's database; what the forge could not deliver is asked for again.",
    )


def _values(delivery: Delivery) -> dict[str, object]:
    names = ("id", "forge", "event", "received_at", "body")
    return {name: getattr(delivery, name) for name in names}
