"""What makes a change prove less is found by rules, and an honest change of tests is left alone."""

import pytest

from pointsman.domain.outcome import Weakening
from pointsman.phases.proof.weakened_python import asserts_nothing
from pointsman.phases.proof.weakening import doubtful, weakenings

PYTHON = """import pytest

from shop import half, share


@pytest.mark.parametrize("price", [1, 2, 3])
def test_half(price):
    assert half(price) == price / 2
    assert half(0) == 0


def test_error():
    with pytest.raises(ValueError, match="no heads"):
        share(1, [])


class TestShare:
    def test_close(self):
        assert share(1, [1, 2]) == pytest.approx(0.5, abs=0.01)
"""
CASE = """import unittest


class Shares(unittest.TestCase):
    def test_share(self):
        self.assertEqual(share(4, 2), 2)
        self.assertAlmostEqual(share(1, 3), 0.333, places=3)
"""


def told(path: str, before: str | None, after: str | None) -> list[str]:
    return [one.what for one in weakenings({path: (before, after)})]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    assert half(0) == 0\n", "", "`test_half`: 1 of 2 assertions is gone"),
        ("assert half(0) == 0", "assert half(0) >= 0", "`test_half`: an exact comparison became a broader one"),
        ("assert half(0) == 0", "assert half(0) in (0, 1)", "`test_half`: an exact comparison became a broader one"),
        (
            "assert half(0) == 0",
            "assert half(0) is not None",
            "`test_half`: an exact comparison became a broader one",
        ),
        ("assert half(0) == 0", "assert half(0) == half(0)", "`test_half`: asserts a constant"),
        ("assert half(0) == 0", "assert True", "`test_half`: asserts a constant"),
        ("assert half(0) == 0", "assert half(0) == 0 or True", "`test_half`: asserts a constant"),
        ("def test_error", "@pytest.mark.skip\ndef test_error", "`test_error`: is skipped, or expected to fail"),
        ("def test_error", "@pytest.mark.xfail\ndef test_error", "`test_error`: is skipped, or expected to fail"),
        ("        share(1, [])", "        pytest.skip()", "`test_error`: is skipped, or expected to fail"),
        ("raises(ValueError", "raises(Exception", "`test_error`: expects any exception"),
        (', match="no heads"', "", "`test_error`: does not look at an exception's message any more"),
        (
            '    with pytest.raises(ValueError, match="no heads"):\n        share(1, [])',
            "    share(1, [1])",
            "`test_error`: 1 of 1 assertions is gone",
        ),
        ("[1, 2, 3]", "[1]", "`test_half`: is run with fewer parameters"),
        ("abs=0.01", "abs=0.5", "`TestShare.test_close`: a tolerance is wider"),
        ("def test_error", "def check_error", "`test_error` is called `check_error` now and is not collected"),
        ("class TestShare", "class Share", "`TestShare.test_close` is called `Share.test_close` now"),
        ("    assert half(price)", "    return\n    assert half(price)", "`test_half`: returns early"),
        (
            "    assert half(0) == 0\n",
            "    if half:\n        assert half(0) == 0\n",
            "`test_half`: its assertions hang on a condition",
        ),
        (
            "    assert half(0) == 0\n",
            "    try:\n        assert half(0) == 0\n    except Exception:\n        pass\n",
            "`test_half`: its assertions stand in a try that swallows them",
        ),
        ("import pytest\n", "import pytest\npytestmark = pytest.mark.skip\n", "`the module`: is skipped"),
        ("import pytest\n", "import pytest\n__test__ = False\n", "`the module`: is skipped"),
        ("def test_half(price):", "def test_half(price:", "the file is no valid Python any more"),
    ],
)
def test_what_is_taken_out_of_a_python_test_is_said(old: str, new: str, said: str) -> None:
    assert old in PYTHON
    found = told("tests/test_shop.py", PYTHON, PYTHON.replace(old, new, 1))
    assert any(one.startswith(said) for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("assertEqual(share(4, 2), 2)", "assertTrue(share(4, 2))", "an exact comparison became a broader one"),
        ("assertEqual(share(4, 2), 2)", "assertTrue(True)", "asserts a constant"),
        ("places=3", "places=1", "a tolerance is wider"),
        ("def test_share(self):\n", "def test_share(self):\n        self.skipTest('x')\n", "is skipped"),
        ("    def test_share", "    @unittest.expectedFailure\n    def test_share", "is skipped"),
    ],
)
def test_the_same_holds_for_unittest(old: str, new: str, said: str) -> None:
    found = told("test_shop.py", CASE, CASE.replace(old, new, 1))
    assert any(said in one for one in found), found


@pytest.mark.parametrize(
    "new",
    [
        PYTHON + "\n\ndef test_more():\n    assert half(8) == 4\n",
        PYTHON.replace("test_error", "test_no_heads"),
        PYTHON.replace("[1, 2, 3]", "[1, 2, 3, 4]"),
        PYTHON.replace("abs=0.01", "abs=0.001"),
        PYTHON.replace("half(0) == 0", "half(4) == 2"),
        PYTHON.replace('    """', "").replace("import pytest\n", "import math\nimport pytest\n"),
        PYTHON.replace("    assert half(0) == 0\n", "    for n in range(3):\n        assert half(n * 2) == n\n"),
    ],
)
def test_a_test_that_is_added_renamed_or_made_stricter_is_no_weakening(new: str) -> None:
    assert told("tests/test_shop.py", PYTHON, new) == []


def test_a_deleted_test_file_is_said_and_the_line_points_into_the_new_text() -> None:
    assert told("tests/test_shop.py", PYTHON, None) == ["the test file is deleted"]
    found = weakenings({"tests/test_shop.py": (PYTHON, PYTHON.replace("half(0) == 0", "half(0) > -1"))})
    assert found == (
        Weakening("tests/test_shop.py", 7, "`test_half`: an exact comparison became a broader one", "test"),
    )


@pytest.mark.parametrize(
    ("path", "before", "after", "said"),
    [
        (
            "a.test.ts",
            "it('a', () => {\n  expect(f()).toBe(1);\n});\n",
            "it('a', () => {\n});\n",
            "1 assertion is gone",
        ),
        ("a.test.ts", "it('a', () => expect(f()).toBe(1))", "it.skip('a', () => expect(f()).toBe(1))", "skipped"),
        ("a.test.ts", "it('a', () => expect(f()).toBe(1))", "xit('a', () => expect(f()).toBe(1))", "skipped"),
        ("a.test.js", "expect(f()).toEqual(1)", "expect(f()).toBeDefined()", "exact comparison"),
        ("a.test.js", "expect(f()).toBe(1)", "expect(true).toBe(true)", "asserts a constant"),
        ("a_test.go", 'if x != 1 {\n\tt.Errorf("x")\n}', "_ = x", "1 assertion is gone"),
        ("a_test.go", 't.Fatal("x")', 't.Skip("later")\nt.Fatal("x")', "skipped"),
        (
            "ATest.java",
            "@Test\nvoid a() { assertEquals(1, f()); }",
            "@Disabled\n@Test\nvoid a() { assertEquals(1, f()); }",
            "skipped",
        ),
        ("ATest.java", "assertEquals(1, f());", "assertTrue(f() > 0);", "exact comparison"),
        ("spec/a_spec.rb", "expect(f).to eq(1)\nexpect(g).to eq(2)", "skip 'x'\nexpect(g).to eq(2)", "skipped"),
        ("tests/ATest.php", "$this->assertSame(1, f());", "$this->markTestSkipped();", "1 assertion is gone"),
        ("tests/a.rs", "assert_eq!(f(), 1);", "assert!(f() > 0);", "exact comparison"),
        ("tests/a.rs", "#[test]", "#[test]\n#[ignore]", "skipped"),
        ("Tests/ATests.cs", "[Fact]", '[Fact(Skip = "x")]', "skipped"),
    ],
)
def test_other_languages_are_read_by_their_lines(path: str, before: str, after: str, said: str) -> None:
    assert any(said in one for one in told(path, before, after)), told(path, before, after)


@pytest.mark.parametrize(
    ("path", "before", "after", "said"),
    [
        ("pytest.ini", "[pytest]\n", "[pytest]\naddopts = --deselect tests/test_a.py::test_b\n", "leaves tests out"),
        ("pyproject.toml", "[tool.x]\n", "[tool.pytest.ini_options]\naddopts = '-q -k fast'\n", "leaves tests out"),
        ("pyproject.toml", "[tool.x]\n", "[tool.pytest.ini_options]\naddopts = '--co'\n", "leaves tests out"),
        ("setup.cfg", "[tool:pytest]\ntestpaths = tests\n", "[tool:pytest]\ntestpaths = tests/a\n", "`testpaths`"),
        ("pytest.ini", "[pytest]\npython_files = test_*.py\n", "[pytest]\n", "`python_files`"),
        (".coveragerc", "[report]\nfail_under = 90\n", "[report]\nfail_under = 50\n", "from 90 to 50"),
        ("jest.config.js", "coverageThreshold: { lines: 80 }", "", "from 80 to none"),
        ("pytest.ini", "xfail_strict = true", "", "less strict"),
        (
            "tests/conftest.py",
            "",
            "def pytest_collection_modifyitems(items):\n    items.clear()\n",
            "decides what is run",
        ),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "true"}}', "`npm test`"),
        ("Makefile", "test:\n\tpytest\n", "test:\n\tpytest || true\n", "what make runs"),
        (".github/workflows/ci.yml", "run: pytest", "run: pytest || true", "lets a failure pass"),
        (".gitlab-ci.yml", "script: pytest", "script: pytest\nallow_failure: true", "lets a failure pass"),
        ("tox.ini", "[pytest]\n", None, "deleted"),
        ("src/a.py", "get(url)", "get(url, verify=False)", "check of safety"),
        ("src/a.py", "run(x)", "run(x)  # nosec", "check of safety"),
        ("src/a.ts", "f(x)", "// eslint-disable-next-line\nf(x)", "linter"),
        ("src/a.py", "f(x)", "f(x)  # pragma: no cover", "linter"),
    ],
)
def test_what_lets_fewer_tests_or_checks_count_is_said(path: str, before: str, after: str | None, said: str) -> None:
    assert any(said in one for one in told(path, before, after)), told(path, before, after)


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("pyproject.toml", '[project]\nversion = "1"\n', '[project]\nversion = "2"\n'),
        ("pyproject.toml", "[tool.x]\n", "[tool.x]\n[tool.pytest.ini_options]\naddopts = '-q'\n"),
        ("package.json", '{"scripts": {"test": "jest"}}', '{"scripts": {"test": "jest", "build": "tsc"}}'),
        ("Makefile", "test:\n\tpytest\n", "test:\n\tpytest\n\nbuild:\n\ttrue\n"),
        (".coveragerc", "fail_under = 50", "fail_under = 60"),
        ("tests/conftest.py", "", "import pytest\n\n\n@pytest.fixture\ndef shop():\n    return 1\n"),
    ],
)
def test_configuration_that_lets_as_much_count_as_before_is_left_alone(path: str, before: str, after: str) -> None:
    assert told(path, before, after) == []


@pytest.mark.parametrize(
    "line",
    [
        "import os; os._exit(0)",
        "from os import _exit as leave\ndef f():\n    leave(0)",
        "import atexit\natexit.register(print)",
        "import sys\nsys.exit(0)",
        "raise SystemExit",
        "import _pytest.reports",
        "import unittest",
        "def f():\n    import pytest",
        "import sys\nsys.modules['pytest']",
        "open('/results/junit.xml', 'w')",
        "exec('x')",
        "import os\ngetattr(os, '_ex' + 'it')(0)",
        "class Same:\n    def __eq__(self, other):\n        return True",
        "import sys\nsys.settrace(None)",
    ],
)
def test_code_that_reaches_for_what_judges_it_is_said(line: str) -> None:
    """T6: the code under test runs inside the process that reports on it."""
    found = weakenings({"src/a.py": ("x = 1\n", f"x = 1\n{line}\n")})
    assert found and {one.kind for one in found} == {"machinery"}
    assert weakenings({"src/a.py": (f"{line}\n", f"{line}\nx = 1\n")}) == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.js", "process.exit(0)"),
        ("a.ts", "import { vi } from 'vitest'"),
        ("a.go", "os.Exit(0)"),
        ("a.rs", "std::process::exit(0)"),
        ("A.java", "System.exit(0);"),
        ("a.rb", "exit!"),
        ("a.php", "exit(0);"),
        ("a.cs", "Environment.Exit(0);"),
    ],
)
def test_so_is_code_of_other_languages(path: str, line: str) -> None:
    assert [one.kind for one in weakenings({path: ("", line)})] == ["machinery"]


@pytest.mark.parametrize(
    "text",
    [
        "import sys\n\n\ndef main():\n    sys.exit(1)\n\n\nif __name__ == '__main__':\n    sys.exit(main())\n",
        '"""Says nothing of pytest but this."""\nimport re\n\nX = re.compile("a")\n',
        "class Point:\n    def __eq__(self, other):\n        return self.x == other.x\n",
        "import os\n\nHOME = getattr(os, 'environ')\n",
        "import sys\n\nHERE = sys.modules[__name__]\n",
        "import builtins\n\nNAMES = vars(builtins.object), builtins.len\n",
        "class Case:\n    def __eq__(self, other):\n        return isinstance(other, Case)\n",
    ],
)
def test_ordinary_code_reaches_for_nothing(text: str) -> None:
    assert weakenings({"src/a.py": ("", text)}) == ()


def test_a_remark_to_a_linter_is_told_but_casts_no_doubt() -> None:
    found = weakenings({"src/a.py": ("x = 1\n", "x = 1  # pylint: disable=all\ny = get(u, verify=False)\n")})
    assert [one.kind for one in found] == ["check", "lint"]
    assert [one.kind for one in doubtful(found)] == ["check"]


def test_at_most_fifty_are_told_and_what_the_harness_wrote_is_not_looked_at() -> None:
    files = {f"tests/test_{n:03}.py": (PYTHON, None) for n in range(70)}
    assert len(weakenings(files)) == 50
    assert weakenings({"tests/test_a.py": ("", "def test_a():\n    assert True\n")}, ours="tests/test_a.py") == ()


@pytest.mark.parametrize(
    ("text", "is_empty"),
    [
        ("def test_a():\n    assert False\n", True),
        ("def test_a():\n    assert 1 == 2\n", True),
        ("import unittest\nclass A(unittest.TestCase):\n    def test_a(self):\n        self.fail('x')\n", True),
        ("def test_a():\n    assert half(1) == 2\n", False),
        ("def test_a():\n    half(1)\n", True),
        ("x = 1\n", False),
    ],
)
def test_a_test_that_checks_nothing_of_the_code_is_known(text: str, is_empty: bool) -> None:
    assert asserts_nothing(text) is is_empty
