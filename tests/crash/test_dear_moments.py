"""Killed while a bug's test is sought, candidates are drawn, pages are looked at, or a note goes to its places."""

from pathlib import Path

from tests.crash.killing import Moment, gate_at, journal, killed, rows_of, runs_in
from tests.crash.wreck import ONE_DIALECT, asked_once, left_by, litter
from tests.stories.test_bugs_shown_first import PATH, quiet
from tests.stories.test_previews_on_disk import BRANCH, COMMANDS, seen, shop_with_a_page
from tests.worlds.script import Answer
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import RIGHT, Stage, edit, fields, rows, staged, usual

REF = "refs/pointsman/audit"
DRAWS = "routes:\n  plan: planner\n  code: {model: coder, samples: 3}\n  qa: reviewer\n"
SHOWN = """```python
import time
import unittest

from shop.prices import discounted

time.sleep(0.5)


class Shown(unittest.TestCase):
    def test_percent(self) -> None:
        self.assertEqual(discounted(200, 10), 180)
```
"""


def finished(stage: Stage, name: str) -> int:
    return sum(step.name == name for step in journal(stage.home))


def asked(stage: Stage, requests: int) -> Moment:
    return lambda _: len(stage.asked()) >= requests


def at_tests(stage: Stage, jobs: int) -> Moment:
    """While a job runs that has so many finished ones before it."""
    return lambda pid: finished(stage, "sandbox") == jobs and runs_in(pid, "unittest")


def at_pages(stage: Stage, looks: int) -> Moment:
    """While a browser draws that has so many finished looks before it."""
    return lambda pid: finished(stage, "preview") == looks and runs_in(pid, "chrom")


def test_neither_a_sought_test_nor_a_drawn_candidate_is_paid_for_twice(tmp_path: Path) -> None:
    hangs = Answer(fault="hang")
    coder = (hangs, SHOWN, edit("price + percent"), hangs, edit("price * percent"), edit(RIGHT))
    with ScriptedServer(usual(coder=coder)) as server:
        stage = staged(tmp_path, server, story=quiet(tmp_path), seats=ONE_DIALECT)
        before, first = stage.print(), ("run", *stage.about(), *stage.routed(DRAWS), "--json")
        moments = (asked(stage, 2), at_tests(stage, 1), asked(stage, 5), at_tests(stage, 4))
        for moment in moments:
            words = ("resume", "--json") if journal(stage.home) else first
            assert killed(stage, *words, when=moment, every=0.002)
        end = stage.does("resume", "--json")

        assert (end.code, end.run["result"]) == (0, "ready"), end
        assert stage.asked() == ["planner", *["coder"] * 6, "reviewer"]
        asked_once(stage, end.run_id, since=0, repeated=2)
        assert [(one["sample"], one["evidence"]) for one in rows(end.json["tries"])] == [
            (0, "failed"),
            (1, "failed"),
            (2, "passed"),
        ]
        branch = str(end.run["branch"])
        assert stage.git("show", f"{branch}:shop/prices.py") == stage.story.fixed.strip()
        assert PATH in stage.git("ls-tree", "-r", "--name-only", branch)
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


def test_a_page_that_was_being_looked_at_is_looked_at_again_and_no_model_is_asked_again(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=shop_with_a_page(tmp_path), seats=ONE_DIALECT, commands=COMMANDS)
        before, first = stage.print(), ("run", *stage.about(), "--json")
        for number in (0, 1):
            words = ("resume", "--json") if number else first
            assert killed(stage, *words, when=at_pages(stage, number))
        end = stage.does("resume", "--json")

        assert (end.code, end.run["result"]) == (0, "ready"), end
        assert stage.asked() == ["planner", "coder", "reviewer"]
        asked_once(stage, end.run_id, since=0, repeated=0)
        preview = seen(stage, end.run_id)
        assert [len(rows(fields(preview[side])["pictures"])) for side in ("before", "after")] == [1, 1]
        assert "rendered before, rendered after, 2 pictures" in stage.note(BRANCH)
        assert (before.disturbed_by(stage.print()), litter(stage)) == ((), [])


def test_a_note_that_was_pushed_to_its_ref_and_not_to_its_branch_is_there_once_in_both_afterwards(
    tmp_path: Path,
) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, seats=ONE_DIALECT, audit={"mirror": True})
        assert killed(stage, "run", *stage.about(), "--json", when=asked(stage, 1))
        with gate_at(stage.home, "note-ref", after="note-head") as held:
            assert killed(stage, "resume", "--json", when=held)
        (pushed,) = _envelopes(stage, REF)
        assert (stage.branches(), finished(stage, "note-ref")) == ([], 0)
        end = stage.does("resume", "--json")

        assert (end.code, end.run["result"]) == (0, "ready"), end
        branch = str(end.run["branch"])
        assert (_envelopes(stage, REF), _envelopes(stage, branch)) == ([pushed], [pushed])
        assert stage.git("show", f"{REF}:{pushed}") == stage.git("show", f"{branch}:{pushed}")
        assert stage.git("rev-list", "--count", REF) == "1"
        assert rows_of(stage.home, "SELECT count(*) FROM note_heads") == [(1,)]
        assert left_by(stage, end.run_id).commits == 1  # it verifies, too
        assert litter(stage) == []


def _envelopes(stage: Stage, revision: str) -> list[str]:
    return [name for name in stage.git("ls-tree", "-r", "--name-only", revision).split() if "intoto" in name]
