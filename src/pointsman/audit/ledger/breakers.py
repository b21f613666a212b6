"""Providers that do not answer, on SQL: one row for each that met an outage since its last answer."""

from collections.abc import Callable
from dataclasses import asdict, fields

from sqlalchemy import Column, Connection, Float, Integer, RowMapping, String, Table, delete, insert, select

from pointsman.audit.ledger.database import Database
from pointsman.audit.ledger.tables import metadata
from pointsman.domain.breaker import Breaker, CallEnd, HeldOff, Pair, Trying, admitted, ended, fresh
from pointsman.ports.clock import Clock

breakers = Table(
    "breakers",
    metadata,
    *(Column(name, String, primary_key=True) for name in ("provider", "origin", "model")),
    *(Column(name, Integer, nullable=False) for name in ("in_a_row", "openings")),
    *(Column(name, Float, nullable=False) for name in ("cooldown", "trial_seconds")),
    *(Column(name, String, nullable=False) for name in ("newest", "kind", "since", "opened_at", "trial", "trial_at")),
)


class SqlBreakers:
    """The Breakers in the ledger's database, by the same URL; see ports/breakers.py.

    A provider that answers has no row, so a call to one costs two short reads and no write.
    """

    def __init__(self, url: str, clock: Clock) -> None:
        self._database = Database(url)
        self._clock = clock

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def admit(self, trying: Trying) -> HeldOff | None:
        """Whether the call may go out; one transaction decides who of many is the trial."""
        if not await self._is_known(trying):
            return None
        now = self._clock.now()
        held: list[HeldOff] = []

        def step(pair: Pair) -> Pair:
            found = admitted(pair, trying, now)
            if isinstance(found, HeldOff):
                held.append(found)
                return pair
            return found

        await self._change(trying, step)
        return held[0] if held else None

    async def tell(self, trying: Trying, end: CallEnd) -> None:
        """How a call ended; what is closed again is forgotten."""
        if isinstance(end, str) and not await self._is_known(trying):
            return
        now = self._clock.now()
        await self._change(trying, lambda pair: ended(pair, trying, end, now))

    async def standing(self) -> tuple[Breaker, ...]:
        """Those that are open now, by provider and model."""
        query = select(breakers).where(breakers.c.since != "").order_by(breakers.c.provider, breakers.c.model)
        return await self._database.read(
            lambda connection: tuple(_breaker_of(row) for row in connection.execute(query).mappings())
        )

    async def _is_known(self, trying: Trying) -> bool:
        return await self._database.read(lambda connection: _pair(connection, trying) != fresh(trying))

    async def _change(self, trying: Trying, step: Callable[[Pair], Pair]) -> None:
        def work(connection: Connection) -> None:
            pair = _pair(connection, trying)
            for before, after, clean in zip(pair, step(pair), fresh(trying), strict=True):
                if after != before:
                    connection.execute(delete(breakers).filter_by(**_key(before)))
                    if after != clean:
                        connection.execute(insert(breakers).values(asdict(after)))

        await self._database.write(work)


def _pair(connection: Connection, trying: Trying) -> Pair:
    whole, one = (_found(connection, clean) for clean in fresh(trying))
    return whole, one


def _found(connection: Connection, clean: Breaker) -> Breaker:
    row = connection.execute(select(breakers).filter_by(**_key(clean))).mappings().first()
    return clean if row is None else _breaker_of(row)


def _key(breaker: Breaker) -> dict[str, str]:
    return {"provider": breaker.provider, "origin": breaker.origin, "model": breaker.model}


def _breaker_of(row: RowMapping) -> Breaker:
    return Breaker(**{field.name: row[field.name] for field in fields(Breaker)})
