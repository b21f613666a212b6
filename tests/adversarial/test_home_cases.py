"""Another user of the machine reads nothing of a home, and puts nothing into it."""

import stat
from pathlib import Path

from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import staged, usual


def test_what_models_answered_is_for_the_owner_alone_also_in_a_home_that_others_may_enter(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        stage.home.mkdir(mode=0o755)
        said = stage.works_on_the_issue(goal="plan")

    assert said.code == 0, said
    open_to_others = {"engine.lock", "sandbox"}
    seen = {each.name for each in stage.home.iterdir() if stat.S_IMODE(each.stat().st_mode) & 0o077}
    assert seen <= open_to_others


def test_a_home_that_every_user_may_write_into_is_refused(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        stage.home.mkdir()
        stage.home.chmod(0o777)
        said = stage.works_on_the_issue()

    assert (said.code, stage.asked(), list(stage.home.iterdir())) == (3, [], []), said
    assert "chmod go-w" in said.err
