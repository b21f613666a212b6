"""T3 as a server meets it, and as an ordinary user: it answers while a bomb goes off in its sandbox."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adversarial import sandbox_world as world
from tests.worlds import ordinary_serve, ordinary_user
from tests.worlds.served_stage import ServedStage, until


class OrdinaryStage(ServedStage):
    """A stage whose server is an ordinary user."""

    program = Path(ordinary_serve.__file__)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrdinaryStage]:
    sandbox = {"timeout_seconds": 2, "memory_mb": 512}
    with OrdinaryStage(tmp_path_factory.mktemp("bombs"), sandbox=sandbox) as served:
        yield served


def test_t3_the_server_answers_while_a_bomb_goes_off_in_its_sandbox(stage: OrdinaryStage) -> None:
    bomb = f"served{world.BOMB}"
    tests = (
        "import subprocess, sys, unittest\n\n\nclass Bombs(unittest.TestCase):\n    def test_it(self) -> None:\n"
        f"        subprocess.run([sys.executable, '{bomb}'])\n"
    )
    scene = stage.scene("bittern", files={"tests/test_prices.py": tests, bomb: world.FORK_BOMB})
    change = scene.proposed()
    scene.shop.comment(change, "/pointsman review", scene.ada)
    until(lambda: world.leftovers(bomb), "the bomb goes off")
    answers_meanwhile = 0
    while world.leftovers(bomb):
        with urllib.request.urlopen(f"{stage.url}/healthz", timeout=60) as answer:
            assert json.load(answer)["engine"] == "running"
        answers_meanwhile += bool(world.leftovers(bomb))
    assert answers_meanwhile
    assert scene.over().state == "done"
    assert scene.check(scene.head(change)).conclusion != "success"
    assert world.leftovers(bomb) == []
    assert {path.stat().st_uid for path in stage.home.rglob("*")} == {ordinary_user.uid()}
