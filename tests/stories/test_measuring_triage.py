"""`pointsman eval triage` as people type it: by rules alone, by a route, by another model, within a budget."""

from pathlib import Path

from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import SEATS, fields, replies, rows, staged, usual

SMALL = replies({"task": "feature", "why": "something new"})


def test_the_figure_of_rules_alone_needs_neither_policy_nor_repository_nor_model(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        said = stage.does("eval", "triage", "--rules-only")
        assert (said.code, stage.asked()) == (0, [])
    assert said.out.splitlines()[0] == "Right: 37 of 74 (50.0 %)"
    assert "Security taken for something laxer: 0 of 12 (0.0 %)" in said.out
    assert "Decided by rules alone: 33 of 74, 33 of them right." in said.out


def test_what_rules_leave_open_goes_to_the_model_that_sorts_and_is_counted(tmp_path: Path) -> None:
    with ScriptedServer(usual(planner=(Answer(SMALL, input_tokens=300, output_tokens=20),))) as server:
        stage = staged(tmp_path, server)
        routed = stage.routed("triage: planner\nplan: planner\ncode: coder\nqa: reviewer\n")
        said = stage.does("eval", "triage", "--repo", str(stage.repository), *routed, with_policy=True)
        asked = stage.asked()
    assert said.code == 0, said
    assert asked == ["planner"] * 41
    assert "Asked planner: 41 calls, 12300 tokens in, 820 out, $0.0000" in said.out
    assert "Right: 40 of 74" in said.out
    assert "feature 2" in said.out


def test_another_model_can_be_measured_in_place_of_the_route_and_nobody_stands_in_for_it(tmp_path: Path) -> None:
    with ScriptedServer(usual(spare=(SMALL,))) as server:
        stage = staged(tmp_path, server)
        about = ("--repo", str(stage.repository), "--model", "spare", "--json")
        said = stage.does("eval", "triage", *about, with_policy=True)
        unknown = stage.does("eval", "triage", *about, "--model", "spar", with_policy=True)
        assert set(stage.asked()) == {"spare"}
    assert (said.json["model"], said.json["calls"], said.json["right"]) == ("spare", 41, 40)
    feature = next(row for row in rows(said.json["classes"]) if row["task"] == "feature")
    assert (feature["right"], feature["total"]) == (8, 8)
    assert "did you mean spare?" in unknown.told


def test_the_money_of_a_trial_is_kept_to(tmp_path: Path) -> None:
    dear = tuple(seat if seat.name != "planner" else type(seat)("planner", "alpha", price=20.0) for seat in SEATS)
    with ScriptedServer(usual(planner=(Answer(SMALL, input_tokens=300, output_tokens=20),))) as server:
        stage = staged(tmp_path, server, seats=dear)
        about = ("--repo", str(stage.repository), "--model", "planner", "--json")
        said = stage.does("eval", "triage", *about, "--budget-usd", "0.10", with_policy=True)
        asked = len(stage.asked())
    assert said.code == 0, said
    assert 0 < asked < 41 and said.json["calls"] == asked
    assert float(str(said.json["cost_usd"])) <= 0.10
    assert any("budget" in str(fields(one)["why"]) for one in rows(said.json["examples"]))


def test_a_model_that_is_out_ends_the_trial_and_says_what_to_do(tmp_path: Path) -> None:
    with ScriptedServer(usual(planner=(Answer(status=503, text="busy"),))) as server:
        stage = staged(tmp_path, server)
        about = ("--repo", str(stage.repository), "--model", "planner")
        said = stage.does("eval", "triage", *about, with_policy=True)
    assert said.code == 4
    assert "--rules-only" in said.told
