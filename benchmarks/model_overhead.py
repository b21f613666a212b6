"""Processor time that one model call costs us with 300 steps of history behind it, for each kind of provider."""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.unit.models.models_world import LedgerInMemory, WallClock, ask, base_url, model, provider, saying, serving

from pointsman.domain.models import Ask, Message, Outage, Price, Provider, ProviderKind, ToolCall, ToolStyle
from pointsman.models.door import Door

LIMIT_MS = 5.0


def history(steps: int) -> tuple[Message, ...]:
    """A tool loop of so many steps, each with a file of 2.5 kB."""
    turns = [Message("user", "Mend the bug.")]
    for step in range(steps):
        call = ToolCall(f"call-{step}", "read_file", {"path": f"src/part_{step}.py", "start": step})
        turns += [Message("assistant", "", (call,)), Message("tool", "x = 1  # line\n" * 180, call_id=call.id)]
    return tuple(turns)


def serve(kind: ProviderKind, tokens: int) -> None:
    """A provider without latency, in a process of its own; prints its port and serves until its input ends."""
    with serving(lambda _: saying(kind, "done", usage=(tokens, 1))) as server:
        print(server.port, flush=True)
        sys.stdin.read()


@contextmanager
def provider_process(kind: ProviderKind, tokens: int) -> Iterator[str]:
    """The origin of such a provider."""
    command = [sys.executable, "-m", "benchmarks.model_overhead", "--serve", kind.value, "--tokens", str(tokens)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


async def measured(where: Provider, question: Ask, calls: int) -> tuple[int, list[float]]:
    """Bytes of the request, and milliseconds of our processor time for each call, on a connection that is open."""
    door = Door({where.name: where}, LedgerInMemory(), WallClock(), lambda _: "key")
    spent: list[float] = []
    for number in range(calls + 3):
        started = time.process_time()
        ended = await door.ask(replace(question, call_id=f"r-1:plan:{number}"))
        spent.append((time.process_time() - started) * 1000)
        if isinstance(ended, Outage):
            raise SystemExit(f"{where.name}: {ended.message}")
    await door.close()
    return len(str(question.messages)), spent[3:]


def row(kind: ProviderKind, steps: int, calls: int) -> tuple[int, list[float]]:
    """Measure one kind."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.json"
        script.write_text('{"*": {"plan": [{"text": "done"}]}}')
        with provider_process(kind, steps * 1000) as origin:
            url = str(script) if kind is ProviderKind.SCRIPTED else base_url(kind, origin)
            where = provider(kind, url)
            which = model(where, tools=ToolStyle.NATIVE, context_window=2_000_000, price=Price(0.0, 0.0))
            return asyncio.run(measured(where, ask(which, messages=history(steps)), calls))


def main() -> int:
    """Print the table, and exit 1 when a kind takes more than the limit at the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--calls", type=int, default=30)
    parser.add_argument("--serve", type=ProviderKind, help=argparse.SUPPRESS)
    parser.add_argument("--tokens", type=int, default=1, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.tokens)
        return 0
    print(f"{'kind':<20}{'request kB':>12}{'median ms':>12}{'p90 ms':>10}   (limit {LIMIT_MS:g} ms processor time)")
    slow = False
    for kind in ProviderKind:
        size, spent = row(kind, chosen.steps, chosen.calls)
        middle = statistics.median(spent)
        slow = slow or middle > LIMIT_MS
        print(f"{kind.value:<20}{size / 1000:>12.0f}{middle:>12.2f}{sorted(spent)[int(len(spent) * 0.9)]:>10.2f}")
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
