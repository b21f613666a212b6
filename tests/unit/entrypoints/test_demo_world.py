"""The demonstration's repository, policy and script fit each other and show the machine at work."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.domain.errors import UsageMust
from pointsman.domain.models import EditStyle
from pointsman.domain.outcome import Patch
from pointsman.domain.run import Repository
from pointsman.domain.work import CommitText, EditOrder, EditRules
from pointsman.entrypoints.cli.casting import real_cast
from pointsman.entrypoints.demo.world import (
    SCRIPTED_ROUTING,
    DemoWorld,
    demo_policy,
    demo_script,
    make_demo_repository,
)
from pointsman.entrypoints.settings import read_settings
from pointsman.phases.reviewing.anchors import anchor, files_of
from pointsman.workspaces.workspace import GitWorkspace


def test_a_server_that_was_named_and_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    settings = read_settings(tmp_path)
    named = asyncio.run(real_cast(settings, "http://127.0.0.1:9/v1"))
    nobody = asyncio.run(real_cast(settings, ""))
    assert isinstance(named, str) and named.startswith("The server http://127.0.0.1:9/v1 lists no models")
    assert isinstance(nobody, str) and nobody.startswith("No real model was found")


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


async def _proposed(world: DemoWorld, home: Path) -> list[tuple[str, str]]:
    """Each scripted reply put through the edit engine onto base, as in a run whose first try breaks tests."""
    repository = Repository("local", "local:demo", "timetable", str(world.repository), world.branch)
    workspace = GitWorkspace.open(home, repository)
    base = await workspace.fetch(repository, world.branch)
    text = CommitText("Try", "", (), "2026-01-05T08:00:00Z")
    made: list[tuple[str, str]] = []
    for reply in _replies("code"):
        order = EditOrder(base, base, "scripted-coder", EditRules(), text)
        patch = await workspace.propose(order, str(reply["text"]), EditStyle.BLOCKS)
        assert isinstance(patch, Patch), patch
        source = await workspace.read(patch.commit, "timetable/line.py")
        assert source is not None
        made.append((source.text, await workspace.diff(base, patch.commit)))
    return made


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
    world = make_demo_repository(tmp_path / "demo", git=_git)
    (wrong, _), (right, _) = asyncio.run(_proposed(world, tmp_path / "home"))
    line = world.repository / "timetable/line.py"
    assert _failures(world.repository) == ["test_a_bus_that_leaves_this_minute_can_still_be_taken"]
    line.write_text(wrong, encoding="utf-8")
    assert "test_between_two_buses_the_later_one_is_next" in _failures(world.repository)
    line.write_text(right, encoding="utf-8")
    assert _failures(world.repository) == []


def test_the_reviewers_finding_is_anchored_in_the_real_diff(tmp_path: Path) -> None:
    world = make_demo_repository(tmp_path / "demo", git=_git)
    diff = asyncio.run(_proposed(world, tmp_path / "home"))[1][1]
    data = _replies("review")[0]["data"]
    assert isinstance(data, dict)
    assert [finding["severity"] for finding in data["findings"]] == ["minor"]
    for finding in data["findings"]:
        place = anchor(files_of(diff), finding["path"], finding["quote"])
        assert not isinstance(place, str), place


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
