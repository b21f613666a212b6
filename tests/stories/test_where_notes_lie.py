"""Notes that are not in the tree: on a ref of their own, or in the text of the change. All are verified."""

from pathlib import Path

from tests.worlds.repositories import ROUTING, buggy_package, git
from tests.worlds.script import Script
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.served_stage import Scene, ServedStage
from tests.worlds.stage import PROGRAM, environment, staged, usual
from tests.worlds.warm import typed

REF = "refs/pointsman/audit"
QUIET = "plan: planner\ncode: coder\nqa: reviewer\nreview: {auto_fix: false}\n"


def test_on_disk_the_branch_holds_code_alone_and_the_ref_its_note_which_a_clone_verifies(tmp_path: Path) -> None:
    with ScriptedServer(Script(rules=usual().rules)) as server:
        stage = staged(tmp_path, server, story=buggy_package(tmp_path, routing=f"{ROUTING}audit: ref\n"))
        said = stage.works_on_the_issue()
        branch = str(said.run["branch"])
        assert said.run["result"] == "ready", said
        assert stage.git("diff", "--name-only", "main", branch).split() == ["shop/prices.py"]
        (envelope,) = [name for name in stage.git("ls-tree", "-r", "--name-only", REF).split() if "intoto" in name]
        digest = stage.page(branch).partition("Its digest is `")[2].partition("`")[0]
        assert len(digest) == 64 and f"Pointsman-Run: {said.run['run_id']}" in stage.git("log", "-1", REF)

        repo = ("--repo", str(stage.repository))
        assert stage.does("audit", "verify", *repo, "--head", digest, f"main..{branch}").code == 0
        assert stage.does("audit", "verify", *repo, "--head", "0" * 64, f"main..{branch}").code == 1

        folder = tmp_path / "notes"
        given = stage.does("audit", "export", "--run", str(said.run["run_id"]), "--to", str(folder))
        assert given.code == 0 and digest in given.out, given
        assert (folder / Path(envelope).name).read_text() == stage.git("show", f"{REF}:{envelope}") + "\n"
        git(tmp_path, "clone", "--quiet", str(stage.repository), "clone")
        words = ("audit", "verify", "--repo", str(tmp_path / "clone"), "--notes", str(folder))
        assert stage.does(*words, f"origin/main..origin/{branch}").code == 0


def test_on_github_a_note_is_on_the_ref_or_in_the_text_of_the_change_as_the_repository_wants(tmp_path: Path) -> None:
    with ServedStage(tmp_path) as stage:
        scene = stage.scene("dunlin", routing=f"{QUIET}audit: ref\n")
        scene.built()
        change, held = scene.change(), scene.shop.git.run("ls-tree", "-r", "--name-only", REF).split()
        assert len(held) == 3
        assert ".pointsman/" not in scene.shop.git.run("ls-tree", "-r", "--name-only", scene.branch())
        digest = (change.body or "").partition("Its digest is `")[2][:64]
        assert digest in (scene.check(scene.head(change.number)).text or "")
        told = scene.says(change.number, "/pointsman audit")
        assert "1 signed note. The chain holds." in told and f"--head {digest} BASE..BRANCH" in told
        assert "kept in the installation's store" in told

        other = stage.scene("knot", routing=f"{QUIET}audit: comment-only\n")
        other.built()
        body = other.change().body or ""
        (kept,) = [line for line in body.splitlines() if line.startswith('{"payload"')]
        name = body.partition("Save this line as `")[2].partition("`")[0]
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / name).write_text(f"{kept}\n", encoding="utf-8")
        assert _verified_elsewhere(other, tmp_path, notes=tmp_path / "notes") == 0


def _verified_elsewhere(scene: Scene, folder: Path, *, notes: Path) -> int:
    """With a clone, the key that the server tells everybody, and what a person copied out of the change."""
    (pem,) = scene.stage.keys()
    (folder / "key.pem").write_text(pem, encoding="utf-8")
    git(folder, "clone", "--quiet", str(scene.shop.git.path), "clone")
    words = ("audit", "verify", f"origin/main..origin/{scene.branch()}", "--repo", str(folder / "clone"))
    options = ("--key", str(folder / "key.pem"), "--notes", str(notes), "--home", str(folder / "elsewhere"))
    checking = typed([str(PROGRAM), *words, *options], cwd=folder, env=environment(folder))
    said = checking.communicate(timeout=60)
    assert checking.returncode == 0, said
    return int(checking.returncode)
