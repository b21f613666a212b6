"""One test run alone: the same program and runner, narrowed by a path, or nothing where that is not known."""

import asyncio

import pytest
from tests.unit.phases.memory_workspace import MemoryWorkspace

from pointsman.phases.proof.commands import one_test, one_test_at


@pytest.mark.parametrize(
    ("command", "path", "test", "narrowed"),
    [
        ("python3 -m pytest", "tests/test_a.py", "", "python3 -m pytest tests/test_a.py"),
        ("pytest -q tests", "tests/test_a.py", "test_b", "pytest tests/test_a.py::test_b -q"),
        (
            "python -m pytest -k fast -p plugin -c own.ini --ds settings -n 4 --cov=src tests/unit",
            "tests/test_a.py",
            "tests/test_a.py::TestIt::test_b[a/b-1]",
            "python -m pytest tests/test_a.py::TestIt::test_b[a/b-1] -p plugin -c own.ini --ds settings",
        ),
        ("uv run pytest --lf tests", "tests/test_a.py", "", "uv run pytest tests/test_a.py"),
        (
            "python3 -m unittest discover -s tests -t .",
            "tests/deep/test_a.py",
            "Discounts::test_b",
            "python3 -m unittest discover -s tests/deep -t . -p test_a.py -k *.Discounts.test_b",
        ),
        ("python3 -m unittest", "test_a.py", "", "python3 -m unittest discover -s . -t . -p test_a.py"),
        (
            "python3 -m unittest discover -s tests",
            "tests/test_a.py",
            "",
            "python3 -m unittest discover -s tests -t tests -p test_a.py",
        ),
        ("python3 -m unittest tests.test_old", "tests/test_a.py", "", "python3 -m unittest tests.test_a"),
        ("npx jest --ci src", "src/a.test.ts", "adds", "npx jest src/a.test.ts --ci -t adds"),
        ("node_modules/.bin/vitest", "a.test.ts", "", "node_modules/.bin/vitest run a.test.ts"),
        ("node --test", "test/a.test.js", "", "node --test test/a.test.js"),
        ("node --test test/", "test/a.test.js", "a b", "node --test --test-name-pattern=a\\ b test/a.test.js"),
        ("go test -race ./...", "pkg/a_test.go", "TestA", "go test -race -run ^TestA$ ./pkg"),
        ("go test ./... -run Slow", "a_test.go", "", "go test ."),
        ("cargo test --offline", "tests/a.rs", "adds", "cargo test --offline --test a adds"),
        ("cargo test --offline", "src/a.rs", "a::adds", "cargo test --offline a::adds"),
        (
            "mvn -o -q test",
            "src/test/java/org/x/ATest.java",
            "adds",
            "mvn -o -q test -Dtest=ATest#adds -Dsurefire.failIfNoSpecifiedTests=false",
        ),
        ("./gradlew test", "src/test/kotlin/org/x/ATest.kt", "", "./gradlew test --tests org.x.ATest"),
        ("bundle exec rspec spec", "spec/a_spec.rb", "", "bundle exec rspec spec/a_spec.rb"),
        (
            "vendor/bin/phpunit -c own.xml tests",
            "tests/ATest.php",
            "testB",
            "vendor/bin/phpunit -c own.xml --filter testB tests/ATest.php",
        ),
        ("dotnet test", "Tests/ATest.cs", "Adds", "dotnet test --filter FullyQualifiedName~ATest.Adds"),
    ],
)
def test_the_command_for_all_tests_is_narrowed_to_one(command: str, path: str, test: str, narrowed: str) -> None:
    found = one_test((tuple(command.split()),), path, test)
    assert found is not None
    assert " ".join(found).startswith(narrowed)


@pytest.mark.parametrize(
    ("command", "path", "test"),
    [
        ("make test", "tests/test_a.py", ""),
        ("tox", "tests/test_a.py", ""),
        ("sh -c pytest", "tests/test_a.py", ""),
        ("pytest", "src/a.rs", ""),
        ("cargo test", "src/a.rs", ""),
        ("npm test", "a.test.js", ""),
        ("pytest", "--collect-only", ""),
        ("pytest", "/etc/passwd.py", ""),
        ("pytest", "tests/../../a.py", ""),
        ("pytest", "@words.py", ""),
        ("pytest", "a\n.py", ""),
        ("pytest", "a.py", "--pdb"),
        ("go test ./...", "a.go", "TestA"),
        ("dotnet test --filter X", "ATest.cs", ""),
    ],
)
def test_what_is_not_known_or_selects_no_test_is_not_narrowed(command: str, path: str, test: str) -> None:
    assert one_test((tuple(command.split()),), path, test) is None


def test_the_first_command_that_can_be_narrowed_is() -> None:
    commands = (("ruff", "check"), ("pytest",), ("npx", "jest"))
    assert one_test(commands, "a.test.js") == ("npx", "jest", "a.test.js")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("jest", ("npm", "test", "--", "a.test.js")),
        ("vitest run", ("npm", "test", "--", "a.test.js")),
        ("tsc && jest", None),
        ("mocha", None),
    ],
)
def test_a_script_hands_a_path_on_only_to_a_runner_that_reads_it_as_a_filter(
    script: str, found: tuple[str, ...] | None
) -> None:
    workspace = MemoryWorkspace({})
    base = workspace.keep({"package.json": f'{{"scripts": {{"test": "{script}"}}}}'})
    assert asyncio.run(one_test_at(workspace, base, (("npm", "test"),), "a.test.js")) == found
