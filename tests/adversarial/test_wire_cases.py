"""Bytes on the server's wire that no forge sends: W1, W5 and W8 below the level of requests."""

import json
import socket
from collections.abc import Iterator
from typing import ClassVar

import pytest
from tests.worlds.served import LABELLED, ServerWorld, headers_for

from pointsman.entrypoints.web.connections import Connection

GUID = "0b989ba4-242f-11e5-81e1-c7b6966d2516"
BODY = json.dumps(LABELLED).encode()
SIGNED = headers_for(BODY, guid=GUID)
HEAD = "POST /hooks/github HTTP/1.1\r\nHost: x\r\n"
REAL = "".join(f"{name}: {value}\r\n" for name, value in SIGNED.items())
LENGTH = f"Content-Length: {len(BODY)}\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
WRONG = "X-Hub-Signature-256: sha256=" + "0" * 64 + "\r\n"


class Hasty(Connection):
    """Waits for a fifth of a second."""

    patience: ClassVar[float] = 0.2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWorld]:
    with ServerWorld(tmp_path_factory.mktemp("wire"), connection=Hasty) as world:
        yield world


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (HEAD + REAL + LENGTH + CHUNKED, 400),
        (HEAD + REAL + CHUNKED + LENGTH, 400),
        (HEAD + REAL + LENGTH + "Content-Length: 5\r\n", 400),
        (HEAD + REAL + f"Content-Length: +{len(BODY)}\r\n", 400),
        (HEAD + REAL + "Content-Length: -1\r\n", 400),
        (HEAD + REAL + "Content-Length: 0x10\r\n", 400),
        (HEAD + REAL + "Transfer-Encoding: xchunked\r\n", 400),
        (HEAD + REAL + "Transfer-Encoding: chunked, identity\r\n", 400),
        (HEAD + "X-Hub-Signature-256 : sha256=00\r\n" + LENGTH, 400),
        (HEAD + "X-Odd: " + "a" * 200_000 + "\r\n", 400),
        (HEAD + "".join(f"X-{n}: a\r\n" for n in range(20_000)), 400),
        (HEAD + WRONG + REAL + LENGTH, 401),
        (HEAD + REAL.replace("sha256=", "SHA256=") + LENGTH, 401),
        (HEAD + REAL.replace("sha256=", "sha256= ") + LENGTH, 401),
        (HEAD + REAL + "Content-Encoding: br\r\n" + LENGTH, 415),
        ("POST /hooks/github HTTP/1.1\r\n" + REAL + LENGTH, 400),
        ("POST /hooks/./github HTTP/1.1\r\nHost: x\r\n" + REAL + LENGTH, 404),
        ("POST http://evil.example/hooks/github HTTP/1.1\r\nHost: x\r\n" + REAL + LENGTH, 404),
        ("PRI * HTTP/2.0\r\n", 404),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n", 404),
        ("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n", 404),
        ("GET /healthz\x00 HTTP/1.1\r\nHost: x\r\n", 400),
        ("GET /hooks/github HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n", 405),
    ],
    ids=range(23),
)
def test_w1_w5_requests_that_could_be_read_in_two_ways_are_refused_and_nothing_is_kept(
    server: ServerWorld, request_head: str, status: int
) -> None:
    before = len(server.waiting())
    answer = server.raw((request_head + "\r\n").encode() + BODY)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    assert len(server.waiting()) == before


def test_w1_what_is_behind_a_refused_body_is_not_taken_for_a_request(server: ServerWorld) -> None:
    """A second request that hides in the body of the first is never answered."""
    hidden = (HEAD + REAL + LENGTH + "\r\n").encode() + BODY
    before = len(server.waiting())
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall((HEAD + WRONG + LENGTH + CHUNKED + "\r\n").encode() + b"0\r\n\r\n" + hidden)
        connection.settimeout(10)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 ") == 1 and received.startswith(b"HTTP/1.1 400")
    assert len(server.waiting()) == before


@pytest.mark.parametrize(
    "beginning",
    [b"", b"P", HEAD.encode(), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG"],
    ids=["nothing", "a letter", "half a head", "an answer and a letter"],
)
def test_w5_a_connection_that_asks_for_nothing_is_closed_while_others_are_answered(
    server: ServerWorld, beginning: bytes
) -> None:
    connections = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(50)]
    for connection in connections:
        connection.sendall(beginning)
    assert server.get("/healthz").status == 200
    for connection in connections:
        while connection.recv(65536):
            pass
        connection.close()
