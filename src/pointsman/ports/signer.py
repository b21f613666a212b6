"""Who writes and signs the note."""

from typing import Protocol

from pointsman.domain.notes import NoteFacts, NoteReport, SignedNote


class Signer(Protocol):
    """Holds the installation's key. No signature means no note, and no note means nothing is pushed."""

    async def sign(self, facts: NoteFacts) -> SignedNote:
        """The page and the signed statement. Raises OperatorMust when the key cannot be used."""

    def verify(self, notes: tuple[tuple[str, bytes], ...], trusted: tuple[bytes, ...]) -> NoteReport:
        """Check signatures and chain of the envelopes (name, bytes), oldest first, against PEM public keys."""
