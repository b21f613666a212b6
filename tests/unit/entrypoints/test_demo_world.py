"""The demonstration's repository, policy and script fit each other and show the machine at work."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.errors import UsageMust
from pointsman.entrypoints.demo.world import (
    SCRIPTED_ROUTING,
    demo_files,
    demo_policy,
    demo_script,
    make_demo_repository,
)

_BLOCK = re.compile(
    r"^(?P<path>\S+)\n```python\n<<<<<<< SEARCH\n(?P<search>.*?)=======\n(?P<replace>.*?)>>>>>>> REPLACE\n```$",
    re.MULTILINE | re.DOTALL,
)


def _git(folder: Path, arguments: tuple[str, ...]) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def _said(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _replies(phase: str) -> list[Mapping[str, object]]:
    script = json.loads(demo_script())
    replies = script["*"][phase]
    assert isinstance(replies, list)
    return replies


def _failures(folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=folder, check=False, capture_output=True, text=True, timeout=60
    )
    return re.findall(r"^(?:FAIL|ERROR): (\w+)", done.stderr, re.MULTILINE)


def _apply(folder: Path, reply: object) -> None:
    blocks = list(_BLOCK.finditer(str(reply)))
    assert blocks
    for block in blocks:
        path = folder / block["path"]
        text = path.read_text(encoding="utf-8")
        assert text.count(block["search"]) == 1
        path.write_text(text.replace(block["search"], block["replace"]), encoding="utf-8")


def test_the_repository_is_clean_committed_and_the_same_each_time(tmp_path: Path) -> None:
    first = make_demo_repository(tmp_path / "a", git=_git)
    second = make_demo_repository(tmp_path / "b", git=_git)
    assert _said(first.repository, "status", "--porcelain") == ""
    assert _said(first.repository, "rev-parse", first.branch) == _said(second.repository, "rev-parse", second.branch)
    assert first.issue.is_file()
    assert (first.repository / ".pointsman.yml").read_text(encoding="utf-8") == SCRIPTED_ROUTING


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageMust):
        make_demo_repository(tmp_path, git=_git)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_one_test_fails_the_first_try_fails_others_and_the_second_mends_all(tmp_path: Path) -> None:
    for path, text in demo_files().items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    line = tmp_path / "timetable/line.py"
    before = line.read_text(encoding="utf-8")
    assert _failures(tmp_path) == ["test_a_bus_that_leaves_this_minute_can_still_be_taken"]
    wrong, right = (reply["text"] for reply in _replies("code"))
    _apply(tmp_path, wrong)
    assert "test_between_two_buses_the_later_one_is_next" in _failures(tmp_path)
    line.write_text(before, encoding="utf-8")
    _apply(tmp_path, right)
    assert _failures(tmp_path) == []


def test_the_reviewer_quotes_a_line_of_the_diff() -> None:
    data = _replies("review")[0]["data"]
    assert isinstance(data, dict)
    assert [finding["severity"] for finding in data["findings"]] == ["minor"]
    for finding in data["findings"]:
        assert finding["quote"] in str(_replies("code")[1]["text"])


def test_the_policy_loads_and_its_three_models_are_of_three_families(tmp_path: Path) -> None:
    script = tmp_path / "a: b # script.json"
    policy = load_policy(demo_policy(script).encode(), "policy.yml")
    assert isinstance(policy, PolicyFile), policy
    models = policy.domain_models()
    assert {line.split(": ")[1] for line in SCRIPTED_ROUTING.splitlines()} == set(models)
    assert len({model.family for model in models.values()}) == 3
    assert {model.provider.base_url for model in models.values()} == {str(script)}


def test_the_pace_of_the_script_can_be_set() -> None:
    assert '"seconds": 0.0' in demo_script(pace=0.0)
    assert '"seconds": 1.2' in demo_script(pace=2.0)
