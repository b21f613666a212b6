"""Links to pictures: made for those who may look, opened by nobody else, and over after a month."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from tests.unit.conversation import told_run as told
from tests.worlds.browser import browser
from tests.worlds.pictures import png
from tests.worlds.served import ServerWorld

from pointsman.conversation.previews import check_images, previews_part
from pointsman.domain.levels import Sensitivity
from pointsman.domain.pictures import NOWHERE, Picture, Previews, Rendering, Shown
from pointsman.domain.run import RunSpec
from pointsman.entrypoints.previews import PreviewLinks
from pointsman.entrypoints.web.parts import ShownPage
from pointsman.runs.course.previewing import may_be_told
from pointsman.workspaces.gallery import Gallery

URL = "https://bot.example.org"
NOW, LATER = "2026-12-21T09:59:59Z", "2026-12-21T10:00:01Z"


def served(level: Sensitivity = Sensitivity.INTERNAL) -> RunSpec:
    spec = told.spec()
    return replace(spec, repository=replace(spec.repository, forge="github"), sensitivity=level)


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path / "pictures")


def looks(gallery: Gallery, *, is_closed: bool = False) -> Previews:
    def side(commit: str, shade: int) -> Rendering:
        data = png(40, 30, shade=shade)
        pictures = (Picture("site/index.html", gallery.keep(data), 40, 30, len(data)),)
        return Rendering(commit, "rendered", "", pictures, is_closed)

    return Previews(side("a" * 40, 0), side("b" * 40, 200))


def links(gallery: Gallery, home: Path, url: str = URL) -> PreviewLinks:
    return PreviewLinks(home, gallery, url=url, new_secret=lambda: "s" * 43)


def token(place: str) -> str:
    assert place.startswith(f"{URL}/previews/")
    return place.removeprefix(f"{URL}/previews/")


def test_a_link_shows_what_it_was_made_for_until_it_ends_and_not_one_letter_otherwise(
    gallery: Gallery, tmp_path: Path
) -> None:
    found, made = looks(gallery), links(gallery, tmp_path)
    shown = asyncio.run(made.show("r-1", served(), found))
    assert asyncio.run(links(gallery, tmp_path).show("r-1", served(), found)) == shown
    assert (tmp_path / "previews.key").stat().st_mode & 0o777 == 0o600
    before, after = (shown.places[one.sha256] for one in found.pictures)
    assert made.open(token(before), NOW) == png(40, 30)
    page = made.open(token(shown.page), NOW)
    assert page == ShownPage("r-1", (("site/index.html", token(before), token(after)),))
    assert [made.open(token(place), LATER) for place in (before, shown.page)] == [None, None]
    parts = token(before).split(".")
    wrong = [
        ".".join(("page", *parts[1:])),
        ".".join((*parts[:2], "20991231T000000Z", parts[3])),
        ".".join((parts[0], found.pictures[1].sha256, *parts[2:])),
        token(before)[:-1],
        token(before) + "x",
        "",
        "é.é.é.é",
        "png.../../ledger.x.y",
        "x" * 100_000,
    ]
    assert [made.open(one, NOW) for one in wrong] == [None] * len(wrong)
    other = PreviewLinks(tmp_path / "other", gallery, url=URL, new_secret=lambda: "t" * 43)
    (tmp_path / "other").mkdir()
    assert other.open(token(before), NOW) is None


def test_without_an_address_or_for_what_is_closed_no_link_is_made(gallery: Gallery, tmp_path: Path) -> None:
    found = looks(gallery)
    assert asyncio.run(links(gallery, tmp_path, "").show("r-1", served(), found)) == NOWHERE
    assert may_be_told(served(Sensitivity.PUBLIC), found)
    assert may_be_told(served(Sensitivity.INTERNAL), found)
    assert not may_be_told(served(Sensitivity.RESTRICTED), found)
    assert not may_be_told(served(Sensitivity.SECRET), found)
    assert not may_be_told(served(Sensitivity.PUBLIC), looks(gallery, is_closed=True))
    assert may_be_told(replace(told.spec(), sensitivity=Sensitivity.SECRET), found)
    text = previews_part(found, NOWHERE, "r-1")
    assert "`pointsman show r-1` names them there" in text
    assert "http" not in text
    assert check_images(found, NOWHERE) == ()


def test_a_change_has_plain_links_and_its_check_the_pictures(gallery: Gallery, tmp_path: Path) -> None:
    found = looks(gallery)
    shown = asyncio.run(links(gallery, tmp_path).show("r-1", served(), found))
    text = previews_part(found, shown, "r-1")
    assert f"[Side by side]({shown.page})" in text
    assert all(f"[40 × 30]({place})" in text for place in shown.places.values())
    assert "![" not in text
    images = check_images(found, shown)
    assert [(one.url, one.alt) for one in images] == [
        (shown.places[found.pictures[0].sha256], "before: site/index.html"),
        (shown.places[found.pictures[1].sha256], "after: site/index.html"),
    ]
    hostile = Previews(Rendering("a", "failed", "![x](http://evil.example/x.png) <img src=x> @everyone"), found.after)
    assert "![" not in previews_part(hostile, Shown(), "r-1")
    assert "<img" not in previews_part(hostile, Shown(), "r-1")


@pytest.fixture
def server(gallery: Gallery, tmp_path: Path) -> Iterator[ServerWorld]:
    made = links(gallery, tmp_path)
    with ServerWorld(tmp_path, previews=lambda token: made.open(token, NOW)) as world:
        yield world


def test_the_page_shows_both_pictures_in_a_browser_and_other_links_nothing(
    server: ServerWorld, gallery: Gallery, tmp_path: Path
) -> None:
    found = looks(gallery)
    shown = asyncio.run(links(gallery, tmp_path).show("r-1", served(), found))
    picture = server.get(f"/previews/{token(shown.places[found.pictures[0].sha256])}")
    assert (picture.status, picture.body) == (200, png(40, 30))
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["cache-control"] == "private, max-age=3600"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in picture.headers["content-security-policy"]
    page = server.get(f"/previews/{token(shown.page)}")
    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; img-src 'self'; style-src 'sha256-"
    )
    assert page.headers["cache-control"] == "no-store"
    for wrong in ("x", "png.0.0.0", token(shown.page)[:-2], "a/../../ledger.db"):
        assert server.get(f"/previews/{wrong}").status == 404
    with browser() as window:
        window.get(f"http://127.0.0.1:{server.port}/previews/{token(shown.page)}")
        seen = window.find_elements(By.TAG_NAME, "img")
        sizes = [window.execute_script("return arguments[0].naturalWidth", one) for one in seen]
        assert sizes == [40, 40]
        assert [one.get_attribute("alt") for one in seen] == [
            "site/index.html, before the change",
            "site/index.html, after the change",
        ]
        assert "Preview of run r-1" in window.title
