"""Prompts and answers on SQL: compressed, encrypted row by row, found by digest, erased in time."""

import asyncio
import hashlib
import os
import zlib
from collections.abc import Callable
from dataclasses import asdict

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from pointsman.audit.ledger.database import Database
from pointsman.audit.texts.key import TextKey
from pointsman.audit.texts.tables import FACTS, kept_runs, look_of, looks, text_of, text_values, texts, there
from pointsman.domain.errors import OperatorMust
from pointsman.domain.moments import later
from pointsman.domain.texts import Erasure, KeptRun, Look, SentText, TextFacts, TextSum, Which

MOST_BYTES = 16 * 2**20
"""Of one text as it was sent; a longer one leaves its digest and the reason alone."""

_NONCE = 12
_DAY_SECONDS = 86_400
_KNOWN_RUNS = 500
_LEVEL = 1
"""zlib: what tells in a call is the time, and one level more saves a tenth of the bytes for twice of it."""


class SqlTexts:
    """The Texts in the ledger's database, by the same URL; see ports/texts.py. `key` gives the key when it is wanted.

    AES-256-GCM with a random nonce for each row, under a key of the run; the digest, the run and the kind are bound
    to it, so that a row that was put in another's place cannot be read.
    """

    def __init__(self, url: str, key: Callable[[], TextKey], *, most_bytes: int = MOST_BYTES) -> None:
        self._database = Database(url)
        self._key = key
        self._most = most_bytes
        self._days: dict[str, tuple[int, str]] = {}

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    async def begin(self, run: KeptRun) -> None:
        """Say how long the texts of a run are kept; what was said first stands."""
        values = {**asdict(run), "sensitivity": str(run.sensitivity)}
        known = select(kept_runs.c.run_id).where(kept_runs.c.run_id == run.run_id)

        def work(connection: Connection) -> None:
            if connection.execute(known).first() is None:
                connection.execute(insert(kept_runs).values(values))

        await self._database.write(work)

    async def keep(self, texts: tuple[tuple[SentText, bytes], ...]) -> None:
        """Keep texts of one run, all of them in one transaction; nothing is written for a run that keeps none."""
        days, repository_id = await self._rule_of(texts[0][0].run_id) if texts else (0, "")
        if days <= 0:
            return
        rows = await asyncio.to_thread(self._rows, texts, days, repository_id)
        await self._database.write(lambda connection: _put(connection, rows))

    async def find(self, prefix: str) -> tuple[TextFacts, ...]:
        """The texts whose digest begins so, newest first, erased ones among them."""
        begins = texts.c.sha256.startswith(prefix, autoescape=True)
        query = select(*FACTS).where(begins).order_by(texts.c.seq.desc())
        return await self._database.read(lambda connection: tuple(map(text_of, connection.execute(query).mappings())))

    async def read(self, text: TextFacts) -> bytes:
        """The exact bytes, whose digest was compared. Raises OperatorMust (`text-key`, `text-damaged`)."""
        query = select(texts.c.nonce, texts.c.ciphertext).where(texts.c.seq == text.seq, there)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise _damaged(text, "it was erased meanwhile")
        return await asyncio.to_thread(self._opened, text, bytes(row[0]), bytes(row[1]))

    async def sum(self, which: Which) -> TextSum:
        """How much of it is still there."""
        fits = _fits(which)

        def work(connection: Connection) -> TextSum:
            count, size = connection.execute(
                select(func.count(texts.c.seq), func.coalesce(func.sum(texts.c.size), 0)).where(fits)
            ).one()
            runs = connection.scalars(select(texts.c.run_id).where(fits).distinct().order_by(texts.c.run_id))
            return TextSum(int(count), int(size), tuple(runs))

        return await self._database.read(work)

    async def erase(self, which: Which, erasure: Erasure, limit: int = 0) -> int:
        """Empty the rows and say in each when and why; then empty the write-ahead log, which held the old pages."""
        fits = _fits(which)
        chosen = select(texts.c.seq).where(fits).order_by(texts.c.seq)
        gone = {"nonce": b"", "ciphertext": b""}
        said = {"erased_at": erasure.at, "erased_by": erasure.by, "erased_why": erasure.why}
        some = chosen.limit(limit) if limit else chosen

        def work(connection: Connection) -> int:
            return connection.execute(
                update(texts).where(texts.c.seq.in_(some.scalar_subquery()), there).values(**gone, **said)
            ).rowcount

        count = await self._database.write(work)
        if count:
            await self._database.scrub()
        return count

    async def look(self, look: Look) -> None:
        """Remember that somebody asked to see a text."""
        values = asdict(look)

        def work(connection: Connection) -> None:
            same = and_(*(looks.c[name] == value for name, value in values.items()))
            if connection.execute(select(looks.c.seq).where(same)).first() is None:
                connection.execute(insert(looks).values(values))

        await self._database.write(work)

    async def looks(self, limit: int = 100) -> tuple[Look, ...]:
        """Who asked to see which text, newest first."""
        query = select(looks).order_by(looks.c.seq.desc()).limit(limit)
        return await self._database.read(lambda connection: tuple(map(look_of, connection.execute(query).mappings())))

    async def _rule_of(self, run_id: str) -> tuple[int, str]:
        """The days of a run and its repository; they never change, so they are asked for once."""
        known = self._days.get(run_id)
        if known is not None:
            return known
        query = select(kept_runs.c.keep_days, kept_runs.c.repository_id).where(kept_runs.c.run_id == run_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return 0, ""
        while len(self._days) >= _KNOWN_RUNS:
            self._days.pop(next(iter(self._days)))
        self._days[run_id] = (int(row[0]), str(row[1]))
        return self._days[run_id]

    def _rows(
        self, given: tuple[tuple[SentText, bytes], ...], days: int, repository_id: str
    ) -> list[dict[str, object]]:
        key = self._key()
        cipher = AESGCM(key.of_run(given[0][0].run_id))
        rows: list[dict[str, object]] = []
        for text, data in given:
            nonce, sealed = os.urandom(_NONCE), b""
            row = text_values(text) | {"repository_id": repository_id, "size": len(data), "key_id": key.key_id}
            if len(data) > self._most:
                row |= {"erased_at": text.at, "erased_why": "too-large"}
                nonce = b""
            else:
                sealed = cipher.encrypt(nonce, zlib.compress(data, _LEVEL), _bound(text))
            ends = later(text.at, days * _DAY_SECONDS)
            rows.append(row | {"erase_after": ends, "nonce": nonce, "ciphertext": sealed})
        return rows

    def _opened(self, text: TextFacts, nonce: bytes, sealed: bytes) -> bytes:
        key = self._key()
        if key.key_id != text.key_id:
            raise OperatorMust(
                f"The text {text.sha256[:12]} was encrypted under the key {text.key_id}, and the key here is "
                f"{key.key_id}.",
                code="text-key",
                hint="Give the bot the key of that time. Without it the text cannot be read; its note still holds.",
            )
        unpacking = zlib.decompressobj()
        try:
            packed = AESGCM(key.of_run(text.run_id)).decrypt(nonce, sealed, _bound(text))
            data = unpacking.decompress(packed, self._most + 1)
        except (InvalidTag, ValueError, zlib.error) as error:
            raise _damaged(text, "its row was changed or cut") from error
        if hashlib.sha256(data).hexdigest() != text.sha256:
            raise _damaged(text, "its bytes have another digest")
        return data


def _bound(text: SentText | TextFacts) -> bytes:
    """What a row's ciphertext is bound to."""
    return "\0".join((text.sha256, text.run_id, text.kind)).encode()


def _put(connection: Connection, rows: list[dict[str, object]]) -> None:
    """Write the rows that are not there; what was kept of a call first stands."""
    for row in rows:
        same = and_(*(texts.c[name] == row[name] for name in ("run_id", "call_id", "attempt", "kind")))
        if connection.execute(select(texts.c.seq).where(same)).first() is None:
            connection.execute(insert(texts).values(row))


def _fits(which: Which) -> ColumnElement[bool]:
    """The rows that hold a text and fit everything that is named. Raises ValueError when nothing is."""
    equal = [
        texts.c[name] == value for name in ("sha256", "run_id", "repository_id") if (value := getattr(which, name))
    ]
    bounds = [texts.c.at < which.before] if which.before else []
    due = [texts.c.erase_after <= which.due] if which.due else []
    if not (equal or bounds or due):
        raise ValueError("nothing says which texts are meant")
    return and_(there, *equal, *bounds, *due)


def _damaged(text: TextFacts, why: str) -> OperatorMust:
    return OperatorMust(
        f"The text {text.sha256[:12]} of run {text.run_id} cannot be read: {why}.",
        code="text-damaged",
        hint="Restore the ledger's database from a backup. The note that names the digest is not touched by this.",
    )
