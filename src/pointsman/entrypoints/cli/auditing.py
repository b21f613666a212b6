"""The command that checks notes: signatures, chain, subjects, separation, coverage."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console, Group, RenderableType
from rich.text import Text

from pointsman.conversation.verified_page import COVERS, bound_how, more_of, summary_of, verdict_line
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport
from pointsman.domain.verified import CommitCover, NoteBinding
from pointsman.entrypoints.cli.asked import VerifyAsked
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.verifying import Verification, verify_on_disk
from pointsman.entrypoints.wiring import Installation

_SHORT = 12
_CODES = {"holds": 0, "broken": 1, "unseen": 2, "empty": 1}
_STYLES = {"holds": "green", "broken": "red", "unseen": "yellow", "empty": "yellow"}
_BRANCH_TRUSTED = (
    "The keys came from this repository's default branch, so whoever may write there decides who is believed. "
    "That a key was revoked is not seen there."
)


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
        asked.trust_default_branch,
    )
    installation = Installation(read_settings(asked.home))
    try:
        report = await verify_on_disk(installation, wanted)
    finally:
        await installation.close()
    if asked.summary is not None:
        asked.summary.write_text(summary_of(report), encoding="utf-8")
    if asked.as_json:
        sys.stdout.write(json.dumps({"verdict": report.verdict, **asdict(report)}, indent=1) + "\n")
    else:
        Console().print(Group(*_parts(report)))
        if asked.trust_default_branch:
            Console().print(Text(_BRANCH_TRUSTED, style="yellow"))
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
    yield Text(verdict_line(report), style=f"bold {_STYLES[report.verdict]}")


def _problems(title: str, style: str, found: tuple[NoteProblem, ...]) -> RenderableType:
    table = table_of(title, "where", "what")
    for one in found:
        table.add_row(Text(one.rule, style=style), plain(one.note or "(the chain)"), plain(one.message))
    return table


def _notes(bindings: tuple[NoteBinding, ...], wrong: frozenset[str]) -> RenderableType:
    table = table_of("note", "holds", "bound by", "how")
    for one in bindings:
        mark = Text("no", style="red") if one.note in wrong else Text("yes", style="green")
        table.add_row(plain(one.note), mark, Text(one.kind), plain(bound_how(one)))
    return table


def _commits(coverage: tuple[CommitCover, ...]) -> RenderableType:
    table = table_of("commit", "who stands for it", "more")
    for row in coverage:
        style = "green" if row.by in {"note", "notes-only", "merge"} else "yellow"
        table.add_row(Text(row.commit[:_SHORT]), Text(COVERS[row.by], style=style), plain(more_of(row)))
    return table
