"""All that an installation does with its keys: signing, telling which are to be believed, rotating, revoking."""

from collections.abc import Callable

from pointsman.audit.keys import rotation
from pointsman.audit.keys.keyring import TrustedKeys, trusted_from
from pointsman.audit.keys.place import KeyPlace
from pointsman.audit.keys.published import published
from pointsman.audit.ledger.key_store import SqlKeys
from pointsman.audit.signer import KeySigner
from pointsman.domain.keys import KnownKey


class KeyChain:
    """The keys of a home, by its place for private halves and by the database of its ledger."""

    def __init__(self, place: KeyPlace, url: str, now: Callable[[], str]) -> None:
        self.place = place
        self._store = SqlKeys(url)
        self._now = now
        self.signer = KeySigner(place, self._store, now)

    def close(self) -> None:
        """Close every connection."""
        self._store.close()

    async def known(self) -> tuple[KnownKey, ...]:
        """Every key that a machine on this ledger signed with, oldest first."""
        return await self._store.known()

    async def published(self) -> bytes:
        """The same as it is published; the first key is made when there is none."""
        if not await self.known():
            await self.signer.ready()
        return published(await self.known())

    async def trusted(self, *given: bytes) -> TrustedKeys:
        """The keys that are given, else those of this installation. None is made for that."""
        if given:
            return trusted_from(given)
        if not await self.known() and not self.place.holds_one:
            return TrustedKeys()
        return trusted_from((await self.published(),))

    async def rotate(self, why: str) -> str:
        """Let another key sign from now on. Its id."""
        return await rotation.rotate(self.place, self._store, reason=why, at=self._now())

    async def revoke(self, named: str, why: str) -> KnownKey:
        """Believe a key no more, but for those of its notes that the ledger knows."""
        return await rotation.revoke(self.place, self._store, named, reason=why, at=self._now())
