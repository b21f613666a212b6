"""What a model was told is found by the digest in the note, erased on request and in time, and no note minds."""

import base64
import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import APPROVAL, PLAN, RIGHT, Stage, edit, fields, replies, rows, staged, usual

ASKED, PLANNED, SAID = "canary-of-the-issue", "canary-of-the-plan", "canary-of-the-review"
SCRIPT = usual(
    planner=(replies({**PLAN, "goal": f"A discount takes percent off, {PLANNED}."}),),
    coder=(edit(RIGHT),),
    reviewer=(replies({**APPROVAL, "summary": f"Percent are taken off, {SAID}."}),),
)
NOT_AT_ALL = {"internal": {"perimeters": ["local"], "keep_prompts_days": 0}}


def told(stage: Stage) -> None:
    """The issue has a word in its text that stands nowhere else; its title is named in notes."""
    with stage.story.issue.open("a", encoding="utf-8") as issue:
        issue.write(f"\n{ASKED}\n")


def found_in(stage: Stage, name: str) -> set[str]:
    """Which of the words can be read in the files of a database."""
    data = b"".join(path.read_bytes() for path in sorted(stage.home.glob(f"{name}.sqlite*")))
    return {word for word in (ASKED, PLANNED, SAID) if word.encode() in data}


def on_pages(stage: Stage) -> set[str]:
    """Which of the words stand on pages that people read on disk."""
    pages = [path for folder in ("runs", "changes") for path in (stage.home / folder).rglob("*") if path.is_file()]
    return {word for word in (ASKED, PLANNED, SAID) for page in pages if word in page.read_text(encoding="utf-8")}


def calls_of_the_note(stage: Stage, branch: str) -> list[dict[str, object]]:
    names = stage.git("diff", "--name-only", f"{branch}~1", branch).split()
    envelope = json.loads(stage.git("show", f"{branch}:{next(n for n in names if n.endswith('.jsonl'))}"))
    return rows(fields(fields(json.loads(base64.b64decode(envelope["payload"])))["predicate"])["calls"])


def test_a_text_is_shown_by_its_digest_then_erased_on_request_and_the_note_still_holds(tmp_path: Path) -> None:
    with ScriptedServer(SCRIPT) as server:
        stage = staged(tmp_path, server)
        told(stage)
        ran = stage.works_on_the_issue()
        assert ran.code == 0, ran
        branch = stage.branches()[0]
        calls = calls_of_the_note(stage, branch)
        asked, answered = str(calls[0]["prompt_sha256"]), str(calls[-1]["answer_sha256"])

        assert (found_in(stage, "ledger"), found_in(stage, "engine")) == (set(), {ASKED, PLANNED, SAID})
        shown = stage.does("audit", "show-prompt", asked[:8])
        assert (shown.code, ASKED in shown.out, "user" in shown.out) == (0, True, True), shown
        answer = stage.does("audit", "show-prompt", str(calls[-1]["prompt_sha256"]), "--answer", "--json")
        assert (answer.json["sha256"], SAID in str(answer.json["turns"])) == (answered, True)
        raw = stage.does("audit", "show-prompt", asked, "--raw")
        assert hashlib.sha256(raw.out.encode()).hexdigest() == asked

        counted = stage.does("audit", "erase", "--run", ran.run_id)
        assert "Nothing was erased" in counted.told and "and 4 pages on disk" in counted.told
        assert on_pages(stage) == {PLANNED, SAID}
        gone = stage.does("audit", "erase", "--run", ran.run_id, "--yes", "--json")
        assert (gone.code, gone.json["erased"], gone.json["ended"], gone.json["going_on"]) == (
            0,
            True,
            [ran.run_id],
            [],
        ), gone
        assert gone.json["texts"] == 2 * len(calls)
        assert found_in(stage, "ledger") | found_in(stage, "engine") | on_pages(stage) == set()

        after = stage.does("audit", "show-prompt", asked)
        assert (after.code, "text-erased" in after.told, "at the request of" in after.told) == (1, True, True), after
        looked = stage.does("audit", "looks")
        assert [line.split()[-1] for line in looked.out.splitlines()[1:]] == ["erased", "raw", "text", "text"], (
            looked.out
        )
        verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}")
        assert verified.code == 0, verified

        again = stage.does("rerun", ran.run_id, "review", with_policy=True)
        assert (again.code, "cleared" in again.told) == (2, True), again
        status = stage.does("show", ran.run_id, "--json")
        assert (status.run["state"], status.run["title"], status.run["calls"]) == ("done", "", len(calls)), status


def test_where_nothing_may_be_kept_the_files_hold_no_word_of_it_once_the_run_has_ended(tmp_path: Path) -> None:
    with ScriptedServer(SCRIPT) as server:
        stage = staged(tmp_path, server, sensitivities=NOT_AT_ALL)
        told(stage)
        ran = stage.works_on_the_issue()
        assert (ran.code, ran.json["review"]) == (0, "approve"), ran
        branch = stage.branches()[0]
        assert on_pages(stage) == {PLANNED, SAID}, "people have not read them yet"
        late = stage.does("audit", "erase", "--repository", str(stage.repository), "--yes", "--json")
        assert (late.json["ended"], late.json["pages"], on_pages(stage)) == ([], 4, set()), late
        sent = str(calls_of_the_note(stage, branch)[0]["prompt_sha256"])
        assert found_in(stage, "ledger") | found_in(stage, "engine") == set()
        never = stage.does("audit", "show-prompt", sent)
        verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{branch}")

    assert (never.code, "text-never-kept" in never.told, "keeps none of what is internal" in never.told) == (
        1,
        True,
        True,
    ), never
    assert verified.code == 0, verified
    with closing(sqlite3.connect(stage.home / "ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT count(*) FROM texts").fetchone() == (0,)
