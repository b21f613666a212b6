"""The questions that the code map is measured with have the answers that the tree and the history give."""

import asyncio
from pathlib import Path

from benchmarks.context import answers, cost, repository_of
from benchmarks.context_queries import Question, hits, of_history, of_tests
from tests.worlds.repositories import commit, git, write

LONG = "Take percent off a price, since a discount of ten took ten euros off whatever the thing had cost before"


def _repository(where: Path) -> Path:
    git(where, "init", "--quiet", "--initial-branch=main")
    write(where, "shop/prices.py", "def discounted(price, percent):\n    return price - percent\n")
    write(where, "shop/cart.py", "def total():\n    return 0\n" * 30)
    write(where, "tests/test_prices.py", f'from shop import prices\n\n\ndef test_percent():\n    """{LONG}."""\n')
    commit(where, "Sell things")
    return where


def test_a_commit_message_asks_for_the_sources_that_it_changed_in_the_tree_before(tmp_path: Path) -> None:
    repository = _repository(tmp_path)
    before = git(repository, "rev-parse", "HEAD")
    write(repository, "shop/prices.py", "x = 1\n")
    write(repository, "README.md", "words\n")
    commit(repository, f"Mend it\n\n{LONG}\n\nSigned-off-by: Ada")
    write(repository, "shop/new.py", "x = 1\n")
    commit(repository, f"A new file has no answer: {LONG}")
    assert of_history(repository, 10) == [Question(f"Mend it\n\n{LONG}", before, frozenset({"shop/prices.py"}))]


def test_a_docstring_of_a_test_asks_for_what_its_module_imports(tmp_path: Path) -> None:
    assert of_tests(_repository(tmp_path), "c", 5) == [Question(f"{LONG}.", "c", frozenset({"shop/prices.py"}))]


def test_a_tiny_tree_is_measured_and_searched(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    write(source, "shop/cart.py", "def total():\n    return 0\n" * 30)
    tree = repository_of(source, tmp_path)
    rows = cost(tree, ["the total of the cart"] * 2)
    assert rows[0].startswith("| files, MB | 1,")
    question = Question("the total of the cart", git(tree, "rev-parse", "HEAD"), frozenset({"shop/cart.py"}))
    found = asyncio.run(answers(tree, [question]))
    assert hits([*found, []], [question, question], (1, 10)) == {1: 0.5, 10: 0.5}
