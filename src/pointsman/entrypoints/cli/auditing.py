"""The command that checks notes: signatures, chain, subjects, separation, coverage."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pointsman.domain.notes import NoteReport
from pointsman.entrypoints.cli.terminal import table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation


@dataclass(frozen=True)
class Range:
    """What to verify: a repository, BASE..HEAD (or HEAD, or nothing for the checked-out branch), trusted keys."""

    repo: Path
    revisions: str
    keys: tuple[Path, ...]


async def verify(wanted: Range, home: Path | None, as_json: bool) -> int:
    """Verify the notes. Exit code 0 when every note holds, 1 when one does not or when there is none."""
    installation = Installation(read_settings(home))
    try:
        base, _, head = wanted.revisions.rpartition("..")
        report = await installation.verified(wanted.repo, base, head or "HEAD", wanted.keys)
    finally:
        await installation.close()
    if as_json:
        sys.stdout.write(json.dumps(asdict(report), indent=1) + "\n")
    else:
        _print(report)
    return 0 if report.notes and not report.problems else 1


def _print(report: NoteReport) -> None:
    console = Console()
    table = table_of("note", "holds", "what is wrong")
    wrong = {problem.note: problem for problem in reversed(report.problems)}
    for note in report.notes:
        problem = wrong.pop(note, None)
        mark = Text("no", style="red") if problem else Text("yes", style="green")
        table.add_row(note, mark, Text(f"{problem.rule}: {problem.message}" if problem else ""))
    for problem in wrong.values():
        table.add_row(
            Text(problem.note or "(the chain)"), Text("no", style="red"), Text(f"{problem.rule}: {problem.message}")
        )
    console.print(table if table.row_count else Text("There are no notes here."))
    for commit in report.covered:
        console.print(Text(f"covered     {commit[:12]}"), highlight=False)
    for commit in report.uncovered:
        console.print(Text(f"by a person {commit[:12]}", style="yellow"), highlight=False)
