"""Asks for a page every so often, in a process of its own, and prints when each question began and how long it took.

    python benchmarks/poller.py 127.0.0.1 8000 /healthz 0.02

A question is asked when its time has come, whether the earlier ones were answered or not, each over a connection of
its own: a server that stands still for a second is asked fifty times in it, not once. It ends when its standard input
does, and prints JSON: `[[begun, seconds], ...]`, in seconds of the machine's monotonic clock, null for no answer.
"""

import asyncio
import json
import sys
import time

PATIENCE = 30.0  # seconds until a question counts as not answered


async def asked(host: str, port: int, page: str, every: float) -> list[tuple[float, float | None]]:
    """Ask until standard input ends, then wait for the answers that are on their way."""
    found: list[tuple[float, float | None]] = []
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    questions: set[asyncio.Task[None]] = set()

    async def ask() -> None:
        begun = time.monotonic()
        found.append((begun, time.monotonic() - begun if await _answered(host, port, page) else None))

    due = time.monotonic()
    while not ended.done():
        question = asyncio.create_task(ask())
        questions.add(question)
        question.add_done_callback(questions.discard)
        due = max(due + every, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
    await asyncio.gather(*questions)
    return sorted(found, key=lambda one: one[0])


async def _answered(host: str, port: int, page: str) -> bool:
    request = f"GET {page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(request.encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return answer.startswith(b"HTTP/1.1 200 ")


def main() -> None:
    """Ask for the page that the command line names."""
    host, port, page, every = sys.argv[1:]
    print(json.dumps(asyncio.run(asked(host, int(port), page, float(every)))))


if __name__ == "__main__":
    main()
