"""The Signer with a key: page, signed statement, and the check of what was signed before."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from pointsman.audit.checking.verify import verify_notes
from pointsman.audit.keys.envelope import digest_of
from pointsman.audit.keys.keyring import trusted_from
from pointsman.audit.keys.place import KeyPlace
from pointsman.audit.keys.signing import SigningKey, seal
from pointsman.audit.ledger.key_store import SqlKeys
from pointsman.audit.note.page import page_of
from pointsman.audit.note.statement import statement_of
from pointsman.domain.errors import OperatorMust
from pointsman.domain.keys import KeyState, KnownKey
from pointsman.domain.notes import NoteFacts, NoteReport, SignedNote


class KeySigner:
    """Signs with the Ed25519 key of a place, which is made at first use; see `keys.place`.

    With `keys` it signs with an active key only, and takes up one that took the place of another while it ran.
    """

    def __init__(self, place: KeyPlace | Path, keys: SqlKeys | None = None, now: Callable[[], str] = str) -> None:
        self._place = place if isinstance(place, KeyPlace) else KeyPlace(place)
        self._keys = keys
        self._now = now
        self._key: tuple[tuple[object, ...], SigningKey] | None = None
        self._opening = threading.Lock()

    async def sign(self, facts: NoteFacts) -> SignedNote:
        """The page and the signed statement; the same facts and key give the same bytes.

        Raises OperatorMust when the key cannot be used (`signing-key`) or the facts cannot be told (`note`).
        """
        key = await self.ready()
        return await asyncio.to_thread(_signed, facts, key)

    async def ready(self) -> SigningKey:
        """The key that signs now, known to the ledger. Raises OperatorMust (`signing-key`) when there is none."""
        key = await asyncio.to_thread(self._opened)
        if self._keys is None or await self._state_of(key, self._keys) == "active":
            return key
        # A change of keys that was cut off between the ledger and the folder is brought to its end.
        await asyncio.to_thread(self._place.promote)
        key = await asyncio.to_thread(self._opened)
        state = await self._state_of(key, self._keys)
        if state != "active":
            raise OperatorMust(
                f"The signing key {key.key_id[:16]} is {state}, so nothing is signed with it.",
                code="signing-key",
                hint="Let another take its place with `pointsman keys rotate`.",
            )
        return key

    def public_key(self) -> bytes:
        """The public key as PEM."""
        return self._opened().public_pem

    def key_id(self) -> str:
        """The name of the public key, as it stands in every note."""
        return self._opened().key_id

    def verify(self, notes: tuple[tuple[str, bytes], ...], trusted: tuple[bytes, ...]) -> NoteReport:
        """Check the envelopes (name, bytes), oldest first; pages given beside them are checked too."""
        return verify_notes(notes, trusted_from(trusted))

    async def _state_of(self, key: SigningKey, keys: SqlKeys) -> KeyState:
        now = self._now()
        own = KnownKey(key.key_id, key.public_pem.decode(), "active", since=now)
        kept = await asyncio.to_thread(self._place.kept, now)
        states = await keys.take_in(own, *(one for one in kept if one.id != own.id or one.state == "revoked"))
        await asyncio.to_thread(self._place.keep, key)
        return states[own.id]

    def _opened(self) -> SigningKey:
        with self._opening:
            stamp = self._place.stamp()
            if self._key is None or self._key[0] != stamp:
                # A key that is made now has a stamp only afterwards.
                key = self._place.load()
                self._key = (self._place.stamp(), key)
            return self._key[1]


def _signed(facts: NoteFacts, key: SigningKey) -> SignedNote:
    page = page_of(facts)
    try:
        envelope = seal(statement_of(facts, page), key)
    except (ValidationError, ValueError) as error:
        raise OperatorMust(
            f"The note of run {facts.run_id} cannot be written: a fact does not fit the note's form.",
            code="note",
            hint="Nothing was pushed. This is a bug of the bot: report it with the log of the run.",
        ) from error
    return SignedNote(facts.name, page, envelope, digest_of(envelope), key.key_id, key.public_pem)
