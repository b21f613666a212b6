"""Where the pages lead: each link inside the repository ends at a file, and at a heading of it where it names one."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(?P<words>.+)$", re.MULTILINE)
_FOREIGN = ("https://", "http://", "mailto:")


def _links(page: Path) -> list[str]:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found = (link["target"] for link in _LINK.finditer(_CODE.sub("code", text)))
    return [target for target in found if not target.startswith(_FOREIGN)]


def _anchors(page: Path) -> set[str]:
    """The headings as GitHub names them: lower case, blanks as hyphens, without the other signs."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    heads = (head["words"].replace("`", "").strip().lower() for head in _HEADING.finditer(text))
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    lost = []
    for target in _links(page):
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.is_relative_to(ROOT) or not there.exists():
            lost.append(target)
        elif anchor and anchor not in _anchors(there):
            lost.append(f"{target}: no such heading")
    assert lost == []


def test_each_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        ends = ((page.parent / unquote(link).partition("#")[0]).resolve() for link in _links(page))
        for end in ends:
            waiting += sorted(end.glob("*.md")) if end.is_dir() else [end] if end.suffix == ".md" else []
    assert sorted(str(page.relative_to(ROOT)) for page in PAGES if page not in seen) == []
