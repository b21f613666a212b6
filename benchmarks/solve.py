"""How many small bugs are solved, by the bot and by others, with the same local model, limits and judge in one run.

    bash serve.sh 1.5b 11500 &
    python -m benchmarks.solve --programs humanevalfix.jsonl --every 4 --out results --tools FOLDER \\
        --url http://127.0.0.1:11500/v1 --model qwen2.5-coder:1.5b --family qwen

Every program and tool leaves a file in the folder of results and is not run again while that file is there. Solved is
what the official check of the program says of the tree that a tool left, never what the tool says of itself.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.installation import Seat
from benchmarks.judging import solves, told
from benchmarks.programs import Program, every, programs_in
from benchmarks.recording import Bounds, Recorder
from benchmarks.solvers import Left, Setting, Solver, aider, mini_swe_agent, pointsman

TOOLS = ("pointsman", "mini", "aider")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one program in the hands of one tool.

    `at_first` is whether the first state of the module that differs from the bug solves it, `after_retry` whether the
    second does, or the first if there was no second; `at_end` is said of the tree that was left. `claimed` is the
    tool's own word. Tokens are the server's count of all its calls, those of a reviewer apart.
    """

    id: str
    tool: str
    at_first: bool
    after_retry: bool
    at_end: bool
    claimed: bool
    states: int
    malformed: int
    calls: int
    refused: int
    cut: int
    prompt_tokens: int
    completion_tokens: int
    review_tokens: int
    seconds: float
    exit_code: int
    said: str

    @property
    def tokens(self) -> int:
        """Both ways, the reviewer's included."""
        return self.prompt_tokens + self.completion_tokens + self.review_tokens


def judged(program: Program, tool: str, left: Left, recorder: Recorder, *, label: str, seconds: float) -> Result:
    """The result of one tool on one program: its states before the judge, its calls by the recorder's count."""
    verdicts = [solves(program, state) for state in left.states]
    tally, reviewer = recorder.tallies[label], recorder.tallies.get(f"{label}-reviewer")
    review_tokens = reviewer.prompt_tokens + reviewer.completion_tokens if reviewer else 0
    return Result(
        id=program.id,
        tool=tool,
        at_first=verdicts[0] if verdicts else False,
        after_retry=verdicts[min(1, len(verdicts) - 1)] if verdicts else False,
        at_end=left.last is not None and solves(program, left.last),
        claimed=left.claimed,
        states=len(left.states),
        malformed=left.malformed,
        calls=tally.calls,
        refused=tally.refused,
        cut=tally.cut,
        prompt_tokens=tally.prompt_tokens,
        completion_tokens=tally.completion_tokens,
        review_tokens=review_tokens,
        seconds=round(seconds, 1),
        exit_code=left.exit_code,
        said=left.said,
    )


def solve_all(
    programs: Sequence[Program], solvers: Mapping[str, Solver], out: Path, recorder: Recorder
) -> tuple[Result, ...]:
    """The results of all programs by all tools, in turns; those with a file in `out` are read, the others made."""
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for program in programs:
        for tool, solver in solvers.items():
            kept = out / f"{program.slug}.{tool}.json"
            if known := told(kept):
                results.append(_known(known))
                continue
            result = _solved(program, tool, solver, out / "work", recorder)
            partial = kept.with_suffix(".partial")
            partial.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
            partial.replace(kept)
            results.append(result)
    return tuple(results)


def table_of(results: Sequence[Result]) -> Table:
    """One row for each tool over all programs that it was given."""
    table = Table(title="Small bugs with one local model")
    headings = ("tool", "of", "at first", "one retry", "at end", "claimed wrongly", "malformed", "calls", "refused",
                "tokens in", "out", "review", "tokens a solved one", "s")  # fmt: skip
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "tool" else "right")
    for tool in dict.fromkeys(each.tool for each in results):
        own = [each for each in results if each.tool == tool]
        solved = sum(each.at_end for each in own)
        counts = (len(own), sum(each.at_first for each in own), sum(each.after_retry for each in own), solved,
                  sum(each.claimed and not each.at_end for each in own), sum(each.malformed for each in own),
                  sum(each.calls for each in own), sum(each.refused for each in own),
                  sum(each.prompt_tokens for each in own), sum(each.completion_tokens for each in own),
                  sum(each.review_tokens for each in own))  # fmt: skip
        price = str(sum(each.tokens for each in own) // solved) if solved else "none solved"
        table.add_row(tool, *map(str, counts), price, f"{sum(each.seconds for each in own):.0f}")
    return table


def _solved(program: Program, tool: str, solver: Solver, work: Path, recorder: Recorder) -> Result:
    label = f"{program.slug}-{tool}"
    folder = work / f"{label}.{len(list(work.glob(f'{label}.*'))) + 1}"
    folder.mkdir(parents=True)
    begun = time.perf_counter()
    left = solver(program, folder, label)
    seconds = time.perf_counter() - begun
    recorder.closed(label)
    return judged(program, tool, left, recorder, label=label, seconds=seconds)


def _known(fields: Mapping[str, object]) -> Result:
    return Result(**json.loads(json.dumps(fields)))


def _solvers(given: argparse.Namespace, recorder: Recorder) -> dict[str, Solver]:
    setting = Setting(recorder, given.url, given.model, given.family, given.seconds)
    reviewer = None
    if given.reviewer_url:
        reviewer = Seat(
            name="reviewer", kind="openai-compatible", url=given.reviewer_url, id=given.reviewer_model,
            family=given.reviewer_family, context_window=given.context_window, max_output=given.max_output,
        )  # fmt: skip
    made = {
        "pointsman": lambda: pointsman(
            setting, edits=given.edits, reviewer=reviewer, samples=given.samples, plan=not given.no_plan
        ),
        "mini": lambda: mini_swe_agent(setting, given.tools.resolve()),
        "aider": lambda: aider(setting, given.tools.resolve(), edits=given.edits),
    }
    wanted = given.only.split(",") if given.only else TOOLS
    return {tool: made[tool]() for tool in wanted}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Small bugs against a model on own hardware.")
    parser.add_argument("--programs", type=Path, required=True, help="JSON lines in the fields of HumanEvalFix")
    parser.add_argument("--ids", nargs="*", default=[], help="which programs; all when left out")
    parser.add_argument("--every", type=int, default=1, help="the first of every so many of them")
    parser.add_argument("--out", type=Path, required=True, help="folder of results; what is found there is not run")
    parser.add_argument("--tools", type=Path, required=True, help="folder with environments mini-swe-agent and aider")
    parser.add_argument("--only", default="", help=f"some of {','.join(TOOLS)}")
    parser.add_argument("--url", required=True, help="the model server, in OpenAI's format")
    parser.add_argument("--model", required=True, help="the id that the server knows")
    parser.add_argument("--family", required=True)
    parser.add_argument("--reviewer-url", default="", help="without it, one that finds nothing")
    parser.add_argument("--reviewer-model", default="")
    parser.add_argument("--reviewer-family", default="")
    parser.add_argument("--context-window", type=int, default=8192, help="tokens of a question, for every tool")
    parser.add_argument("--max-output", type=int, default=1024, help="tokens of an answer, for every tool")
    parser.add_argument("--max-calls", type=int, default=12, help="calls for one program, for every tool")
    parser.add_argument("--seconds", type=float, default=600.0, help="for one program, for every tool")
    parser.add_argument("--edits", choices=["whole", "blocks", "tools"], default="whole", help="of the bot and aider")
    parser.add_argument("--samples", type=int, default=1, help="candidates of the bot's coder in one try")
    parser.add_argument("--no-plan", action="store_true", help="the bot's coder works from the issue alone")
    return parser.parse_args()


def main() -> None:
    """Run what has no result yet, write the results, print the table."""
    given = _arguments()
    out = given.out.resolve()
    programs = every(programs_in(given.programs, given.ids), given.every)
    bounds = Bounds(given.context_window, given.max_output, given.max_calls)
    with Recorder(bounds) as recorder:
        results = solve_all(programs, _solvers(given, recorder), out, recorder)
    (out / "all.json").write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n", encoding="utf-8")
    Console(width=200).print(table_of(results))


if __name__ == "__main__":
    main()
