"""The demo repository: written from one page of text and committed to a fresh git repository."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pointsman.domain.errors import UsageMust

Git = Callable[[Path, tuple[str, ...]], None]
"""Runs git with the given arguments in a folder; raises when git fails. Given by wiring."""

SCRIPTED_ROUTING = "plan: scripted-planner\ncode: scripted-coder\nqa: scripted-reviewer\n"

_ISSUE = "issues/1-the-bus-at-the-stop.md"
_FILE = re.compile(r"^### `(?P<path>[^`]+)`\n\n~~~~\n(?P<text>.*?)^~~~~$", re.MULTILINE | re.DOTALL)
_QUIET = (
    *("-c", "user.name=Demo", "-c", "user.email=demo@example.invalid"),
    *("-c", "commit.gpgSign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false"),
)
_DATE = "2026-01-05T08:00:00+00:00"


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """Where the demo takes place: the repository and the issue in it; `branch` is its default branch."""

    repository: Path
    issue: Path
    branch: str = "main"


def make_demo_repository(folder: Path, *, git: Git, routing: str = SCRIPTED_ROUTING) -> DemoWorld:
    """Write the demo repository into `folder`, which is made and must be empty, and commit it.

    `routing` becomes its `.pointsman.yml`. Author, dates and texts are fixed, so the commit is the same each time.
    Raises UsageMust when `folder` holds something, and what `git` raises.
    """
    require_empty(folder)
    for path, text in {**demo_files(), ".pointsman.yml": routing}.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    git(folder, ("init", "--quiet", "--template=", "--initial-branch=main"))
    git(folder, (*_QUIET, "add", "--all"))
    git(folder, (*_QUIET, "commit", "--quiet", "--date", _DATE, "--message", "A timetable, and a bus that it misses"))
    # The committer's date can otherwise only be set in the environment.
    git(folder, (*_QUIET, "rebase", "--quiet", "--root", "--committer-date-is-author-date"))
    return DemoWorld(folder, folder / _ISSUE)


def require_empty(folder: Path) -> None:
    """Nothing, or UsageMust when `folder` holds something or is none."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageMust(
            f"The folder {folder} is not empty.", code="demo-folder", hint="Name a folder that does not exist yet."
        )


def demo_files() -> dict[str, str]:
    """The files of the demo repository without its routing file, by path."""
    return {found["path"]: found["text"] for found in _FILE.finditer(_data("repository.md"))}


def demo_policy(script: Path) -> str:
    """The organisation's policy for scripted models, whose replies stand in the file `script`."""
    return _data("policy.yml").replace('"SCRIPT_PATH"', json.dumps(str(script)))


def demo_script(*, pace: float = 1.0) -> str:
    """The scripted replies as JSON; `pace` stretches their delays, 0 leaves them out."""
    script: object = json.loads(_data("script.json"))
    return json.dumps(_paced(script, pace), indent=1)


def _paced(value: object, pace: float) -> object:
    if isinstance(value, dict):
        return {key: _paced_field(key, inner, pace) for key, inner in value.items()}
    if isinstance(value, list):
        return [_paced(inner, pace) for inner in value]
    return value


def _paced_field(key: object, value: object, pace: float) -> object:
    if key == "seconds" and isinstance(value, int | float):
        return round(value * pace, 3)
    return _paced(value, pace)


def _data(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
