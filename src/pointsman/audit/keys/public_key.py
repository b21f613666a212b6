"""One Ed25519 key that signatures are checked with, and its id as securesystemslib has it.

Whoever checks needs one curve and no more; the libraries for the others take as long to read as a hundred notes.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_PEM = re.compile(rb"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=]+)\s+-----END PUBLIC KEY-----\s*")
_ED25519 = bytes.fromhex("302a300506032b6570032100")
"""How SubjectPublicKeyInfo begins for this curve (RFC 8410, section 4); the key's 32 bytes follow."""
_LENGTH = len(_ED25519) + 32


class NoKey(ValueError):
    """These bytes are no key that notes are signed with; `kind` says which other, where that could be read."""

    def __init__(self, kind: str = "") -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key."""

    key_id: str
    key: Ed25519PublicKey

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether its private half made the signature."""
        try:
            self.key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_public_key(pem: bytes) -> PublicKey:
    """The key of one PEM. Raises NoKey."""
    raw = _plain(pem) or _any(pem)
    named = f'{{"keytype":"ed25519","keyval":{{"public":"{raw.hex()}"}},"scheme":"ed25519"}}'
    return PublicKey(hashlib.sha256(named.encode()).hexdigest(), Ed25519PublicKey.from_public_bytes(raw))


def _plain(pem: bytes) -> bytes:
    """The key's bytes, where the PEM is of the usual form to the byte; empty otherwise."""
    found = _PEM.fullmatch(pem)
    try:
        der = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        return b""
    return der.removeprefix(_ED25519) if len(der) == _LENGTH and der.startswith(_ED25519) else b""


def _any(pem: bytes) -> bytes:
    """The same by the library that knows every form."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise NoKey from error
    if not isinstance(key, Ed25519PublicKey):
        raise NoKey(type(key).__name__.removesuffix("PublicKey").lower())
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)
