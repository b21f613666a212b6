"""The command that asks notes: which runs, calls or edits were there, as a table, JSON or CSV."""

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date

from rich.console import Console
from rich.text import Text

from pointsman.conversation.figures import counted, usd
from pointsman.domain.errors import UsageMust
from pointsman.domain.noted import Believed, Noted, Wanted, calls_of, chosen, edits_of
from pointsman.entrypoints.cli.asking_notes import QueryAsked, ReportAsked, Rows
from pointsman.entrypoints.cli.stats import first_day
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.notes_at import AskedClone, Clone, notes_at, notes_kept
from pointsman.entrypoints.settings import read_settings
from pointsman.entrypoints.wiring import Installation

Row = Mapping[str, str | int | float]
_FIGURES = frozenset({"calls", "in", "out", "cost", "added", "removed"})
_WHOLE = frozenset({"day", "run", "phase", "perimeter", "prompt", "verdict", "evidence"})
_SHORT_DIGEST = 8
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def query(asked: QueryAsked) -> int:
    """Show what fits. Exit code 0, also when nothing does; 1 when a note could not be believed."""
    installation = Installation(read_settings(asked.home))
    try:
        wanted = asked.wanted(first_day(asked.since, installation.clock.now()), last_day(asked.until))
        found = (await notes_for(installation, asked)).notes
    finally:
        await installation.close()
    fitting = chosen(found.notes, wanted)
    if asked.as_json or asked.form == "json":
        sys.stdout.write(json.dumps(_as_json(fitting, wanted, asked.rows, found), indent=1) + "\n")
    elif asked.form == "csv":
        _write_csv(_rows(fitting, wanted, asked.rows), asked.rows)
    else:
        _print(Console(), fitting, wanted, asked.rows)
    for problem in found.problems:
        Console(stderr=True).print(plain(f"not believed: {problem.note}: {problem.rule}: {problem.message}"))
    return 1 if found.problems else 0


async def notes_for(installation: Installation, asked: QueryAsked | ReportAsked) -> Clone:
    """The notes that are asked: those of the clone, or of the installation's store, which has no tip."""
    trusted = await installation.trusted(tuple(asked.key or ()))
    if asked.store:
        return Clone("this installation", "", notes_kept(await installation.notes.notes(asked.repository), trusted))
    return await notes_at(AskedClone(asked.repo, asked.revision, tuple(asked.notes or ()), asked.repository), trusted)


def last_day(until: str) -> str:
    """The last day, ISO 8601; empty when it is open. Raises UsageMust for what is no day."""
    try:
        return date.fromisoformat(until).isoformat() if until else ""
    except ValueError as error:
        raise UsageMust(f"{until!r} is no day.", code="until", hint="Write a day: --until 2026-11-30.") from error


def _print(console: Console, notes: Sequence[Noted], wanted: Wanted, rows: Rows) -> None:
    made = _rows(notes, wanted, rows)
    if not made:
        console.print(Text("No note fits."))
        return
    shown = _SHOWN[rows]
    table = table_of(*shown, right=_FIGURES & set(shown), whole=_WHOLE)
    for row in made:
        table.add_row(*(plain(_cell(name, row[name]), 60) for name in shown))
    console.print(table)
    cost = sum(note.cost_micro_usd for note in notes) / 1_000_000
    console.print(Text(f"{counted(len(made), rows[:-1])}; the runs cost {usd(cost)} together.", style="dim"))


def _cell(name: str, value: str | int | float) -> str:
    if name == "cost":
        return usd(float(value))
    if name == "prompt":
        return str(value)[:_SHORT_DIGEST]
    return f"{value:,}" if isinstance(value, int) else str(value)


_SHOWN: Mapping[Rows, tuple[str, ...]] = {
    "runs": ("day", "run", "issue", "authors", "reviewer", "verdict", "evidence", "cost"),
    "calls": ("day", "run", "phase", "model", "perimeter", "in", "out", "cost", "prompt"),
    "edits": ("day", "run", "path", "model", "added", "removed", "reviewer", "verdict"),
}


def _rows(notes: Sequence[Noted], wanted: Wanted, rows: Rows) -> list[Row]:
    made: Mapping[Rows, Callable[[Noted, Wanted], list[Row]]] = {"runs": _run, "calls": _calls, "edits": _edits}
    return [row for note in notes for row in made[rows](note, wanted)]


def _run(note: Noted, _wanted: Wanted) -> list[Row]:
    return [
        {
            "day": note.written_at[:10],
            "run": note.run,
            "repository": note.repository,
            "issue": note.issue,
            "goal": note.goal,
            "task": note.task,
            "risk": note.risk,
            "sensitivity": note.sensitivity,
            "result": note.result,
            "authors": " ".join(note.authors),
            "reviewer": note.reviewer,
            "verdict": note.verdict,
            "evidence": note.evidence,
            "requester": note.requester,
            "people": " ".join(f"{act.act}:{act.login}" for act in note.people),
            "perimeters": " ".join(sorted({call.perimeter for call in note.calls})),
            "changes_of_model": " ".join(f"{hop.kind}:{hop.from_model}>{hop.to_model}" for hop in note.hops),
            "calls": len(note.calls),
            "in": sum(call.input_tokens for call in note.calls),
            "out": sum(call.output_tokens for call in note.calls),
            "cost": note.cost_micro_usd / 1_000_000,
            "added": note.added,
            "policy_digest": note.policy_digest,
            "routing_digest": note.routing_digest,
            "commit": note.commit,
            "note": note.name,
            "digest": note.digest,
        }
    ]


def _calls(note: Noted, wanted: Wanted) -> list[Row]:
    return [
        {
            "day": call.at[:10],
            "at": call.at,
            "run": note.run,
            "phase": call.phase,
            "model": call.model,
            "served": call.served,
            "family": call.family,
            "provider": call.provider,
            "perimeter": call.perimeter,
            "sensitivity": note.sensitivity,
            "state": call.state,
            "template": call.template,
            "in": call.input_tokens,
            "out": call.output_tokens,
            "cost": call.cost_micro_usd / 1_000_000,
            "milliseconds": call.milliseconds,
            "prompt": call.prompt_sha256[:12],
            "prompt_sha256": call.prompt_sha256,
            "answer_sha256": call.answer_sha256,
            "call": call.call_id,
        }
        for call in calls_of(note, wanted)
    ]


def _edits(note: Noted, wanted: Wanted) -> list[Row]:
    return [
        {
            "day": note.written_at[:10],
            "run": note.run,
            "path": edit.path,
            "kind": edit.kind,
            "model": edit.model,
            "family": edit.family,
            "added": edit.added,
            "removed": edit.removed,
            "reviewer": note.reviewer,
            "verdict": note.verdict,
            "evidence": note.evidence,
            "commit": note.commit,
        }
        for edit in edits_of(note, wanted)
    ]


def _as_json(notes: Sequence[Noted], wanted: Wanted, rows: Rows, found: Believed) -> dict[str, object]:
    told: list[object] = [asdict(note) for note in notes] if rows == "runs" else list(_rows(notes, wanted, rows))
    return {
        "rows": told,
        "asked": len(found.notes),
        "not_believed": [asdict(problem) for problem in found.problems],
    }


def _write_csv(made: Sequence[Row], rows: Rows) -> None:
    names = list(made[0]) if made else list(_SHOWN[rows])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_harmless(row[name]) for name in names] for row in made)


def _harmless(value: str | int | float) -> str | int | float:
    """What a spreadsheet would take for a formula is led by a quote, as OWASP's page on CSV injection advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
