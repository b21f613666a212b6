"""Each call that a run makes to GitHub goes wrong once, in each way; the run ends as if nothing had been."""

from collections.abc import Callable
from pathlib import Path

from tests.crash.mishap_stage import At, HastyStage, Spot, Spots, ended, left_by, quiet_scenes
from tests.worlds.github import GitHubWorld
from tests.worlds.served_stage import Scene

Mishap = Callable[[GitHubWorld, Scene, Spot], None]


def refused(world: GitHubWorld, scene: Scene, spot: Spot) -> None:
    """GitHub answers 500, and nothing happened."""
    world.faults.fail(At(scene, spot), 500)


def limited(world: GitHubWorld, scene: Scene, spot: Spot) -> None:
    """GitHub asks for fewer requests: 403 over REST, 429 over git."""
    world.faults.limit(At(scene, spot), seconds=1, status=429 if spot.is_git else 403)


def unheard(world: GitHubWorld, scene: Scene, spot: Spot) -> None:
    """It happened, and the answer is lost."""
    world.faults.lose_answer(At(scene, spot))


def test_whatever_goes_wrong_once_at_any_call_a_run_ends_as_if_it_had_not(tmp_path: Path) -> None:
    with HastyStage(tmp_path) as stage:
        (calm,) = quiet_scenes(stage, ["calm"])
        before = len(stage.world.calls)
        number = calm.labelled()
        ended(stage)
        expected = left_by(calm, number)
        spots = Spots(calm).of(stage.world.calls[before:])
        assert len(spots) >= 35
        assert expected.runs == (("done", "ready", ""),)

        plans = _plans(spots)
        scenes = quiet_scenes(stage, [f"w{k:03d}x" for k in range(len(plans))])
        for scene, plan in zip(scenes, plans, strict=True):
            for mishap, spot in plan:
                mishap(stage.world, scene, spot)
        numbers = [scene.labelled() for scene in scenes]
        ended(stage)
        wrong = []
        for scene, plan, one in zip(scenes, plans, numbers, strict=True):
            told = "; ".join(f"{mishap.__name__} at {spot}" for mishap, spot in plan)
            wrong += _differences(told, scene, one, expected)
        assert not wrong, "\n".join([*wrong, stage.log()[-500:]])


def _plans(spots: list[Spot]) -> list[list[tuple[Mishap, Spot]]]:
    """For each call a run: one mishap at it, the others at calls far from it, so that each call has each."""
    ways = (refused, limited, unheard)
    third = len(spots) // len(ways)
    return [
        [(way, spots[(first + place * third) % len(spots)]) for place, way in enumerate(ways)]
        for first in range(len(spots))
    ]


def _differences(told: str, scene: Scene, number: int, expected: object) -> list[str]:
    try:
        left = left_by(scene, number)
    except (AssertionError, ValueError) as error:
        return [f"{told}: {[(v.state, v.result, v.message) for v in scene.runs()]} {error!r}"]
    return [
        f"{told}: {name} is {getattr(left, name)}, not {getattr(expected, name)}"
        for name in left.__dataclass_fields__
        if getattr(left, name) != getattr(expected, name)
    ]
