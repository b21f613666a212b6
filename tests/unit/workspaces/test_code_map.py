"""Search finds the file that an issue is about, and depends on the commit alone."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.run import Repository
from pointsman.domain.work import Hit
from pointsman.workspaces.code_map.query import read_query
from pointsman.workspaces.workspace import GitWorkspace

FILES: dict[str, str | bytes] = {
    "src/shop/prices.py": "def apply_discount(price, percent):\n    return price - percent\n",
    "src/shop/cart.py": "from shop.prices import apply_discount\n\nclass ShoppingCart:\n    total = 0\n",
    "src/shop/mail.py": "def send_mail(to):\n    # discount discount discount\n    return to\n",
    "docs/discount.md": "# Discounts\n\nWords on discounts.\n",
    "logo.bin": b"\0discount",
}


@pytest.fixture
def workspace(world: World, tmp_path: Path) -> GitWorkspace:
    return GitWorkspace.open(tmp_path / "home", Repository("local", "s", "user", str(world.root), "main"))


def _find(workspace: GitWorkspace, world: World, query: str, commit: str = "HEAD") -> tuple[Hit, ...]:
    repository = Repository("local", "s", "user", str(world.root), "main")

    async def both() -> tuple[Hit, ...]:
        return await workspace.search(await workspace.fetch(repository, commit), query, 10)

    return asyncio.run(both())


def test_the_file_that_defines_an_identifier_comes_before_those_that_talk_of_it(
    workspace: GitWorkspace, world: World
) -> None:
    world.commit(FILES)
    first = _find(workspace, world, "`apply_discount` takes off euros")[0]
    assert (first.path, first.line) == ("src/shop/prices.py", 1)
    assert "def apply_discount" in first.excerpt


def test_words_find_the_parts_of_an_identifier(workspace: GitWorkspace, world: World) -> None:
    world.commit(FILES)
    assert _find(workspace, world, "the shopping total is wrong")[0].path == "src/shop/cart.py"


def test_a_path_or_a_traceback_frame_in_the_text_goes_first(workspace: GitWorkspace, world: World) -> None:
    world.commit(FILES)
    assert _find(workspace, world, "discount discount, see shop/mail.py")[0].path == "src/shop/mail.py"
    trace = 'Traceback\n  File "/home/ada/src/shop/cart.py", line 3, in x\ndiscount'
    first = _find(workspace, world, trace)[0]
    assert (first.path, first.line) == ("src/shop/cart.py", 3)


def test_results_depend_on_the_commit_alone_whatever_was_searched_before(world: World, tmp_path: Path) -> None:
    repository = Repository("local", "s", "user", str(world.root), "main")
    first = world.commit(FILES)
    second = world.commit({"src/shop/prices.py": "x = 1\n", "new.py": "def apply_discount(): ...\n"})
    used, fresh = (GitWorkspace.open(tmp_path / name, repository) for name in ("a", "b"))
    for commit in (first, second, first):
        _find(used, world, "apply_discount percent", commit)
    assert _find(used, world, "apply_discount percent", second) == _find(
        fresh, world, "apply_discount percent", second
    )
    assert _find(fresh, world, "apply_discount", second)[0].path == "new.py"


@pytest.mark.parametrize(
    "query", ["", "the of and", '"; DROP TABLE text; --', 'a" OR "b', "NEAR(", "*", "\0", "ß" * 5000]
)
def test_no_query_breaks_the_index(workspace: GitWorkspace, world: World, query: str) -> None:
    world.commit(FILES)
    _find(workspace, world, query)
    assert _find(workspace, world, "apply_discount")


def test_a_query_is_taken_apart_into_words_names_and_paths() -> None:
    query = read_query("`parseHeader` fails in src/http/parse_header.py:12")
    assert query.identifiers == ("parseHeader", "parse_header")
    assert ("src/http/parse_header.py", 12) in query.frames
    assert {"parseheader", "parse", "header", "http"} <= set(query.terms)
