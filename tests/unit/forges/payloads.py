"""Small payloads of every webhook that is wanted, and ways to spoil them."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from pointsman.domain.events import Delivery, Event, Ignored
from pointsman.domain.run import Actor
from pointsman.forges.github.translate import translate
from pointsman.forges.github.webhook import WANTED, Bad, delivery_of

Json = dict[str, object]
Path = tuple[str | int, ...]

ME = Actor(9001, "pointsman[bot]", is_bot=True)
APP = 77
ANNA = Actor(11, "anna")
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
AT = "2026-11-21T10:00:00Z"
HEAD, BEFORE = "a" * 40, "b" * 40
TITLE, BODY = "Résumé is cut at 80 bytes", "Über-long names\r\nlose their last letter. 🙂"
DIGEST = hashlib.sha256(f"{TITLE}\0{BODY}".encode()).hexdigest()

_ANNA = {"id": 11, "login": "anna", "type": "User"}
_ISSUE = {"number": 5, "title": TITLE, "body": BODY}
_HEAD = {"ref": "pointsman/5-cut", "sha": HEAD, "repo": {"id": 31}, "user": _ANNA}
_LABELS = [{"name": "bug"}, {"name": "pointsman: review"}]
_PULL = {"number": 6, "title": TITLE, "body": BODY, "head": _HEAD, "labels": _LABELS, "merged": False}
_TIMES = {"created_at": AT, "updated_at": AT}
_COMMENT = {"id": 501, "body": "/pointsman plan", "user": _ANNA, **_TIMES, "performed_via_github_app": None}
_LINE = {"id": 601, "body": "Why not a set?", "user": _ANNA, "in_reply_to_id": 600, **_TIMES}
_CHECK = {"head_sha": HEAD, "external_id": "r-12345678", "app": {"id": APP}}
_REPOSITORY = {"id": 31, "full_name": "acme/tool", "default_branch": "main"}
_SOME = {"repository": _REPOSITORY, "installation": {"id": 41}, "sender": _ANNA}
_LISTED = [{"id": 31, "full_name": "acme/tool"}, {"id": 32, "full_name": "acme/.github"}]

SAMPLES: Mapping[tuple[str, str], Json] = {
    ("issues", "labeled"): {"issue": _ISSUE, "label": {"name": "pointsman"}, **_SOME},
    ("issue_comment", "created"): {"issue": _ISSUE, "comment": _COMMENT, **_SOME},
    ("pull_request", "labeled"): {"pull_request": _PULL, "label": {"name": "pointsman: review"}, **_SOME},
    ("pull_request", "opened"): {"pull_request": _PULL, **_SOME},
    ("pull_request", "reopened"): {"pull_request": _PULL, **_SOME},
    ("pull_request", "ready_for_review"): {"pull_request": _PULL, **_SOME},
    ("pull_request", "edited"): {"pull_request": _PULL, "changes": {"base": {"ref": {"from": "next"}}}, **_SOME},
    ("pull_request", "synchronize"): {"pull_request": _PULL, "before": BEFORE, "after": HEAD, **_SOME},
    ("pull_request", "review_requested"): {
        "pull_request": _PULL,
        "requested_reviewer": {"id": ME.id, "login": ME.login, "type": "Bot"},
        **_SOME,
    },
    ("pull_request", "closed"): {"pull_request": {**_PULL, "merged": True}, **_SOME},
    ("pull_request_review", "submitted"): {
        "review": {"id": 701, "body": "@pointsman fix", "user": _ANNA, "state": "commented"},
        "pull_request": _PULL,
        **_SOME,
    },
    ("pull_request_review_comment", "created"): {"comment": _LINE, "pull_request": _PULL, **_SOME},
    ("check_run", "rerequested"): {"check_run": _CHECK, **_SOME},
    ("check_run", "requested_action"): {"check_run": _CHECK, "requested_action": {"identifier": "fix"}, **_SOME},
    ("check_suite", "rerequested"): {"check_suite": _CHECK, **_SOME},
    ("push", ""): {"ref": "refs/heads/main", "before": BEFORE, "after": HEAD, "deleted": False, **_SOME},
    ("installation", "created"): {"installation": {"id": 41}, "repositories": _LISTED, "sender": _ANNA},
    ("installation_repositories", "added"): {
        "installation": {"id": 41},
        "repositories_added": _LISTED,
        "sender": _ANNA,
    },
}
KINDS = tuple((event, action) for event in WANTED for action in sorted(WANTED[event]))


def sample(event: str, action: str) -> Json:
    """A payload of this kind, its action first as GitHub writes it."""
    return ({"action": action} if action else {}) | SAMPLES[event, action]


def spoilt(payload: Json, path: str | Path, value: object) -> Json:
    """A copy with another value at a path such as `issue.body`."""
    found = _with(payload, tuple(path.split(".")) if isinstance(path, str) else path, value)
    assert isinstance(found, dict)
    return found


def without(payload: Json, path: str) -> Json:
    """A copy that lacks what stands at a path."""
    *way, last = path.split(".")
    parent: object = payload
    for step in way:
        assert isinstance(parent, dict)
        parent = parent[step]
    assert isinstance(parent, dict)
    return spoilt(payload, tuple(way), {key: part for key, part in parent.items() if key != last})


def paths(value: object, before: Path = ()) -> Iterator[Path]:
    """Every place in a payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield (*before, key)
        yield from paths(part, (*before, key))


def encoded(payload: object) -> bytes:
    """As GitHub sends it."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def headers(event: str, guid: str = GUID) -> dict[str, str]:
    """What stands beside the body."""
    return {"Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": guid}


def delivered(event: str, body: bytes) -> Delivery | Ignored | Bad:
    """What the hook route makes of a body."""
    return delivery_of(headers(event), body, at=AT)


def told(event: str, payload: object) -> Event | Ignored:
    """What the worker makes of a payload."""
    return translate(Delivery("github", GUID, event, encoded(payload), AT), ME, APP)


def _with(value: object, way: Path, put: object) -> object:
    if not way:
        return put
    step, rest = way[0], way[1:]
    if isinstance(value, dict):
        return {**value, step: _with(value.get(step), rest, put)}
    assert isinstance(value, list) and isinstance(step, int)
    return [*value[:step], _with(value[step], rest, put), *value[step + 1 :]]
