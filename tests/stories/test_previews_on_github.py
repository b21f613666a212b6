"""Pictures of pages on a served forge: drawn by an ordinary user's server, linked from the change, shown by links."""

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.stories.test_previews_on_disk import COMMANDS, PAGE, PREVIEW
from tests.worlds import ordinary_serve, ordinary_user
from tests.worlds.repositories import ROUTING
from tests.worlds.served_stage import LABEL, ServedStage


class OrdinaryStage(ServedStage):
    """A stage whose server is an ordinary user, and known by its address."""

    program = Path(ordinary_serve.__file__)
    is_known = True


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrdinaryStage]:
    with OrdinaryStage(tmp_path_factory.mktemp("pictures"), commands=COMMANDS) as served:
        yield served


def test_a_visual_issue_on_github_has_links_to_its_pictures_in_the_change_and_the_pictures_in_its_check(
    stage: OrdinaryStage,
) -> None:
    scene = stage.scene("turnstone", files={"shop/page.py": PAGE}, routing=ROUTING + PREVIEW)
    number = scene.issue(labels=("visual",))
    scene.shop.label(number, LABEL, scene.ada)
    run = scene.over()

    assert (run.state, run.result) == ("done", "ready"), run
    assert scene.asked() == ["planner", "coder", "reviewer"]
    body = scene.change().body or ""
    assert "## Preview\n\nThe pages look different before and after." in body, body
    assert "sqlite" not in body, "where the bot keeps its books is nobody's business"
    before, after, side_by_side = re.findall(rf"\(({re.escape(stage.url)}/previews/[^)\s]+)\)", body)
    pictures = [_opened(link) for link in (before, after)]
    assert all(data.startswith(b"\x89PNG") for data in pictures) and pictures[0] != pictures[1]
    assert b"<img" in _opened(side_by_side)
    with pytest.raises(urllib.error.HTTPError) as refused:
        _opened(f"{before}x")
    assert refused.value.code == 404
    head = scene.head(scene.change().number)
    assert "png" not in scene.shop.git.run("ls-tree", "-r", "--name-only", head)
    shown = [(one["image_url"], one["alt"]) for one in scene.check(head).images]
    assert shown == [(before, "before: out/index.html"), (after, "after: out/index.html")]
    kept = [path for path in stage.home.rglob("*") if path.suffix == ".png"]
    assert len(kept) == 2 and {path.stat().st_uid for path in kept} == {ordinary_user.uid()}


def _opened(link: str) -> bytes:
    with urllib.request.urlopen(link, timeout=30) as answer:
        data: bytes = answer.read()
        return data
