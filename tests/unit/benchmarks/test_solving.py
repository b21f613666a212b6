import io
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from benchmarks.contenders import script
from benchmarks.installation import ROUTING, VERIFY, Seat, json_in, policy_text
from benchmarks.judging import solves
from benchmarks.programs import Program, every, programs_in, repository_of
from benchmarks.recording import Bounds, Recorder
from benchmarks.solve import solve_all, table_of
from benchmarks.solvers import Left, Setting, mini_swe_agent
from rich.console import Console
from tests.worlds.repositories import FIXED, write
from tests.worlds.script import Answer, Rule, Script
from tests.worlds.scripted_server import ScriptedServer

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


def asked(url: str, **body: object) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(f"{url}/chat/completions", json.dumps({"model": "m", **body}).encode())
    try:
        with urllib.request.urlopen(request, timeout=120) as said:
            text = said.read().decode()
            return said.status, json.loads(text) if text.startswith("{") else {"stream": text}
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_every_asker_is_held_to_the_same_limits_and_counted_apart() -> None:
    messages = [{"role": "user", "content": "hello"}]
    answers = (Answer("one", input_tokens=7, output_tokens=3), Answer("long", input_tokens=99, output_tokens=1))
    rules = (Rule("all", (), (*answers, answers[0])),)
    with ScriptedServer(Script(rules=rules)) as server, Recorder(Bounds(50, 16, 3)) as recorder:
        looks: list[str] = []
        url = recorder.opened("first", f"{server.url}/v1", lambda: looks.append("look"))
        other = recorder.opened("other", f"{server.url}/v1")
        assert asked(url, messages=messages, max_tokens=9000)[0] == 200
        status, said = asked(url, messages=messages, max_completion_tokens=9)
        assert (status, "99 tokens" in str(said)) == (400, True)
        status, said = asked(url, messages=messages, stream=True, stream_options={"include_usage": True})
        assert "one" in str(said["stream"]) and str(said["stream"]).endswith("data: [DONE]\n\n")
        status, said = asked(url, messages=messages)
        assert (status, "limit of 3 calls" in str(said)) == (400, True)
        assert asked(other, messages=messages)[0] == 200
        wanted = [json.loads(body)["max_tokens"] for body in server.bodies]
    tally = recorder.closed("first")
    assert wanted == [16, 9, 16, 16]
    assert (tally.calls, tally.refused, tally.prompt_tokens, tally.completion_tokens) == (2, 2, 7 + 99 + 7, 6)
    assert (recorder.closed("other").calls, looks) == (1, ["look"] * 4)


def test_a_call_that_is_under_way_when_the_time_is_over_is_cut_off() -> None:
    rules = (Rule("all", (), (Answer(fault="hang"),)),)
    with ScriptedServer(Script(rules=rules)) as server, Recorder(Bounds()) as recorder:
        url = recorder.opened("slow", f"{server.url}/v1")
        with ThreadPoolExecutor() as pool:
            going = pool.submit(asked, url, messages=[])
            while not server.seen:
                time.sleep(0.01)
            recorder.closed("slow")
            assert going.result(120)[0] == 502
        assert asked(url, messages=[])[0] == 400


FORGED = {
    "the bug": (ADD["buggy"], False),
    "mended": (ADD["correct"], True),
    "the process ends with 0": (f"import os; os._exit(0)\n{ADD['buggy']}", False),
    "it ends with 0 at the end": (f"import atexit, os\natexit.register(os._exit, 0)\n{ADD['buggy']}", False),
    "no module": ("", False),
}


@pytest.mark.parametrize("tree", FORGED)
def test_solved_is_what_the_official_check_says_of_the_tree(tmp_path: Path, tree: str) -> None:
    text, expected = FORGED[tree]
    if text:
        write(tmp_path / "tree", "add.py", text)
    write(tmp_path / "tree", "tests/test_add.py", "def check(add): pass\n")
    write(tmp_path / "tree", "sitecustomize.py", "import builtins; builtins.check = print\n")
    assert solves(one(tmp_path), tmp_path / "tree") is expected


MINI = """#!{python}
import json, sys, urllib.request
from pathlib import Path
options = dict(word.split("=", 1) for word in sys.argv if "=" in word)
def ask():
    body = json.dumps({{"model": "m", "messages": []}}).encode()
    url = options["model.model_kwargs.api_base"] + "/chat/completions"
    urllib.request.urlopen(urllib.request.Request(url, body)).read()
ask()
Path("add.py").write_text("wrong = 1\\n")
try: Path({outside!r}).write_text("x")
except OSError: pass
ask()
Path("add.py").write_text({correct!r})
Path(sys.argv[sys.argv.index("--output") + 1]).write_text('{{"info": {{"exit_status": "Submitted"}}}}')
"""


def test_each_state_that_a_tool_left_is_judged_and_it_writes_nowhere_else(tmp_path: Path) -> None:
    tool, outside = tmp_path / "tools/mini-swe-agent/bin/mini", tmp_path / "outside"
    write(tool.parent, tool.name, MINI.format(python=sys.executable, outside=str(outside), correct=ADD["correct"]))
    tool.chmod(0o755)
    rules = (Rule("all", (), (Answer("no action", input_tokens=7, output_tokens=3),)),)
    ran: list[str] = []
    with ScriptedServer(Script(rules=rules)) as server, Recorder(Bounds()) as recorder:
        setting = Setting(recorder, f"{server.url}/v1", "m", "qwen", 60.0)
        solver = mini_swe_agent(setting, tmp_path / "tools")

        def counted(program: Program, folder: Path, label: str) -> Left:
            ran.append(label)
            return solver(program, folder, label)

        programs = [one(tmp_path)]
        (result,), again = (solve_all(programs, {"mini": counted}, tmp_path / "out", recorder) for _ in range(2))
    assert again == (result,)
    assert ran == ["python-7-mini"]
    assert (result.at_first, result.after_retry, result.at_end, result.claimed) == (False, True, True, True)
    assert (result.states, result.malformed, result.calls, result.tokens) == (2, 2, 2, 20)
    assert not outside.exists()
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table_of([result]))
    assert "mini" in console.export_text()


def test_the_choice_of_programs_is_made_beforehand(tmp_path: Path) -> None:
    one(tmp_path)
    programs = programs_in(tmp_path / "programs.jsonl")
    assert [program.id for program in every(programs, 2)] == ["Python/7"]


def test_the_output_of_a_command_is_read_alone_or_from_its_last_line() -> None:
    assert json_in('{"a": 1}') == {"a": 1}
    assert json_in('working\n{"a": 1}\n') == {"a": 1}
    assert json_in("nothing") == {}


def test_the_scripted_replies_mend_the_bug_of_the_story() -> None:
    edits = next(rule for rule in script().rules if rule.name == "code").answers[0].text
    new = edits.split("=======\n")[1].split(">>>>>>>")[0]
    assert new in FIXED
