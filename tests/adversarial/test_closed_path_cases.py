"""The text of a path that is more closed than the run's models reaches none of them, however it is asked for."""

from pathlib import Path

from tests.worlds.repositories import buggy_package, commit, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, WRONG, Stage, edit, staged, usual

from pointsman.domain.outcome import CheckResult
from pointsman.runs.closed import OUTPUT, withheld

SECRET = "the rebate of the king is 42"
VAULT = f'REBATE = "{SECRET}"\n\n\ndef rebate(price: int) -> int:\n    return price - 41\n'
PRINTS = (
    "import unittest\n\nfrom shop import vault\n\n\nclass Vault(unittest.TestCase):\n"
    "    def test_rebate(self) -> None:\n        self.assertEqual(vault.REBATE, 'nothing')\n"
)
CLOSED = 'paths: [{match: "shop/vault.py", sensitivity: restricted}]\n'
ROUTES = f"plan: planner\ncode: coder\nqa: reviewer\n{CLOSED}"


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


def _with_vault(folder: Path, server: ScriptedServer) -> Stage:
    story = buggy_package(folder)
    write(story.repository, "shop/vault.py", VAULT)
    commit(story.repository, "Add the vault")
    return staged(folder, server, story=story)
