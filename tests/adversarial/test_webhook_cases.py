"""The border to GitHub: cases W (webhooks) and A (who acts), as far as bytes and payloads decide them."""

import hashlib
import hmac
import json

import pytest
from tests.unit.forges.payloads import (
    APP,
    AT,
    GUID,
    KINDS,
    ME,
    Json,
    delivered,
    encoded,
    headers,
    paths,
    sample,
    spoilt,
    told,
    without,
)

from pointsman.domain.events import Commented, Delivery, Ignored, IssueLabelled, ThreadReplied
from pointsman.forges.github.translate import translate
from pointsman.forges.github.webhook import Bad, delivery_of, signed

SECRET = b"a secret of the webhook"
BODY = encoded(sample("issues", "labeled"))
OURS = "sha256=" + hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()
COMMENT, LINE, REVIEW = "issue_comment", "pull_request_review_comment", "pull_request_review"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        OURS.removeprefix("sha256="),
        OURS.upper(),
        OURS[:-1],
        OURS + "0",
        OURS + "\n",
        " " + OURS,
        "sha256=" + "é" * 64,
        "sha256=" + "٣" * 64,
        "sha256=" + "0" * 64,
        "sha512=" + hmac.new(SECRET, BODY, hashlib.sha512).hexdigest(),
        f"{OURS},{OURS}",
    ],
)
def test_w1_a_missing_or_invalid_signature_is_none(header: str | None) -> None:
    assert signed(BODY, OURS, (SECRET,))
    assert not signed(BODY, header, (SECRET,))


def test_w1_no_secret_and_an_empty_secret_sign_nothing() -> None:
    by_nothing = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not signed(BODY, by_nothing, (b"",))
    assert not signed(BODY, by_nothing, (b"", SECRET))
    assert not signed(BODY, OURS, ())


def test_w2_the_signature_is_over_the_raw_bytes_and_by_sha_256_alone() -> None:
    again = json.dumps(json.loads(BODY)).encode()
    assert json.loads(again) == json.loads(BODY)
    assert not signed(again, OURS, (SECRET,))
    assert not signed(BODY, "sha1=" + hmac.new(SECRET, BODY, hashlib.sha1).hexdigest(), (SECRET,))


@pytest.mark.parametrize(
    "guid", ["", "1", "../../etc/passwd", GUID + "0", "é" * 36, GUID + "\n", "a" * 10_000, GUID.replace("-", "")]
)
def test_w3_an_id_that_is_no_guid_could_not_tell_deliveries_apart(guid: str) -> None:
    assert isinstance(delivery_of(headers("issues", guid), BODY, at=AT), Bad)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"issues"',
        b"7",
        b"payload=%7B%22action%22%3A%22labeled%22%7D",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"action":"labeled","a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"action":"labeled","a":' + b"9" * 100_000 + b"}",
        b'{"action":"labeled","a":NaN}',
        b'{"action":"labeled","a":-Infinity}',
        b'{"action":"labeled","a":"\xff\xfe"}',
        b'{"action":"labeled","a":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"action":"labeled"}',
        '{"action":"labeled"}'.encode("utf-16"),
        b'{"action":"labeled"}{"action":"labeled"}',
        b'{"action":"labeled"',
        b"\x1f\x8b\x08\x00" + bytes(1000),
    ],
    ids=range(19),
)
def test_w5_what_is_no_json_object_is_bad_and_no_exception(body: bytes) -> None:
    assert isinstance(delivered("issues", body), Bad)
    kept_anyway = translate(Delivery("github", GUID, "issues", body, AT), ME, APP)
    assert isinstance(kept_anyway, Ignored)


@pytest.mark.parametrize(
    ("first", "last", "kept"),
    [("labeled", "closed", False), ("closed", "labeled", False), ("labeled", "labeled", True)],
)
def test_w5_of_two_actions_both_must_be_wanted(first: str, last: str, kept: bool) -> None:
    rest = BODY.removeprefix(b'{"action":"labeled",')
    body = f'{{"action":"{first}","action":"{last}",'.encode() + rest
    assert isinstance(delivered("issues", body), Delivery) is kept


def test_w6_no_address_of_a_payload_is_ever_kept() -> None:
    evil = "https://evil.example/acme/tool.git"
    for event, action in KINDS:
        payload = _with_addresses(sample(event, action), evil)
        assert evil in encoded(payload).decode()
        found = told(event, payload)
        assert found == told(event, sample(event, action))
        assert not isinstance(found, Ignored) and "evil.example" not in repr(found)


@pytest.mark.parametrize(
    "name", ["../../etc", "acme/..", "acme/tool/../x", "acme", "acme/tool\n", "acme/t ool", "/tool"]
)
def test_w6_a_name_that_is_a_way_through_folders_is_no_repository(name: str) -> None:
    found = told("issues", spoilt(sample("issues", "labeled"), "repository.full_name", name))
    assert found == Ignored("not understood: repository.full_name")


@pytest.mark.parametrize("head", ["", "HEAD", "a" * 39, "A" * 40, "--upload-pack=x", "refs/heads/main"])
def test_w6_a_head_that_is_no_commit_is_not_understood(head: str) -> None:
    found = told("pull_request", spoilt(sample("pull_request", "opened"), "pull_request.head.sha", head))
    assert found == Ignored("not understood: pull_request.head.sha")


@pytest.mark.parametrize(("event", "action"), [kind for kind in KINDS if kind != ("push", "")])
def test_w8_without_a_sender_nothing_follows(event: str, action: str) -> None:
    reason = Ignored("the payload does not say who acted")
    assert told(event, without(sample(event, action), "sender")) == reason
    assert told(event, {**sample(event, action), "sender": None}) == reason


@pytest.mark.parametrize("identity", [0, -1, 11.0, True, "11", None, 2**63])
def test_w8_a_sender_is_known_by_a_whole_number_alone(identity: object) -> None:
    found = told("issues", spoilt(sample("issues", "labeled"), "sender.id", identity))
    assert found == Ignored("not understood: sender.id")


@pytest.mark.parametrize(("event", "action"), KINDS)
def test_w8_a_null_in_any_field_is_no_exception(event: str, action: str) -> None:
    whole = sample(event, action)
    for path in paths(whole):
        told(event, spoilt(whole, path, None))


@pytest.mark.parametrize("event", ["ping", "marketplace_purchase", "projects_v2_item", "brand_new"])
def test_w8_an_unknown_event_is_ignored_and_one_without_a_name_is_bad(event: str) -> None:
    assert delivered(event, b"whatever") == Ignored(f"nobody wants {event}")
    for odd in ("", "Issues", "issues\n", "é", "a" * 65, "issues,push"):
        assert isinstance(delivered(odd, BODY), Bad)


@pytest.mark.parametrize("action", [None, 7, ["labeled"], {"labeled": 1}, "", "Labeled", "labeled ", "labelled"])
def test_w8_an_odd_action_is_ignored(action: object) -> None:
    payload = {**sample("issues", "labeled"), "action": action}
    assert isinstance(delivered("issues", encoded(payload)), Ignored)
    assert isinstance(told("issues", payload), Ignored)


def test_w8_what_is_not_understood_names_the_field_and_not_what_it_holds() -> None:
    found = told("issues", spoilt(sample("issues", "labeled"), "issue.number", "hunter2"))
    assert found == Ignored("not understood: issue.number")


@pytest.mark.parametrize(("event", "action"), [kind for kind in KINDS if not kind[0].startswith("installation")])
def test_a5_what_the_bot_does_itself_is_no_event(event: str, action: str) -> None:
    ours = {"id": ME.id, "login": "renamed-since", "type": "Bot"}
    assert told(event, {**sample(event, action), "sender": ours}) == Ignored("our own")


def test_a5_what_our_app_says_in_the_name_of_a_person_is_our_own() -> None:
    for event, path in ((COMMENT, "comment"), (LINE, "comment")):
        payload = spoilt(sample(event, "created"), f"{path}.performed_via_github_app", {"id": APP})
        assert told(event, payload) == Ignored("our own")


def test_a5_another_account_with_the_login_of_the_bot_is_not_the_bot() -> None:
    twin = {"id": 14, "login": ME.login, "type": "User"}
    found = told("issues", {**sample("issues", "labeled"), "sender": twin})
    assert isinstance(found, IssueLabelled) and found.actor.id == 14


def test_a7_an_edited_comment_is_no_event() -> None:
    created = sample(COMMENT, "created")
    edited = {**created, "action": "edited", "changes": {"body": {"from": "thanks"}}}
    assert isinstance(delivered(COMMENT, encoded(edited)), Ignored)
    assert told(COMMENT, edited) == Ignored("edited")
    late = spoilt(created, "comment.updated_at", "2026-11-21T10:00:01Z")
    assert told(COMMENT, late) == Ignored("edited")


def test_a7_a_text_of_one_person_is_never_said_by_another() -> None:
    mallory = {"id": 15, "login": "mallory", "type": "User"}
    texts = ((COMMENT, "created", "comment"), (LINE, "created", "comment"), (REVIEW, "submitted", "review"))
    for event, action, part in texts:
        for author in (mallory, None):
            payload = spoilt(sample(event, action), f"{part}.user", author)
            assert told(event, payload) == Ignored("written by somebody else than who acted")


def test_a8_what_an_app_says_in_the_name_of_a_person_is_marked_so() -> None:
    comment = told(COMMENT, spoilt(sample(COMMENT, "created"), "comment.performed_via_github_app", {"id": 15368}))
    assert isinstance(comment, Commented) and comment.via_app
    reply = told(LINE, spoilt(sample(LINE, "created"), "comment.performed_via_github_app", {"id": 15368}))
    assert isinstance(reply, ThreadReplied) and reply.via_app


def test_a15_an_actor_is_the_number_whatever_the_login() -> None:
    ghost: Json = {"id": 10137, "login": "anna", "type": "User"}
    found = told("issues", {**sample("issues", "labeled"), "sender": ghost})
    assert isinstance(found, IssueLabelled) and found.actor.id == 10137


def _with_addresses(value: Json, address: str) -> Json:
    """Every object of a payload with the addresses that GitHub puts there."""
    names = ("url", "html_url", "clone_url", "ssh_url", "git_url", "api_url", "hooks_url", "pull_request_url")
    found: Json = {}
    for key, part in value.items():
        found[key] = _with_addresses(part, address) if isinstance(part, dict) else part
    return found | dict.fromkeys(names, address)
