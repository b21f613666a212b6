"""A stage for stories: one repository, one home, scripted models on HTTP, and the command line as people type it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.worlds.fingerprints import Fingerprint, fingerprint
from tests.worlds.repositories import Story, buggy_package, git
from tests.worlds.script import Answer, Rule, Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.warm import Typed, typed

VERIFY = "python3 -m unittest discover -s tests -t ."
PROGRAM = Path(sys.executable).parent / "pointsman"

PLAN = {
    "goal": "A discount takes percent off.",
    "criteria": ["Ten percent off 200 is 180."],
    "steps": ["Multiply by the part that is left."],
    "read": ["tests/test_prices.py"],
    "change": ["shop/prices.py"],
    "create": [],
    "tests": [],
    "risks": [],
    "questions": [],
}
APPROVAL = {"summary": "Percent are taken off now.", "findings": [], "still_open": []}
WRONG = "price - percent"
RIGHT = "max(0.0, price * (1 - percent / 100))"


def replies(value: object) -> str:
    """What a model writes that was asked for a JSON object."""
    return json.dumps(value)


def edit(new: str, *, old: str = WRONG, path: str = "shop/prices.py") -> str:
    """What a coder writes: one search/replace block for the line of the bug."""
    return f"{path}\n```python\n<<<<<<< SEARCH\n    return {old}\n=======\n    return {new}\n>>>>>>> REPLACE\n```\n"


def finding(quote: str, message: str, *, severity: str = "major") -> dict[str, str]:
    """One remark of a reviewer about `shop/prices.py`, with an input that shows it."""
    return {
        "path": "shop/prices.py",
        "quote": quote,
        "severity": severity,
        "kind": "bug",
        "criterion": "",
        "message": message,
        "failing_input": "discounted(200, 10)",
        "suggestion": "",
    }


def shown_by(claim: str) -> str:
    """What a reviewer writes that is asked for a test: one that fails where the claim does not hold."""
    body = f"class Shown(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue({claim})\n"
    return f"```python\nimport unittest\n\nfrom shop.prices import discounted\n\n\n{body}```\n"


BELOW_ZERO = shown_by("discounted(300, 150) >= 0")
"""Holds before any change, and of every right one."""

CANNOT = "CANNOT"
"""What a reviewer writes who has no test for what it found."""


@dataclass(frozen=True)
class Seat:
    """A model of the policy: where it is asked, in which dialect, and of which family it is."""

    name: str
    family: str
    kind: str = "ollama"
    url: str = ""
    price: float = 0.0
    perimeter: str = "local"


# Ollama is the dialect whose client is loaded fastest.
SEATS = (
    Seat("planner", "alpha"),
    Seat("coder", "beta"),
    Seat("reviewer", "gamma"),
    Seat("senior", "delta"),
    Seat("spare", "epsilon"),
)


def usual(**changed: tuple[Answer | str, ...]) -> Script:
    """Planner, coder and reviewer do it right at once, except where `changed` has other answers for a model."""
    right: dict[str, tuple[Answer | str, ...]] = {
        "planner": (replies(PLAN),),
        "coder": (edit(RIGHT),),
        "reviewer": (replies(APPROVAL),),
        "senior": (edit(RIGHT),),
        "spare": (edit(RIGHT),),
    }
    rules: tuple[Rule, ...] = tuple(
        rule(*answers, name=name, model=name) for name, answers in {**right, **changed}.items()
    )
    return Script(rules=rules)


def policy_of(seats: tuple[Seat, ...], url: str, **changed: object) -> str:
    """A whole policy as JSON, which is YAML too; `changed` replaces or adds whole keys of it."""
    paths = {"openai-compatible": "/v1"}
    policy: dict[str, object] = {
        "version": 1,
        "providers": {
            f"{seat.name}-host": {
                "kind": seat.kind,
                "base_url": (seat.url or url) + paths.get(seat.kind, ""),
                "perimeter": seat.perimeter,
                "timeout_seconds": 60,
                **({"key": "env:STORY_KEY"} if seat.kind == "anthropic" else {}),
            }
            for seat in seats
        },
        "models": {
            seat.name: {
                "provider": f"{seat.name}-host",
                "id": seat.name,
                "vendor": seat.family,
                "family": seat.family,
                "tier": "mid",
                "context_window": 32768,
                "max_output": 2048,
                "price": {"input": seat.price, "output": seat.price},
            }
            for seat in seats
        },
        "sensitivities": {"internal": {"perimeters": ["local"]}, "restricted": {"perimeters": ["local"]}},
        "repositories": [{"match": "**", "sensitivity": "internal"}],
        "caps": {"run_usd": 1, "repository_day_usd": 10, "installation_day_usd": 10},
        "commands": {"verify": [VERIFY, "python3 -m unittest *"]},
        "sandbox": {"timeout_seconds": 60, "memory_mb": 512},
        **changed,
    }
    return json.dumps(policy, indent=1)


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code, and what stands on both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        """The one JSON object that `--json` prints."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    @property
    def run(self) -> dict[str, object]:
        """The run's view inside that object."""
        return fields(self.json["run"])

    @property
    def run_id(self) -> str:
        return str(self.run["run_id"])

    @property
    def told(self) -> str:
        """Both outputs with every blank evened out, since a terminal wraps lines."""
        return " ".join(f"{self.out} {self.err}".split())


def fields(value: object) -> dict[str, object]:
    """A JSON object, certainly."""
    assert isinstance(value, dict), value
    return value


def rows(value: object) -> list[dict[str, object]]:
    """A JSON list of objects, certainly."""
    assert isinstance(value, list), value
    return [fields(each) for each in value]


@dataclass(frozen=True)
class Stage:
    """Where a story plays. Every command is a process of its own with a bare environment.

    `place` is a warm process to start commands through, when it is not the usual one; `env` is added for them.
    """

    folder: Path
    story: Story
    server: ScriptedServer
    policy: Path
    place: str = ""
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def repository(self) -> Path:
        return self.story.repository

    def command(self, *words: str, with_policy: bool = False) -> list[str]:
        """The words of a command, with this stage's home."""
        policy = ["--policy", str(self.policy)] if with_policy else []
        return [str(PROGRAM), *words, "--home", str(self.home), *policy]

    def does(self, *words: str, with_policy: bool = False, cold: bool = False) -> Said:
        """Type a command and read what it says; a `cold` one is started from its file, with nothing imported."""
        command, env = self.command(*words, with_policy=with_policy), environment(self.folder)
        if cold:
            done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=240)
            return Said(done.returncode, done.stdout, done.stderr)
        going = typed(command, cwd=self.folder, env={**env, **self.env}, place=self.place)
        out, err = going.communicate(timeout=240)
        return Said(going.wait(), out, err)

    def begins(self, *words: str, with_policy: bool = False) -> Typed:
        """Type a command and do not wait for it."""
        return typed(self.command(*words, with_policy=with_policy), cwd=self.folder, env=environment(self.folder))

    def works_on_the_issue(self, *words: str, goal: str = "run") -> Said:
        """`pointsman run` on the story's issue, told as JSON."""
        return self.does(goal, *self.about(), "--json", *words, with_policy=True)

    def about(self) -> tuple[str, ...]:
        """The options that name the story's repository and issue."""
        return ("--repo", str(self.repository), "--issue", str(self.story.issue))

    def asked(self) -> list[str]:
        """The models that were asked, in order."""
        return [seen.model for seen in self.server.seen if seen.method == "POST" and seen.model]

    def print(self) -> Fingerprint:
        """Every byte of the user's repository."""
        return fingerprint(*self.story.places())

    def git(self, *words: str) -> str:
        """git in the user's repository."""
        return git(self.repository, *words)

    def branches(self) -> list[str]:
        """Our branches in the user's repository."""
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads/pointsman/").split()

    def routed(self, text: str) -> tuple[str, str]:
        """The option that tries this routing file."""
        path = self.folder / "routing.yml"
        path.write_text(text, encoding="utf-8")
        return ("--routing", str(path))

    def page(self, branch: str) -> str:
        """The change's page."""
        return next((self.home / "changes").glob(f"*/{branch.removeprefix('pointsman/')}.md")).read_text("utf-8")

    def status_page(self, run_id: str) -> str:
        """What the forge says of a run."""
        return (self.home / "runs" / f"{run_id}.md").read_text(encoding="utf-8")

    def note(self, branch: str) -> str:
        """The note's readable page, as committed on the branch."""
        names = self.git("diff", "--name-only", f"{branch}~1", branch).split()
        return self.git("show", f"{branch}:{next(name for name in names if name.endswith('.md'))}")


def staged(
    folder: Path,
    server: ScriptedServer,
    *,
    story: Story | None = None,
    seats: tuple[Seat, ...] = SEATS,
    **changed: object,
) -> Stage:
    """A fresh repository with the bug and the issue, a home, and a policy for the server's models."""
    policy = folder / "policy.yml"
    policy.write_text(policy_of(seats, server.url, **changed), encoding="utf-8")
    found = story or buggy_package(folder)
    text = found.issue.read_text(encoding="utf-8")
    if "Labels:" not in text:
        heading, _, body = text.partition("\n")
        found.issue.write_text(f"{heading}\nLabels: bug\n{body}", encoding="utf-8")
    return Stage(folder, found, server, policy)


# What lies under /usr is in every sandbox; interpreters elsewhere have tests of their own, and may start slower.
_SYSTEM = "/usr/local/bin:/usr/bin:/bin"
_PATH = _SYSTEM if shutil.which("python3", path=_SYSTEM) else os.environ["PATH"]


def environment(folder: Path) -> dict[str, str]:
    """A bare environment with a home of its own, so that nothing of the machine's owner takes part."""
    return {"PATH": _PATH, "HOME": str(folder), "LC_ALL": "C.UTF-8", "STORY_KEY": "a-key-of-a-story"}
