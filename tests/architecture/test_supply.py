"""What the program stands on: named dependencies, lazy imports, nothing of the machine that the tree grew on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.architecture.tree import ROOT, files, imported, python_files, text_of

RECORD = Path("docs/adr/0002-dependencies.md")
IMPORT_NAMES = {"pyyaml": "yaml", "pygithub": "github"}
# Locked to pydantic's own version by pydantic; its error types are public there only.
PART_OF_ANOTHER = ("pydantic_core",)
SLOW = ("anthropic", "openai", "ollama", "dbos", "sqlalchemy", "fastapi", "github", "rich.live")

# Written in two parts, so that this file does not find itself.
TELLTALE = re.compile(
    r"py" + r"pi\.org|files\.python" + r"hosted|npm" + r"js\.(org|com)|/work/" + r"(main|shared|\.)|/root/"
    r"(\.py" + r"env|\.cache|\.ven" + r"v)|/home/run" + r"ner|/Use" + r"rs/"
)


def _names(requirements: list[str]) -> tuple[str, ...]:
    found = (re.match(r"[A-Za-z0-9_.-]+", requirement) for requirement in requirements)
    return tuple(match.group().lower() for match in found if match)


def _project() -> tuple[tuple[str, ...], tuple[str, ...]]:
    data = tomllib.loads(text_of(Path("pyproject.toml")))
    return _names(data["project"]["dependencies"]), _names(data["dependency-groups"]["dev"])


def test_each_dependency_is_named_with_its_reason_and_no_other_is() -> None:
    runtime, dev = _project()
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", text_of(RECORD), flags=re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted({*runtime, *dev})
    assert [name for name, reason in rows if len(reason) < 10] == []


def test_each_dependency_is_imported_somewhere() -> None:
    used = frozenset().union(*(imported(path) for path in python_files("src")))
    runtime, _ = _project()
    assert [name for name in runtime if IMPORT_NAMES.get(name, name.replace("-", "_")) not in used] == []


def test_nothing_is_imported_that_is_not_a_dependency() -> None:
    runtime, dev = _project()
    known = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in (*runtime, *dev)}
    known |= {*sys.stdlib_module_names, "pointsman", "tests", "benchmarks", *PART_OF_ANOTHER}
    foreign = {
        f"{path}: {name}" for path in python_files("src", "tests", "benchmarks") for name in imported(path) - known
    }
    assert sorted(foreign) == []


@pytest.mark.parametrize("module", SLOW)
def test_a_command_that_only_shows_something_does_not_pay_for(module: str) -> None:
    code = f"import pointsman.entrypoints.cli, sys; sys.exit({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or f"pointsman.entrypoints.cli imports {module}"


def test_the_tree_tells_nothing_about_the_machine_it_grew_on() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if TELLTALE.search(line)
    ]
    assert found == []
