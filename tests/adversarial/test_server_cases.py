"""What people who are not the forge send to the server; ids are those of the security list."""

import gzip
import hashlib
import hmac
import json
import sqlite3
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tests.worlds.served import LABELLED, SECRETS, ServerWorld, headers_for

from pointsman.domain.errors import OperatorMust
from pointsman.domain.events import Ignored
from pointsman.entrypoints.web.bodies import LARGEST, Bodies

GUID = "0b989ba4-242f-11e5-81e1-c7b6966d2516"
CANARY = "canary-in-the-payload"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWorld]:
    with ServerWorld(tmp_path_factory.mktemp("server")) as world:
        yield world


def _nothing_more(server: ServerWorld, before: int) -> bool:
    return len(server.waiting()) == before


def test_w1_w2_without_a_valid_signature_nothing_is_read_and_nothing_is_kept(server: ServerWorld) -> None:
    before = len(server.waiting())
    body = json.dumps(LABELLED, indent=1).encode()
    right = headers_for(body, guid=str(uuid.uuid4()))
    again = json.dumps(json.loads(body)).encode()
    old = "sha1=" + hmac.new(SECRETS[0], body, hashlib.sha1).hexdigest()
    without = {key: value for key, value in right.items() if key != "X-Hub-Signature-256"}
    tries = [
        (body, without),
        (body, without | {"X-Hub-Signature": old}),
        (body, right | {"X-Hub-Signature-256": old}),
        (body, right | {"X-Hub-Signature-256": "sha256=" + "0" * 64}),
        (body, right | {"X-Hub-Signature-256": "sha256=\xe4\xff"}),
        (again, right),
        (body + b"\n", right),
        (b"not even json", right),
        (body, headers_for(body, guid=GUID, secret=b"another secret")),
        (body, headers_for(body, guid=GUID, secret=b"")),
    ]
    answers = [server.post(data, headers) for data, headers in tries]
    assert [answer.status for answer in answers] == [401] * len(tries)
    assert {str(answer.json["code"]) for answer in answers} == {"signature"}
    assert _nothing_more(server, before)


def test_s9_the_old_secret_is_taken_beside_the_new_one_while_it_is_replaced(server: ServerWorld) -> None:
    assert [server.deliver(LABELLED, secret=secret).status for secret in SECRETS] == [202, 202]


def test_w3_one_delivery_many_times_at_once_is_one_and_each_is_told_that_it_was_taken(server: ServerWorld) -> None:
    guid = str(uuid.uuid4())
    before, woken = len(server.waiting()), server.worker.woken
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.deliver(LABELLED, guid=guid), range(40)))
    assert {answer.status for answer in answers} == {202}
    assert server.deliver(LABELLED, guid=guid.upper()).status == 202
    assert len(server.waiting()) == before + 1
    assert server.worker.woken > woken


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"1",
        b'"labeled"',
        b"{",
        b'{"action": ',
        b"\xff\xfe",
        b'{"action":"labeled","x":"\xff"}',
        b'{"action":"labeled","x":NaN}',
        b'{"action":"labeled","x":' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"action":"labeled","x":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001,
        b'{"action":"labeled","action":["labeled"]}',
        b'{"action":null}',
        b'{"action":7}',
        b'{"action":"\xe2\x80\xae"}',
        b"{}",
    ],
    ids=range(18),
)
def test_w5_w8_odd_bodies_are_answered_with_2xx_or_4xx_and_nothing_is_kept(server: ServerWorld, body: bytes) -> None:
    before = len(server.waiting())
    answer = server.deliver(body)
    assert answer.status in (204, 400), answer.text
    assert _nothing_more(server, before)


def test_w5_a_body_that_is_too_large_is_refused_before_it_is_read(server: ServerWorld) -> None:
    head = "POST /hooks/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\n"
    for length in (str(30 << 20), str(LARGEST + 1), "9" * 19):
        answer = server.raw(f"{head}Content-Length: {length}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 413"), answer[:200]


def test_w5_a_body_without_a_length_is_counted_while_it_comes(tmp_path: Path) -> None:
    with ServerWorld(tmp_path, bodies=Bodies(largest=1000, together=1500)) as small:
        head = b"POST /hooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert small.raw(head + b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n").startswith(b"HTTP/1.1 401")
        assert small.raw(head + (b"1f4\r\n" + b"x" * 500 + b"\r\n") * 3).startswith(b"HTTP/1.1 413")


def test_w5_a_packed_body_is_not_unpacked(server: ServerWorld) -> None:
    body = gzip.compress(b"\0" * 10_000_000)
    headers = headers_for(body, guid=GUID) | {"Content-Encoding": "gzip"}
    assert (server.post(body, headers).status, server.post(body, headers).json["code"]) == (415, "packed")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("star", {"action": "created"}),
        ("issues", {"action": "transferred", "sender": None}),
        ("issue_comment", {"action": "edited", "comment": None}),
        ("ping", {"zen": "Keep it logically awesome."}),
        ("push", {"ref": "refs/heads/other", "repository": {"default_branch": "main"}}),
    ],
)
def test_w8_what_nobody_wants_is_answered_and_forgotten(server: ServerWorld, event: str, payload: object) -> None:
    before = len(server.waiting())
    answer = server.deliver(payload, event=event)
    assert (answer.status, answer.body) == (204, b"")
    assert _nothing_more(server, before)


@pytest.mark.parametrize(
    "change",
    [
        {"X-GitHub-Event": ""},
        {"X-GitHub-Event": "is sues"},
        {"X-GitHub-Event": "\xe4\xf6"},
        {"X-GitHub-Delivery": ""},
        {"X-GitHub-Delivery": "../../etc"},
        {"X-GitHub-Delivery": "x" * 5000},
        {"X-GitHub-Delivery": "\xff"},
    ],
    ids=range(7),
)
def test_w8_odd_names_of_events_and_deliveries_are_a_bad_request(server: ServerWorld, change: dict[str, str]) -> None:
    body = json.dumps(LABELLED).encode()
    assert server.post(body, headers_for(body, guid=GUID) | change).status == 400


def test_w9_an_event_of_a_repository_that_is_not_served_is_taken_and_nothing_is_said(server: ServerWorld) -> None:
    """W9: whether a repository is served is for the worker to say; the answer to the forge tells nobody."""
    answer = server.deliver(LABELLED | {"repository": {"id": 1, "full_name": "stranger/thing"}})
    assert (answer.status, answer.body) == (202, b"")


def test_s8_an_error_of_ours_tells_nothing_but_that_there_was_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_headers: object, body: bytes) -> Ignored:
        local = body.decode()
        raise ValueError(f"a bug over {local}")

    with ServerWorld(tmp_path, read=broken) as world:
        answer = world.deliver({"action": CANARY})
    assert (answer.status, answer.json["code"]) == (500, "bug")
    assert CANARY not in answer.text + str(answer.headers)
    assert "Traceback" not in answer.text


def test_s8_what_only_the_operator_can_mend_is_told_by_its_code_alone(tmp_path: Path) -> None:
    def closed(_headers: object, _body: bytes) -> Ignored:
        raise OperatorMust(f"{CANARY} can be read by others.", code="credentials-open")

    with ServerWorld(tmp_path, read=closed) as world:
        answer = world.deliver(LABELLED)
    assert (answer.status, answer.json["code"]) == (503, "credentials-open")
    assert CANARY not in answer.text


def test_no_answer_names_the_server_and_unknown_paths_are_told_in_json(server: ServerWorld) -> None:
    for path in ("/", "/docs", "/openapi.json", "/redoc", "/hooks/gitlab", "/hooks/github/", "/%ff%fe", "/setup/x"):
        answer = server.get(path)
        assert (answer.status, answer.json["code"]) == (404, "not-found"), path
        assert "server" not in answer.headers
    assert (server.get("/hooks/github").status, server.post(b"", {}, path="/healthz").status) == (405, 405)


def test_the_server_says_how_it_is_and_which_key_signs(server: ServerWorld) -> None:
    assert server.get("/healthz").json == {"status": "ok", "engine": "running"}
    found = server.get("/.well-known/pointsman-keys.json")
    assert (found.json, found.headers["cache-control"]) == ({"keys": []}, "public, max-age=60")
    again = server.get("/.well-known/pointsman-keys.json", {"If-None-Match": f'"other", {found.headers["etag"]}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", found.headers["etag"])


HEADER_NAMES = st.sampled_from(
    ["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256", "Content-Type", "Host", "Accept", "X-Odd"]
)
HEADER_VALUES = st.binary(max_size=40).map(lambda value: value.replace(b"\r", b" ").replace(b"\n", b" "))


@examples(max_examples=60)
@given(headers=st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=6), body=st.binary(max_size=200))
def test_whatever_bytes_come_over_the_wire_the_answer_is_never_a_fault_of_ours(
    server: ServerWorld, headers: list[tuple[str, bytes]], body: bytes
) -> None:
    lines = [f"{name}: ".encode() + value for name, value in headers]
    head = b"\r\n".join([b"POST /hooks/github HTTP/1.1", b"Connection: close", *lines])
    answer = server.raw(head + f"\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4")), answer[:200]


@examples(max_examples=100)
@given(
    payload=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["action", "x"]), inner, max_size=2)
        ),
        max_leaves=8,
    ),
    event=st.sampled_from(["issues", "push", "check_run", "installation", "star"]),
)
def test_whatever_json_is_signed_the_answer_is_never_a_fault_of_ours(
    server: ServerWorld, payload: object, event: str
) -> None:
    assert server.deliver(payload, event=event).status in (202, 204, 400)


def test_c1_a_thousand_deliveries_of_one_kind_are_all_taken_while_health_is_told(server: ServerWorld) -> None:
    """C1 at the door: none is lost and none is refused; that they come to one run is for the worker."""
    before = len(server.waiting())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.deliver(LABELLED).status, range(1000)))
        health = server.get("/healthz").status
    assert (set(answers), health) == ({202}, 200)
    assert len(server.waiting()) == before + 1000


def test_a_database_that_is_locked_is_told_as_503_and_the_delivery_is_taken_when_it_comes_again(
    tmp_path: Path,
) -> None:
    with ServerWorld(tmp_path, patience=1.0) as world:
        assert world.deliver(LABELLED).status == 202
        rival = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
        rival.execute("BEGIN EXCLUSIVE")
        refused = world.deliver(LABELLED, guid=GUID)
        assert (refused.status, refused.json["code"], refused.headers["retry-after"]) == (503, "inbox", "10")
        rival.execute("ROLLBACK")
        rival.close()
        assert world.deliver(LABELLED, guid=GUID).status == 202
        assert len(world.waiting()) == 2


def test_a_server_without_a_forge_takes_no_webhooks(tmp_path: Path) -> None:
    with ServerWorld(tmp_path, set_up=False) as world:
        assert (world.deliver(LABELLED).status, world.deliver(LABELLED).json["code"]) == (404, "not-set-up")
        assert world.get("/healthz").json == {"status": "ok", "engine": "not set up"}
