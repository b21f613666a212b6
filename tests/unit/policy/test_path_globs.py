"""Path patterns mean what git says they mean, and cost little whatever they look like."""

import subprocess
import sys
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pointsman.config.shapes import PathPattern
from pointsman.policy.commands import allowed
from pointsman.policy.globs import first_match, matches, matches_word

_SEGMENT = st.text("ab*?[]-!.", min_size=1, max_size=5) | st.sampled_from(["**", "a*", "*.b", "[ab]", "[!a]b"])
PATTERNS = st.builds(
    lambda head, parts, tail: head + "/".join(parts) + tail,
    st.sampled_from(["", "/"]),
    st.lists(_SEGMENT, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)
PATHS = st.lists(st.text("ab.-]", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def git_matches(root: Path, pattern: str, paths: list[str]) -> list[bool]:
    """What git itself answers, with the pattern as the only line of a .gitignore file."""
    (root / ".gitignore").write_text(pattern + "\n")
    asked = "\0".join(paths) + "\0"
    command = ["git", "-C", str(root), "-c", "core.ignorecase=false", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, input=asked.encode(), capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    ignored = done.stdout.decode().split("\0")
    return [path in ignored for path in paths]


@given(PATTERNS, st.lists(PATHS, min_size=1, max_size=8, unique=True))
@example("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/bb"])
@example("**/a/", ["a", "a/b", "b/a", "b/a/b"])
@example("a/**", ["a", "a/b", "a/b/a"])
@example("[]a]b", ["ab", "]b", "bb"])
@example("***/?", ["]", "a/b", "a/bb"])
@example("a/****", ["a", "a/b", "a/b/a"])
@example("****", ["a", "a/b"])
def test_a_pattern_matches_exactly_what_git_ignores(repository: Path, pattern: str, paths: list[str]) -> None:
    try:
        TypeAdapter(PathPattern).validate_python(pattern)
    except ValidationError:
        assume(False)
    paths = [path for path in paths if not {".", "..", ".git"} & set(path.split("/"))]
    assume(paths)
    assert [matches(pattern, path) for path in paths] == git_matches(repository, pattern, paths)


def test_case_is_ignored_where_a_file_system_would() -> None:
    assert matches(".github/workflows/", ".GitHub/Workflows/ci.yml", fold=True)
    assert not matches(".github/workflows/", ".GitHub/Workflows/ci.yml")


def test_the_first_pattern_that_matches_is_named() -> None:
    assert first_match(("*.py", "a/"), "a/b.py") == "*.py"
    assert first_match(("*.py", "a/"), "b/c.txt") == ""


class Lines:
    """Counts the lines that are executed while it traces."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> "Lines":
        self.count += event == "line"
        return self


def test_a_hostile_pattern_costs_no_more_than_its_length_times_the_path() -> None:
    """Counts steps in place of seconds: the walk must not grow with a power of the stars."""

    def steps(stars: int) -> int:
        lines, before = Lines(), sys.gettrace()
        sys.settrace(lines)
        try:
            assert not matches("a*" * stars + "b", "a" * 60)
            assert not matches("**/" * stars + "b", "a/" * 30 + "a")
        finally:
            sys.settrace(before)
        return lines.count

    steps(1)
    assert steps(20) < 40 * steps(2)


def test_a_word_pattern_knows_the_star_alone() -> None:
    assert matches_word("gpt-*", "gpt-6/x")
    assert matches_word("Qwen/*-Instruct", "Qwen/Qwen3-30B-Instruct")
    assert not matches_word("gpt-?", "gpt-6")
    assert not matches_word("[a]", "a")
    assert matches_word("[a]", "[a]")


@pytest.mark.parametrize(
    ("pattern", "argv", "fits"),
    [
        ("pytest *", ("pytest",), True),
        ("pytest *", ("pytest", "-q", "tests/a b"), True),
        ("pytest *", ("pytest2",), False),
        ("pytest *", ("evil", "pytest", "-q"), False),
        ("make test", ("make", "test"), True),
        ("make test", ("make", "test", "install"), False),
        ("make test", ("make", "test install"), False),
        ("npm run test*", ("npm", "run", "test:unit"), True),
        ("npm run test*", ("npm", "run", "testy", "x"), False),
        ("python -m pytest *", ("python", "-c", "pytest"), False),
        ("mvn -o test *", ("mvn", "-o", "test"), True),
        ("go *", ("go",), True),
    ],
)
def test_a_command_is_allowed_word_by_word(pattern: str, argv: tuple[str, ...], fits: bool) -> None:
    assert allowed(argv, (pattern,)) is fits


def test_without_a_pattern_no_command_is_allowed() -> None:
    assert not allowed(("pytest",), ())
