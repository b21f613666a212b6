"""What people read of the figures: the cost of a trusted change, what is ignored, and a model measured by hand."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.worlds.repositories import BUGGY
from tests.worlds.script import rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.served_stage import LABEL, Scene, ServedStage
from tests.worlds.stage import (
    PROGRAM,
    RIGHT,
    SEATS,
    Stage,
    edit,
    environment,
    fields,
    finding,
    policy_of,
    replies,
    rows,
    staged,
    usual,
)
from tests.worlds.warm import typed

PRICED = tuple(replace(seat, price=10.0) for seat in SEATS)
FAST = """
version: 1
routes:
  triage: planner
  plan: planner
  code: {tier: small, max_latency_ms: 60000}
  qa: reviewer
"""


def figures(stage: Stage, *words: str) -> dict[str, object]:
    """What `pointsman stats --json` says."""
    said = stage.does("stats", "--json", *words)
    assert said.code == 0, said
    return said.json


def test_a_change_on_disk_is_trusted_once_it_is_merged_until_it_is_reverted(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=PRICED)
        assert "No trusted change yet: $0 in 0 runs" in stage.does("stats").told
        run = stage.works_on_the_issue()
    assert run.code == 0, run
    cost = fields(run.json["run"])["cost_usd"]
    assert isinstance(cost, float) and cost > 0
    before = figures(stage)
    assert (before["cost_per_trusted_change_usd"], before["cost_usd"], before["merged"]) == (None, cost, 0)
    assert "No trusted change yet" in stage.does("stats").told

    branch = str(run.run["branch"])
    stage.git("merge", "--no-ff", "-m", "Merge it", branch)
    after = figures(stage, "--repo", str(stage.repository))
    assert (after["cost_per_trusted_change_usd"], after["trusted"], after["merged"]) == (cost, 1, 1)
    told = stage.does("stats")
    assert told.out.startswith("Cost per trusted change: $") and "for 1 trusted change" in told.told
    coder = next(row for row in rows(after["rows"]) if row["model"] == "coder")
    assert (coder["phase"], coder["applied"], coder["tried"], coder["passed"]) == ("code", 1, 1, 1)
    assert (coder["merged"], coder["trusted"], coder["calls"]) == (1, 1, 1)

    stage.git("revert", "--no-edit", "-m", "1", "HEAD")
    taken = figures(stage)
    assert (taken["cost_per_trusted_change_usd"], taken["trusted"], taken["merged"], taken["reverted"]) == (
        None,
        0,
        1,
        1,
    )


def test_figures_by_task_and_pair_and_for_a_span_that_is_none(tmp_path: Path) -> None:
    weak = finding(f"return {RIGHT}", "Nothing says what a percent is.", severity="minor")
    remark = {"summary": "Fine.", "findings": [weak], "still_open": []}
    with ScriptedServer(usual(reviewer=(replies(remark),))) as server:
        stage = staged(tmp_path, server)
        assert stage.works_on_the_issue().code == 0
    tasks = {(row["model"], row["task"]) for row in rows(figures(stage, "--by", "task")["rows"])}
    assert tasks == {("planner", "bugfix"), ("coder", "bugfix"), ("reviewer", "bugfix")}
    (pair,) = rows(figures(stage, "--by", "pair")["pairs"])
    fates = dict.fromkeys(("confirmed", "refuted", "older", "unconfirmed", "upheld", "disputed", "ignored"), 0)
    assert pair == {"coder": "coder", "reviewer": "reviewer", "raised": 1, **fates}
    assert "code by" in stage.does("stats", "--by", "pair").out
    wrong = stage.does("stats", "--since", "yesterday")
    assert wrong.code == 2 and "is no span of time" in wrong.err
    assert figures(stage, "--since", "2999-01-01")["runs"] == 0


def test_a_tier_with_a_latency_is_refused_as_unknown_until_its_models_were_measured(tmp_path: Path) -> None:
    script = usual(coder=(*("ready",) * 5, edit(RIGHT)))
    with ScriptedServer(script) as server:
        stage = staged(tmp_path, server, seats=PRICED)
        policy = stage.policy.read_text(encoding="utf-8")
        head, name, rest = policy.partition('"coder": {')
        stage.policy.write_text(head + name + rest.replace('"tier": "mid"', '"tier": "small"', 1), encoding="utf-8")
        refused = stage.works_on_the_issue(*stage.routed(FAST))
        assert refused.code == 1 and "latency has not been measured" in refused.told, refused
        explained = stage.does("route", "--repo", str(stage.repository), *stage.routed(FAST), with_policy=True)
        assert explained.code == 1 and "unknown-figure" in explained.told, explained

        unknown = stage.does("measure", "codr", with_policy=True)
        assert unknown.code == 2 and "Did you mean coder?" in unknown.told
        poor = stage.does("measure", "coder", "--budget-usd", "0.0001", with_policy=True)
        assert poor.code == 1 and "0 of 5" in poor.told and "--budget-usd" in poor.told
        measured = stage.does("measure", "--tier", "small", "--budget-usd", "5", with_policy=True)
        assert measured.code == 0 and "5 of 5" in measured.told, measured

        explained = stage.does("route", "--repo", str(stage.repository), *stage.routed(FAST), with_policy=True)
        assert explained.code == 0 and "unknown-figure" not in explained.told, explained
        taken = stage.works_on_the_issue(*stage.routed(FAST))
        assert taken.code == 0, taken
        assert [model for model in stage.asked() if model == "coder"] == ["coder"] * 6
    found = figures(stage)
    assert found["runs"] == 1
    assert {(row["model"], row["phase"]): row["calls"] for row in rows(found["rows"])}[("coder", "triage")] == 5
    both = (found["cost_usd"], fields(taken.json["run"])["cost_usd"])
    assert isinstance(both[0], float) and isinstance(both[1], float)
    assert both[0] > both[1], "what measuring cost is counted as money"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("figures")) as stage:
        yield stage


def types(stage: ServedStage, *words: str) -> str:
    """What somebody reads who types a command on the machine of the server."""
    command = [str(PROGRAM), *words, "--home", str(stage.home)]
    said = typed(command, cwd=stage.folder, env=environment(stage.folder))
    out, err = said.communicate(timeout=240)
    assert said.wait() == 0, (out, err)
    return out


def told(scene: Scene) -> dict[str, object]:
    """What `pointsman stats` says there, of everything that the server did."""
    return fields(json.loads(types(scene.stage, "stats", "--json")))


def test_on_github_a_merge_makes_a_trusted_change_and_a_merged_revert_takes_it_back(served: ServedStage) -> None:
    scene = served.scene("figs")
    _, change = scene.built()
    assert told(scene)["trusted"] == 0
    scene.shop.ready(change.number, scene.ada)
    scene.shop.merge(change.number, scene.ada)
    served.settle()
    found = told(scene)
    assert (found["merged"], found["trusted"], found["cost_per_trusted_change_usd"]) == (1, 1, 0.0)
    body = f"Reverts figs-org/shop#{change.number}"
    number = scene.shop.pull(by=scene.ada, files={"shop/prices.py": BUGGY}, title='Revert "it"', body=body)
    served.settle()
    assert told(scene)["trusted"] == 1, "as long as nobody merged it"
    scene.shop.merge(number, scene.ada)
    served.settle()
    found = told(scene)
    assert (found["merged"], found["trusted"], found["reverted"]) == (1, 0, 1)
    assert found["cost_per_trusted_change_usd"] is None


def test_on_github_an_ignored_finding_counts_for_the_pair_of_coder_and_reviewer(served: ServedStage) -> None:
    weak = finding(f"return {RIGHT}", "Nothing says what a percent is.", severity="minor")
    scene = served.scene("pair", reviewer=(replies({"summary": "Fine.", "findings": [weak], "still_open": []}),))
    scene.built()
    before = pairs(scene)
    assert before["coder", "reviewer"]["raised"] == 1
    (thread,) = scene.shop.threads(scene.change().number)
    scene.shop.reply(thread.first, "Won't fix: the docs say it.", scene.ada)
    served.settle()
    assert (pairs(scene)["coder", "reviewer"]["ignored"], before["coder", "reviewer"]["ignored"]) == (1, 0)


def pairs(scene: Scene) -> dict[tuple[str, str], dict[str, object]]:
    return {(str(row["coder"]), str(row["reviewer"])): row for row in rows(told(scene)["pairs"])}


def test_a_server_takes_a_tier_by_its_latency_once_a_model_of_it_was_measured(tmp_path: Path) -> None:
    models = fields(json.loads(policy_of(SEATS, "http://127.0.0.1:9"))["models"])
    models["coder"] = {**fields(models["coder"]), "tier": "small"}
    with ServedStage(tmp_path, models=models) as stage:
        scene = stage.scene("fast", routing=FAST)
        number = scene.labelled()
        stage.settle()
        assert "latency has not been measured" in "\n".join(scene.said(number))
        stage.models.learn(rule(*("ready",) * 5, name="measured", model="coder"))
        assert "5 of 5" in types(stage, "measure", "coder", "--policy", str(tmp_path / "policy.yml"))
        # A server that goes on would look again within a minute.
        stage.stop()
        stage.start()
        scene.shop.label(number, LABEL, scene.ada)
        assert scene.over().result == "ready"
