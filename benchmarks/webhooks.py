"""What a webhook costs the server: the bot and PR-Agent on the same deliveries, one after the other on one machine.

    python -m benchmarks.webhooks --tools FOLDER --rounds 3

Ignored deliveries are of an event that neither acts on; accepted ones are comments on a pull request that hold no
command. Both servers run in one process; PR-Agent needs Python 3.12 (`--python`). `processor ms` is what the server's
process used per delivery until all were answered. What comes after the answer is not counted for either: PR-Agent
handles the comment in the same process before or after its answer, the bot from its inbox. `up page` is the page that
says that the server is up, asked for every 20 ms by `benchmarks.liveness`, in a start of its own.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from tests.worlds.github import GitHubWorld, octokit_examples

from benchmarks.liveness import Latency, Liveness, liveness
from benchmarks.load import Answers, Load, post_all
from benchmarks.servers import Server, pointsman, pr_agent, started

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Round:
    """What a server did in one start for the deliveries, and in one for the reviews."""

    first_answer_seconds: float
    idle_mb: float
    ignored: Answers
    ignored_processor_ms: float
    accepted: Answers
    accepted_processor_ms: float
    live: Liveness


def ignored(number: int) -> bytes:
    """A star, which nobody acts on, of the size that GitHub sends."""
    return _example("star", "created", number)


def accepted(number: int) -> bytes:
    """A comment on a pull request without a command in it."""
    return _example("issue_comment", "created", number)


_KEPT: dict[tuple[str, str], dict[str, object]] = {}


def _example(event: str, action: str, number: int) -> bytes:
    if (event, action) not in _KEPT:
        found = [p for name, p in octokit_examples() if name == event and p.get("action") == action]
        _KEPT[event, action] = found[0]
    payload = dict(_KEPT[event, action])
    comment, issue = payload.get("comment"), payload.get("issue")
    if isinstance(comment, dict) and isinstance(issue, dict):
        said = {**comment, "body": f"Thanks, number {number} looks right to me."}
        payload |= {"comment": said, "issue": {**issue, "pull_request": {"url": issue["url"]}}}
    return json.dumps(payload, separators=(",", ":")).encode()


def measured(made: Callable[..., Server], folder: Path, *, count: int, reviews: int) -> Round:
    """Start the server that `made` makes of a world, let it come to rest, and post everything; then the reviews."""
    live = liveness(made, folder / "reviews", reviews=reviews)
    with GitHubWorld(folder / "github") as world:
        server = made(world)
        home = folder / "home"
        home.mkdir()
        with started(server, home) as (process, port, first):
            time.sleep(4)
            idle = _resident_mb(process.pid)
            _posted(server, process.pid, port, Load("star", ignored, server.secret, 100))
            star, star_ms = _posted(server, process.pid, port, Load("star", ignored, server.secret, count))
            said, said_ms = _posted(server, process.pid, port, Load("issue_comment", accepted, server.secret, count))
            return Round(first, idle, star, star_ms, said, said_ms, live)


def _posted(server: Server, pid: int, port: int, load: Load) -> tuple[Answers, float]:
    before = _processor_seconds(pid)
    answers = asyncio.run(post_all("127.0.0.1", port, server.hooks, load))
    return answers, (_processor_seconds(pid) - before) / load.count * 1000


def _resident_mb(pid: int) -> float:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS")) / 1024


def _processor_seconds(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS


def _rows() -> dict[str, Callable[[Round], float]]:
    rows: dict[str, Callable[[Round], float]] = {
        "start to first answer, s": lambda one: one.first_answer_seconds,
        "idle memory, MB": lambda one: one.idle_mb,
        "ignored deliveries per second": lambda one: one.ignored.per_second,
        "ignored, p95 ms": lambda one: one.ignored.p95_ms,
        "ignored, processor ms each": lambda one: one.ignored_processor_ms,
        "accepted deliveries per second": lambda one: one.accepted.per_second,
        "accepted, p95 ms": lambda one: one.accepted.p95_ms,
        "accepted, processor ms each": lambda one: one.accepted_processor_ms,
        "first review, s": lambda one: one.live.first_seconds,
        "later reviews, s": lambda one: one.live.later_seconds,
    }
    rows |= _up_page("idle", lambda live: live.idle)
    rows |= _up_page("first review", lambda live: live.first)
    return rows | _up_page("later reviews", lambda live: live.later)


def _up_page(when: str, of: Callable[[Liveness], Latency]) -> dict[str, Callable[[Round], float]]:
    return {
        f"up page, {when}, p50 ms": lambda one: of(one.live).p50_ms,
        f"up page, {when}, p95 ms": lambda one: of(one.live).p95_ms,
        f"up page, {when}, longest ms": lambda one: of(one.live).max_ms,
    }


def table(found: dict[str, list[Round]]) -> Table:
    """Medians side by side, and the first as a share of the second."""
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", *found, "ratio"):
        shown.add_column(name, justify="left" if not name else "right")
    for name, of in _rows().items():
        values = [median(of(one) for one in rounds) for rounds in found.values()]
        shown.add_row(name, *(f"{value:,.2f}" for value in values), f"{values[0] / values[-1]:.3g}")
    return shown


def notes(found: dict[str, list[Round]]) -> Iterable[str]:
    """What tells whether the figures mean something: answers by status, questions asked and not answered, load."""
    for name, rounds in found.items():
        for one in rounds:
            pages = [
                (moment.answered, moment.unanswered) for moment in (one.live.idle, one.live.first, one.live.later)
            ]
            yield f"{name}: statuses {one.ignored.statuses} {one.accepted.statuses}, up page (answered, not) {pages}"
    yield "load average " + " ".join(f"{value:.1f}" for value in os.getloadavg())


def main() -> None:
    """Measure both in turns and print the medians; with --out, every round as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tools", type=Path, required=True, help="where PR-Agent is or will be installed")
    options.add_argument("--python", default="python3.12", help="a Python that PR-Agent can use")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--count", type=int, default=1500)
    options.add_argument("--reviews", type=int, default=5, help="at least 2; the first is counted apart")
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    servers: dict[str, Callable[..., Server]] = {
        "Pointsman": pointsman,
        "PR-Agent": partial(pr_agent, tools=given.tools, python=given.python),
    }
    found: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory(prefix="webhooks-") as folder:
        for number in range(given.rounds):
            for name, made in servers.items():
                place = Path(folder) / f"{name}-{number}"
                place.mkdir()
                done = measured(made, place, count=given.count, reviews=given.reviews)
                found.setdefault(name, []).append(done)
    Console().print(table(found))
    for line in notes(found):
        Console().print(line, highlight=False, soft_wrap=True)
    if given.out:
        given.out.write_text(json.dumps({name: [asdict(one) for one in rounds] for name, rounds in found.items()}))


if __name__ == "__main__":
    main()
