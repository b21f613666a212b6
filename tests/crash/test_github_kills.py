"""The server is killed at each call of a run that people see something of; the run ends as if it had not been."""

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.crash.killing import strays
from tests.crash.mishap_stage import Spots, at_work, ended, left_by, quiet_scenes
from tests.worlds.profile import is_nightly
from tests.worlds.served_stage import Scene, ServedStage, until

MOMENTS: tuple[str, ...] = ("before", "after")
# git outlives the server for a moment, and pushes what was hung up on once more by itself.
OTHERS = {
    "POST /REPO.git/git-receive-pack": ("after",),
    "POST /REPO.git/git-upload-pack": ("before",),
    "POST /app/installations/REPO/access_tokens": ("before",),
    "GET /repos/REPO/pulls": ("before",),
}


class Killer:
    """Kills the server once at each moment of `kinds`: before a kind of call takes effect, or after, unanswered."""

    def __init__(self, stage: ServedStage, scene: Scene, kinds: Mapping[str, tuple[str, ...]]) -> None:
        self._stage = stage
        self._spots = Spots(scene)
        self._left = {kind: list(moments) for kind, moments in kinds.items()}
        self.killed: list[tuple[str, str]] = []
        self.dead = threading.Event()
        self._struck = False
        stage.world.faults.before(partial(self._comes, "before"), self._kill_before, times=1000)
        stage.world.faults.after(partial(self._comes, "after"), self._kill, times=1000)

    @property
    def left(self) -> list[tuple[str, str]]:
        """The moments that have not come."""
        return [(kind, moment) for kind, moments in self._left.items() for moment in moments]

    def _comes(self, moment: str, method: str, path: str) -> bool:
        kind = self._spots.kind(method, path)
        # Every fault is asked about a call beforehand: nobody is killed a second time at the call that killed him.
        if self._struck or self._left.get(kind, [])[:1] != [moment]:
            return False
        self._left[kind].pop(0)
        self.killed.append((kind, moment))
        self._struck = True
        return True

    def revive(self) -> None:
        """Start the server again."""
        self.dead.clear()
        self._struck = False
        self._stage.start()

    def _kill(self) -> None:
        self._stage.kill()
        self.dead.set()

    def _kill_before(self) -> None:
        self._kill()
        # It never came to the effect: the world hangs up.
        raise ConnectionAbortedError


def test_a_server_killed_at_every_write_and_started_again_ends_as_one_that_was_not(tmp_path: Path) -> None:
    with ServedStage(tmp_path) as stage:
        calm, scene = quiet_scenes(stage, ["calmx", "killx"])
        before = len(stage.world.calls)
        number = calm.labelled()
        ended(stage)
        expected = left_by(calm, number)
        spots = Spots(calm).of(stage.world.calls[before:])
        kinds = {spot.kind: MOMENTS for spot in spots if spot.is_write} | OTHERS
        assert len(kinds) >= 10, kinds
        if not is_nightly():
            # One moment of each kind, in turns.
            kinds = {kind: moments[n % len(moments) :][:1] for n, (kind, moments) in enumerate(kinds.items())}

        killer = Killer(stage, scene, kinds)
        number = scene.labelled()
        kills = _carried_on(scene, killer)
        ended(stage)

        assert killer.left == [], killer.killed
        assert kills == sum(map(len, kinds.values())) == len(killer.killed)
        left = left_by(scene, number)
        assert left == expected, left.differences(expected)
    assert strays(tmp_path) == []


def _carried_on(scene: Scene, killer: Killer) -> int:
    """Start the server again each time that it was killed, until nothing is left to do; how often."""
    kills = 0
    while True:
        until(lambda: killer.dead.is_set() or _is_over(scene), str(killer.killed))
        if not killer.dead.is_set():
            return kills
        kills += 1
        killer.revive()


def _is_over(scene: Scene) -> bool:
    return bool(scene.runs()) and not scene.stage.undone() and not at_work(scene.stage)
