"""Webhooks as bytes: whose they are, and whether anybody wants them, before anything is built from them."""

import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pointsman.domain.events import Delivery, Ignored

FORGE: Final = "github"
NO_ACTION: Final = ""

# Event -> actions that something follows from; a push has no action (GitHub documentation, "Webhook events and
# payloads"). Whatever stands here has its reader in `translate`.
WANTED: Final[Mapping[str, frozenset[str]]] = {
    "issues": frozenset({"labeled"}),
    "issue_comment": frozenset({"created"}),
    "pull_request": frozenset(
        {"labeled", "opened", "reopened", "ready_for_review", "synchronize", "edited", "review_requested", "closed"}
    ),
    "pull_request_review": frozenset({"submitted"}),
    "pull_request_review_comment": frozenset({"created"}),
    "check_run": frozenset({"rerequested", "requested_action"}),
    "check_suite": frozenset({"rerequested"}),
    "push": frozenset({NO_ACTION}),
    "installation": frozenset({"created"}),
    "installation_repositories": frozenset({"added"}),
}
# These two are sent to every App and cannot be subscribed to (the same page, `installation`).
_UNASKED = frozenset({"installation", "installation_repositories"})
SUBSCRIBED: Final[tuple[str, ...]] = tuple(event for event in WANTED if event not in _UNASKED)

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WORD = re.compile(r"[a-z0-9_]{1,64}")
# GitHub writes the action first, so that what nobody wants is dropped without a look at the rest.
_ACTION_FIRST = re.compile(rb'[ \t\r\n]{0,9}\{[ \t\r\n]{0,9}"action"[ \t\r\n]{0,9}:[ \t\r\n]{0,9}"([a-z0-9_]{1,64})"')
_NOT_AN_OBJECT = "the body is not a JSON object; the webhook's content type must be application/json"


@dataclass(frozen=True, slots=True)
class Bad:
    """What no forge sends. `reason` is fixed text and holds nothing of the request."""

    reason: str


def signed(body: bytes, header: str | None, secrets: tuple[bytes, ...]) -> bool:
    """Whether `X-Hub-Signature-256` is an HMAC of the raw body under one of the secrets, in constant time.

    SHA-256 only (GitHub documentation, "Validating webhook deliveries"). An empty secret signs nothing.
    """
    found = _SIGNATURE.fullmatch(header or "")
    if found is None:
        return False
    given = bytes.fromhex(found[1])
    matches = [hmac.compare_digest(hmac.digest(secret, body, "sha256"), given) for secret in secrets if secret]
    return any(matches)


def delivery_of(headers: Mapping[str, str], body: bytes, *, at: str) -> Delivery | Ignored | Bad:
    """The delivery to keep, or why there is none. `at` is when it came, ISO 8601 in UTC.

    Never raises, whatever the bytes are. What nobody wants is dropped by its event or by the action at its beginning;
    only what is to be kept is read as a whole, and is then known to be a JSON object.
    """
    event, guid = _header(headers, "x-github-event"), _header(headers, "x-github-delivery").lower()
    if not _WORD.fullmatch(event):
        return Bad("the header X-GitHub-Event is missing or names no event")
    if not _GUID.fullmatch(guid):
        return Bad("the header X-GitHub-Delivery is missing or is no GUID")
    if event not in WANTED:
        return Ignored(f"nobody wants {event}")
    first = _ACTION_FIRST.match(body)
    if first is not None and (action := first[1].decode()) not in WANTED[event]:
        return Ignored(f"nobody wants {event}.{action}")
    payload = _object(body)
    if payload is None:
        return Bad(_NOT_AN_OBJECT)
    why_not = _dropped(event, payload)
    return Ignored(why_not) if why_not else Delivery(FORGE, guid, event, body, at)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _object(body: bytes) -> dict[str, object] | None:
    try:
        read: object = _STRICT.decode(body.decode())
    except (ValueError, RecursionError):  # no UTF-8, no JSON, a number of thousands of digits; nested too deep
        return None
    return read if isinstance(read, dict) else None


def _dropped(event: str, payload: dict[str, object]) -> str:
    action = payload.get("action", NO_ACTION)
    if not isinstance(action, str) or action not in WANTED[event]:
        return f"nobody wants this action of {event}"
    return "" if event != "push" or _to_trunk(payload) else "a push to another branch"


def _to_trunk(payload: dict[str, object]) -> bool:
    """Pushes are the most frequent webhook of all and all but few go elsewhere."""
    repository = payload.get("repository")
    trunk = repository.get("default_branch") if isinstance(repository, dict) else None
    return isinstance(trunk, str) and payload.get("ref") == f"refs/heads/{trunk}"


def _no_number(_: str) -> object:
    raise ValueError("NaN and Infinity are no JSON")


_STRICT = json.JSONDecoder(parse_constant=_no_number)
