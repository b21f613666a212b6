"""Fixtures of the workspace tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[[str], World]:
    """Makes empty repositories below the test's own folder."""

    def make(name: str) -> World:
        root = tmp_path / name
        root.mkdir(parents=True)
        world = World(root)
        world.git("init", "-q", "-b", "main")
        return world

    return make


@pytest.fixture
def world(make_world: Callable[[str], World]) -> World:
    """One empty repository."""
    return make_world("user")
