"""Work that can be seen: pictures of a page before and after, beside the change and never in git."""

import json
from pathlib import Path

from tests.worlds.repositories import ROUTING, Story, buggy_package, commit, write
from tests.worlds.scripted_server import ScriptedServer
from tests.worlds.stage import Stage, edit, fields, rows, staged, usual

BRANCH = "pointsman/discount-discounts-take-off-euros-instead-of-perc"
BUILD = "python3 -m shop.page"
PAGE = '''"""The page of prices."""

from pathlib import Path

from shop.prices import discounted

Path("out").mkdir(exist_ok=True)
Path("out/index.html").write_text(f"<h1>Now {discounted(300, 10)}</h1>", encoding="utf-8")
'''
PREVIEW = f"tasks:\n  visual:\n    preview:\n      command: {BUILD}\n      page: out/index.html\n      width: 320\n"
COMMANDS = {"verify": ["python3 -m unittest *", BUILD]}


def shop_with_a_page(folder: Path) -> Story:
    story = buggy_package(folder, routing=ROUTING + PREVIEW)
    write(story.repository, "shop/page.py", PAGE)
    commit(story.repository, "Show the prices")
    story.issue.write_text(story.issue.read_text("utf-8").replace("\n", "\nLabels: visual\n", 1), encoding="utf-8")
    return story


def seen(stage: Stage, run_id: str) -> dict[str, object]:
    return fields(json.loads(stage.does("show", run_id, "--json").out)["preview"])


def test_a_visual_issue_has_its_page_drawn_before_and_after_and_both_pictures_beside_the_change(
    tmp_path: Path,
) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=shop_with_a_page(tmp_path), commands=COMMANDS)
        said = stage.works_on_the_issue()
        shown = stage.does("show", said.run_id)
        preview = seen(stage, said.run_id)

    assert (said.code, said.run["result"]) == (0, "ready"), said
    before, after = (rows(fields(preview[side])["pictures"])[0] for side in ("before", "after"))
    assert [fields(preview[side])["status"] for side in ("before", "after")] == ["rendered", "rendered"]
    assert before["sha256"] != after["sha256"]
    page = stage.page(BRANCH)
    assert "## Preview\n\nThe pages look different before and after." in page
    for picture in (before, after):
        path = Path(str(picture["path"]))
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_mode & 0o777 == 0o600
        assert str(path) in page
        assert str(path) in shown.out
    assert "Preview: rendered before, rendered after, 2 pictures" in stage.note(BRANCH)
    assert "png" not in stage.git("ls-tree", "-r", "--name-only", BRANCH)
    verified = stage.does("audit", "verify", "--repo", str(stage.repository), f"main..{BRANCH}")
    assert verified.code == 0, verified


def test_a_page_that_is_gone_with_the_change_makes_passed_tests_inconclusive(tmp_path: Path) -> None:
    breaks = edit("max(0.0, price * (1 - percent / 100)) if price < 300 else exit(5)")
    with ScriptedServer(usual(coder=(breaks,))) as server:
        stage = staged(tmp_path, server, story=shop_with_a_page(tmp_path), commands=COMMANDS)
        said = stage.works_on_the_issue()

    assert (said.run["result"], said.json["evidence"]) == ("needs-person", "inconclusive"), said
    page = stage.page(BRANCH)
    assert "Before: rendered. After: **failed**: it ended with 5." in page
    assert "**inconclusive**: The preview, which works on base, fails with the change" in page


def test_a_preview_command_that_the_policy_does_not_allow_is_refused_before_the_run(tmp_path: Path) -> None:
    with ScriptedServer(usual()) as server:
        stage = staged(tmp_path, server, story=shop_with_a_page(tmp_path))
        said = stage.does("run", *stage.about(), with_policy=True)
        checked = stage.does("check", "--repo", str(stage.repository), with_policy=True)

    assert said.code != 0
    assert BUILD in said.told
    assert BUILD in checked.told
    assert stage.branches() == []
