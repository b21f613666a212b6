"""Three programs that are given an issue and a failing test, and the states of the tree that each left behind.

Each asks the model through the recorder only. mini-swe-agent and aider run what a model writes, so both are behind
bubblewrap, with nothing but their own folder to write to.
"""

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.worlds.repositories import git

from benchmarks.installation import VERIFY, Seat, environment, installed, json_in, policy_text
from benchmarks.judging import Watch, contained, exported, told
from benchmarks.programs import Program, repository_of
from benchmarks.recording import Recorder

AIDER = "aider-chat==0.86.2"
_ACTION = re.compile(r"```mswea_bash_command\s*\n(.*?)\n```", re.DOTALL)
_OFF_FORMAT = "The LLM did not conform to the edit format."


@dataclass(frozen=True, slots=True)
class Setting:
    """What all programs are given: the recorder, the model, the seconds for one whole attempt."""

    recorder: Recorder
    url: str
    model: str
    family: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Left:
    """What a program left: each state of the tree in order, and the last one; what it says itself.

    `claimed` is whether it calls the task done. `malformed` counts replies in which it found no valid edit or action.
    """

    states: tuple[Path, ...]
    last: Path | None
    claimed: bool
    malformed: int
    exit_code: int
    said: str = ""


Solver = Callable[[Program, Path, str], Left]
"""Works on a program in an empty folder, asking under labels that begin with the given one."""


def pointsman(setting: Setting, *, edits: str, reviewer: Seat | None, samples: int = 1, plan: bool = True) -> Solver:
    """The bot through all its phases; without a reviewer one that finds nothing, and without `plan` no plan."""

    def solve(program: Program, folder: Path, label: str) -> Left:
        recorder, bounds = setting.recorder, setting.recorder.bounds
        story = repository_of(program, folder, routing=_routing(plan=plan, samples=samples))
        coder = Seat(
            name="coder", kind="openai-compatible", url=recorder.opened(label, setting.url), id=setting.model,
            family=setting.family, context_window=bounds.context_window, max_output=bounds.max_output, edits=edits,
        )  # fmt: skip
        content = replace(coder, name="reviewer", id="content", family="nobody", url="")
        second = reviewer or content
        second = replace(second, url=recorder.opened(f"{label}-reviewer", second.url))
        policy = folder / "policy.yml"
        policy.write_text(policy_text([coder, replace(coder, name="planner"), second]), encoding="utf-8")
        home, env = folder / "state", environment(folder / "home")
        given = ("--repo", story.repository, "--issue", story.issue, "--policy", policy, "--home", home)
        ran = _ran([str(installed("pointsman")), "run", *map(str, given), "--json"], folder, env, setting.seconds)
        said = json_in(ran.said)
        run = said.get("run")
        run_id = str(run.get("run_id", "")) if isinstance(run, dict) else ""
        if run_id:
            show = [str(installed("pointsman")), "show", run_id, "--home", str(home), "--json"]
            said = json_in(_ran(show, folder, env, 60.0).said) or said
        return _left_by_run(said, ran, story.repository, home, folder)

    return solve


def mini_swe_agent(setting: Setting, tools: Path) -> Solver:
    """mini-swe-agent with its text-based configuration, told the limits that the recorder holds it to."""
    program_file = tools / "mini-swe-agent" / "bin" / "mini"

    def solve(program: Program, folder: Path, label: str) -> Left:
        story = repository_of(program, folder, routing="")
        watch = Watch(program, story.repository, folder / "states")
        url = setting.recorder.opened(label, setting.url, watch.look)
        env = environment(folder / "home") | {
            "MSWEA_GLOBAL_CONFIG_DIR": str(folder / "config"),
            "MSWEA_CONFIGURED": "true",
            "MSWEA_SILENT_STARTUP": "1",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "OPENAI_API_KEY": "local",
        }
        bounds = setting.recorder.bounds
        options = (f"model.model_kwargs.api_base={url}", f"model.model_kwargs.max_tokens={bounds.max_output}",
                   f"agent.step_limit={bounds.max_calls}")  # fmt: skip
        command = [str(program_file), "--model", f"openai/{setting.model}", "--model-class", "litellm_textbased"]
        command += ["--config", "mini_textbased.yaml", *(word for option in options for word in ("--config", option))]
        command += ["--task", story.issue.read_text(encoding="utf-8"), "--yolo", "--exit-immediately"]
        command += ["--cost-limit", "0", "--output", str(folder / "trajectory.json")]
        held = contained(command, own=folder, reads=[tools], cwd=story.repository)
        ran = _ran(held, folder, env, setting.seconds)
        watch.look()
        replies = setting.recorder.tallies[label].replies
        malformed = sum(len(_ACTION.findall(reply)) != 1 for reply in replies)
        return Left(
            tuple(watch.states), story.repository, _submitted(folder), malformed, ran.exit_code, ran.said[-400:]
        )

    return solve


def aider(setting: Setting, tools: Path, *, edits: str) -> Solver:
    """aider, non-interactive, with tests that it runs after each edit; without commits, whose words cost calls."""
    program_file = tools / "aider" / "bin" / "aider"
    formats = {"whole": "whole", "blocks": "diff", "tools": "diff"}

    def solve(program: Program, folder: Path, label: str) -> Left:
        story = repository_of(program, folder, routing="")
        watch = Watch(program, story.repository, folder / "states")
        url = setting.recorder.opened(label, setting.url, watch.look)
        bounds, model = setting.recorder.bounds, f"openai/{setting.model}"
        known = {
            "max_tokens": bounds.max_output,
            "max_output_tokens": bounds.max_output,
            "max_input_tokens": bounds.context_window,
            "input_cost_per_token": 0,
            "output_cost_per_token": 0,
            "litellm_provider": "openai",
            "mode": "chat",
        }
        metadata = folder / "metadata.json"
        metadata.write_text(json.dumps({model: known}), encoding="utf-8")
        command = [str(program_file), "--model", model, "--weak-model", model, "--model-metadata-file", str(metadata)]
        command += ["--openai-api-base", url, "--openai-api-key", "local", "--edit-format", formats[edits]]
        command += ["--message-file", str(story.issue), "--auto-test", "--test-cmd", VERIFY, "--yes-always"]
        command += ["--no-auto-commits", "--no-gitignore", "--no-stream", "--no-pretty", "--no-check-update"]
        command += ["--analytics-disable", "--no-show-model-warnings", "--no-show-release-notes"]
        command += ["--no-suggest-shell-commands", "--no-detect-urls"]
        env = environment(folder / "home") | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        held = contained(command, own=folder, reads=[tools], cwd=story.repository)
        ran = _ran(held, folder, env, setting.seconds)
        watch.look()
        # It ends with the tests after its last edit; unittest's last word is OK when they pass.
        claimed, malformed = ran.said.rstrip().endswith("OK"), ran.said.count(_OFF_FORMAT)
        return Left(tuple(watch.states), story.repository, claimed, malformed, ran.exit_code, ran.said[-400:])

    return solve


@dataclass(frozen=True, slots=True)
class _Ran:
    exit_code: int
    said: str


def _ran(command: Sequence[str], folder: Path, env: dict[str, str], seconds: float) -> _Ran:
    """Run a program to its end or the end of its time; what it said is kept in its folder too."""
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, errors = process.communicate(timeout=seconds)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            output, errors = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        code = -1
    said = output.decode("utf-8", "replace")
    with (folder / "said.txt").open("a", encoding="utf-8") as file:
        file.write(said + errors.decode("utf-8", "replace"))
    return _Ran(code, said)


def _routing(*, plan: bool, samples: int) -> str:
    code: object = {"model": "coder", "samples": samples} if samples > 1 else "coder"
    routes = {"triage": "coder", "plan": "planner", "code": code, "qa": "reviewer"}
    tasks = {} if plan else {"tasks": {task: {"plan": "skip"} for task in ("bugfix", "unknown")}}
    return json.dumps({"routes": routes, **tasks, "verify": {"commands": [VERIFY]}}) + "\n"


def _left_by_run(said: dict[str, object], ran: _Ran, repository: Path, home: Path, folder: Path) -> Left:
    """The commits of a run's tries, from its mirror, and of its branch, if it made one."""
    tries = said.get("tries")
    listed = [one for one in tries if isinstance(one, dict)] if isinstance(tries, list) else []
    commits = [str(one.get("commit") or "") for one in listed]
    mirror = next((home / "mirrors").glob("*.git"), repository / ".git")
    found = [
        exported(mirror, commit, folder / "states" / str(number))
        for number, commit in enumerate(dict.fromkeys(filter(None, commits)), start=1)
    ]
    branches = git(repository, "for-each-ref", "--format=%(refname)", "refs/heads/pointsman/").split()
    last = exported(repository / ".git", branches[0], folder / "last") if branches else None
    states = tuple(state for state in found if state is not None)
    run = said.get("run")
    result = str(run.get("result") or run.get("state")) if isinstance(run, dict) else "not told"
    evidence = str(said.get("evidence", "not told"))
    return Left(
        states, last, evidence == "passed", sum(not one for one in commits), ran.exit_code, f"{result}; {evidence}"
    )


def _submitted(folder: Path) -> bool:
    info = told(folder / "trajectory.json").get("info")
    return isinstance(info, dict) and info.get("exit_status") == "Submitted"
