"""What a webhook costs the server: the bot and PR-Agent on the same deliveries, one after the other on one machine.

    python -m benchmarks.webhooks --tools FOLDER --rounds 3

Ignored deliveries are of an event that neither acts on; accepted ones are comments on a pull request that hold no
command. Both servers run in one process; PR-Agent needs Python 3.12 (`--python`). `processor ms` is what the server's
process used per delivery until all were answered. What comes after the answer is not counted for either: PR-Agent
handles the comment in the same process before or after its answer, the bot from its inbox.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from tests.worlds.github import GitHubWorld, octokit_examples

from benchmarks.installation import environment, installed
from benchmarks.load import Answers, Load, post_all
from pointsman.domain.run import Actor
from pointsman.forges.github.account import Conversion, save_account

PR_AGENT = "pr-agent[github]==0.49.0"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement: how it is started, where it takes webhooks, and which page says that it is up."""

    name: str
    command: Callable[[int, Path], Sequence[str]]
    env: Callable[[Path], dict[str, str]]
    hooks: str
    up: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Round:
    """One start of a server, and what it did."""

    first_answer_seconds: float
    idle_mb: float
    ignored: Answers
    ignored_processor_ms: float
    accepted: Answers
    accepted_processor_ms: float


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


def measured(server: Server, folder: Path, *, count: int) -> Round:
    """Start the server, let it come to rest, and post everything."""
    with _started(server, folder) as (process, port, first):
        time.sleep(4)
        idle = _resident_mb(process.pid)
        _posted(server, process.pid, port, Load("star", ignored, server.secret, 100))
        star, star_ms = _posted(server, process.pid, port, Load("star", ignored, server.secret, count))
        said, said_ms = _posted(server, process.pid, port, Load("issue_comment", accepted, server.secret, count))
        return Round(first, idle, star, star_ms, said, said_ms)


def _posted(server: Server, pid: int, port: int, load: Load) -> tuple[Answers, float]:
    before = _processor_seconds(pid)
    answers = asyncio.run(post_all("127.0.0.1", port, server.hooks, load))
    return answers, (_processor_seconds(pid) - before) / load.count * 1000


@contextmanager
def _started(server: Server, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    port = _free_port()
    begun = time.perf_counter()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            server.command(port, folder), cwd=folder, env=server.env(folder), stdout=log, stderr=log
        )
    try:
        while not _answers(f"http://127.0.0.1:{port}{server.up}"):
            if process.poll() is not None or time.perf_counter() - begun > 60:
                raise RuntimeError(f"{server.name} did not start: {(folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.01)
        yield process, port, time.perf_counter() - begun
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _resident_mb(pid: int) -> float:
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("VmRSS")) / 1024


def _processor_seconds(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICKS


def pointsman(world: GitHubWorld) -> Server:
    """The bot, with the GitHub of the tests behind it."""

    def command(port: int, folder: Path) -> Sequence[str]:
        app, home = world.app, folder / "state"
        home.mkdir(mode=0o700)
        bot = Actor(app.bot.id, app.bot.login, is_bot=True)
        page = f"{world.url}/apps/{app.slug}"
        save_account(
            home,
            Conversion(
                world.url, app.id, app.slug, app.client_id, bot, page, app.webhook_secret, app.private_key_pem
            ),
        )
        return [str(installed("pointsman")), "serve", "--port", str(port), "--home", str(home)]

    return Server("Pointsman", command, environment, "/hooks/github", "/healthz", world.app.webhook_secret.encode())


def pr_agent(tools: Path, python: str) -> Server:
    """PR-Agent's GitHub App server, installed into a virtual environment below `tools`."""
    folder = tools / "pr-agent"
    if not (folder / "bin" / "python").exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", PR_AGENT], check=True)
    settings = {
        "CONFIG__GIT_PROVIDER": "github",
        "GITHUB__DEPLOYMENT_TYPE": "app",
        "GITHUB__APP_ID": "1",
        "GITHUB__PRIVATE_KEY": "none",
        "GITHUB__WEBHOOK_SECRET": "sesame",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    server = "pr_agent.servers.github_app:app"
    return Server(
        "PR-Agent",
        lambda port, _: [str(folder / "bin/python"), "-m", "uvicorn", server, "--host=127.0.0.1", f"--port={port}"],
        lambda home: environment(home) | settings,
        "/api/v1/github_webhooks",
        "/",
        b"sesame",
    )


def table(found: dict[str, list[Round]]) -> Table:
    """Medians side by side, and the first as a share of the second."""
    rows: dict[str, Callable[[Round], float]] = {
        "start to first answer, s": lambda one: one.first_answer_seconds,
        "idle memory, MB": lambda one: one.idle_mb,
        "ignored deliveries per second": lambda one: one.ignored.per_second,
        "ignored, p95 ms": lambda one: one.ignored.p95_ms,
        "ignored, processor ms each": lambda one: one.ignored_processor_ms,
        "accepted deliveries per second": lambda one: one.accepted.per_second,
        "accepted, p95 ms": lambda one: one.accepted.p95_ms,
        "accepted, processor ms each": lambda one: one.accepted_processor_ms,
    }
    shown = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("", *found, "ratio"):
        shown.add_column(name, justify="left" if not name else "right")
    for name, of in rows.items():
        values = [median(of(one) for one in rounds) for rounds in found.values()]
        shown.add_row(name, *(f"{value:,.2f}" for value in values), f"{values[0] / values[-1]:.2f}")
    return shown


def main() -> None:
    """Measure both in turns and print the medians; with --out, every round as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tools", type=Path, required=True, help="where PR-Agent is or will be installed")
    options.add_argument("--python", default="python3.12", help="a Python that PR-Agent can use")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--count", type=int, default=1500)
    options.add_argument("--out", type=Path)
    given = options.parse_args()
    found: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory(prefix="webhooks-") as folder, GitHubWorld(Path(folder)) as world:
        servers = (pointsman(world), pr_agent(given.tools, given.python))
        for number in range(given.rounds):
            for server in servers:
                place = Path(folder) / f"{server.name}-{number}"
                place.mkdir()
                found.setdefault(server.name, []).append(measured(server, place, count=given.count))
    Console().print(table(found))
    for name, rounds in found.items():
        Console().print(name, [(one.ignored.statuses, one.accepted.statuses) for one in rounds])
    if given.out:
        given.out.write_text(json.dumps({name: [asdict(one) for one in rounds] for name, rounds in found.items()}))


if __name__ == "__main__":
    main()
