"""The text of a path that is more closed than the run's models reaches none of them, however it is asked for."""

import asyncio
from pathlib import Path

import pytest
from tests.worlds.repositories import buggy_package, commit, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, WRONG, Stage, edit, staged, usual

from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import CheckResult
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, EditOrder, EditRefusal, EditRules, Move
from pointsman.runs.closed import OUTPUT, unmoving, withheld
from pointsman.workspaces.workspace import GitWorkspace

SECRET = "the rebate of the king is 42"
VAULT = f'REBATE = "{SECRET}"\n\n\ndef rebate(price: int) -> int:\n    return price - 41\n'
PRINTS = (
    "import unittest\n\nfrom shop import vault\n\n\nclass Vault(unittest.TestCase):\n"
    "    def test_rebate(self) -> None:\n        self.assertEqual(vault.REBATE, 'nothing')\n"
)
CLOSED_PATHS = frozenset({"shop/vault.py", ".env"})
CLOSED = 'paths: [{match: "shop/vault.py", sensitivity: restricted}]\n'
ROUTES = f"plan: planner\ncode: coder\nqa: reviewer\nverify: {{reproduce: false}}\n{CLOSED}"


def test_neither_a_failing_test_nor_a_refused_edit_tells_a_model_what_stands_in_a_closed_path(tmp_path: Path) -> None:
    near = edit("price", old="price - 41", path="shop/vault.py").replace("return price - 41", "return price - 4")
    printing = f"tests/test_vault.py\n```python\n{PRINTS}```\n"
    tries = (near, edit("price - 0", old=WRONG) + printing, edit(RIGHT, old="price - 0"), edit(RIGHT))
    with ScriptedServer(usual(coder=tries)) as server:
        stage = _with_vault(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(ROUTES))
        bodies = [body.decode() for body in server.bodies]

    assert stage.asked().count("coder") >= 2, said
    assert not [body for body in bodies if SECRET in body or "price - 41" in body]
    assert any("is closed to this run" in body for body in bodies)
    assert any(OUTPUT in body for body in bodies)


def test_a_test_that_base_does_not_have_cannot_tell_anything_by_its_name() -> None:
    result = CheckResult(("pytest",), "c", "exited", 1, ("a::old", f"a::{SECRET}"), ("a::known",), (), SECRET, 0.1)
    told = withheld((result,), ("a::old", "a::known"))[0]
    assert (told.passed, told.failed, told.tail) == (("a::old", "new test 1"), ("a::known",), OUTPUT)


@pytest.mark.parametrize("path", ["shop/vault.py", ".env"])
def test_nothing_is_moved_from_a_closed_path_to_where_a_model_could_read_it(tmp_path: Path, path: str) -> None:
    workspace, order = _workspace(tmp_path)
    order = unmoving(order, CLOSED_PATHS)
    for edits in ((Move(path, "shop/open.py"),), (Move("shop/prices.py", "a.py"), Move(path, "shop/open.py"))):
        assert isinstance(asyncio.run(workspace.apply(order, edits)), EditRefusal)
    hunk = "@@\n-TOKEN=king\n+TOKEN=queen\n" if path == ".env" else "@@\n-    return price - 41\n+    return 1\n"
    patch = f"*** Begin Patch\n*** Update File: {path}\n*** Move to: shop/open.py\n{hunk}*** End Patch"
    made = asyncio.run(workspace.propose(order, patch, EditStyle.APPLY_PATCH))
    assert isinstance(made, EditRefusal) and "is closed to this run" in made.message


def _workspace(folder: Path) -> tuple[GitWorkspace, EditOrder]:
    story = buggy_package(folder)
    write(story.repository, "shop/vault.py", VAULT)
    write(story.repository, ".env", "TOKEN=king\n")
    base = commit(story.repository, "Add the vault")
    home = Repository("local", "1", "shop", str(story.repository), "main")
    workspace = GitWorkspace.open(folder / "home", home)
    asyncio.run(workspace.fetch(home, "HEAD"))
    words = CommitText("Move it", "", (), "2026-11-21T10:00:00Z")
    return workspace, EditOrder(base, base, "coder", EditRules(), words)


def _with_vault(folder: Path, server: ScriptedServer) -> Stage:
    story = buggy_package(folder)
    write(story.repository, "shop/vault.py", VAULT)
    commit(story.repository, "Add the vault")
    return staged(folder, server, story=story)
