"""Who does which part of the work: routing files, dialects, fallbacks, escalation, and nobody reviews their own."""

from dataclasses import replace
from pathlib import Path

from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import (
    APPROVAL,
    BELOW_ZERO,
    PLAN,
    RIGHT,
    SEATS,
    VERIFY,
    edit,
    fields,
    finding,
    replies,
    rows,
    staged,
    usual,
)

LONG = f"""
version: 1
sensitivity: internal
routes:
  triage: planner
  plan: {{model: planner, max_output_tokens: 1500, latency: background}}
  code: {{model: coder, fallback: [spare], escalate: [senior], budget_usd: 0.50}}
  qa: {{model: reviewer, evidence: required, rounds: 2}}
tasks:
  docs: {{plan: skip, code: senior}}
paths:
  - {{match: "vault/**", sensitivity: restricted}}
verify:
  prepare: {{key: [requirements.txt]}}
  commands: ["{VERIFY}"]
budget: {{run_usd: 0.80}}
review: {{max_findings: 5, auto_fix: true}}
protected: ["infra/**"]
"""


def test_three_dialects_work_on_one_change_by_a_routing_file_that_is_only_tried(tmp_path: Path) -> None:
    kinds = {"planner": "openai-compatible", "reviewer": "anthropic"}
    seats = tuple(replace(seat, kind=kinds.get(seat.name, "ollama")) for seat in SEATS)
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=seats)
        said = stage.works_on_the_issue(*stage.routed(LONG))
        asked = [(seen.path, seen.model) for seen in server.seen if seen.model]

    assert said.code == 0, said
    assert asked == [("/v1/chat/completions", "planner"), ("/api/chat", "coder"), ("/v1/messages", "reviewer")]
    assert [(row["phase"], row["served"]) for row in rows(said.json["calls"])] == [
        ("plan", "planner"),
        ("code", "coder"),
        ("review", "reviewer"),
    ]
    assert "a-key-of-a-story" not in said.out + said.err
    assert "not acted on by this version: verify.prepare." in said.err
    assert VERIFY in stage.note(str(said.run["branch"]))


def test_a_class_of_task_has_its_own_route_and_may_skip_the_plan(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        issue = stage.story.issue
        issue.write_text(
            issue.read_text(encoding="utf-8").replace("Labels: bug", "Labels: docs") + "\nSee shop/prices.py.\n",
            encoding="utf-8",
        )
        said = stage.works_on_the_issue(*stage.routed(LONG))

    assert said.code == 0, said
    assert said.json["task"] == "docs"
    assert stage.asked() == ["senior", "reviewer"]
    assert "plan: skipped by policy" in stage.note(str(said.run["branch"]))


def test_a_coder_that_fails_twice_the_same_way_is_relieved_and_note_and_page_say_so(tmp_path: Path) -> None:
    wrong = edit("price - percent * 3")
    with ScriptedServer(usual(coder=(wrong, edit("price - percent * 3 + 0", old="price - percent * 3")))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(LONG))

    assert (said.code, said.run["result"]) == (0, "ready"), said
    assert stage.asked() == ["planner", "coder", "coder", "senior", "reviewer"]
    tries = rows(said.json["tries"])
    assert [(one["model"], one["rung"], one["evidence"]) for one in tries] == [
        ("coder", 0, "failed"),
        ("coder", 0, "failed"),
        ("senior", 1, "passed"),
    ]
    assert [(hop["kind"], hop["from_model"], hop["to_model"]) for hop in rows(said.json["hops"])] == [
        ("escalation", "coder", "senior")
    ]
    branch = str(said.run["branch"])
    assert "escalation" in stage.note(branch)
    assert "senior" in stage.page(branch)
    assert stage.git("log", "--format=%s", f"main..{branch}~1").count("\n") == 0


def test_on_an_outage_the_fallback_writes_and_the_note_names_who_really_wrote(tmp_path: Path) -> None:
    with ScriptedServer(usual(coder=(Answer(status=503, text="overloaded"),))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(LONG))

    assert said.code == 0, said
    assert stage.asked() == ["planner", "coder", "spare", "reviewer"]
    assert [(one["rung"], one["model"]) for one in rows(said.json["tries"])] == [(0, "spare")]
    assert [(hop["kind"], hop["to_model"]) for hop in rows(said.json["hops"])] == [("fallback", "spare")]
    branch = str(said.run["branch"])
    assert "fallback from `coder` to `spare`: `overloaded" in stage.note(branch)
    assert "Assisted-by: Pointsman (spare)" in stage.git("log", "-1", "--format=%B", f"{branch}~1")


def test_a_fallback_of_the_reviewers_family_is_never_used_whatever_is_out(tmp_path: Path) -> None:
    """Nobody listens at the coder's address; its fallback could answer, but then nobody could review it."""
    away = replace(SEATS[1], url="http://127.0.0.1:1")
    seats = (SEATS[0], away, *SEATS[2:4], replace(SEATS[4], family="gamma"))
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=seats)
        said = stage.works_on_the_issue(*stage.routed(LONG))

    assert (said.code, said.run["state"], stage.branches()) == (4, "failed", []), said
    assert stage.asked() == ["planner"]
    assert "No model could be reached for code: coder: Provider coder-host at http://127.0.0.1:1" in str(
        said.run["message"]
    )


def test_a_reviewer_of_the_coders_family_is_refused_in_plain_words(tmp_path: Path) -> None:
    seats = (SEATS[0], SEATS[1], replace(SEATS[2], family="beta"), *SEATS[3:])
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=seats)
        said = stage.works_on_the_issue()

    assert (said.code, stage.asked(), stage.branches()) == (1, [], [])
    assert "reviewer: it is of the same family (beta) as coder, which writes the code" in said.told
    assert "Name a qa model of another family" in said.told


def test_a_finding_of_the_review_goes_back_to_the_coder_and_is_fixed_in_the_second_round(tmp_path: Path) -> None:
    half = "price * (1 - percent / 100)"
    remark = finding(f"    return {half}", "It can go below zero.")
    first = {"summary": "Nearly.", "findings": [remark]}
    with ScriptedServer(
        usual(coder=(edit(half), edit(RIGHT, old=half)), reviewer=(replies(first), BELOW_ZERO, replies(APPROVAL)))
    ) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue()

    assert (said.code, said.run["result"]) == (0, "ready"), said
    assert stage.asked() == ["planner", "coder", "reviewer", "reviewer", "coder", "reviewer"]
    assert [one["cause"] for one in rows(said.json["tries"])] == ["first", "review"]
    (found,) = rows(said.json["findings"])
    proof = fields(found["proof"])
    assert (found["fate"], proof["result"], proof["model"]) == ("fixed", "confirmed", "reviewer")
    for words in (b"It can go below zero.", b"discounted(300, 150) >= 0", b"do not change it"):
        assert words in server.bodies[4]
    branch = str(said.run["branch"])
    assert stage.git("show", f"{branch}:{proof['path']}") in str(proof["test"]), "the test joined the change"
    assert "Tested-by: Pointsman (reviewer)" in stage.git("log", "--format=%B", f"main..{branch}")
    assert stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}").code == 0


def test_what_stays_disputed_goes_to_a_person_with_a_branch_that_says_so(tmp_path: Path) -> None:
    half = "price * (1 - percent / 100)"
    other = "price - price * percent / 100"
    held = {"summary": "Not yet.", "findings": [finding(f"    return {half}", "It can go below zero.")]}
    coder = (edit(half), edit(other, old=half), edit(half, old=other))
    with ScriptedServer(usual(coder=coder, reviewer=(replies(held), BELOW_ZERO))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue()

    assert (said.code, said.run["state"], said.run["result"]) == (1, "done", "needs-person"), said
    branch = str(said.run["branch"])
    assert stage.branches() == [branch]
    (found,) = rows(said.json["findings"])
    assert (found["fate"], "discounted(300, 150)" in str(fields(found["proof"])["test"])) == ("disputed", True)
    assert said.json["evidence"] == "failed", "the reviewer's test is in the change and fails"
    page, note = stage.page(branch), stage.note(branch)
    for words in (
        "With the reviewer's tests it fails",
        "It can go below zero.",
        "disputed",
        "discounted(300, 150) >= 0",
        "What the coder did about it",
    ):
        assert words in page, page
    assert "It can go below zero." in note and "disputed, confirmed" in note


def test_remarks_without_a_ground_in_the_diff_are_dropped_and_counted(tmp_path: Path) -> None:
    loose = {"summary": "Hm.", "findings": [finding("    raise SystemExit(1)", "It ends the program.")]}
    with ScriptedServer(usual(planner=(f"Here you are:\n{replies(PLAN)}",), reviewer=(replies(loose),))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue()

    assert (said.code, said.json["findings"]) == (0, []), said
    dropped = said.json["dropped"]
    assert isinstance(dropped, list)
    assert dropped == ["It ends the program.: its quote is not in the diff"]
