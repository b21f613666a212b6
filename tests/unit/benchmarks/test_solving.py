import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.contenders import script
from benchmarks.installation import ROUTING, VERIFY, Seat, json_in, policy_text
from benchmarks.programs import Program, programs_in, repository_of
from benchmarks.solve_local import Result, figures_of, solve_all, table_of
from rich.console import Console
from tests.worlds.repositories import FIXED, write

from pointsman.config.policy_file import PolicyFile, load_policy
from pointsman.config.routing_file import RoutingFile, load_routing

ADD = {
    "id": "Python/7",
    "entry_point": "add",
    "docstring": "Add two numbers.\n>>> add(1, 2)\n3",
    "buggy": "def add(a, b):\n    return a - b\n",
    "correct": "def add(a, b):\n    return a + b\n",
    "test": "\n\ndef check(add):\n    assert add(1, 2) == 3\n\ncheck(add)",
    "failure_symptoms": "incorrect output",
}


def one(tmp_path: Path) -> Program:
    file = tmp_path / "programs.jsonl"
    file.write_text(json.dumps(ADD) + "\n" + json.dumps({**ADD, "id": "Python/8"}) + "\n", encoding="utf-8")
    (program,) = programs_in(file, ["Python/7"])
    return program


def verified(repository: Path) -> int:
    command = [sys.executable, "-B", *VERIFY.split()[1:]]
    return subprocess.run(command, cwd=repository, capture_output=True, check=False).returncode


def test_a_program_becomes_a_repository_whose_test_fails_until_the_bug_is_mended(tmp_path: Path) -> None:
    story = repository_of(one(tmp_path), tmp_path / "work")
    assert verified(story.repository) == 1
    write(story.repository, story.path, story.fixed)
    assert verified(story.repository) == 0
    issue = story.issue.read_text(encoding="utf-8")
    assert "    >>> add(1, 2)" in issue
    assert "return a" not in issue


def test_an_unknown_program_is_named(tmp_path: Path) -> None:
    one(tmp_path)
    with pytest.raises(KeyError, match="Python/99"):
        programs_in(tmp_path / "programs.jsonl", ["Python/99"])


def test_the_policy_and_the_routing_file_of_a_benchmark_are_valid() -> None:
    seats = [Seat("coder", "ollama", "http://127.0.0.1:1", "qwen:1.5b", "qwen", 4096, 1024, "whole")]
    policy = load_policy(policy_text(seats).encode(), "policy.yml")
    assert isinstance(policy, PolicyFile), policy
    assert policy.domain_models()["coder"].family == "qwen"
    routing = load_routing(ROUTING.encode())
    assert isinstance(routing, RoutingFile), routing


def test_the_figures_are_what_the_run_says_and_nothing_is_guessed(tmp_path: Path) -> None:
    shown = {
        "run": {
            "run_id": "r1",
            "state": "done",
            "result": "ready",
            "input_tokens": 9,
            "output_tokens": 4,
            "calls": 5,
        },
        "evidence": "passed",
        "tries": [{"commit": ""}, {"commit": "abc"}],
        "findings": [],
        "dropped": ["no such line"],
    }
    result = figures_of(one(tmp_path), shown, exit_code=0, seconds=12.34)
    assert (result.solved, result.tries, result.malformed, result.findings, result.dropped) == (True, 2, 1, 0, 1)
    silent = figures_of(one(tmp_path), {}, exit_code=3, seconds=1)
    assert (silent.solved, silent.state, silent.tries, silent.input_tokens) == (False, "not told", -1, -1)
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(table_of([result, silent]))
    drawn = console.export_text()
    assert "1 of 2 became a change whose tests pass" in drawn
    assert "?" in drawn


def test_a_program_with_a_result_is_not_run_again(tmp_path: Path) -> None:
    ran: list[str] = []

    def solve(program: Program) -> Result:
        ran.append(program.id)
        return figures_of(program, {"evidence": "passed"}, exit_code=0, seconds=1)

    programs = programs_in((one(tmp_path), tmp_path / "programs.jsonl")[1])
    solve_all(programs[:1], tmp_path / "out", solve)
    results = solve_all(programs, tmp_path / "out", solve)
    assert ran == ["Python/7", "Python/8"]
    assert [result.solved for result in results] == [True, True]
    assert len(json.loads((tmp_path / "out/all.json").read_text(encoding="utf-8"))) == 2


def test_the_output_of_a_command_is_read_alone_or_from_its_last_line() -> None:
    assert json_in('{"a": 1}') == {"a": 1}
    assert json_in('working\n{"a": 1}\n') == {"a": 1}
    assert json_in("nothing") == {}


def test_the_scripted_replies_mend_the_bug_of_the_story() -> None:
    edits = next(rule for rule in script().rules if rule.name == "code").answers[0].text
    new = edits.split("=======\n")[1].split(">>>>>>>")[0]
    assert new in FIXED
