"""Routing files in real trees: R1, R6, R7 and R10, at the command line and on GitHub."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.worlds.mishaps import told_once, undisturbed
from tests.worlds.repositories import ROUTING
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.served_stage import Scene, ServedStage
from tests.worlds.stage import Stage, staged, usual

FILE = ".pointsman.yml"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n".encode()
BOMB = "l0: &l0 [x, x]\n" + "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 30))
Spoil = Callable[[Stage], object]


def holds(data: bytes) -> Spoil:
    """The file holds these bytes."""

    def spoil(stage: Stage) -> None:
        (stage.repository / FILE).write_bytes(data)
        stage.git("add", FILE)
        stage.git("commit", "--quiet", "-m", "Route otherwise")

    return spoil


def _link(stage: Stage) -> None:
    (stage.repository / FILE).rename(stage.repository / "real.yml")
    (stage.repository / FILE).symlink_to("real.yml")
    _committed(stage)


def _folder(stage: Stage) -> None:
    (stage.repository / FILE).unlink()
    (stage.repository / FILE).mkdir()
    (stage.repository / FILE / "routes.yml").write_text(ROUTING, encoding="utf-8")
    _committed(stage)


def _submodule(stage: Stage) -> None:
    head = stage.git("rev-parse", "HEAD")
    stage.git("rm", "--quiet", FILE)
    stage.git("update-index", "--add", "--cacheinfo", f"160000,{head},{FILE}")
    stage.git("commit", "--quiet", "-m", "Route by a submodule")


def _committed(stage: Stage) -> None:
    stage.git("add", "--all")
    stage.git("commit", "--quiet", "-m", "Route otherwise")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(usual()) as playing:
        yield playing


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_link, "1:1: this is a symbolic link (commit the text itself there"),
        (_submodule, "1:1: this is a submodule (commit the text itself there"),
        (_folder, "1:1: this is a folder (commit the text itself there"),
        (holds(POINTER), "1:1: this is a pointer of Git LFS and not the file (take the file out of LFS"),
        (holds(ROUTING.encode() + b"x" * 5_000_000), "1:1: this is no text: it is binary, or over a megabyte"),
        (holds(ROUTING.encode() + b"# " + b"x" * 70_000), "1:1: the file has 70041 bytes (at most 65536 are read)"),
        (holds(ROUTING.encode() + b"# caf\xe9\n"), "4:6: this is not UTF-8 text (save the file as UTF-8)"),
        (holds(ROUTING.encode() + b"\0"), "1:1: this is no text"),
        (holds(BOMB.encode()), "1:5: anchors are not read"),
    ],
    ids=["link", "submodule", "folder", "pointer", "5 MB", "70 KB", "latin-1", "NUL", "bomb"],
)
def test_r7_r10_a_routing_file_that_is_no_plain_text_is_said_and_nothing_is_done(
    tmp_path: Path, server: ScriptedServer, spoil: Spoil, said: str
) -> None:
    stage = staged(tmp_path, server)
    spoil(stage)
    asked = len(server.seen)
    with undisturbed(stage):
        told = stage.does("run", *stage.about(), with_policy=True)
    assert (told.code, told_once(told)) == (1, "routing-file"), told
    assert f"{FILE}:{said}" in told.told
    assert len(server.seen) == asked
    assert "Mend the file on the default branch; until then nothing is run." in told.told


@pytest.mark.parametrize(
    ("spoil", "said"), [(_link, "symbolic link"), (_submodule, "submodule"), (_folder, "folder")]
)
def test_r7_who_asks_for_the_routes_of_such_a_file_is_told_the_same(
    tmp_path: Path, server: ScriptedServer, spoil: Spoil, said: str
) -> None:
    stage = staged(tmp_path, server)
    spoil(stage)
    told = stage.does("route", "--repo", str(stage.repository), with_policy=True)
    assert (told.code, told_once(told)) == (1, "routing-file"), told
    assert f"{FILE}:1:1: this is a {said}" in told.told


def test_a_mark_and_newlines_of_another_system_are_read(tmp_path: Path, server: ScriptedServer) -> None:
    stage = staged(tmp_path, server)
    holds(b"\xef\xbb\xbf" + ROUTING.replace("\n", "\r\n").encode())(stage)
    told = stage.works_on_the_issue(goal="plan")
    assert (told.code, told.run["result"]) == (0, "planned"), told


def test_r1_a_branch_that_routes_otherwise_is_reviewed_by_what_stands_on_the_default_branch(
    tmp_path: Path, server: ScriptedServer
) -> None:
    stage = staged(tmp_path, server)
    stage.git("checkout", "--quiet", "-b", "half")
    holds(ROUTING.replace("reviewer", "spare").encode())(stage)
    asked = len(server.seen)
    told = stage.does("review", "half", "--repo", str(stage.repository), "--json", with_policy=True)
    assert {seen.model for seen in server.seen[asked:] if seen.model} == {"reviewer"}, told
    assert "went by what stands on the default branch" in stage.status_page(told.run_id)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedStage]:
    with ServedStage(tmp_path_factory.mktemp("routed")) as served:
        yield served


def linked(scene: Scene) -> None:
    """The routing file becomes a link, and somebody pushes another target of it."""
    git = scene.shop.git
    blob = git.run("hash-object", "-w", "--stdin", given=b"real.yml")
    rows = [row for row in git.run("ls-tree", "main").split("\n") if not row.endswith(f"\t{FILE}")]
    tree = git.run("mktree", given="\n".join([*rows, f"120000 blob {blob}\t{FILE}"]).encode() + b"\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    git.run("update-ref", "refs/heads/main", git.run(*who, "commit-tree", tree, "-p", "main", "-m", "Link"))
    scene.shop.commit("main", {FILE: "other.yml"}, by=scene.ada)
    assert git.run("ls-tree", "main", FILE).startswith("120000 ")


@pytest.mark.parametrize(
    ("word", "spoil", "said"),
    [
        ("whimbrel", linked, "this is a symbolic link"),
        ("dunlin", lambda s: s.shop.commit("main", {FILE: POINTER}, by=s.ada), "this is a pointer of Git LFS"),
        ("knot", lambda s: s.shop.commit("main", {FILE: BOMB}, by=s.ada), "anchors are not read"),
    ],
    ids=["link", "pointer", "bomb"],
)
def test_r7_r10_on_github_such_a_file_is_one_notice_and_a_label_begins_nothing(
    stage: ServedStage, word: str, spoil: Callable[[Scene], object], said: str
) -> None:
    scene = stage.scene(word)
    spoil(scene)
    stage.settle()
    number = scene.labelled()
    stage.settle()
    (notice,) = [issue for issue in scene.shop.issues() if issue.by.id == scene.bot.id]
    assert notice.title.startswith("Action required")
    assert said in (notice.body or "")
    assert "cannot be used" in scene.said(number)[-1]
    assert (scene.runs(), scene.asked(), scene.shop.pulls()) == ([], [], [])
