"""The keys that notes are signed with, as people and verifiers are told of them: public halves only."""

from dataclasses import dataclass
from typing import Literal

KeyState = Literal["active", "retired", "revoked"]


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One key. An active one signs, notes of a retired one hold, those of a revoked one only when vouched for.

    `since` and `until` are ISO 8601 in UTC and for people: nothing is decided by a time. `vouched` are the digests of
    the notes that hold although the key is revoked.
    """

    id: str
    pem: str
    state: KeyState
    since: str
    until: str = ""
    reason: str = ""
    vouched: tuple[str, ...] = ()
