"""A key takes the place of another, or is revoked; each change is whole or comes to its end at the next start."""

import asyncio
from contextlib import suppress

from pointsman.audit.keys.place import KeyPlace
from pointsman.audit.keys.signing import SigningKey, load_or_make_key
from pointsman.audit.ledger.key_store import SqlKeys
from pointsman.domain.errors import OperatorMust, UsageMust
from pointsman.domain.keys import KnownKey


async def rotate(place: KeyPlace, keys: SqlKeys, *, reason: str, at: str) -> str:
    """Let a new key sign from now on: one that is made, or the one that is given now. Its id.

    What this home signed with before is retired, and its private half in the folder is gone. Raises UsageMust when
    the key that is given is the one that signed before.
    """
    olds = await asyncio.to_thread(_olds, place, at)
    new = await asyncio.to_thread(place.load if place.is_given else lambda: load_or_make_key(place.draft))
    await _require_new(place, keys, new, olds)
    known = KnownKey(new.key_id, new.public_pem.decode(), "active", since=at)
    await keys.replace(known, tuple(one for one in olds if one != new.key_id), reason)
    await asyncio.to_thread(_settled, place, new)
    return new.key_id


async def revoke(place: KeyPlace, keys: SqlKeys, named: str, *, reason: str, at: str) -> KnownKey:
    """Revoke the key whose id begins with `named`. Raises UsageMust when there is none such, or more than one."""
    found = [key for key in await keys.known() if named and key.id.startswith(named.lower())]
    if len(found) != 1:
        raise UsageMust(
            f"{len(found) or 'No'} keys have an id that begins with {named[:64]}.",
            code="unknown-key",
            hint="`pointsman keys list` shows them.",
        )
    await keys.revoke(found[0].id, reason=reason, at=at)
    await asyncio.to_thread(place.mark_revoked, found[0])
    return next(key for key in await keys.known() if key.id == found[0].id)


def _olds(place: KeyPlace, at: str) -> tuple[str, ...]:
    """The keys that this home signed with. The one in the folder is among them when it never signed."""
    with suppress(OperatorMust):
        # A key that cannot be used any more is a reason to change it, not a hindrance.
        if place.path.exists():
            place.keep(load_or_make_key(place.path))
    return tuple(key.id for key in place.kept(at))


async def _require_new(place: KeyPlace, keys: SqlKeys, new: SigningKey, olds: tuple[str, ...]) -> None:
    known = {key.id: key.state for key in await keys.known()}
    others = [one for one in olds if one != new.key_id and known.get(one) == "active"]
    if known.get(new.key_id, "active") != "active" or (place.is_given and new.key_id in known and not others):
        raise UsageMust(
            f"The key that is given, {new.key_id[:16]}, has signed before.",
            code="signing-key",
            hint="Put another into POINTSMAN_SIGNING_KEY_FILE or POINTSMAN_SIGNING_KEY first, then call this again.",
        )


def _settled(place: KeyPlace, new: SigningKey) -> None:
    if place.is_given:
        # A key that was made before one was given has no more to sign.
        for path in (place.path, place.draft):
            path.unlink(missing_ok=True)
    else:
        place.promote()
    place.keep(new)
