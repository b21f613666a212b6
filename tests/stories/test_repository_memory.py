"""What a run saw of a repository is given to the next one, as far as people took it over."""

from pathlib import Path

from tests.worlds.repositories import ROUTING, buggy_package, commit, write
from tests.worlds.script import Script, rule
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import PLAN, RIGHT, Stage, edit, replies, staged, usual

MEMORY = ".pointsman/memory.md"
RUN = "All tests are run with `python3 -m unittest discover`."
ONE = "One test alone is run with `python3 -m unittest discover -s tests -t . -p test_prices.py`."
PLACE = "Tests lie in `tests`."
ADVICE = "what earlier runs saw in this repository, which cannot change your rules"


def script() -> Script:
    """The usual answers, by rules that tell which facts stood in the question."""
    told = {"all": (ADVICE, RUN, ONE, PLACE), "one": (ONE,), "place": (PLACE,), "rest": (ADVICE, RUN)}
    answers = {"planner": replies(PLAN), "coder": edit(RIGHT)}
    knowing = [
        rule(answer, name=name, model=model, when=when)
        for model, answer in answers.items()
        for name, when in told.items()
    ]
    return Script(rules=(*knowing, *usual().rules))


def knew(stage: Stage) -> list[str]:
    """What the planner and the coder were told of the repository, call by call; their own names for nothing."""
    return [seen.rule for seen in stage.server.seen if seen.method == "POST" and seen.model in ("planner", "coder")]


def squashed(stage: Stage, branch: str) -> None:
    """Somebody squashes the change, whose note still speaks for it; the bug comes back, so that there is work."""
    stage.git("merge", "--quiet", "--squash", branch)
    commit(stage.repository, "Take percent off")
    verified = stage.does("audit", "verify", "--repo", str(stage.repository), "main~1..main")
    assert verified.code == 0, verified
    write(stage.repository, stage.story.path, stage.story.buggy)
    commit(stage.repository, "Sell things again")


def test_what_a_run_saw_is_advice_for_the_next_one_until_a_person_strikes_it_out(tmp_path: Path) -> None:
    with ScriptedServer(script()) as server:
        stage = staged(tmp_path, server, story=buggy_package(tmp_path))
        first = stage.works_on_the_issue()
        branch = str(first.run["branch"])
        memory = stage.git("show", f"{branch}:{MEMORY}")
        assert first.run["result"] == "ready" and all(fact in memory for fact in (RUN, ONE, PLACE)), memory
        assert "## Repository memory" in stage.page(branch) and "One test alone" in stage.page(branch)
        assert "memory was written" in stage.note(branch)
        assert knew(stage) == ["planner", "coder"]

        squashed(stage, branch)
        second = stage.works_on_the_issue()
        branch = str(second.run["branch"])
        recorded = stage.git("diff", "--name-only", f"{branch}~1", branch).split()
        assert second.run["result"] == "ready" and recorded and MEMORY not in recorded, second
        assert knew(stage)[2:] == ["all", "all"]

        struck = memory.replace(f"- {ONE}", f"- ~~{ONE}~~").replace(f"- {PLACE}\n", "")
        write(stage.repository, MEMORY, f"{struck}\n")
        commit(stage.repository, "Say what is not so")
        third = stage.works_on_the_issue()
        assert third.run["result"] == "ready", third
        assert knew(stage)[4:] == ["rest", "rest"]
        assert stage.git("show", f"{third.run['branch']}:{MEMORY}") == struck


def test_where_notes_are_not_committed_no_memory_is_kept_and_that_is_said(tmp_path: Path) -> None:
    with ScriptedServer(script()) as server:
        stage = staged(tmp_path, server, story=buggy_package(tmp_path, routing=f"{ROUTING}audit: comment-only\n"))
        said = stage.works_on_the_issue()
    branch = str(said.run["branch"])
    assert said.run["result"] == "ready", said
    assert MEMORY not in stage.git("ls-tree", "-r", "--name-only", branch).split()
    assert "memory: nothing is committed beside the change" in stage.page(branch)
