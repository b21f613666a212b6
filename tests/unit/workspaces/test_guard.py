"""Patterns in gitignore style, and the paths that an edit may touch."""

import pytest

from pointsman.domain.work import EditRules
from pointsman.workspaces.edits.guard import Ground, refuse_path
from pointsman.workspaces.edits.patterns import matches

TREE = Ground(
    {"src/a.py": "100644", "Docs/guide.md": "100644", "link": "120000", "lib": "160000", "run.sh": "100755"}
)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.lock", "poetry.lock", True),
        ("*.lock", "sub/deep/poetry.lock", True),
        ("/setup.py", "setup.py", True),
        ("/setup.py", "sub/setup.py", False),
        ("tests/", "tests/test_a.py", True),
        ("tests/", "src/tests/test_a.py", True),
        ("tests/", "tests", False),
        ("src/tests/", "src/tests/a.py", True),
        ("src/tests/", "x/src/tests/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/deep/a.py", False),
        ("src/**", "src/deep/a.py", True),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("**/conf/*.yml", "a/b/conf/x.yml", True),
        ("conf?.y[am]l", "conf1.yml", True),
        ("conf?.y[am]l", "conf.yml", False),
        (".github/workflows", ".github/workflows/ci.yml", True),
        ("", "a", False),
        ("/", "a", False),
        ("*" * 200 + "x", "a" * 250, False),
        ("/".join(["**"] * 40) + "/z", "/".join("a" * 60), False),
    ],
)
def test_patterns_mean_what_gitignore_says(pattern: str, path: str, expected: bool) -> None:
    assert matches(path, pattern) is expected


@pytest.mark.parametrize(
    "path", ["src/a.py", "src/new/deep.py", "run.sh", "größe.py", "src/.gitignore", ".gitignore"]
)
def test_plain_paths_are_allowed(path: str) -> None:
    assert refuse_path(path, EditRules(), TREE) is None


def test_allowed_paths_are_the_only_ones_when_given() -> None:
    rules = EditRules(allowed=("src/**", "we[ir]d.py"))
    assert refuse_path("src/x.py", rules, TREE) is None
    assert refuse_path("we[ir]d.py", rules, TREE) is None
    refusal = refuse_path("run.sh", rules, TREE)
    assert refusal is not None
    assert "outside what this task may change: src/**" in refusal.message


def test_protected_beats_allowed_in_any_case() -> None:
    rules = EditRules(allowed=("**",), protected=(".github/workflows/",))
    refusal = refuse_path(".GitHub/Workflows/ci.yml", rules, Ground({}))
    assert refusal is not None
    assert refusal.kind == "protected"
    assert "'.github/workflows/'" in refusal.message
