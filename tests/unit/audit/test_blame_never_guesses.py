"""Whatever people, a bot and a forge do to a branch: nobody is said to have written what another wrote."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.audit.blame_world import BotWorld, Step, word

ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ("bot", "person", "squash", "squash, forgotten", "rebase", "merge", "pick", "rename", "forge")
        ),
        st.integers(0, 5),
        st.integers(0, 2),
    ),
    min_size=2,
    max_size=6,
)


@dataclass
class Scene:
    """The file as it is written; every line holds who wrote it, and comes once."""

    world: BotWorld
    path: str = "shop.py"
    lines: list[str] = field(default_factory=lambda: [f"Ada wrote line {n}" for n in range(6)])
    count: int = 0

    def changed(self, who: str, at: int, gone: int) -> str:
        """The file with two new lines of somebody's, and a few others gone."""
        self.count += 1
        at = min(at, len(self.lines))
        self.lines[at : at + gone] = [f"{who} wrote {self.count}.{n}" for n in range(2)]
        return "".join(f"{line}\n" for line in self.lines)

    def act(self, kind: str, at: int, gone: int) -> None:
        world, git = self.world, self.world.git
        if kind == "person":
            world.commit({self.path: self.changed("Ada", at, gone)})
        elif kind == "forge":
            world.commit({self.path: self.changed("Ada", at, gone)}, "Mine\n\nAssisted-by: Pointsman (bigger)")
        elif kind == "rename":
            self.count += 1
            git("mv", self.path, f"shop_{self.count}_.py")
            self.path = f"shop_{self.count}_.py"
            world.commit({})
        else:
            self._landed(kind, at, gone)

    def _landed(self, kind: str, at: int, gone: int) -> None:
        """A run on a branch, with a person's fix-up where the number says so, and how it comes to main."""
        world, git = self.world, self.world.git
        branch = f"work-{self.count}"
        git("checkout", "--quiet", "-b", branch)
        model = ("coder", "bigger")[at % 2]
        world.run(f"r-{self.count}", Step({self.path: self.changed(model, at, gone)}, model))
        if gone and kind != "pick":
            world.commit({self.path: self.changed("Ada", at + 1, 1)})
        git("checkout", "--quiet", "main")
        if kind.startswith("squash"):
            world.squash(branch, f"Squash {branch}")
        elif kind == "rebase":
            world.commit({f"{branch}.txt": "Ada wrote elsewhere\n"})
            git("rebase", "--quiet", "main", branch)
            git("checkout", "--quiet", "main")
            git("merge", "--quiet", "--ff-only", branch)
        elif kind == "pick":
            git("cherry-pick", f"{branch}~1")
        else:
            git("merge", "--quiet", "--no-ff", "-m", "Merge it", branch)
        if kind == "squash, forgotten":
            world.forget(branch)


@settings(max_examples=5)
@given(ACTS)
def test_no_line_is_ever_given_to_somebody_who_did_not_write_it(acts: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(BotWorld.made(Path(folder) / "shop"))
        scene.world.commit({scene.path: "".join(f"{line}\n" for line in scene.lines)})
        for act in acts:
            scene.act(*act)
        found = scene.world.blame(scene.path)
        assert [told.line.text for told in found.lines] == scene.lines
        wrong = [(told.line.text, word(told)) for told in found.lines if not _is_right(told.line.text, word(told))]
        assert wrong == []


def _is_right(text: str, said: str) -> bool:
    return said == "?" or text.partition(" ")[0] in said.split("/")
