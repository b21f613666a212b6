"""A stage for stories on GitHub: one GitHub world, scripted models, and one `pointsman serve` that works for both."""

import asyncio
import json
import socket
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from tests.worlds.github import GitHubWorld, RepositoryWorld
from tests.worlds.github.state import Check, Comment, Installation, Issue, Person
from tests.worlds.repositories import BUGGY, ROUTING, TESTS
from tests.worlds.script import Answer, Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, PROGRAM, RIGHT, SEATS, Seat, edit, environment, policy_of, replies
from tests.worlds.warm import Typed, typed

from pointsman.audit.ledger.ledger import SqlLedger
from pointsman.domain.ledger import RunView
from pointsman.domain.run import Actor
from pointsman.forges.github.account import Conversion, save_account

LABEL = "pointsman"
REVIEW_LABEL = "pointsman:review"
CHECK = "pointsman/review"
PATIENCE = 180.0
_OVER = frozenset({"done", "refused", "stopped", "failed", "cancelled"})

FILES: Mapping[str, str] = {
    "README.md": "# Shop\n\nPrices and discounts.\n",
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/prices.py": BUGGY,
    "tests/__init__.py": "",
    "tests/test_prices.py": TESTS,
    ".pointsman.yml": ROUTING,
}


def until(happened: Callable[[], object], what: str = "", seconds: float = PATIENCE) -> None:
    """Wait for something that is on its way. Raises AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s: {what}"
        time.sleep(0.04)


class ServedStage:
    """The world, the models and the server; a context manager. Stories on it are kept apart by their words.

    Each story has a word that stands in its issues, so that its own answers are given to what it asks of models.
    `spacing` is the pause between two writes that the account's file asks for, `program` what is called to serve,
    `besides` what stands in its environment besides the usual; when it `is_known`, the server is told its address.
    """

    program = PROGRAM
    is_known = False
    besides: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        folder: Path,
        *,
        spacing: float = 0.0,
        timeout: int = 20,
        seats: tuple[Seat, ...] = SEATS,
        **policy: object,
    ) -> None:
        self.folder = folder
        self.world = GitHubWorld(folder / "github")
        self.models = ScriptedServer(Script(rules=()))
        self.port = _free_port()
        self._spacing, self._timeout = spacing, timeout
        self._policy, self._seats = policy, seats
        self._serving: Typed | None = None
        self._words: set[str] = set()
        self.ledger = SqlLedger(f"sqlite:///{self.home / 'ledger.sqlite'}")

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.models.__enter__()
        self.world.__enter__()
        self._register()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.ledger.close()
        self.models.__exit__(kind, error, trace)
        self.world.__exit__(kind, error, trace)

    def start(self) -> None:
        """Serve, and wait until the engine runs."""
        words = ["serve", "--port", str(self.port), "--home", str(self.home), "--policy", str(self.policy_file)]
        words += ["--url", self.url] if self.is_known else []
        env = {**environment(self.folder), **self.besides}
        self._serving = typed([str(self.program), *words], cwd=self.folder, env=env)
        self.world.deliver_to(f"{self.url}/hooks/github")
        until(self._is_up, "the server runs")

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        if self._serving is not None:
            self._serving.send_signal(15)
            self._serving.wait(120)
            self._serving = None

    def kill(self) -> None:
        """Kill it at once, as a power failure does."""
        if self._serving is not None:
            self._serving.kill()
            self._serving.wait(120)
            self._serving = None

    def scene(
        self,
        word: str,
        *,
        files: Mapping[str, str] | None = None,
        routing: str | None = ROUTING,
        installed: bool = True,
        **changed: tuple[Answer | str, ...],
    ) -> "Scene":
        """A repository of its own with the bug, somebody who may write, and models that do it right at once.

        `changed` has other answers for a model; `routing` another routing file, None for none.
        """
        assert word not in self._words, f"there is a story with the word {word}"
        self._words.add(word)
        given = {**FILES, **(files or {}), ".pointsman.yml": routing or ""}
        if routing is None:
            del given[".pointsman.yml"]
        shop = self.world.repository(f"{word}-org/shop", given)
        ada = self.world.person(f"ada-{word}")
        shop.collaborator(ada, "write")
        scene = Scene(self, word, shop, ada)
        scene.answers(**changed)
        if installed:
            scene.installation = self.world.install(shop)
        return scene

    def settle(self) -> None:
        """Wait until every webhook so far was delivered and dealt with."""
        self.world.idle(PATIENCE)
        until(lambda: not self.undone(), "every delivery is dealt with")

    def undone(self) -> list[str]:
        """The deliveries that were taken and not dealt with."""
        return [row[0] for row in self._rows("SELECT id FROM deliveries WHERE outcome IS NULL")]

    def outcomes(self, guid: str = "") -> list[str]:
        """What came of the deliveries, oldest first; of one of them when its id is given."""
        rows = self._rows("SELECT id, outcome FROM deliveries ORDER BY seq")
        return [str(outcome) for known, outcome in rows if guid in ("", known)]

    def views(self) -> list[RunView]:
        """The rows of all runs, newest first."""
        return list(asyncio.run(self.ledger.runs("", 500)))

    def states(self, repository: int) -> dict[str, str]:
        """The states of a repository's runs by their ids, for whoever asks again and again."""
        rows = self._rows("SELECT run_id, state, repository_id FROM runs")
        return {run_id: state for run_id, state, of in rows if of == str(repository)}

    def at_work(self) -> set[str]:
        """The ids of runs that the engine has not brought to their end, the last word on the forge included."""
        query = "SELECT workflow_uuid FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
        return {row[0] for row in self._rows(query, "engine.sqlite")}

    def log(self) -> str:
        """What the server logged."""
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self.home.glob("*.log*")))

    def keys(self) -> list[str]:
        """The public keys that the server tells, as PEM."""
        with urllib.request.urlopen(f"{self.url}/.well-known/pointsman-keys.json", timeout=60) as answer:
            return [str(key["pem"]) for key in json.load(answer)["keys"]]

    @property
    def policy_file(self) -> Path:
        """The organisation's policy; the server reads it anew when it has changed."""
        return self.folder / "policy.yml"

    def _register(self) -> None:
        app = self.world.app
        caps = {"run_usd": 1, "repository_day_usd": 1000, "installation_day_usd": 1000}
        text = policy_of(self._seats, self.models.url, **{"caps": caps, **self._policy})
        self.policy_file.write_text(text, encoding="utf-8")
        self.home.mkdir(mode=0o700)
        save_account(
            self.home,
            Conversion(
                web_url=self.world.url,
                app_id=app.id,
                slug=app.slug,
                client_id=app.client_id,
                bot=Actor(app.bot.id, app.bot.login, is_bot=True),
                page=f"{self.world.url}/apps/{app.slug}",
                webhook_secret=app.webhook_secret,
                private_key=app.private_key_pem,
            ),
        )
        file = self.home / "github" / "app.json"
        kept = json.loads(file.read_text(encoding="utf-8"))
        kept |= {"write_spacing_seconds": self._spacing, "timeout_seconds": self._timeout}
        file.write_text(json.dumps(kept), encoding="utf-8")

    def _is_up(self) -> bool:
        serving = self._serving
        assert serving is not None
        assert serving.poll() is None, f"the server ended: {serving.communicate()}"
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=30) as answer:
                return bool(json.load(answer)["engine"] == "running")
        except OSError:
            return False

    def _rows(self, query: str, file: str = "ledger.sqlite") -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(f"file:{self.home / file}?mode=ro", uri=True, timeout=60)) as db:
            return list(db.execute(query))


@dataclass
class Scene:
    """One story's repository, and what people see in it."""

    stage: ServedStage
    word: str
    shop: RepositoryWorld
    ada: Person
    installation: Installation | None = None

    @property
    def world(self) -> GitHubWorld:
        return self.stage.world

    @property
    def bot(self) -> Person:
        return self.world.app.bot

    def answers(self, **changed: tuple[Answer | str, ...]) -> None:
        """What each model says in this story."""
        right: dict[str, tuple[Answer | str, ...]] = {
            "planner": (replies(PLAN),),
            "coder": (edit(RIGHT),),
            "reviewer": (replies(APPROVAL),),
            "senior": (edit(RIGHT),),
            "spare": (edit(RIGHT),),
        }
        said = {**right, **changed}
        self.stage.models.learn(
            *(rule(*given, name=f"{self.word} {name}", when=(self.word,), model=name) for name, given in said.items())
        )

    def asked(self) -> list[str]:
        """The models that this story asked, in order."""
        rules = [seen.rule for seen in self.stage.models.seen if seen.rule.startswith(f"{self.word} ")]
        return [name.removeprefix(f"{self.word} ") for name in rules]

    def issue(self, *, by: Person | None = None, labels: tuple[str, ...] = ("bug",), body: str = "") -> int:
        """An issue about the bug, with the story's word in it."""
        text = body or "`discounted(200, 10)` gives 190. Ten percent off 200 is 180."
        title = f"Discounts take off euros instead of percent ({self.word})"
        return self.shop.issue(by=by or self.ada, title=title, body=text, labels=labels)

    def labelled(self, *, by: Person | None = None) -> int:
        """An issue about the bug, by anybody, that somebody who may write labels."""
        number = self.issue(by=by)
        self.shop.label(number, LABEL, self.ada)
        return number

    def built(self) -> tuple[int, Issue]:
        """A labelled issue, and the change that came of it, once everything is said."""
        number = self.labelled()
        self.over()
        return number, self.change()

    def proposed(
        self, new: str = "price * (1 - percent)", *, fork: RepositoryWorld | None = None, by: Person | None = None
    ) -> int:
        """A change of a person's to the line of the bug; its number."""
        files = {"shop/prices.py": BUGGY.replace("price - percent", new)}
        title = f"Take percent off ({self.word})"
        return self.shop.pull(by=by or self.ada, files=files, title=title, head_branch="percent", from_fork=fork)

    def says(self, number: int, text: str, by: Person | None = None) -> str:
        """Somebody comments, and it is dealt with; the answer's text, empty when there is none."""
        before = {comment.id: comment.body for comment in self.shop.comments(number)}
        said = self.shop.comment(number, text, by or self.ada)
        self.stage.settle()
        after = [comment for comment in self.shop.comments(number) if comment.id != said and self.is_ours(comment)]
        return "\n".join(comment.body for comment in after if before.get(comment.id) != comment.body)

    def is_ours(self, comment: Comment) -> bool:
        """Whether the bot wrote it."""
        return comment.by.id == self.bot.id

    def said(self, number: int) -> list[str]:
        """The bot's comments on an issue or change."""
        return [comment.body for comment in self.shop.comments(number) if self.is_ours(comment)]

    def seen(self, number: int, comment: int | None = None) -> int:
        """How often the bot shows eyes."""
        found = self.shop.reactions(number, comment)
        return len([one for one in found if one.content == "eyes" and one.by.id == self.bot.id])

    def runs(self) -> list[RunView]:
        """The rows of this story's runs, newest first."""
        return [view for view in self.stage.views() if view.repository_id == str(self.shop.id)]

    def over(self, count: int = 1) -> RunView:
        """Wait until that many runs are over and everything is said; the newest run."""

        def ended() -> bool:
            states = self.stage.states(self.shop.id)
            over = len(states) >= count and _OVER.issuperset(states.values())
            return over and not self.stage.at_work() & states.keys()

        until(ended, f"{count} runs of {self.word} are over")
        self.stage.settle()
        return self.runs()[0]

    def waits(self) -> None:
        """Wait until a run of this story waits for a person, and says so."""

        def told() -> bool:
            said = (text for number in tuple(self.shop.state.issues) for text in self.said(number))
            return any("**Waiting for a person.**" in text for text in said)

        until(told, f"{self.word} waits for a person")
        self.stage.settle()

    def asks(self, model: str, times: int = 1) -> None:
        """Wait until this story has asked a model."""
        until(lambda: self.asked().count(model) >= times, f"{self.word} asks {model}")

    def branch(self) -> str:
        """The branch of the one change of ours."""
        pull = self.change().pull
        assert pull is not None
        return pull.head_branch

    def change(self) -> Issue:
        """The one change of ours."""
        (found,) = [pull for pull in self.shop.pulls() if pull.by.id == self.bot.id]
        return found

    def head(self, number: int) -> str:
        """The head of a change."""
        pull = self.shop.one(number).pull
        assert pull is not None
        return pull.head_sha

    def check(self, head: str) -> Check:
        """Our one check on a head."""
        (found,) = [check for check in self.shop.checks(head) if check.name == CHECK]
        return found

    def message(self, commit: str) -> str:
        """The message of a commit."""
        return self.shop.git.run("log", "-1", "--format=%B", commit).strip()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
