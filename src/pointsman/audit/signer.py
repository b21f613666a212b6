"""The Signer with a key file: page, signed statement, and the check of what was signed before."""

import asyncio
import threading
from pathlib import Path

from pydantic import ValidationError

from pointsman.audit.keyring import trusted_from
from pointsman.audit.page import page_of
from pointsman.audit.signing import SigningKey, digest_of, load_or_make_key, seal
from pointsman.audit.statement import note_name, statement_of
from pointsman.audit.verify import verify_notes
from pointsman.domain.errors import OperatorMust
from pointsman.domain.notes import NoteFacts, NoteReport, SignedNote


class KeySigner:
    """Signs with the Ed25519 key at `path`, which is made at first use; see audit/signing.py."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key: SigningKey | None = None
        self._opening = threading.Lock()

    async def sign(self, facts: NoteFacts) -> SignedNote:
        """The page and the signed statement; the same facts give the same bytes.

        Raises OperatorMust when the key cannot be used (`signing-key`) or the facts cannot be told (`note`).
        """
        return await asyncio.to_thread(self._sign, facts)

    def public_key(self) -> bytes:
        """The public key as PEM."""
        return self._opened().public_pem

    def key_id(self) -> str:
        """The name of the public key, as it stands in every note."""
        return self._opened().key_id

    def verify(self, notes: tuple[tuple[str, bytes], ...], trusted: tuple[bytes, ...]) -> NoteReport:
        """Check the envelopes (name, bytes), oldest first; pages given beside them are checked too."""
        return verify_notes(notes, trusted_from(trusted))

    def _sign(self, facts: NoteFacts) -> SignedNote:
        key = self._opened()
        page = page_of(facts)
        try:
            envelope = seal(statement_of(facts, page), key)
        except (ValidationError, ValueError) as error:
            raise OperatorMust(
                f"The note of run {facts.run_id} cannot be written: a fact does not fit the note's form.",
                code="note",
                hint="Nothing was pushed. This is a bug of the bot: report it with the log of the run.",
            ) from error
        name = note_name(facts.written_at, facts.branch, facts.run_id)
        return SignedNote(name=name, page=page, envelope=envelope, digest=digest_of(envelope), key_id=key.key_id)

    def _opened(self) -> SigningKey:
        with self._opening:
            if self._key is None:
                self._key = load_or_make_key(self._path)
            return self._key
