"""The key that prompts and answers are encrypted under: made at first use in the home, or given by a reference."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pointsman.audit.keys.private_file import Weakness, make_once, read_private
from pointsman.domain.errors import OperatorMust

BYTES = 32
_LARGEST = 1 << 12
_ELSE = "Restore it from a backup. Without it texts cannot be read, and nothing else is lost: notes hold digests."


@dataclass(frozen=True, slots=True)
class TextKey:
    """The master key in memory. `key_id` names it beside what it encrypted, and says nothing about it."""

    secret: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        """The first 16 hex digits of a digest of the key."""
        return hashlib.sha256(b"pointsman text key\0" + self.secret).hexdigest()[:16]

    def of_run(self, run_id: str) -> bytes:
        """The key for the texts of one run, so that random nonces are never used up."""
        return HKDF(SHA256(), BYTES, salt=None, info=b"pointsman texts\0" + run_id.encode()).derive(self.secret)


def key_at(path: Path, *, make: bool) -> TextKey:
    """The key in a file that its owner alone may read. With `make` one is made where there is none.

    Raises OperatorMust (`text-key`) for a key that is missing, that others may read or replace, or that is none.
    """
    try:
        if make and not path.exists() and not path.is_symlink():
            make_once(path, AESGCM.generate_key(8 * BYTES).hex().encode() + b"\n")
        return key_of(read_private(path, _refused, most=_LARGEST).decode("ascii", errors="replace"), str(path))
    except OSError as error:
        raise OperatorMust(
            f"The text key {path} cannot be read or made: {error.strerror}.", code="text-key", hint=_ELSE
        ) from error


def key_from(reference: str, credential: Callable[[str], str | None]) -> TextKey:
    """The key that `env:NAME` or `file:/path` points to, for machines that share one."""
    found = credential(reference)
    if not found:
        raise OperatorMust(
            f"There is no text key at {reference}.",
            code="text-key",
            hint="Give the bot the key, or name another place in POINTSMAN_TEXT_KEY.",
        )
    return key_of(found, reference)


def key_of(text: str, place: str) -> TextKey:
    """32 bytes as 64 hex digits or as base64. Raises OperatorMust (`text-key`)."""
    said = text.strip()
    try:
        secret = bytes.fromhex(said) if len(said) == 2 * BYTES else base64.b64decode(said, validate=True)
    except (ValueError, binascii.Error):
        secret = b""
    if len(secret) != BYTES:
        raise OperatorMust(
            f"The text key at {place} is none: 32 bytes are wanted, as 64 hex digits or as base64.",
            code="text-key",
            hint="Make one with `openssl rand -hex 32`.",
        )
    return TextKey(secret)


def _refused(path: Path, weakness: Weakness) -> OperatorMust:
    if weakness == "replaceable":
        return OperatorMust(
            f"Others may replace the text key: they can write to its folder {path.parent}.",
            code="text-key",
            hint=f"chmod 700 {path.parent}",
        )
    return OperatorMust(
        f"The text key {path} can be read by others, so it hides nothing.",
        code="text-key",
        hint=f"If nobody saw it: chmod 600 {path}. Else move it away: a new one is made, old texts are lost.",
    )
