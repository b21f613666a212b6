"""What stops a run, and tests that prove nothing: never green without evidence, never further than a limit."""

from dataclasses import replace
from pathlib import Path

from tests.worlds.repositories import Story, buggy_package, commit, git, write
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PLAN, SEATS, VERIFY, edit, policy_of, replies, staged, usual

LIMITS = {"max_input_tokens": 3000, "max_output_tokens": 2048}
ROUTES = "routes:\n  plan: planner\n  code: coder\n  qa: reviewer\n"
FORGED = "tests/test_prices.py\n```python\nimport unittest\n\n\nclass Discounts(unittest.TestCase):\n    pass\n```\n"


def test_a_cap_stops_the_run_and_is_named(tmp_path: Path) -> None:
    """The first run is never begun, since one call could pass the cap; the second has spent too much by its plan."""
    seats = tuple(replace(seat, price=4.0) for seat in SEATS)
    with ScriptedServer(usual(planner=(Answer(text=replies(PLAN), output_tokens=2048),))) as server:
        stage = staged(tmp_path, server, seats=seats, caps=_caps(0.012), defaults=LIMITS)
        before = stage.print()
        refused = stage.works_on_the_issue()
        stage.policy.write_text(policy_of(seats, server.url, caps=_caps(0.0205), defaults=LIMITS), encoding="utf-8")
        said = stage.works_on_the_issue()

    assert (refused.code, refused.out) == (1, ""), refused
    assert "plan cannot go to planner: a call may cost $0.0202, the phase has $0.012" in refused.told
    assert (said.code, said.run["state"], said.run["error_code"]) == (1, "stopped", "budget"), said
    assert stage.asked() == ["planner"]
    assert "$0.0205" in str(said.run["message"]), said.run["message"]
    assert (stage.branches(), before.disturbed_by(stage.print())) == ([], ())


def _caps(run_usd: float) -> dict[str, float]:
    return {"run_usd": run_usd, "repository_day_usd": 10, "installation_day_usd": 10}


def test_a_touched_path_that_is_more_closed_stops_the_run_before_anybody_reviews_it(tmp_path: Path) -> None:
    routes = f"{ROUTES}paths:\n  - {{match: 'shop/prices.py', sensitivity: restricted}}\n"
    plan = {**PLAN, "change": [], "create": ["shop/other.py"]}
    with ScriptedServer(usual(planner=(replies(plan),))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue(*stage.routed(routes))

    assert (said.code, stage.branches()) == (1, []), said
    assert "reviewer" not in stage.asked()
    assert "shop/prices.py: restricted, but the models of this run were chosen for internal" in said.told


def test_a_coder_that_empties_the_tests_is_never_green(tmp_path: Path) -> None:
    plan = {**PLAN, "tests": ["tests/test_prices.py"]}
    with ScriptedServer(usual(planner=(replies(plan),), coder=(edit("price - percent - 1") + FORGED,))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue()

    assert said.code == 1, said
    assert said.json["evidence"] in ("failed", "inconclusive", "not run"), said
    assert said.run["result"] != "ready"


def test_a_repository_without_tests_gives_no_evidence_and_wants_a_person(tmp_path: Path) -> None:
    story = buggy_package(tmp_path)
    git(story.repository, "rm", "--quiet", "-r", "tests")
    commit(story.repository, "Forget the tests")
    plan = {**PLAN, "read": []}
    with ScriptedServer(usual(planner=(replies(plan),))) as server:
        stage = staged(tmp_path, server, story=story)
        said = stage.works_on_the_issue()

    assert (said.code, said.run["result"], said.json["evidence"]) == (1, "needs-person", "not run"), said
    assert "no test command is configured" in str(said.run["message"])
    assert "verify: Nothing was run" in stage.note(str(said.run["branch"]))


def test_tests_that_cannot_be_run_are_told_and_are_never_green(tmp_path: Path) -> None:
    story = _with_a_missing_library(tmp_path)
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=story)
        said = stage.works_on_the_issue()
        barred = stage.works_on_the_issue(
            *stage.routed(f"{ROUTES}verify: {{commands: ['{VERIFY.replace('unittest', 'doctest')}']}}\n")
        )

    assert (said.code, said.run["result"]) == (1, "needs-person"), said
    assert said.json["evidence"] in ("failed", "inconclusive")
    assert barred.code == 1, barred
    assert "doctest" in barred.told


def _with_a_missing_library(folder: Path) -> Story:
    story = buggy_package(folder)
    write(story.repository, "tests/__init__.py", "import a_library_that_is_not_here\n")
    commit(story.repository, "Use a library")
    return story
