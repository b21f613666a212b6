"""Posts signed webhooks to a server from several connections at once, and times each answer."""

import asyncio
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What is posted: `event` with the bytes that `body` makes for each one, `count` times from `clients` at once."""

    event: str
    body: Callable[[int], bytes]
    secret: bytes
    count: int
    clients: int = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """How it went: answers per second, the time of the 50th and 95th of a hundred in ms, and answers by status."""

    per_second: float
    p50_ms: float
    p95_ms: float
    statuses: dict[int, int]


async def post_all(host: str, port: int, path: str, load: Load) -> Answers:
    """Post everything over `clients` kept connections and wait for every answer."""
    numbers = iter(range(load.count))
    times: list[float] = []
    statuses: dict[int, int] = {}

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for number in numbers:
            request = _request(host, path, load, number)
            begun = time.perf_counter()
            writer.write(request)
            status = await _status(reader)
            times.append(time.perf_counter() - begun)
            statuses[status] = statuses.get(status, 0) + 1
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(load.clients)))
    took = time.perf_counter() - begun
    times.sort()
    return Answers(len(times) / took, _at(times, 0.50), _at(times, 0.95), statuses)


def _at(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] * 1000


def _request(host: str, path: str, load: Load, number: int) -> bytes:
    body = load.body(number)
    proof = hmac.new(load.secret, body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"User-Agent: GitHub-Hookshot/bench\r\nX-GitHub-Event: {load.event}\r\n"
        f"X-GitHub-Delivery: {uuid.uuid4()}\r\nX-Hub-Signature-256: sha256={proof}\r\n\r\n"
    )
    return head.encode() + body


async def _status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
