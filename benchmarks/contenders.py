"""The two programs that are measured on the same bug, each with the model replies that its prompts ask for."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.worlds.repositories import Story, buggy_package, git
from tests.worlds.script import Answer, Rule, Script

from benchmarks.installation import ROUTING, Seat, environment, installed, policy_text
from benchmarks.measured import Measured, measure

MINI = "mini-swe-agent==2.4.6"
_BEFORE, _AFTER = "    return price - percent\n", "    return max(0.0, price * (1 - percent / 100))\n"


class NotDone(RuntimeError):
    """A contender ended without having mended the bug; its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A program under measurement: how it is run on a fresh copy of the bug, and whether it has mended it."""

    name: str
    run: Callable[[Path, str], Measured]


def script() -> Script:
    """Replies at once, for both programs, told apart by sentences of their own prompts."""
    return Script(rules=(_mini_rule(), *_pointsman_rules()))


def pointsman() -> Contender:
    """The bot, through all of its phases, with a new home (ledger, key, mirror) for each run."""
    return Contender("pointsman", _run_pointsman)


def mini_swe_agent(tools: Path) -> Contender:
    """mini-swe-agent with its text-based configuration, installed into a virtual environment below `tools`."""
    program = _installed_mini(tools)
    return Contender("mini-swe-agent", lambda folder, url: _run_mini(program, folder, url))


def _run_pointsman(folder: Path, url: str) -> Measured:
    story = buggy_package(folder, routing=ROUTING)
    policy = folder / "policy.yml"
    seats = [
        Seat(name=name, kind="openai-compatible", url=f"{url}/v1", id=f"{name}-model", family=family)
        for name, family in (("planner", "alpha"), ("coder", "beta"), ("reviewer", "gamma"))
    ]
    policy.write_text(policy_text(seats), encoding="utf-8")
    given = ("--repo", story.repository, "--issue", story.issue, "--policy", policy, "--home", folder / "state")
    command = [str(installed("pointsman")), "run", *map(str, given), "--json"]
    measured = measure(command, cwd=folder, env=environment(folder / "home"))
    branches = git(story.repository, "for-each-ref", "--format=%(refname)", "refs/heads/pointsman/").split()
    for branch in branches:
        if git(story.repository, "show", f"{branch}:{story.path}") == story.fixed.strip():
            return measured
    raise NotDone(_told("pointsman", measured))


def _run_mini(program: Path, folder: Path, url: str) -> Measured:
    story = buggy_package(folder, routing=None)
    environment_ = {
        **environment(folder / "home"),
        "MSWEA_GLOBAL_CONFIG_DIR": str(folder / "config"),
        "MSWEA_CONFIGURED": "true",
        "MSWEA_SILENT_STARTUP": "1",
        "MSWEA_COST_TRACKING": "ignore_errors",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "OPENAI_API_KEY": "scripted",
    }
    command = [str(program), "--model", "openai/scripted", "--model-class", "litellm_textbased"]
    command += ["--config", "mini_textbased.yaml", "--config", f"model.model_kwargs.api_base={url}/v1"]
    command += [
        "--task",
        story.issue.read_text(encoding="utf-8"),
        "--yolo",
        "--exit-immediately",
        "--cost-limit",
        "0",
    ]
    command += ["--output", str(folder / "trajectory.json")]
    measured = measure(command, cwd=story.repository, env=environment_)
    if _mended(story):
        return measured
    raise NotDone(_told("mini-swe-agent", measured))


def _mended(story: Story) -> bool:
    return (story.repository / story.path).read_text(encoding="utf-8") == story.fixed


def _told(name: str, measured: Measured) -> str:
    end = "\n".join((measured.output + measured.errors).splitlines()[-15:])
    return f"{name} did not mend the bug (exit code {measured.cost.exit_code}):\n{end}"


def _installed_mini(tools: Path) -> Path:
    home = tools / "mini-swe-agent"
    program = home / "bin" / "mini"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", MINI]
        subprocess.run(pip, check=True)
    return program


def _mini_rule() -> Rule:
    mend = "sed -i 's/price - percent/max(0.0, price * (1 - percent \\/ 100))/' shop/prices.py"
    prove = "python3 -m unittest discover -s tests -t ."
    turns = (f"{mend} && {prove}", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")
    answers = tuple(Answer(f"THOUGHT: go on.\n\n```mswea_bash_command\n{turn}\n```") for turn in turns)
    return Rule("mini-swe-agent", ("mswea_bash_command",), answers, then="cycle")


def _pointsman_rules() -> tuple[Rule, ...]:
    plan = {
        "goal": "discounted takes off percent",
        "criteria": ["discounted(200, 10) is 180"],
        "steps": ["compute the share in discounted"],
        "read": ["tests/test_prices.py"],
        "change": ["shop/prices.py"],
        "create": [],
        "tests": [],
        "risks": [],
        "questions": [],
    }
    edit = f"shop/prices.py\n<<<<<<< SEARCH\n{_BEFORE}=======\n{_AFTER}>>>>>>> REPLACE\n"
    says = {
        "triage": ("You sort work", json.dumps({"task": "bugfix", "why": "a wrong result"})),
        "plan": ("You plan a small, exact change", json.dumps(plan)),
        "code": ("You are a careful programmer", edit),
        "review": ("You review a change", json.dumps({"summary": "It takes off percent.", "findings": []})),
    }
    return tuple(Rule(name, (needle,), (Answer(text),)) for name, (needle, text) in says.items())
