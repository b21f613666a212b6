"""Each call that a run makes to GitHub goes wrong once, in each way; the run ends as if nothing had been."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.crash.mishap_stage import At, HastyStage, Left, Spot, Spots, ended, left_by, quiet_scenes
from tests.worlds.github import GitHubWorld
from tests.worlds.profile import is_nightly
from tests.worlds.served_stage import Scene

Mishap = Callable[[GitHubWorld, At, Spot], None]
Plan = list[tuple[Mishap, Spot]]

_TIMEOUT = 2


def refused(world: GitHubWorld, at: At, _spot: Spot) -> None:
    """GitHub answers 500, and nothing happened."""
    world.faults.fail(at, 500)


def limited(world: GitHubWorld, at: At, spot: Spot) -> None:
    """GitHub asks for fewer requests: 403 over REST, 429 over git."""
    world.faults.limit(at, seconds=1, status=429 if spot.is_git else 403)


def unheard(world: GitHubWorld, at: At, _spot: Spot) -> None:
    """It happened, and the answer is lost."""
    world.faults.lose_answer(at)


def late(world: GitHubWorld, at: At, _spot: Spot) -> None:
    """It happened, and the answer comes when nobody waits for it any more."""
    world.faults.after(at, lambda: time.sleep(_TIMEOUT + 0.5))


def test_whatever_goes_wrong_at_any_call_a_run_ends_as_if_it_had_not(tmp_path: Path) -> None:
    with HastyStage(tmp_path) as stage:
        expected, spots = _calm(stage)
        assert len(spots) >= 35
        chosen = spots if is_nightly() else spots[::8]
        _all_end_alike(stage, _spread(chosen, (refused, limited, unheard), far=3), expected)


def test_however_late_github_answers_a_run_ends_as_if_it_had_not(tmp_path: Path) -> None:
    with HastyStage(tmp_path, timeout=_TIMEOUT) as stage:
        expected, spots = _calm(stage)
        # git waits for a minute, which its own tests turn down; of what is only read, every third call is enough.
        rest = [spot for spot in spots if not spot.is_git]
        slow = [spot for spot in rest if spot.is_write] + [spot for spot in rest if not spot.is_write][::3]
        _all_end_alike(stage, _spread(slow if is_nightly() else slow[::3], (late,), far=6), expected)


def _calm(stage: HastyStage) -> tuple[Left, list[Spot]]:
    """What an undisturbed run leaves, and the calls that it made."""
    (scene,) = quiet_scenes(stage, ["calmx"])
    before = len(stage.world.calls)
    number = scene.labelled()
    ended(stage)
    left = left_by(scene, number)
    assert left.runs == (("done", "ready", ""),)
    return left, Spots(scene).of(stage.world.calls[before:])


def _spread(spots: list[Spot], ways: tuple[Mishap, ...], *, far: int) -> list[Plan]:
    """Each way at each spot once; in one run each way strikes `far` times, and all of it is far apart."""
    runs = -(-len(spots) // far)
    shift = runs // len(ways)
    plans: list[Plan] = [[] for _ in range(runs)]
    for place, way in enumerate(ways):
        for number, spot in enumerate(spots):
            plans[(number + place * shift) % runs].append((way, spot))
    return plans


def _all_end_alike(stage: HastyStage, plans: list[Plan], expected: Left) -> None:
    scenes = quiet_scenes(stage, [f"w{number:03d}x" for number in range(len(plans))])
    ats: list[tuple[str, At]] = []
    for scene, plan in zip(scenes, plans, strict=True):
        for mishap, spot in plan:
            at = At(scene, spot)
            ats.append((f"{mishap.__name__} at {spot}", at))
            mishap(stage.world, at, spot)
    numbers = [scene.labelled() for scene in scenes]
    ended(stage)
    wrong = [told for told, at in ats if not at.struck]
    for scene, plan, number in zip(scenes, plans, numbers, strict=True):
        told = "; ".join(f"{mishap.__name__} at {spot}" for mishap, spot in plan)
        wrong += [f"{told}: {difference}" for difference in _differences(scene, number, expected)]
    assert not wrong, "\n".join([*wrong, stage.log()[-500:]])


def _differences(scene: Scene, number: int, expected: Left) -> list[str]:
    try:
        return left_by(scene, number).differences(expected)
    except (AssertionError, ValueError) as error:
        return [f"{error!r} {[(view.state, view.message) for view in scene.runs()]}"]
