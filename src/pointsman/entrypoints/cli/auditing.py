"""The command that checks notes: signatures, chain, subjects, separation, coverage."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console, Group, RenderableType
from rich.text import Text

from pointsman.domain.notes import NoteProblem, NoteReport
from pointsman.domain.verified import CommitCover, NoteBinding
from pointsman.entrypoints.cli.asked import VerifyAsked
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.verifying import Verification, verify_on_disk
from pointsman.entrypoints.wiring import Installation

_SHORT = 12
_CODES = {"holds": 0, "broken": 1, "unseen": 2, "empty": 1}
_VERDICTS = {
    "holds": ("It holds", "green"),
    "broken": ("It does not hold", "red"),
    "unseen": ("Not everything could be seen, so nobody can say that it holds", "yellow"),
    "empty": ("There are no notes here", "yellow"),
}
_COVERS = {
    "note": "a note covers it",
    "partly": "in part by a note",
    "notes-only": "holds only notes",
    "merge": "a merge as git makes it",
    "bot": "says it is the bot's, and has no note",
    "person": "by a person",
    "unseen": "could not be seen",
}


async def verify(asked: VerifyAsked) -> int:
    """Verify the notes. Exit code 0 when all holds, 1 when something does not, 2 when something could not be seen.

    No notes at all are 1, unless coverage was asked for: then nothing in the range needs one, and that is 0.
    """
    wanted = Verification(
        asked.repo,
        asked.revisions,
        tuple(asked.key or ()),
        tuple(asked.notes or ()),
        asked.head,
        asked.repository,
        asked.require_coverage,
    )
    installation = Installation(read_settings(asked.home))
    try:
        report = await verify_on_disk(installation, wanted)
    finally:
        await installation.close()
    if asked.as_json:
        sys.stdout.write(json.dumps({"verdict": report.verdict, **asdict(report)}, indent=1) + "\n")
    else:
        Console().print(Group(*_parts(report)))
    return 0 if report.verdict == "empty" and asked.require_coverage else _CODES[report.verdict]


def _parts(report: NoteReport) -> Iterator[RenderableType]:
    """Problems first, then what is known of each note and commit, and the verdict in one line."""
    for title, style, found in (
        ("Does not hold", "red", report.problems),
        ("Could not be seen", "yellow", report.unseen),
        ("Worth a look", "dim", report.remarks),
    ):
        if found:
            yield _problems(title, style, found)
    if report.bindings:
        yield _notes(report.bindings, frozenset(problem.note for problem in report.problems))
    if report.coverage:
        yield _commits(report.coverage)
    yield _verdict(report)


def _problems(title: str, style: str, found: tuple[NoteProblem, ...]) -> RenderableType:
    table = table_of(title, "where", "what")
    for one in found:
        table.add_row(Text(one.rule, style=style), plain(one.note or "(the chain)"), plain(one.message))
    return table


def _notes(bindings: tuple[NoteBinding, ...], wrong: frozenset[str]) -> RenderableType:
    table = table_of("note", "holds", "bound by", "how")
    for one in bindings:
        mark = Text("no", style="red") if one.note in wrong else Text("yes", style="green")
        differing = f" Not: {', '.join(one.differing)}." if one.differing else ""
        table.add_row(plain(one.note), mark, Text(one.kind), plain(f"{one.why}{differing}"))
    return table


def _commits(coverage: tuple[CommitCover, ...]) -> RenderableType:
    table = table_of("commit", "who stands for it", "more")
    for row in coverage:
        style = "green" if row.by in {"note", "notes-only", "merge"} else "yellow"
        table.add_row(Text(row.commit[:_SHORT]), Text(_COVERS[row.by], style=style), plain(_more(row)))
    return table


def _more(row: CommitCover) -> str:
    if row.by == "person":
        return f"{row.author}, who settled by hand: {', '.join(row.files)}" if row.files else row.author
    if row.by == "partly":
        return f"{', '.join(row.notes)}, but not: {', '.join(row.files)}"
    return ", ".join(row.notes)


def _verdict(report: NoteReport) -> Text:
    told, style = _VERDICTS[report.verdict]
    people = sum(row.by == "person" for row in report.coverage)
    parts = (
        (len(report.problems), "problem"),
        (len(report.unseen), "not seen"),
        (len(report.bindings), "note"),
        (len(report.coverage), "commit"),
        (people, "of them by a person"),
    )
    counts = ", ".join(f"{count} {what}{_ending(count, what)}" for count, what in parts if count)
    return Text(f"{told}{f': {counts}' if counts else ''}.", style=f"bold {style}")


def _ending(count: int, what: str) -> str:
    return "s" if count != 1 and " " not in what else ""
