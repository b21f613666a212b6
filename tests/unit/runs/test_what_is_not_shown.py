"""What a run may not read reaches no model, whichever way the context is built."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.phases.phase_world import MID, SMALL, STRONG, TREE, World, routes, said_in, says
from tests.unit.phases.test_coding_tries import PLAN, attempt
from tests.unit.phases.test_triage_and_plan import DRAFT

from pointsman.domain.models import EditStyle, Model
from pointsman.domain.outcome import Earlier, Patch
from pointsman.domain.work import EditOrder, EditRefusal
from pointsman.phases.code import code
from pointsman.phases.memory import MEMORY
from pointsman.phases.paths import holds_secrets
from pointsman.phases.plan import plan
from pointsman.ports.bundle import Ports
from pointsman.runs.durable import CommitEnds, DurableWorkspace

HIDDEN = "31337-hidden"
_folders = st.sampled_from(["", "secret/", "secret/deep/", "tests/", "secret/tests/"])
_names = st.sampled_from(
    ["bounds.py", "test_bounds.py", "clamp.py", "AGENTS.md", "CONTRIBUTING.md", ".env", "key.pem"]
)


def is_hidden(path: str) -> bool:
    return path.startswith("secret/")


class Reads(DurableWorkspace):
    """What a run reads through; what it writes is no step here."""

    async def propose(self, order: EditOrder, reply: str, style: EditStyle) -> Patch | EditRefusal:
        return await self.workspace.propose(order, reply, style)


def veiled(world: World) -> Ports:
    """The ports of a run that may not read below `secret/`."""
    return replace(world.ports, workspace=Reads(world.workspace, CommitEnds("run"), is_hidden))


@settings(max_examples=30)
@given(st.sets(st.tuples(_folders, _names)), st.sampled_from([SMALL, MID, STRONG]))
def test_no_text_of_a_closed_path_and_no_secret_is_in_any_question(
    places: set[tuple[str, str]], coder: Model
) -> None:
    paths = sorted(f"{folder}{name}" for folder, name in places)
    closed = [path for path in paths if is_hidden(path) or holds_secrets(path)]
    tree = {**TREE, **{path: f"def clamp():\n    return 'open {path}'\n" for path in paths}}
    tree |= dict.fromkeys(closed, f"def clamp():\n    return '{HIDDEN}'\n")
    world = World([says(data=DRAFT), *[says("No.")] * 40], tree=tree)
    spec, ports = world.spec(routes(coder)), veiled(world)
    asyncio.run(plan(spec, Earlier(), ports))
    wide = replace(PLAN, change=("bounds.py", *closed), read=tuple(paths))
    asyncio.run(code(spec, Earlier(plan=wide), ports, attempt=attempt(world)))
    assert world.models.asks
    for ask in world.models.asks:
        assert HIDDEN not in said_in(ask)


@pytest.mark.parametrize("path", [".env", "app/.env.local", "deploy/server.pem", "id_rsa", ".netrc", "a/TLS.KEY"])
def test_s2_files_that_keep_credentials_are_read_by_nobody(path: str) -> None:
    """S2: what a file of secrets holds goes into no prompt, whether it is searched for, named or asked for."""
    world = World(tree={**TREE, path: f"TOKEN={HIDDEN} clamp bounds"})
    workspace = veiled(world).workspace
    assert asyncio.run(workspace.read(world.base, path)) is None
    assert path not in [hit.path for hit in asyncio.run(workspace.search(world.base, f"clamp bounds {path}", 9))]


@pytest.mark.parametrize("path", [".env.example", "environment.py", "keys.py", "docs/pem.md", ".envrc.md"])
def test_s2_other_files_are_read(path: str) -> None:
    """S2: examples and code with such names are ordinary files."""
    world = World(tree={**TREE, path: "clamp\n"})
    assert asyncio.run(veiled(world).workspace.read(world.base, path)) is not None


def test_of_the_memory_file_models_read_what_stands_and_find_nothing_by_search() -> None:
    world = World(tree={**TREE, MEMORY: "- ~~Tests lie in `tests`.~~\n<!-- clamp -->\nclamp needs care\n"})
    workspace = DurableWorkspace(world.workspace, CommitEnds("run"), is_hidden)
    found = asyncio.run(workspace.read(world.base, MEMORY))
    assert found is not None and found.text == "clamp needs care\n"
    assert MEMORY not in [hit.path for hit in asyncio.run(workspace.search(world.base, "clamp needs care", 9))]
    text, size = asyncio.run(workspace.memory(world.base))
    assert text is not None and "~~Tests" in text and size == len(text)
    assert asyncio.run(DurableWorkspace(World().workspace, CommitEnds("run"), is_hidden).memory(World().base)) == (
        None,
        0,
    )
