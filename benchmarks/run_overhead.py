"""What one whole run costs beside the models: the bot and mini-swe-agent on the same bug, server and machine.

    python -m benchmarks.run_overhead --pairs 5 --tools FOLDER

The models are scripted and answer at once over HTTP on 127.0.0.1. The two run in turns; the table shows medians.
The work differs: mini-swe-agent edits the checkout and is done; the bot also plans, tests base and candidate in a
sandbox, reviews, signs, and leaves the checkout alone.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from tests.worlds.scripted_server import ScriptedServer

from benchmarks.contenders import Contender, mini_swe_agent, pointsman, script
from benchmarks.measured import Cost


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians over all rounds of one contender, and each round's cost."""

    name: str
    processor_seconds: float
    wall_seconds: float
    peak_mb: float
    model_calls: float
    rounds: tuple[Cost, ...]


def race(contenders: Sequence[Contender], *, pairs: int) -> tuple[Figures, ...]:
    """Let the contenders run in turns, `pairs` times after one round that is not counted."""
    costs: dict[str, list[tuple[Cost, int]]] = {contender.name: [] for contender in contenders}
    with ScriptedServer(script()) as server:
        for turn in range(pairs + 1):
            for contender in contenders:
                before = len(server.seen)
                with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
                    measured = contender.run(Path(folder), server.url)
                if turn:
                    costs[contender.name].append((measured.cost, len(server.seen) - before))
    return tuple(_figures(name, found) for name, found in costs.items())


def _figures(name: str, found: Sequence[tuple[Cost, int]]) -> Figures:
    return Figures(
        name=name,
        processor_seconds=median(cost.processor_seconds for cost, _ in found),
        wall_seconds=median(cost.wall_seconds for cost, _ in found),
        peak_mb=median(cost.peak_mb for cost, _ in found),
        model_calls=median(calls for _, calls in found),
        rounds=tuple(cost for cost, _ in found),
    )


def table_of(figures: Sequence[Figures]) -> Table:
    """One row for each contender, and the first as a share of the last when there are two."""
    table = Table(title=f"One whole run, median of {len(figures[0].rounds)}")
    for heading in ("", "processor s", "wall s", "peak MB", "model calls"):
        table.add_column(heading, justify="right" if heading else "left")
    for each in figures:
        cells = (f"{each.processor_seconds:.2f}", f"{each.wall_seconds:.2f}", f"{each.peak_mb:.0f}")
        table.add_row(each.name, *cells, f"{each.model_calls:.0f}")
    if len(figures) == 2:
        first, last = figures
        shares = (
            first.processor_seconds / last.processor_seconds,
            first.wall_seconds / last.wall_seconds,
            first.peak_mb / last.peak_mb,
            first.model_calls / last.model_calls,
        )
        table.add_row("ratio", *(f"{share:.2f}" for share in shares))
    return table


def main() -> None:
    """Measure, print the table, and keep the figures when a file is named."""
    usual = Path(tempfile.gettempdir()) / "pointsman-benchmarks"
    parser = argparse.ArgumentParser(description="The bot's own overhead, beside mini-swe-agent's.")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--tools", type=Path, default=usual, help="where mini-swe-agent is installed once")
    parser.add_argument("--only", choices=["pointsman", "mini-swe-agent"])
    parser.add_argument("--out", type=Path, help="a JSON file for the figures")
    given = parser.parse_args()
    contenders = [pointsman()] if given.only != "mini-swe-agent" else []
    if given.only != "pointsman":
        contenders.append(mini_swe_agent(given.tools))
    figures = race(contenders, pairs=given.pairs)
    Console().print(table_of(figures))
    if given.out is not None:
        given.out.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
