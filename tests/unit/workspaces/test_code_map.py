"""Search finds the file that an issue is about, and depends on the commit alone."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.workspaces.git_world import World

from pointsman.domain.run import Repository
from pointsman.domain.work import Hit
from pointsman.workspaces.code_map.query import read_query
from pointsman.workspaces.code_map.texts import reader_of, words_of
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


def test_a_word_is_indexed_once_for_each_quarter_of_the_text_and_a_mixed_one_with_its_parts() -> None:
    assert words_of(b"def parseHeader(): ...") == "def parseHeader parse Header"
    said_once, throughout = words_of(b"total " * 99 + b"cart").split(), words_of(b"cart total " * 99).split()
    assert (said_once.count("total"), said_once.count("cart")) == (4, 1)
    assert (throughout.count("total"), throughout.count("cart")) == (4, 4)


def test_what_can_be_no_text_by_its_name_is_not_read() -> None:
    paths = ("a/logo.PNG", "locale/de/LC_MESSAGES/django.mo", "models/Tank.mo", "a.py", "Makefile", ".gitignore")
    assert [reader_of(path, 10) for path in paths] == ["", "", "data", "python", "text", "text"]


def test_a_name_with_underscores_is_found_whole_and_by_its_parts(workspace: GitWorkspace, world: World) -> None:
    world.commit({"a.py": "def apply_discount(): ...\n", "b.py": "def discount_apply(): ...\n", "c.py": "x = 1\n"})
    assert _find(workspace, world, "apply_discount")[0].path == "a.py"
    assert {hit.path for hit in _find(workspace, world, "a discount")} == {"a.py", "b.py"}


TREE: dict[str, str | bytes] = {
    **{f"noise/part{number}.py": "total checkout cart error\n" * 9 for number in range(12)},
    "src/shop/cart.py": "\n" * 40,
    "web/src/checkout.js": "\n" * 40,
    "server/src/main/java/org/shop/Cart.java": "\n" * 40,
    "client/src/main/java/org/other/Cart.java": "\n" * 40,
    "pkg/cart/total.go": "\n" * 40,
    "crates/core/src/cart.rs": "\n" * 40,
    "app/models/cart.rb": "\n" * 40,
    "src/Shop/Cart.php": "\n" * 40,
    "Shop.Web/Carts/Cart.cs": "\n" * 40,
}
TRACES = {
    "python": (
        'Traceback (most recent call last):\n  File "/srv/noise/part1.py", line 1, in <module>\n    total()\n'
        '  File "/srv/src/shop/cart.py", line 30, in total\nValueError: checkout cart error',
        "src/shop/cart.py",
    ),
    "javascript": (
        "TypeError: total\n    at total (/app/web/src/checkout.js:30:9)\n    at noise (/app/noise/part1.py:1:1)",
        "web/src/checkout.js",
    ),
    "javascript in a browser": ("total@http://localhost:8080/web/src/checkout.js:30:9", "web/src/checkout.js"),
    "java": (
        "java.lang.Error: x\n\tat java.base/java.util.List.of(List.java:30)\n\tat org.shop.Cart.total(Cart.java:30)",
        "server/src/main/java/org/shop/Cart.java",
    ),
    "go": ("panic: total\n\ngoroutine 1:\nmain.total()\n\t/go/src/x/pkg/cart/total.go:30 +0x1d", "pkg/cart/total.go"),
    "rust": ("thread 'main' panicked at crates/core/src/cart.rs:30:5:\ntotal of cart", "crates/core/src/cart.rs"),
    "ruby": ("app/models/cart.rb:30:in 'total': checkout error (RuntimeError)", "app/models/cart.rb"),
    "php": ("#0 /var/www/src/Shop/Cart.php(30): Shop\\Cart->total()\nthrown", "src/Shop/Cart.php"),
    "php's own words": ("Fatal error: total in /var/www/src/Shop/Cart.php on line 30", "src/Shop/Cart.php"),
    "c#": (
        "System.Exception: total\n   at Shop.Cart.Total(Int32 n) in C:\\build\\Shop.Web\\Carts\\Cart.cs:line 30",
        "Shop.Web/Carts/Cart.cs",
    ),
}


@pytest.mark.parametrize("language", TRACES)
def test_the_frame_of_a_traceback_comes_first_with_its_line(
    workspace: GitWorkspace, world: World, language: str
) -> None:
    world.commit(TREE)
    trace, path = TRACES[language]
    first = _find(workspace, world, f"The checkout total of a cart is an error\n\n{trace}")[0]
    assert (first.path, first.line) == (path, 30)


def test_a_name_that_too_many_files_have_is_no_path(workspace: GitWorkspace, world: World) -> None:
    world.commit({**{f"p{number}/__init__.py": "" for number in range(9)}, "cart.py": "def checkout(): ...\n"})
    assert _find(workspace, world, "checkout fails in __init__.py")[0].path == "cart.py"


def test_tests_and_documents_stand_behind_sources_unless_the_text_is_about_them(
    workspace: GitWorkspace, world: World
) -> None:
    files = {
        "cart.py": "def checkout_total(): ...\n",
        "tests/test_cart.py": "def test_checkout_total(): checkout_total()\n",
        "docs/cart.md": "# Checkout total\n\nThe checkout total, checkout_total.\n",
    }
    world.commit(files)
    assert _find(workspace, world, "The checkout total of a cart is wrong")[0].path == "cart.py"
    assert _find(workspace, world, "The test of the checkout total is flaky")[0].path == "tests/test_cart.py"
    assert _find(workspace, world, "The docs say nothing of the checkout total")[0].path == "docs/cart.md"


def test_words_find_names_in_mixed_case_and_texts_of_no_known_language(workspace: GitWorkspace, world: World) -> None:
    world.commit(
        {**TREE, "a.go": "func parseHTTPHeader() {}\n", "b.zig": "const größe = 1; fn drawTriangle() void {}\n"}
    )
    assert _find(workspace, world, "cannot parse a header")[0].path == "a.go"
    assert _find(workspace, world, "ParseHTTPHeader")[0].path == "a.go"
    assert _find(workspace, world, "no triangle is drawn of that Größe")[0].path == "b.zig"


def test_large_files_and_data_are_found_by_their_paths(workspace: GitWorkspace, world: World) -> None:
    files = {"vendor/huge_table.py": "x = 'needle'\n" * 40_000, "app.min.js": "needle;" * 20_000, "a.py": "needle\n"}
    world.commit(files)
    assert [hit.path for hit in _find(workspace, world, "needle")] == ["a.py"]
    assert _find(workspace, world, "the huge table")[0].path == "vendor/huge_table.py"
