"""What every envelope is the same in: the type of its payload, the bytes that are signed, and its digest."""

import hashlib

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def signed_bytes(payload: bytes) -> bytes:
    """What a signature is made over (DSSE v1, "PAE"): the type and the payload, each with its length."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def digest_of(envelope: bytes) -> str:
    """sha256 of an envelope's bytes: what the next note names as its `previous`."""
    return hashlib.sha256(envelope).hexdigest()
