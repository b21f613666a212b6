"""A person's own branch is verified and reviewed as it is: nothing is changed, findings end the command with 1."""

from pathlib import Path

from tests.worlds.repositories import BUGGY, buggy_package, commit, git, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import BELOW_ZERO, RIGHT, WRONG, Said, Stage, fields, finding, replies, rows, staged, usual

REF = "refs/pointsman/audit"
HALF = "price * (1 - percent / 100)"


def test_a_branch_of_a_person_is_reviewed_and_a_grave_finding_ends_with_1(tmp_path: Path) -> None:
    held = {"summary": "It can go wrong.", "findings": [finding(f"    return {HALF}", "It can go below zero.")]}
    with ScriptedServer(usual(reviewer=(replies(held), BELOW_ZERO))) as server:
        stage = _with_branches(tmp_path, server)
        before, places = stage.print(), stage.git("for-each-ref")
        said = stage.does("review", "half", "--repo", str(stage.repository), "--json", with_policy=True)

    assert (said.code, said.run["state"], said.run["result"]) == (1, "done", "reviewed"), said
    assert stage.asked() == ["reviewer", "reviewer"]
    found = rows(said.json["findings"])
    assert [(one["path"], one["line"], one["severity"]) for one in found] == [("shop/prices.py", 6, "major")]
    assert fields(found[0]["proof"])["result"] == "confirmed"
    assert said.json["evidence"] == "passed"
    _leaves_a_note(stage, said)
    stage.git("update-ref", "-d", REF)
    assert (stage.git("for-each-ref"), before.disturbed_by(stage.print())) == (places, ())


def _leaves_a_note(stage: Stage, said: Said) -> None:
    """On the ref alone, of which a clone tells who reviewed whose lines."""
    clone = stage.folder / "clone"
    git(stage.folder, "clone", "--quiet", str(stage.repository), "clone")
    git(clone, "fetch", "--quiet", "origin", f"{REF}:{REF}")
    git(clone, "checkout", "--quiet", "half")
    at = ("--repo", str(clone))
    digest = str(fields(said.json["note"])["digest"])
    verified = stage.does("audit", "verify", *at, "--json", "--head", digest, "origin/main..half")
    assert (verified.code, verified.json["verdict"]) == (0, "holds"), verified
    assert [(row["by"], row["notes"]) for row in rows(verified.json["coverage"])] == [("person", [])]
    (binding,) = rows(verified.json["bindings"])
    assert (binding["kind"], binding["commits"]) == ("commit", [])
    assert binding["places"] == [REF]
    asked = stage.does("audit", "query", *at, "--result", "reviewed", "--json")
    (note,) = rows(asked.json["rows"])
    assert (note["run"], note["result"], note["authors"]) == (said.run_id, "reviewed", [])
    lines = rows(stage.does("audit", "blame", "shop/prices.py", *at, "--json").json["lines"])
    (line,) = [one for one in lines if HALF in str(one["text"])]
    assert (line["by"], line["reviews"]) == ("person", [{"model": "reviewer", "round": 1, "verdict": "changes"}])


def test_a_range_is_reviewed_from_its_own_base_and_a_good_one_ends_with_0(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = _with_branches(tmp_path, server)
        said = stage.does("review", "half..whole", "--repo", str(stage.repository), with_policy=True)
        asked = server.bodies[0].decode()
        checked_out = stage.does("review", "--repo", str(stage.repository), "--json", with_policy=True)

    assert said.code == 0, said
    assert "approve by reviewer" in said.told
    assert f"-    return {HALF}" in asked
    assert f"-    return {WRONG}" not in asked
    assert (checked_out.code, checked_out.json["evidence"]) == (1, "failed"), checked_out


def test_who_looks_at_a_branch_of_ours_is_not_told_who_wrote_it(tmp_path: Path) -> None:
    """Its last commit holds the note and its key."""
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server)
        stage.works_on_the_issue()
        (branch,) = stage.branches()
        said = stage.does("review", branch, "--repo", str(stage.repository), with_policy=True)
        asked = server.bodies[-1].decode()

    assert said.code == 0, said
    assert ".pointsman/audit/" in stage.git("diff", "--name-only", f"main..{branch}")
    assert RIGHT in asked
    assert ".pointsman/" not in asked
    assert "coder" not in asked


def test_a_branch_that_is_not_there_is_said(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = _with_branches(tmp_path, server)
        said = stage.does("review", "nowhere", "--repo", str(stage.repository), with_policy=True)

    assert (said.code, said.out, stage.asked()) == (1, "", []), said
    assert "nowhere" in said.err


def _with_branches(folder: Path, server: ScriptedServer) -> Stage:
    """`half` mends the bug but goes below zero, `whole` goes on from there; `main` is checked out."""
    story = buggy_package(folder)
    stage = staged(folder, server, story=story)
    for branch, line in (("half", HALF), ("whole", RIGHT)):
        stage.git("checkout", "--quiet", "-b", branch)
        write(story.repository, story.path, BUGGY.replace(WRONG, line))
        commit(story.repository, f"Try {branch}")
    stage.git("checkout", "--quiet", "main")
    return stage
