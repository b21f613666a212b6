"""How long the page that says "I am up" takes while the server has nothing to do, and while it reviews changes.

The reviews come one after another, each of a change of its own, asked for by a comment. A review lasts from that
comment to the server's last request to GitHub or a model on its behalf; the first one loads what only a review needs.
The model answers at once, so that what is left is the server's own work: with a model that thinks, both servers wait
most of the time. The bot's review runs the tests of the change and of its base in a sandbox, PR-Agent's runs none.
Each review must say on the change what the model found.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.worlds.github import GitHubWorld, RepositoryWorld
from tests.worlds.github.state import Person
from tests.worlds.repositories import BUGGY, TESTS
from tests.worlds.script import Answer, Rule, Script
from tests.worlds.scripted_server import ScriptedServer

from benchmarks import poller
from benchmarks.installation import ROUTING
from benchmarks.servers import Server, started

EVERY = 0.02  # seconds between two questions
QUIET = 1.0  # seconds without a request after which a review is over
_IDLE = 5.0
_PATIENCE = 120.0
_LINE = "    return price * (1 - percent)"
_FOUND = "Percent are hundredths."


@dataclass(frozen=True, slots=True)
class Latency:
    """The time to the page in ms: the 50th and 95th of a hundred, the longest, and how many came and did not come."""

    p50_ms: float
    p95_ms: float
    max_ms: float
    answered: int
    unanswered: int


@dataclass(frozen=True, slots=True)
class Liveness:
    """The page at rest, during the first review and during the later ones, and how long the reviews took.

    `later_seconds` is the median of the later ones.
    """

    idle: Latency
    first: Latency
    later: Latency
    first_seconds: float
    later_seconds: float


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the machine's monotonic clock, in seconds."""

    begun: float
    ended: float


Polls = list[tuple[float, float | None]]


def liveness(made: Callable[[GitHubWorld, str], Server], folder: Path, *, reviews: int) -> Liveness:
    """Start the server that `made` makes of a GitHub and the URL of a model, and ask for its page all the while."""
    with GitHubWorld(folder / "github") as world, ScriptedServer(_script()) as models:
        shop, ada = _shop(world)
        changes = [_change(shop, ada, number) for number in range(reviews)]
        server = made(world, models.url)
        home = folder / "home"
        home.mkdir()
        with started(server, home) as (_, port, _):
            world.deliver_to(f"http://127.0.0.1:{port}{server.hooks}")
            time.sleep(4)
            with _polling(port, server.up) as polls:
                time.sleep(1)
                idle = Span(time.monotonic(), time.monotonic() + _IDLE)
                time.sleep(_IDLE)
                spans = [_reviewed(server, world, models, (shop, ada, change)) for change in changes]
    first, *later = [span.ended - span.begun for span in spans]
    at_first, at_later = _latency(polls, spans[:1]), _latency(polls, spans[1:])
    return Liveness(_latency(polls, [idle]), at_first, at_later, first, median(later))


def _reviewed(
    server: Server, world: GitHubWorld, models: ScriptedServer, asked: tuple[RepositoryWorld, Person, int]
) -> Span:
    """Ask for one review, and wait until it stands on the change and the server asks nobody for anything more."""
    shop, ada, change = asked
    begun = ended = time.monotonic()
    requests = len(world.calls) + len(models.seen)
    shop.comment(change, server.review, ada)
    while not (_stands(shop, change) and time.monotonic() - ended > QUIET):
        now = len(world.calls) + len(models.seen)
        if now != requests:
            requests, ended = now, time.monotonic()
        if time.monotonic() - begun > _PATIENCE:
            said = [comment.body for comment in shop.comments(change)]
            raise RuntimeError(f"{server.name} has not reviewed change {change}: {said}")
        time.sleep(0.005)
    return Span(begun, ended)


def _stands(shop: RepositoryWorld, change: int) -> bool:
    """Whether people can read what the model found."""
    said = [comment.body for comment in shop.comments(change)]
    said += [comment.body for comment in shop.review_comments(change)]
    return any(_FOUND in text for text in said)


@contextmanager
def _polling(port: int, page: str) -> Iterator[Polls]:
    """Ask for the page from a process of its own; the answers are there at the end."""
    found: Polls = []
    command = [sys.executable, "-P", str(Path(poller.__file__)), "127.0.0.1", str(port), page, str(EVERY)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield found
    finally:
        printed, _ = process.communicate()
        found += json.loads(printed)


def _latency(polls: Polls, spans: Sequence[Span]) -> Latency:
    inside = [took for span in spans for begun, took in polls if span.begun <= begun <= span.ended]
    times = sorted(took * 1000 for took in inside if took is not None)
    at = [times[min(len(times) - 1, int(len(times) * share))] for share in (0.50, 0.95)]
    return Latency(at[0], at[1], times[-1], len(times), len(inside) - len(times))


def _shop(world: GitHubWorld) -> tuple[RepositoryWorld, Person]:
    """A repository with the app installed, and somebody who may write; nobody is told of it yet."""
    code = {"shop/__init__.py": "", "shop/prices.py": BUGGY, "tests/__init__.py": "", "tests/test_prices.py": TESTS}
    shop = world.repository("example/shop", {"README.md": "# Shop\n", ".pointsman.yml": ROUTING, **code})
    ada = world.person("ada")
    shop.collaborator(ada, "write")
    world.install(shop)
    return shop, ada


def _change(shop: RepositoryWorld, ada: Person, number: int) -> int:
    files = {"shop/prices.py": BUGGY.replace("    return price - percent", _LINE)}
    return shop.pull(by=ada, files=files, title="Take percent off", head_branch=f"percent-{number}")


def _script() -> Script:
    """The same finding for both, in the words that the prompt of each asks for."""
    finding = {
        "path": "shop/prices.py",
        "quote": _LINE,
        "severity": "major",
        "kind": "bug",
        "message": _FOUND,
        "failing_input": "discounted(200, 10)",
        "suggestion": "",
    }
    ours = json.dumps({"summary": "", "findings": [finding]})
    issue = {
        "relevant_file": "shop/prices.py",
        "issue_header": "Wrong unit",
        "issue_content": _FOUND,
        "start_line": 6,
        "end_line": 6,
    }
    review = {
        "estimated_effort_to_review_[1-5]": 1,
        "relevant_tests": "No",
        "key_issues_to_review": [issue],
        "security_concerns": "No",
    }
    # PR-Agent asks for YAML, of which JSON is a part.
    theirs = f"```yaml\n{json.dumps({'review': review}, indent=2)}\n```"
    return Script(
        rules=(
            Rule("Pointsman", ("You review a change",), (Answer(ours),)),
            Rule("PR-Agent", ("You are PR-Reviewer",), (Answer(theirs),)),
        )
    )
