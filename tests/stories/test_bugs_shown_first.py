"""A bug fix begins with a test that fails by the bug; what proves less than it seems to is told, and never green."""

from pathlib import Path

from tests.worlds.repositories import TESTS, Story, buggy_package, commit, write
from tests.worlds.script import Rule, Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, RIGHT, edit, replies, staged, usual

QUIET = TESTS.replace("(discounted(200, 10), 180)", "(discounted(200, 0), 200)")
PATH = "tests/test_discounts_take_off_euros_"


def shown(expected: int, percent: int = 10) -> str:
    """What a model writes that is asked for a test: one file in one block."""
    return (
        "```python\nimport unittest\n\nfrom shop.prices import discounted\n\n\nclass Shown(unittest.TestCase):\n"
        "    def test_percent(self) -> None:\n"
        f"        self.assertEqual(discounted(200, {percent}), {expected})\n```\n"
    )


def quiet(folder: Path) -> Story:
    """The package with the bug, and no test that shows it."""
    story = buggy_package(folder)
    write(story.repository, "tests/test_prices.py", QUIET)
    commit(story.repository, "Test less")
    return story


def before(*rules: Rule, script: Script) -> Script:
    """A script in which these rules are asked first."""
    return Script(rules=(*rules, *script.rules))


def asked_for_a_test(*answers: str) -> Rule:
    return rule(*answers, name="a test", model="coder", when=("Write the new test file",))


def by_rule(server: ScriptedServer) -> list[str]:
    return [seen.rule for seen in server.seen if seen.method == "POST" and seen.model]


def test_a_test_that_fails_by_the_bug_comes_first_and_is_part_of_the_change(tmp_path: Path) -> None:
    coder = rule(edit(RIGHT), name="the code", model="coder", when=("is in the repository already",))
    told = ("was written before the code to show the bug", "On base: assertion. With the change: passed.")
    reviewer = rule(replies(APPROVAL), name="the review", model="reviewer", when=told)
    script = before(asked_for_a_test(shown(180)), coder, reviewer, script=usual())
    with ScriptedServer(script) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path))
        said = stage.works_on_the_issue()
        branch = str(said.run["branch"])

    assert (said.code, said.run["result"], said.json["evidence"]) == (0, "ready", "passed"), said
    (path,) = [name for name in stage.git("ls-tree", "-r", "--name-only", branch).split() if name.startswith(PATH)]
    assert "discounted(200, 10), 180" in stage.git("show", f"{branch}:{path}")
    assert by_rule(server) == ["planner", "a test", "the code", "the review"]
    page = stage.page(branch)
    assert f"`{path}`, to show the bug | fails by its assertion | passes |" in page
    assert f"The test `{path}` was written by coder before the code" in page
    assert "The change touches tests" not in page
    note = stage.note(branch)
    assert f"Test written to show the bug: `{path}` by `coder`" in note and "on base `assertion`" in note


def test_a_test_that_does_not_show_the_bug_is_given_up_and_said(tmp_path: Path) -> None:
    again = rule(shown(200, 0), name="again", model="coder", when=("The test passes on base",))
    with ScriptedServer(before(again, asked_for_a_test(shown(200, 0)), script=usual())) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path))
        said = stage.works_on_the_issue()
        branch = str(said.run["branch"])

    assert (said.code, said.json["evidence"]) == (0, "passed"), said
    assert by_rule(server) == ["planner", "a test", "again", "coder", "reviewer"]
    assert "No test was written that shows the bug: No test showed the bug on base." in stage.page(branch)
    assert "Test written to show the bug: none." in stage.note(branch)
    assert PATH not in stage.git("ls-tree", "-r", "--name-only", branch)


def test_where_only_that_test_is_left_to_fail_a_person_says_which_is_wrong(tmp_path: Path) -> None:
    with ScriptedServer(before(asked_for_a_test(shown(17)), script=usual())) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path))
        said = stage.works_on_the_issue()

    assert (said.code, said.run["result"], said.json["evidence"]) == (1, "needs-person", "inconclusive"), said
    page = stage.page(str(said.run["branch"]))
    assert "a person has to say which" in page
    assert "fails by its assertion | fails by its assertion |" in page


def test_a_weakened_test_is_told_with_its_place_and_is_never_green(tmp_path: Path) -> None:
    plan = {**PLAN, "tests": ["tests/test_prices.py"]}
    weaker = (
        "tests/test_prices.py\n```python\n<<<<<<< SEARCH\n"
        "        self.assertEqual(discounted(200, 10), 180)\n=======\n"
        "        self.assertTrue(discounted(200, 10))\n>>>>>>> REPLACE\n```\n"
    )
    with ScriptedServer(usual(planner=(replies(plan),), coder=(edit(RIGHT) + weaker,))) as server:
        stage = staged(tmp_path, server)
        said = stage.works_on_the_issue()

    assert (said.code, said.run["result"], said.json["evidence"]) == (1, "needs-person", "inconclusive"), said
    branch = str(said.run["branch"])
    what = "`Discounts.test_ten_percent_off`: an exact comparison became a broader one".replace("`", "")
    page = stage.page(branch).replace("`", "")
    assert f"tests/test_prices.py:7: {what}" in page and "after, with the tests as before" in page
    assert "an exact comparison became a broader one" in stage.note(branch)


def test_a_repository_may_do_without(tmp_path: Path) -> None:
    routes = "routes:\n  plan: planner\n  code: coder\n  qa: reviewer\nverify: {reproduce: false}\n"
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path))
        said = stage.works_on_the_issue(*stage.routed(routes))

    assert (said.code, said.json["evidence"]) == (0, "passed"), said
    assert stage.asked() == ["planner", "coder", "reviewer"]


def test_the_next_model_writes_a_test_of_its_own_where_only_the_old_one_is_in_the_way(tmp_path: Path) -> None:
    routes = "routes:\n  plan: planner\n  code: {model: coder, escalate: [senior]}\n  qa: reviewer\n"
    anew = rule(shown(180), name="a test anew", model="senior", when=("Write the new test file",))
    with ScriptedServer(before(asked_for_a_test(shown(17)), anew, script=usual())) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path))
        said = stage.works_on_the_issue(*stage.routed(routes))

    assert (said.code, said.run["result"], said.json["evidence"]) == (0, "ready", "passed"), said
    branch = str(said.run["branch"])
    assert by_rule(server)[-3:] == ["a test anew", "senior", "reviewer"], by_rule(server)
    (path,) = [name for name in stage.git("ls-tree", "-r", "--name-only", branch).split() if name.startswith(PATH)]
    assert "180" in stage.git("show", f"{branch}:{path}") and "was written by senior" in stage.page(branch)
