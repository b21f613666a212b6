"""The installation's key and the envelope: Ed25519 under DSSE, bytes canonical by RFC 8785."""

from dataclasses import dataclass
from pathlib import Path

import rfc8785
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from pointsman.audit.keys.envelope import PAYLOAD_TYPE
from pointsman.audit.keys.private_file import Weakness, make_once, read_private
from pointsman.audit.note.predicate import Statement
from pointsman.domain.errors import OperatorMust

_LARGEST = 1 << 16
_PASSPHRASE = "POINTSMAN_SIGNING_KEY_PASSPHRASE holds the passphrase of an encrypted key."
_MADE_ANEW = (
    "Restore the key from a backup, or move it away: a new one is then made, and old notes need the old public key."
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key in memory, with the id and PEM of its public half."""

    signer: CryptoSigner
    key_id: str
    public_pem: bytes


def load_or_make_key(path: Path) -> SigningKey:
    """The key at `path` (PKCS#8 PEM, mode 0600), made when there is none; two that make it at once get the same.

    Raises OperatorMust (`signing-key`) for a key that others may read or replace, or that is no Ed25519 key.
    """
    try:
        if not path.exists() and not path.is_symlink():
            make_once(path, CryptoSigner(Ed25519PrivateKey.generate()).private_bytes)
        return key_of(read_signing_key(path), str(path))
    except OSError as error:
        raise OperatorMust(
            f"The signing key {path} cannot be read or made: {error.strerror}.",
            code="signing-key",
            hint="Give the bot a folder of its own that nobody else may write to.",
        ) from error


def seal(statement: Statement, key: SigningKey) -> bytes:
    """The signed envelope of a statement: one line of JSON. The same statement and key give the same bytes."""
    payload = rfc8785.dumps(statement.model_dump(mode="json", by_alias=True))
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(key.signer)
    return rfc8785.dumps(envelope.to_dict()) + b"\n"


def read_signing_key(path: Path) -> bytes:
    """The bytes of a file that nobody else may read or replace. Raises OperatorMust (`signing-key`), OSError."""
    return read_private(path, _refused, most=_LARGEST)


def _refused(path: Path, weakness: Weakness) -> OperatorMust:
    if weakness == "replaceable":
        return OperatorMust(
            f"Others may replace the signing key: they can write to its folder {path.parent}.",
            code="signing-key",
            hint=f"chmod 700 {path.parent}",
        )
    return OperatorMust(
        f"The signing key {path} can be read by others, so it proves nothing.",
        code="signing-key",
        hint=f"Make a new one that only the bot may read: move this away. If nobody saw it: chmod 600 {path}",
    )


def key_of(pem: bytes, called: str, passphrase: bytes = b"") -> SigningKey:
    """The private key of a PKCS#8 PEM; `called` names it in errors. Raises OperatorMust (`signing-key`)."""
    is_encrypted = b"ENCRYPTED" in pem
    if is_encrypted and not passphrase:
        raise _unusable(called, "is encrypted, and no passphrase is given", _PASSPHRASE)
    try:
        private = load_pem_private_key(pem, password=passphrase if is_encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if is_encrypted:
            raise _unusable(called, "does not open with this passphrase", _PASSPHRASE) from error
        raise _unusable(called, "is no PEM key", _MADE_ANEW) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unusable(called, "is not Ed25519", _MADE_ANEW)
    signer = CryptoSigner(private)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(signer, signer.public_key.keyid, public)


def _unusable(called: str, what: str, hint: str) -> OperatorMust:
    return OperatorMust(f"The signing key {called} {what}.", code="signing-key", hint=hint)
