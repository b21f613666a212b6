"""Which keys are believed, and for which notes: read from PEM files and from published keys."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pointsman.audit.keys.public_key import NoKey, PublicKey, read_public_key
from pointsman.domain.errors import UsageMust

if TYPE_CHECKING:
    from pointsman.audit.keys.published import PublishedKeys

_PEM = re.compile(rb"-----BEGIN [^-]+-----.+?-----END [^-]+-----", re.DOTALL)
_FORMS = "Give a PEM file, a folder of them, or the JSON that a server publishes at /.well-known/pointsman-keys.json."


@dataclass(frozen=True)
class TrustedKeys:
    """The keys that a verification goes by.

    `keys` holds every key by its id, those that are revoked as well, since notes of theirs may be vouched for.
    `vouched` holds for each of these the digests of its envelopes that hold all the same: those which the
    installation knew when it revoked the key. A note's own time says nothing, since whoever has the key writes it.
    """

    keys: Mapping[str, PublicKey] = field(default_factory=lambda: MappingProxyType({}))
    revoked: frozenset[str] = frozenset()
    vouched: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    def is_refused(self, key_id: str, digest: str) -> bool:
        """Whether an envelope with this digest is not believed although this key signed it."""
        return key_id in self.revoked and digest not in self.vouched.get(key_id, frozenset())


def trusted_from(sources: Iterable[bytes]) -> TrustedKeys:
    """The keys of sources that are each PEM (one key or several) or published JSON.

    A key that one source revokes is revoked, whatever the others say, and a note of it holds only when every source
    that revokes the key vouches for it. Raises UsageMust when one cannot be read.
    """
    keys: dict[str, PublicKey] = {}
    vouched: dict[str, frozenset[str]] = {}
    for source in sources:
        if not source.lstrip().startswith(b"{"):
            keys |= _of_pem(source)
            continue
        for told in _document(source).keys:
            keys |= _of_pem(told.pem.encode(), told.id)
            if told.state == "revoked":
                vouched[told.id] = vouched.get(told.id, frozenset(told.vouched)) & frozenset(told.vouched)
    return TrustedKeys(MappingProxyType(keys), frozenset(vouched), MappingProxyType(vouched))


def _document(source: bytes) -> "PublishedKeys":
    from pydantic import ValidationError

    from pointsman.audit.keys.published import PublishedKeys

    try:
        return PublishedKeys.model_validate_json(source)
    except ValidationError as error:
        raise UsageMust("A file of published keys cannot be read.", code="key-file", hint=_FORMS) from error


def _of_pem(source: bytes, expected: str = "") -> dict[str, PublicKey]:
    found = {key.key_id: key for key in map(_key, _PEM.findall(source) or [source])}
    if expected and set(found) != {expected}:
        raise UsageMust(f"A published key is not the one that its id names: {expected[:16]}.", code="key-file")
    return found


def _key(pem: bytes) -> PublicKey:
    try:
        return read_public_key(pem)
    except NoKey as error:
        if not error.kind:
            raise UsageMust("A trusted public key cannot be read.", code="key-file", hint=_FORMS) from error
        raise UsageMust(
            f"A trusted public key is {error.kind}.", code="key-file", hint="Notes are signed with Ed25519."
        ) from error
