"""The loop from outside: a weak coder fails and the next model solves it, candidates are drawn, limits end it."""

import base64
import json
from dataclasses import replace
from pathlib import Path

from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, SEATS, Stage, edit, fields, rows, staged, usual

CLIMB = "routes:\n  plan: planner\n  code: {model: coder, escalate: [senior]}\n  qa: reviewer\n"
FIRST, SECOND = "price - percent - 1", "price - percent - 2"


def predicate(stage: Stage, branch: str) -> dict[str, object]:
    """What the signed note on the branch states."""
    names = stage.git("diff", "--name-only", f"{branch}~1", branch).split()
    (name,) = (name for name in names if name.endswith((".json", ".jsonl")))
    envelope = json.loads(stage.git("show", f"{branch}:{name}"))
    holder = envelope.get("dsseEnvelope", envelope)
    return fields(json.loads(base64.b64decode(holder["payload"]))["predicate"])


def test_a_weak_coder_fails_twice_the_next_rung_solves_it_and_the_note_tells_so(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(edit(FIRST), edit(SECOND, old=FIRST)))) as server:
        stage = staged(tmp_path, server)
        policy = json.loads(stage.policy.read_text(encoding="utf-8"))
        policy["models"]["coder"] |= {"tier": "small", "edits": "blocks"}
        stage.policy.write_text(json.dumps(policy), encoding="utf-8")
        said = stage.works_on_the_issue(*stage.routed(CLIMB))
        shown = stage.does("show", said.run_id, "--json")

    assert (said.code, said.run["result"]) == (0, "ready"), said
    assert stage.asked() == ["planner", "coder", "coder", "senior", "reviewer"]
    branch = str(said.run["branch"])
    stated = predicate(stage, branch)
    tries = [(one["rung"], one["model"], one["evidence"]) for one in rows(stated["tries"])]
    assert tries == [(0, "coder", "failed"), (0, "coder", "failed"), (1, "senior", "passed")]
    coded = [one["call_id"] for one in rows(stated["calls"]) if one["phase"] == "code"]
    assert [one["calls"] for one in rows(stated["tries"])] == [[call] for call in coded]
    assert rows(stated["tries"])[-1]["commit"] == stage.git("rev-parse", f"{branch}~1")
    (hop,) = rows(stated["hops"])
    assert (hop["kind"], hop["from_model"], hop["to_model"]) == ("escalation", "coder", "senior")
    for text in (stage.page(branch), stage.note(branch)):
        assert "senior" in text and "2 tries of coder did not do it" in text, text
    assert [(one["rung"], one["sample"]) for one in rows(shown.json["tries"])] == [(0, 0), (0, 0), (1, 0)]
    assert stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}").code == 0
    blamed = stage.does(
        "audit", "blame", "shop/prices.py", "--rev", branch, "--repo", str(stage.repository), "--json"
    )
    (line,) = (one for one in rows(blamed.json["lines"]) if one["by"] == "model")
    assert (line["models"], line["run"], line["phase"]) == (["senior"], said.run_id, "code")
    assert line["prompts"] == [rows(stated["calls"])[-2]["prompt_sha256"]]
    assert [(one["model"], one["verdict"]) for one in rows(line["reviews"])] == [("reviewer", "approve")]


def test_of_five_candidates_the_third_is_green_and_the_rest_are_not_drawn(tmp_path: Path) -> None:
    routes = CLIMB.replace("escalate: [senior]", "samples: 5")
    with ScriptedServer(usual(coder=(edit(FIRST), edit(SECOND), edit(RIGHT)))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(routes))
        shown = stage.does("show", said.run_id)

    assert (said.code, said.run["result"]) == (0, "ready"), said
    assert stage.asked() == ["planner", "coder", "coder", "coder", "reviewer"]
    assert [(one["sample"], one["evidence"]) for one in rows(said.json["tries"])] == [
        (0, "failed"),
        (1, "failed"),
        (2, "passed"),
    ]
    assert all(isinstance(one["tokens"], int) and one["tokens"] for one in rows(said.json["tries"]))
    assert [one["sample"] for one in rows(predicate(stage, str(said.run["branch"]))["tries"])] == [0, 1, 2]
    assert "candidate 3" in shown.told


def test_several_candidates_of_a_model_with_a_price_are_refused_by_rule(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=tuple(replace(seat, price=0.01) for seat in SEATS))
        said = stage.works_on_the_issue(*stage.routed(CLIMB.replace("escalate: [senior]", "samples: 5")))

    assert (said.code, stage.asked()) == (1, []), said
    assert "several candidates are drawn only of a model that costs nothing" in said.told


def test_money_that_ends_on_the_way_leaves_a_draft_with_the_best_patch_and_what_is_missing(tmp_path: Path) -> None:
    """The reviewer's money is held back, so the coder's ends first."""
    seats = tuple(replace(seat, price=4.0) for seat in SEATS)
    caps = {"run_usd": 0.06, "repository_day_usd": 10, "installation_day_usd": 10}
    limits = {"max_input_tokens": 3000, "max_output_tokens": 2048}
    answers = (Answer(text=edit(FIRST), output_tokens=2048), Answer(text=edit(SECOND, old=FIRST), output_tokens=2048))
    with ScriptedServer(usual(coder=answers)) as server:
        stage = staged(tmp_path, server, seats=seats, caps=caps, defaults=limits)
        said = stage.works_on_the_issue(*stage.routed(CLIMB))

    assert (said.code, said.run["state"], said.run["result"]) == (1, "done", "needs-person"), said
    assert "senior" not in stage.asked()
    assert "The money ended before the work did." in str(said.run["message"])
    branch = str(said.run["branch"])
    assert stage.branches() == [branch]
    assert "review: The money ended" in stage.note(branch), stage.note(branch)
