"""How many planted bugs a reviewer catches, how often it objects to changes that keep behaviour, and what tests show.

    python -m benchmarks.review --programs humanevalfix.jsonl --every 14 --out results \\
        --url http://127.0.0.1:8080/v1 --model qwen2.5-coder-1.5b --family qwen

The change comes from a server that says what it was told to, so that the reviewer alone is measured, in a whole run
of the bot. Each change leaves a file in the folder of results and is not reviewed again while that file is there.
"""

import argparse
import json
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.worlds.script import Script, rule
from tests.worlds.scripted_server import ScriptedServer

from benchmarks.installation import Seat, environment, installed, json_in, policy_text
from benchmarks.measured import measure
from benchmarks.planted import Item, items_of, plan_for, staged
from benchmarks.programs import every, programs_in

_GRAVE = frozenset({"major", "blocking"})


@dataclass(frozen=True, slots=True)
class Result:
    """What the review of one change came to: its grave findings, and what the tests of these showed."""

    slug: str
    is_bug: bool
    kind: str
    verdict: str
    grave: int
    confirmed: int
    refuted: int
    older: int
    unconfirmed: int
    dropped: int
    input_tokens: int
    output_tokens: int
    seconds: float
    why: tuple[str, ...] = ()

    @property
    def objects(self) -> bool:
        """Whether the reviewer raised something grave, whatever came of it."""
        return self.grave > 0


Review = Callable[[Item], Result]


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares over all results; None where there is nothing to divide by. `false_blocks` is to be 0."""

    bugs: int
    controls: int
    unjudged: int
    catch: float | None
    confirmed_catch: float | None
    false_alarm: float | None
    false_blocks: int


def figures_of(results: Sequence[Result]) -> Figures:
    """What the results come to; a review without a verdict of its own is counted, never left out."""
    bugs, controls = [one for one in results if one.is_bug], [one for one in results if not one.is_bug]
    return Figures(
        bugs=len(bugs),
        controls=len(controls),
        unjudged=sum(one.verdict not in ("approve", "changes", "inconclusive") for one in results),
        catch=_share(bugs, lambda one: one.objects),
        confirmed_catch=_share(bugs, lambda one: one.confirmed > 0),
        false_alarm=_share(controls, lambda one: one.objects),
        false_blocks=sum(one.verdict == "changes" for one in controls),
    )


def _share(results: Sequence[Result], holds: Callable[[Result], bool]) -> float | None:
    return sum(map(holds, results)) / len(results) if results else None


def result_of(item: Item, shown: Mapping[str, object], *, seconds: float) -> Result:
    """The result of a run from what `pointsman show --json` printed."""
    found = [one for one in _rows(shown.get("findings")) if one.get("severity") in _GRAVE]
    proofs = [proof for one in found if isinstance(proof := one.get("proof"), dict)]
    run = shown.get("run")
    run = run if isinstance(run, dict) else {}

    def count(result: str) -> int:
        return sum(proof.get("result") == result for proof in proofs)

    return Result(
        slug=item.slug,
        is_bug=item.is_bug,
        kind=item.kind,
        verdict=str(shown.get("review") or run.get("error_code") or run.get("state") or "not told"),
        grave=len(found),
        confirmed=count("confirmed"),
        refuted=count("refuted"),
        older=count("older"),
        unconfirmed=len(found) - count("confirmed") - count("refuted") - count("older"),
        dropped=len(_list(shown.get("dropped"))),
        input_tokens=_number(run.get("input_tokens")),
        output_tokens=_number(run.get("output_tokens")),
        seconds=round(seconds, 1),
        why=tuple(str(proof.get("why", "")) for proof in proofs),
    )


def review_all(items: Iterable[Item], out: Path, review: Review) -> tuple[Result, ...]:
    """The results of all changes, in order; those with a file in `out` are read, the others reviewed and written."""
    out.mkdir(parents=True, exist_ok=True)
    results = []
    for item in items:
        kept = out / f"{item.slug}.json"
        if kept.exists():
            read = json.loads(kept.read_text(encoding="utf-8"))
            results.append(Result(**{**read, "why": tuple(read["why"])}))
            continue
        result = review(item)
        partial = kept.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
        partial.replace(kept)
        results.append(result)
    return tuple(results)


def review_with(reviewer: Seat, work: Path, *, timeout: float) -> Review:
    """A run of the bot on each change; `timeout` in seconds for each run."""
    program = str(installed("pointsman"))

    def review(item: Item) -> Result:
        folder = work / item.slug
        number = len(list(work.glob(f"{item.slug}*"))) if work.exists() else 0
        folder = work / f"{item.slug}.{number}"
        story = staged(item, folder)
        home, env = folder / "state", environment(folder / "home")
        with ScriptedServer(_script(item)) as server:
            hands = Seat("coder", "openai-compatible", f"{server.url}/v1", "coder", "scripted", edits="whole")
            planner = Seat("planner", "openai-compatible", f"{server.url}/v1", "planner", "scripted")
            policy = folder / "policy.yml"
            policy.write_text(policy_text((planner, hands, reviewer)), encoding="utf-8")
            command = [program, "run", "--repo", str(story.repository), "--issue", str(story.issue)]
            command += ["--policy", str(policy), "--home", str(home), "--json"]
            try:
                done = measure(command, cwd=folder, env=env, timeout=timeout)
            except subprocess.TimeoutExpired:
                return result_of(item, {"run": {"state": "time limit"}}, seconds=timeout)
        (folder / "run.out").write_text(done.output + done.errors, encoding="utf-8")
        return result_of(item, json_in(done.output), seconds=done.cost.wall_seconds)

    return review


def _script(item: Item) -> Script:
    file = f"{item.program.entry_point}.py"
    return Script(
        rules=(
            rule(plan_for(item), model="planner"),
            rule(f"{file}\n```python\n{item.after.rstrip()}\n```\n", model="coder"),
        )
    )


def table_of(results: Sequence[Result]) -> Table:
    """One row for each change, and the figures as its title."""
    figures = figures_of(results)
    title = (
        f"{figures.bugs} bugs: caught {_percent(figures.catch)}, with a test {_percent(figures.confirmed_catch)}; "
        f"{figures.controls} controls: false alarms {_percent(figures.false_alarm)}, false blocks "
        f"{figures.false_blocks}"
    )
    table = Table(title=title)
    columns = ("grave", "confirmed", "refuted", "older", "unconfirmed", "dropped", "input_tokens", "output_tokens")
    for heading in ("change", "verdict", *columns, "s"):
        table.add_column(heading, justify="left" if heading in ("change", "verdict") else "right")
    for one in results:
        told = asdict(one)
        table.add_row(one.slug, one.verdict, *(str(told[name]) for name in columns), f"{one.seconds:.0f}")
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _rows(value: object) -> list[dict[str, object]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A reviewer before planted bugs and changes that keep behaviour.")
    parser.add_argument("--programs", type=Path, required=True, help="JSON lines in the fields of HumanEvalFix")
    parser.add_argument("--ids", nargs="*", default=[], help="which programs; all when left out")
    parser.add_argument("--every", type=int, default=1, help="take one program of so many")
    parser.add_argument("--out", type=Path, required=True, help="folder of results; what is found there is not run")
    parser.add_argument("--url", required=True, help="an OpenAI-compatible server")
    parser.add_argument("--model", required=True)
    parser.add_argument("--family", required=True)
    parser.add_argument("--output", choices=["prompted", "schema", "json"], default="prompted")
    parser.add_argument("--context-window", type=int, default=8192, help="tokens")
    parser.add_argument("--max-output", type=int, default=1024, help="tokens")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one run")
    return parser.parse_args()


def main() -> None:
    """Review what has no result yet, print the table and the figures."""
    given = _arguments()
    reviewer = Seat(
        name="reviewer",
        kind="openai-compatible",
        url=given.url,
        id=given.model,
        family=given.family,
        context_window=given.context_window,
        max_output=given.max_output,
        output=given.output,
    )
    out = given.out.resolve()
    items = tuple(items_of(every(programs_in(given.programs, given.ids), given.every)))
    results = review_all(items, out, review_with(reviewer, out / "work", timeout=given.timeout))
    Console().print(table_of(results))
    Console().print_json(json.dumps(asdict(figures_of(results))))


if __name__ == "__main__":
    main()
