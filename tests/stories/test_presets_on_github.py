"""Each preset on GitHub: a label becomes a change, by the models that the preset names and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.worlds.certificates import vouched
from tests.worlds.repositories import FIXED
from tests.worlds.served_stage import LABEL, Scene, ServedStage
from tests.worlds.vendors import CASTS, Vendors, hosts, routing_of, surroundings, vendors

# Each story has a word of its own.
WORDS = dict(zip(CASTS, ("brambling", "siskin", "redpoll", "twite", "serin", "linnet", "hawfinch"), strict=True))


class PresetServer(ServedStage):
    """One server for all presets: its policy is another file for each story, which it reads while it runs."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        trusted, self.tls = vouched(folder, *hosts())
        self.besides = surroundings(trusted)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PresetServer]:
    with PresetServer(tmp_path_factory.mktemp("presets")) as served:
        yield served


@pytest.mark.parametrize("preset", CASTS)
def test_a_label_becomes_a_change_by_the_models_that_the_preset_names_and_no_other_provider_hears_of_it(
    stage: PresetServer, preset: str
) -> None:
    with vendors(preset, stage.tls) as served:
        stage.policy_file.write_text(served.policy, encoding="utf-8")
        scene = stage.scene(WORDS[preset], routing=routing_of(preset))
        number = scene.issue(labels=())
        scene.shop.label(number, LABEL, scene.ada)
        if preset == "regulated":
            _agrees(scene, served, number)
        run = scene.over()

    assert (run.state, run.result) == ("done", "ready"), run.message
    assert served.asked() == list(CASTS[preset])
    assert served.reached() == {asked.provider for asked in CASTS[preset]}
    assert stage.models.seen == []
    _is_told(scene, served, preset)
    assert stage.world.mismatches == []


def _agrees(scene: Scene, served: Vendors, number: int) -> None:
    scene.waits()
    assert [asked.phase for asked in served.asked()] == ["triage", "plan"]
    (waiting,) = scene.runs()
    assert "was approved by" in scene.says(number, f"/pointsman approve {waiting.plan_hash[:12]}")


def _is_told(scene: Scene, served: Vendors, preset: str) -> None:
    """The fix on its branch, a check that is green, and a note that names each model with where it ran."""
    change = scene.change()
    branch, head = scene.branch(), scene.head(change.number)
    assert scene.shop.read("shop/prices.py", branch) == FIXED
    assert scene.check(head).conclusion == "success"
    names = scene.shop.git.run("diff", "--name-only", f"{head}~1", head).split()
    note = scene.shop.git.run("show", f"{head}:{next(name for name in names if name.endswith('.md'))}")
    for asked in CASTS[preset]:
        assert f"`{asked.model}` | `{asked.provider}` | {served.perimeters[asked.provider]} |" in note, note
