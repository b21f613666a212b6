"""Which tests belong to a file: by name or by import, in each language's own manner."""

import asyncio

import pytest
from tests.unit.phases.memory_workspace import MemoryWorkspace

from pointsman.phases import paths as by_name
from pointsman.phases.shown import related
from pointsman.phases.shown.related import imports


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("shop/prices.py", "tests/test_prices.py"),
        ("shop/prices.py", "shop/prices_test.py"),
        ("web/cart.ts", "web/cart.spec.ts"),
        ("web/cart.tsx", "web/__tests__/cart.tsx"),
        ("web/Cart.jsx", "web/Cart.test.jsx"),
        ("pkg/cart.go", "pkg/cart_test.go"),
        ("src/main/java/a/Cart.java", "src/test/java/a/CartTest.java"),
        ("src/main/java/a/Cart.java", "src/test/java/a/CartTests.java"),
        ("src/main/java/a/Cart.java", "src/test/java/a/TestCart.java"),
        ("src/main/java/a/Cart.java", "src/test/java/a/CartIT.java"),
        ("lib/cart.rb", "spec/cart_spec.rb"),
        ("src/Cart.cs", "tests/CartTests.cs"),
        ("src/Cart.php", "tests/CartTest.php"),
        ("src/cart.rs", "tests/cart.rs"),
    ],
)
def test_a_test_named_after_a_file_is_found_in_every_language(path: str, test: str) -> None:
    others = ("tests/test_other.py", "web/other.spec.ts", "pkg/other_test.go", "src/test/java/a/OtherTest.java")
    assert by_name.tests_beside(path, (path, *others, test)) == (test,)


@pytest.mark.parametrize(
    ("path", "test", "text"),
    [
        ("shop/prices.py", "tests/t.py", "from shop.prices import discounted\n"),
        ("src/shop/prices.py", "tests/t.py", "from shop import (\n    carts,\n    prices,\n)\n"),
        ("shop/prices.py", "shop/tests/t.py", "    from ..prices import discounted\n"),
        ("shop/prices.py", "tests/t.py", "import os, shop.prices as p\n"),
        ("shop/__init__.py", "tests/t.py", "import shop\n"),
        ("src/cart.ts", "test/a.test.ts", "import { Cart } from '../src/cart';\n"),
        ("src/cart/index.js", "test/a.test.js", "const cart = require('../src/cart')\n"),
        ("src/cart.js", "src/__tests__/a.js", "jest.mock('../cart.js')\n"),
        ("pkg/cart.go", "pkg/other_test.go", "package pkg\n"),
        ("pkg/cart.go", "e2e/all_test.go", 'import "example.org/shop/pkg"\n'),
        ("src/main/java/a/Cart.java", "src/test/java/a/AllTest.java", "class AllTest { Cart cart; }"),
        ("lib/shop/cart.rb", "spec/all_spec.rb", "require 'shop/cart'\n"),
        ("src/Cart.php", "tests/AllTest.php", "use Shop\\Cart;\n"),
        ("src/cart.rs", "tests/all.rs", "use shop::cart::total;\n"),
    ],
)
def test_a_test_that_imports_a_file_is_known_as_its_test(path: str, test: str, text: str) -> None:
    assert imports(test, text, path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/prices.py", "from shop.carts import prices_of\nimport pricesmith\n"),
        ("src/cart.ts", "import { Cart } from '../src/carton'; // cart\n"),
        ("pkg/cart.go", 'import "example.org/shop/other"\n'),
        ("src/main/java/a/Cart.java", "class AllTest { Carton carton; }"),
    ],
)
def test_a_test_that_only_sounds_alike_is_not(path: str, text: str) -> None:
    assert not imports("elsewhere/tests/t", text, path)


def test_named_tests_come_first_then_importing_ones_and_never_more_than_wanted() -> None:
    workspace = MemoryWorkspace({})
    commit = workspace.keep(
        {
            "shop/prices.py": "def discounted(): ...\n",
            "tests/test_prices.py": "from shop.prices import discounted\n",
            "tests/test_all.py": "from shop.prices import discounted\n",
            "tests/test_words.py": "# prices, prices, shop prices\n",
        }
    )
    paths = tuple(entry.path for entry in asyncio.run(workspace.files(commit)))
    found = asyncio.run(related.tests_of(workspace, commit, "shop/prices.py", paths, 5))
    assert found == ("tests/test_prices.py", "tests/test_all.py")
    assert asyncio.run(related.tests_of(workspace, commit, "shop/prices.py", paths, 1)) == ("tests/test_prices.py",)
    assert asyncio.run(related.tests_of(workspace, commit, "tests/test_prices.py", paths, 5)) == ()
