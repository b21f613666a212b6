"""`pointsman config`: every value that holds in the end, with the line that says so."""

import json
from pathlib import Path

import pytest
from tests.unit.policy.policy_world import POLICY
from tests.worlds.repositories import commit, git, write
from typer.testing import CliRunner, Result

from pointsman.entrypoints.cli.app import app

RIGHT = "plan: oss\ncode: {model: qwen-m, budget_usd: 0.25}\nqa: oss\nprotected: [vault/]\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "policy.yml").write_text(POLICY, encoding="utf-8")
    repo = tmp_path / "shop"
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    write(repo, ".pointsman.yml", RIGHT)
    commit(repo, "Say who does what")
    return tmp_path


def typed(place: Path, *words: str) -> Result:
    about = ["--repo", str(place / "shop"), "--name", "acme/shop", "--home", str(place / "home")]
    policy = ["--policy", str(place / "policy.yml")]
    return CliRunner(env={"COLUMNS": "240"}).invoke(app, ["config", *about, *policy, *words])


def test_each_value_stands_under_its_section_with_its_line_and_what_lost_to_it(place: Path) -> None:
    said = typed(place)
    assert said.exit_code == 0, said.output
    lines = [" ".join(line.split()) for line in said.output.splitlines()]
    assert lines[0].startswith("Routing file: .pointsman.yml. Policy: ")
    assert "sensitivity internal policy, line 23" in lines
    assert "code.model qwen-m routing file, line 2" in lines
    assert "code.budget_usd $0.25 routing file, line 2 lower of both: $2.00 in policy, line 28" in lines
    assert "separation family built in" in lines
    assert "vault/ yes routing file, line 4" in lines


def test_a_script_reads_the_same_for_a_class_of_task_and_a_file_that_is_tried(place: Path) -> None:
    tried = place / "tried.yml"
    tried.write_text(RIGHT + "tasks: {docs: {code: llama-s}}\n", encoding="utf-8")
    found = json.loads(typed(place, "--file", str(tried), "--task", "docs", "--json").output)
    code = next(one for one in found["values"] if one["key"] == "code.model")
    assert (code["value"], code["from"]) == ("llama-s", {"file": "routing", "line": 5})


def test_a_file_with_mistakes_is_told_as_such(place: Path) -> None:
    wrong = place / "wrong.yml"
    wrong.write_text("plan: a\n", encoding="utf-8")
    said = typed(place, "--file", str(wrong))
    assert said.exit_code == 1
    assert 'wrong.yml:1:1: key "code" is missing' in said.output
