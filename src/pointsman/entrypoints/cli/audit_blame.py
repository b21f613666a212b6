"""The command that says what wrote each line and who checked it: a table for people, JSON for scripts."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pointsman.domain.blame import Blame, ToldLine
from pointsman.entrypoints.blame_at import Target, blame_at
from pointsman.entrypoints.cli.blame_asked import BlameAsked

if TYPE_CHECKING:
    from pointsman.entrypoints.settings import Settings


async def blame(asked: BlameAsked) -> int:
    """Print who wrote what. Exit code 0; with `strict` 1 when something is wrong with the notes."""
    target = Target(asked.repo, asked.file, asked.revision, asked.copies)
    found = await blame_at(target, tuple(asked.key or ()), lambda: _settings(asked.home))
    if asked.as_json or asked.form == "json":
        sys.stdout.write(json.dumps(whole_json(found), indent=1) + "\n")
    elif asked.form == "lines":
        sys.stdout.writelines(lines_text(found))
    else:
        _print_page(found)
    return 1 if asked.strict and found.wrong else 0


def _settings(home: Path | None) -> "Settings":
    from pointsman.entrypoints.settings import read_settings

    return read_settings(home)


def _print_page(found: Blame) -> None:
    # What makes a table safe for a terminal is read only for tables: it takes a while, and scripts need none of it.
    from pointsman.entrypoints.cli.blame_page import NARROW, page

    sys.stdout.writelines(f"{row}\n" for row in page(found, shutil.get_terminal_size((NARROW, 24)).columns))


def whole_json(found: Blame) -> dict[str, object]:
    """Everything as one object."""
    return {
        "file": found.path,
        "commit": found.commit,
        "notes": found.notes,
        "wrong": list(found.wrong),
        "lines": [line_json(line) for line in found.lines],
    }


def lines_text(found: Blame) -> Iterator[str]:
    """`line_json` of each line, as text; what thousands of lines share is turned into text once."""
    shared: dict[tuple[str, str, int], tuple[str, str]] = {}
    for told in found.lines:
        line = told.line
        key = (line.commit, line.path, id(told.written))
        if key not in shared:
            whole = list(line_json(told).items())
            shared[key] = json.dumps(dict(whole[1:3]))[1:-1], json.dumps(dict(whole[4:-1]))[1:-1]
        place, rest = shared[key]
        then, text = line.origin, json.dumps(line.text)
        yield f'{{"line": {line.number}, {place}, "line_then": {then}, {rest}, "text": {text}}}\n'


def line_json(told: ToldLine) -> dict[str, object]:
    """One line with all that is known of it; the names stay as they are, whatever else is added."""
    line, written = told.line, told.written
    return {
        "line": line.number,
        "commit": line.commit,
        "path": line.path,
        "line_then": line.origin,
        "by": written.by,
        "models": list(written.models),
        "person": written.person,
        "mail": written.mail,
        "run": written.run,
        "phase": written.phase,
        "prompts": list(written.prompts),
        "reviews": [{"model": one.model, "round": one.round, "verdict": one.verdict} for one in written.reviews],
        "note": written.note,
        "believed": written.believed,
        "bound_by": written.binding,
        "commit_of_run": written.source,
        "why": written.why,
        "text": line.text,
    }
