"""Providers that do not keep to the policy: nobody asks them again, in any process, until the operator says so."""

import json
from dataclasses import replace
from pathlib import Path

from tests.worlds.mishaps import told_once
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, replies, staged, usual


def test_a_model_that_was_swapped_stops_the_run_and_its_provider_stays_out_until_it_is_lifted(tmp_path: Path) -> None:
    answers = (Answer(text=replies(APPROVAL), served="cheaper"), replies(APPROVAL))
    script = replace(usual(reviewer=answers), models=("coder", "planner", "reviewer"))
    with ScriptedServer(script) as server:
        stage = staged(tmp_path, server)
        first = stage.does("run", *stage.about(), with_policy=True)
        assert (first.code, told_once(first)) == (3, "served-model"), first
        assert "reviewer-host was asked for reviewer and answered with cheaper." in first.told
        run_id = str(json.loads(stage.does("runs", "--json").out)[0]["run_id"])
        asked = stage.asked()

        again = stage.does("resume", run_id)
        assert (again.code, told_once(again)) == (3, "quarantined"), again
        assert "pointsman quarantine --lift reviewer-host" in again.told
        assert stage.asked() == asked

        held = json.loads(stage.does("quarantine", "--json").out)
        assert [(one["provider"], one["code"], one["run_id"]) for one in held] == [
            ("reviewer-host", "served-model", run_id)
        ]
        assert "answered with cheaper. (served-model)" in stage.does("quarantine").told
        looked_at = stage.does("doctor", "--json", with_policy=True)
        found = {check["about"]: check for check in json.loads(looked_at.out)}
        assert not found["provider reviewer-host"]["good"]
        assert "in quarantine" in found["model reviewer"]["found"] and found["model coder"]["good"]

        lifted = stage.does("quarantine", "--lift", "reviewer-host")
        assert (lifted.code, "may be asked again" in lifted.told) == (0, True)
        ready = stage.does("resume", run_id, "--json")
    assert (ready.code, ready.run["result"]) == (0, "ready"), ready
    assert stage.does("quarantine").told == "No provider is in quarantine."


def test_an_alias_that_a_local_server_forwards_is_found_out_before_the_question(tmp_path: Path) -> None:
    cloud = {"remote_host": "https://ollama.com:443", "remote_model": "big"}
    with ScriptedServer(replace(usual(), show={"coder": cloud})) as server:
        stage = staged(tmp_path, server)
        said = stage.does("run", *stage.about(), with_policy=True)
    assert (said.code, told_once(said)) == (3, "perimeter"), said
    assert "is declared local, but it forwards coder to https://ollama.com:443." in said.told
    assert stage.asked() == ["planner"]
    assert [json.loads(body) for _, body in server.looks] == [{"model": "planner"}, {"model": "coder"}]


def test_lifting_who_is_not_held_says_so(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
    said = stage.does("quarantine", "--lift", "nobody")
    assert (said.code, told_once(said)) == (2, "not-held")
