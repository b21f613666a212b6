"""How many small bugs become a change whose tests pass, with models on own hardware, and what the models cost.

    python -m benchmarks.solve_local --programs humanevalfix.jsonl --ids Python/0 Python/3 --out results \\
        --coder-url http://127.0.0.1:8080/v1 --coder-id qwen2.5-coder-1.5b --coder-family qwen \\
        --reviewer-url http://127.0.0.1:8081/v1 --reviewer-id smollm2-135m --reviewer-family smollm

Each program leaves a file in the folder of results and is not run again while that file is there.
"""

import argparse
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.installation import Seat, environment, installed, json_in, policy_text
from benchmarks.measured import measure
from benchmarks.programs import Program, programs_in, repository_of


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one program. Counts below zero mean that the run did not say.

    `solved` is true only when the run's own evidence is `passed`. `malformed` counts tries that left no valid edit.
    """

    id: str
    run_id: str
    exit_code: int
    state: str
    result: str
    evidence: str
    solved: bool
    tries: int
    malformed: int
    findings: int
    dropped: int
    input_tokens: int
    output_tokens: int
    calls: int
    seconds: float
    message: str


Solve = Callable[[Program], Result]


def figures_of(program: Program, shown: Mapping[str, object], *, exit_code: int, seconds: float) -> Result:
    """The result of a run from what `pointsman show --json` printed; an empty mapping is a run that told nothing."""
    run = shown.get("run")
    run = run if isinstance(run, dict) else {}
    tries = shown.get("tries")
    valid = [one for one in tries if isinstance(one, dict)] if isinstance(tries, list) else None
    evidence = str(shown.get("evidence", "not told"))
    return Result(
        id=program.id,
        run_id=str(run.get("run_id", "")),
        exit_code=exit_code,
        state=str(run.get("state", "not told")),
        result=str(run.get("result", "")),
        evidence=evidence,
        solved=evidence == "passed",
        tries=-1 if valid is None else len(valid),
        malformed=-1 if valid is None else sum(not one.get("commit") for one in valid),
        findings=_count(shown.get("findings")),
        dropped=_count(shown.get("dropped")),
        input_tokens=_number(run.get("input_tokens")),
        output_tokens=_number(run.get("output_tokens")),
        calls=_number(run.get("calls")),
        seconds=round(seconds, 1),
        message=str(run.get("message", ""))[:200],
    )


def solve_all(programs: Sequence[Program], out: Path, solve: Solve) -> tuple[Result, ...]:
    """The results of all programs, in order; those with a file in `out` are read, the others run and written."""
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for program in programs:
        kept = out / f"{program.slug}.json"
        if kept.exists():
            result = Result(**json.loads(kept.read_text(encoding="utf-8")))
        else:
            result = solve(program)
            partial = kept.with_suffix(".partial")
            partial.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
            partial.replace(kept)
        results.append(result)
    (out / "all.json").write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n", encoding="utf-8")
    return tuple(results)


def table_of(results: Sequence[Result]) -> Table:
    """One row for each program and the sums; a question mark stands where a run did not say."""
    table = Table(title=f"{sum(each.solved for each in results)} of {len(results)} became a change whose tests pass")
    for heading in ("program", "evidence", "end", "tries", "malformed", "findings", "dropped", "in", "out", "s"):
        table.add_column(heading, justify="left" if heading in ("program", "evidence", "end") else "right")
    for each in results:
        counts = (each.tries, each.malformed, each.findings, each.dropped, each.input_tokens, each.output_tokens)
        end = each.result or each.state
        table.add_row(each.id, each.evidence, end, *map(_shown, counts), f"{each.seconds:.0f}")
    columns = ("tries", "malformed", "findings", "dropped", "input_tokens", "output_tokens")
    sums = (_sum([int(asdict(each)[column]) for each in results]) for column in columns)
    table.add_row("all", "", "", *map(_shown, sums), f"{sum(each.seconds for each in results):.0f}")
    return table


def solve_with(seats: Sequence[Seat], work: Path, *, timeout: float) -> Solve:
    """A run of the bot on each program in a folder of its own below `work`; `timeout` in seconds for each run."""
    policy = work / "policy.yml"
    work.mkdir(parents=True, exist_ok=True)
    policy.write_text(policy_text(seats), encoding="utf-8")
    program_file = str(installed("pointsman"))

    def solve(program: Program) -> Result:
        folder = _fresh(work, program.slug)
        story = repository_of(program, folder)
        home, env = folder / "state", environment(folder / "home")
        command = [program_file, "run", "--repo", str(story.repository), "--issue", str(story.issue)]
        command += ["--policy", str(policy), "--home", str(home), "--json"]
        try:
            done = measure(command, cwd=folder, env=env, timeout=timeout)
        except subprocess.TimeoutExpired:
            return figures_of(program, {"run": {"state": "time limit"}}, exit_code=-1, seconds=timeout)
        (folder / "run.out").write_text(done.output + done.errors, encoding="utf-8")
        said = json_in(done.output)
        run = said.get("run", said)
        run_id = str(run.get("run_id", "")) if isinstance(run, dict) else ""
        if run_id:
            show = [program_file, "show", run_id, "--home", str(home), "--json"]
            said = json_in(measure(show, cwd=folder, env=env, timeout=timeout).output) or said
        return figures_of(program, said, exit_code=done.cost.exit_code, seconds=done.cost.wall_seconds)

    return solve


def _fresh(work: Path, slug: str) -> Path:
    taken = len(list(work.glob(f"{slug}.*")))
    folder = work / f"{slug}.{taken + 1}"
    folder.mkdir()
    return folder


def _count(value: object) -> int:
    return len(value) if isinstance(value, list) else -1


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _sum(counts: Sequence[int]) -> int:
    return -1 if any(count < 0 for count in counts) else sum(counts)


def _shown(count: int) -> str:
    return "?" if count < 0 else str(count)


def _seats(given: argparse.Namespace) -> tuple[Seat, ...]:
    coder = Seat(
        name="coder",
        kind=given.coder_kind,
        url=given.coder_url,
        id=given.coder_id,
        family=given.coder_family,
        context_window=given.context_window,
        max_output=given.max_output,
        edits=given.edits,
    )
    planner = Seat(**{**asdict(coder), "name": "planner"})
    reviewer = {"kind": given.reviewer_kind, "url": given.reviewer_url, "id": given.reviewer_id}
    return planner, coder, Seat(**{**asdict(coder), **reviewer, "name": "reviewer", "family": given.reviewer_family})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Small bugs against models on own hardware.")
    parser.add_argument("--programs", type=Path, required=True, help="JSON lines in the fields of HumanEvalFix")
    parser.add_argument("--ids", nargs="*", default=[], help="which programs; all when left out")
    parser.add_argument("--out", type=Path, required=True, help="folder of results; programs found there are not run")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one run")
    for role in ("coder", "reviewer"):
        parser.add_argument(f"--{role}-url", required=True)
        parser.add_argument(f"--{role}-id", required=True)
        parser.add_argument(f"--{role}-family", required=True)
        parser.add_argument(f"--{role}-kind", choices=["openai-compatible", "ollama"], default="openai-compatible")
    parser.add_argument("--context-window", type=int, default=4096, help="tokens")
    parser.add_argument("--max-output", type=int, default=1024, help="tokens")
    parser.add_argument("--edits", choices=["whole", "blocks", "tools"], default="whole")
    return parser.parse_args()


def main() -> None:
    """Run what has no result yet, write the results, print the table."""
    given = _arguments()
    out = given.out.resolve()
    programs = programs_in(given.programs, given.ids)
    results = solve_all(programs, out, solve_with(_seats(given), out / "work", timeout=given.timeout))
    Console().print(table_of(results))


if __name__ == "__main__":
    main()
