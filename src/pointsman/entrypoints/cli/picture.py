"""A picture of the terminal as SVG: the same each time, and with nothing fetched from elsewhere."""

import io
import re
from dataclasses import replace
from hashlib import sha256

from rich.console import Console

from pointsman.domain.outcome import Note
from pointsman.entrypoints.cli.render import BranchInfo, Report

WIDTH = 120
RUN_ID = "demo-run"
_DAY = "2026-01-05"

_FONT_FACE = re.compile(r"@font-face \{[^}]*\}\s*")
_DATE = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?=[-/T])")
_FOLDER = re.compile(r"/\S*/pointsman-demo-[A-Za-z0-9_]+")
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def picture_console() -> Console:
    """A console of fixed width that records what is printed and shows it nowhere."""
    return Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )


def picture_of(console: Console, title: str) -> str:
    """The recording as SVG text; fonts are those that the reader has."""
    svg = console.export_svg(title=title, unique_id="pointsman")
    return _FONT_FACE.sub("", svg).replace("Fira Code, monospace", _FONTS)


def steady(report: Report) -> Report:
    """The report with what differs from run to run (ids, dates, times, folders) replaced by what does not."""

    def fixed(text: str) -> str:
        named = text.replace(report.run_id, RUN_ID) if report.run_id else text
        return _FOLDER.sub("demo", _DATE.sub(_DAY, named))

    return replace(
        report,
        run_id=RUN_ID,
        calls=tuple(replace(call, seconds=0.0) for call in report.calls),
        branch=_steady_branch(report.branch, fixed(report.branch.name)) if report.branch else None,
        note=_steady_note(report.note, fixed(report.note.page_path), fixed(report.note.statement_path))
        if report.note
        else None,
        next_commands=tuple(fixed(command) for command in report.next_commands),
    )


def _steady_branch(branch: BranchInfo, name: str) -> BranchInfo:
    commits = tuple((_stand_in(f"{place} {subject}"), subject) for place, (_, subject) in enumerate(branch.commits))
    return replace(branch, name=name, commits=commits)


def _steady_note(note: Note, page: str, statement: str) -> Note:
    return replace(
        note,
        page_path=page,
        statement_path=statement,
        digest=_stand_in("digest") + _stand_in("rest")[:24],
        key_id=_stand_in("key")[: len(note.key_id)],
        commit=_stand_in("note"),
    )


def _stand_in(text: str) -> str:
    """Forty digits that look like a commit id and depend on `text` alone."""
    return sha256(text.encode()).hexdigest()[:40]
