"""The command that makes a page for risk: who wrote what landed, who checked it, what left which perimeter."""

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pointsman.conversation.risk_pages import html_page, markdown_page
from pointsman.conversation.risk_report import risk_report
from pointsman.conversation.risk_sections import About, sections
from pointsman.domain.errors import UsageMust
from pointsman.domain.landed import Landed
from pointsman.domain.noted import Believed, Wanted, chosen
from pointsman.entrypoints.cli.asking_notes import ReportAsked
from pointsman.entrypoints.cli.audit_query import last_day, notes_for
from pointsman.entrypoints.cli.stats import first_day
from pointsman.entrypoints.notes_at import landed_at
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation

_FORMS = {".html": html_page, ".htm": html_page, ".md": markdown_page, ".markdown": markdown_page}


@dataclass(frozen=True)
class _Read:
    about: About
    found: Believed
    landed: tuple[Landed, ...]


async def report(asked: ReportAsked) -> int:
    """Write the page. Exit code 1 when a note could not be believed, which the page says first."""
    if asked.to is not None and asked.to.suffix.lower() not in _FORMS:
        raise UsageMust(
            f"{asked.to.name!r} is neither HTML nor Markdown.", code="report-file", hint="Name it .html or .md."
        )
    read = await _read(asked)
    about = read.about
    counted = risk_report(chosen(read.found.notes, Wanted(since=about.since, until=about.until)), read.landed)
    make = _FORMS[asked.to.suffix.lower()] if asked.to else markdown_page
    page = make(sections(counted, read.found.problems, about), about)
    if asked.to is None:
        sys.stdout.write(page)
    else:
        _write(asked.to, page)
        Console(stderr=True).print(Text(f"Written to {asked.to}."))
    return 1 if read.found.problems else 0


async def _read(asked: ReportAsked) -> _Read:
    installation = Installation(read_settings(asked.home))
    try:
        now = installation.clock.now()
        since, until = first_day(asked.since, now), last_day(asked.until)
        clone = await notes_for(installation, asked)
        landed = await landed_at(asked.repo, clone.tip, since, until) if clone.tip else ()
        return _Read(About(clone.name, clone.tip, since, until, now), clone.notes, landed)
    finally:
        await installation.close()


def _write(place: Path, page: str) -> None:
    try:
        place.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageMust(
            f"The report cannot be written to {place}: {error.strerror}.",
            code="report-file",
            hint="Name a file in a folder that is there.",
        ) from error
