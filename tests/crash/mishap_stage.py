"""Whole runs on GitHub in which a chosen call goes wrong, and what they left, to hold against a calm one."""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path

import tests.worlds.hasty_serve
from tests.worlds.github import Call
from tests.worlds.script import Answer
from tests.worlds.served_stage import Scene, ServedStage, until
from tests.worlds.stage import PLAN, replies

_RUN = re.compile(r"r-[0-9a-f]{8}")
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b")
_TIME = re.compile(r"(?:\d+ (?:h|min) )*\d+(?:\.\d)? s\b")
_NUMBER = re.compile(r"(?<=comments/)\d+")


class HastyStage(ServedStage):
    """A stage whose server hardly sleeps."""

    program = Path(tests.worlds.hasty_serve.__file__)


@dataclass(frozen=True, slots=True)
class Spot:
    """One call of a run: its kind, and the how many-th of that kind it is (from 1)."""

    kind: str
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind} #{self.nth}"

    @property
    def is_git(self) -> bool:
        return ".git/" in self.kind

    @property
    def is_write(self) -> bool:
        """Whether it changes what people see. A token that is made is seen by nobody, a fetch changes nothing."""
        return not self.kind.startswith("GET") and not self.kind.endswith(("upload-pack", "access_tokens"))


class Spots:
    """Tells the calls of one scene apart by their kind; what belongs to no scene or to another has none."""

    def __init__(self, scene: Scene) -> None:
        assert scene.installation is not None
        self._names = (
            (f"/{scene.shop.full_name}", "/REPO"),
            (f"/repositories/{scene.shop.id}", "/repositories/REPO"),
            (f"/installations/{scene.installation.id}/", "/installations/REPO/"),
            (scene.word, "WORD"),
        )

    def kind(self, method: str, path: str) -> str:
        """The kind of a call; empty when it is none of this scene's."""
        for name, plain in self._names:
            path = path.replace(name, plain)
        return f"{method} {_NUMBER.sub('N', _SHA.sub('SHA', path))}" if "REPO" in path else ""

    def of(self, calls: Iterable[Call]) -> list[Spot]:
        """The scene's calls in order."""
        counted: Counter[str] = Counter()
        found = []
        for kind in filter(None, (self.kind(call.method, call.path) for call in calls)):
            counted[kind] += 1
            found.append(Spot(kind, counted[kind]))
        return found


class At:
    """A match for the faults of the world: the one call at a spot, counted from when this was made.

    `struck` once that call came.
    """

    def __init__(self, scene: Scene, spot: Spot) -> None:
        self._spots = Spots(scene)
        self._spot = spot
        self._seen = 0

    @property
    def struck(self) -> bool:
        return self._seen >= self._spot.nth

    def __call__(self, method: str, path: str) -> bool:
        if self._spots.kind(method, path) != self._spot.kind:
            return False
        self._seen += 1
        return self._seen == self._spot.nth


@dataclass(frozen=True)
class Left:
    """What people, the models and the ledger saw of a whole run; the same however it got there."""

    runs: tuple[tuple[str, str, str], ...]
    eyes: int
    labels: tuple[str, ...]
    said: tuple[str, ...]
    change: tuple[object, ...]
    said_on_change: tuple[str, ...]
    reviews: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    checks: tuple[tuple[str, ...], ...]
    trees: tuple[str, ...]
    branches: tuple[str, ...]
    asked: tuple[str, ...]
    effects: tuple[tuple[str, int], ...]

    def differences(self, other: "Left") -> list[str]:
        """In what two ends differ."""
        names = [each.name for each in fields(self) if getattr(self, each.name) != getattr(other, each.name)]
        return [f"{name} is {getattr(self, name)}, not {getattr(other, name)}" for name in names]


def left_by(scene: Scene, number: int) -> Left:
    """What is there at the end. Raises ValueError unless there is exactly one change."""
    shop, change = scene.shop, scene.change()
    pull = change.pull
    assert pull is not None
    heads = {check.sha for check in shop.state.checks.values()}
    assert all(len(shop.checks(head)) == 1 for head in heads), [check.sha for check in shop.state.checks.values()]
    commits = shop.git.run("rev-list", "--reverse", f"main..{pull.head_branch}").split()
    noted = shop.git.run("diff", "--name-only", commits[-2], commits[-1]).split()
    assert len([name for name in noted if name.endswith(".intoto.jsonl")]) == 1, noted
    check = scene.check(pull.head_sha)
    return Left(
        runs=tuple((view.state, view.result, view.message) for view in scene.runs()),
        eyes=scene.seen(number),
        labels=tuple(scene.shop.labels(number)),
        said=tuple(_plain(scene, text) for text in scene.said(number)),
        change=(change.title.replace(scene.word, ""), pull.draft, pull.head_branch, change.state, change.number),
        said_on_change=tuple(_plain(scene, text) for text in scene.said(change.number)),
        reviews=tuple((one.state, _plain(scene, one.body)) for one in shop.reviews(change.number)),
        remarks=tuple(_plain(scene, one.body) for one in shop.review_comments(change.number)),
        checks=((check.name, check.status, str(check.conclusion)),),
        trees=tuple(shop.git.run("rev-parse", f"{commit}^{{tree}}").strip() for commit in commits[:-1]),
        branches=tuple(sorted(shop.branches())),
        asked=tuple(scene.asked()),
        effects=tuple(sorted(Counter(_effects(scene)).items())),
    )


def _effects(scene: Scene) -> list[str]:
    """What the bot did that somebody could see at the time, edits of its own words left out."""
    seen = [one.what for one in scene.world.effects if one.repository == scene.shop.full_name]
    return [what for what in seen if "edited" not in what]


def _plain(scene: Scene, text: str) -> str:
    text = text.replace(scene.word, "WORD").replace(scene.world.url, "")
    return _TIME.sub("N s", _SHA.sub("SHA", _RUN.sub("RUN", text)))


def quiet_scenes(stage: ServedStage, words: Iterable[str], *, planner: Answer | str = "") -> list[Scene]:
    """Repositories in which the App is installed, without a word of it sent; `planner` is what their planner says."""
    stage.world.deliver_to("")
    scenes = [stage.scene(word, planner=(planner or replies(PLAN),)) for word in words]
    stage.world.deliver_to(f"{stage.url}/hooks/github")
    return scenes


def ended(stage: ServedStage) -> None:
    """Wait until all that was asked for is done, and said, which comes after it."""
    stage.settle()
    until(lambda: not at_work(stage), "every run is over")
    stage.settle()


def at_work(stage: ServedStage) -> list[str]:
    """What the engine has begun, or is to begin, and has not ended."""
    query = "SELECT workflow_uuid FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
    with closing(sqlite3.connect(f"file:{stage.home / 'engine.sqlite'}?mode=ro", uri=True, timeout=10)) as engine:
        return [str(row[0]) for row in engine.execute(query)]
