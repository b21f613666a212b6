"""What verification found, in words: for the terminal, and as Markdown for the summary of a CI job."""

from collections.abc import Iterator

from pointsman.conversation.outbound import inline_code, outbound_line
from pointsman.domain.note_problem import NoteProblem
from pointsman.domain.notes import NoteReport
from pointsman.domain.verified import CommitCover, NoteBinding

VERDICTS = {
    "holds": "It holds",
    "broken": "It does not hold",
    "unseen": "Not everything could be seen, so nobody can say that it holds",
    "empty": "There are no notes here",
}
COVERS = {
    "note": "a note covers it",
    "partly": "in part by a note",
    "notes-only": "holds only notes",
    "merge": "a merge as git makes it",
    "bot": "says it is the bot's, and has no note",
    "person": "by a person",
    "unseen": "could not be seen",
}
_MOST = 200


def verdict_line(report: NoteReport) -> str:
    """The verdict in one line, with what it is about."""
    parts = (
        (len(report.problems), "problem"),
        (len(report.unseen), "not seen"),
        (len(report.bindings), "note"),
        (sum(bool(one.differing) for one in report.bindings), "of them only in part"),
        (len(report.coverage), "commit"),
        (sum(row.by == "person" for row in report.coverage), "of them by a person"),
    )
    counts = ", ".join(f"{count} {what}{_ending(count, what)}" for count, what in parts if count)
    return f"{VERDICTS[report.verdict]}{f': {counts}' if counts else ''}."


def more_of(row: CommitCover) -> str:
    """Who or what stands behind the word for a commit."""
    if row.by == "person":
        return f"{row.author}, who settled by hand: {', '.join(row.files)}" if row.files else row.author
    if row.by == "partly":
        return f"{', '.join(row.notes)}, but not: {', '.join(row.files)}"
    return ", ".join(row.notes)


def bound_how(one: NoteBinding) -> str:
    """Why a note is bound as it is, with the files that are not as it says."""
    return f"{one.why} Not: {', '.join(one.differing)}." if one.differing else one.why


def summary_of(report: NoteReport) -> str:
    """The report as Markdown, its first line the verdict for machines. Names that others wrote do nothing in it."""
    return "\n".join(("<!-- verdict: " + report.verdict + " -->", *_lines(report))) + "\n"


def _lines(report: NoteReport) -> Iterator[str]:
    yield f"## Notes: {outbound_line(verdict_line(report))}"
    for title, found in (
        ("Does not hold", report.problems),
        ("Could not be seen", report.unseen),
        ("Worth a look", report.remarks),
    ):
        yield from _listed(title, [_problem(one) for one in found])
    notes = [f"{inline_code(one.note)}: **{one.kind}**. {outbound_line(bound_how(one))}" for one in report.bindings]
    yield from _listed("Notes", notes)
    yield from _listed("Commits", [_commit(row) for row in report.coverage])


def _listed(title: str, lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"### {title}", "")
    yield from (f"- {line}" for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield f"- and {len(lines) - _MOST} more"


def _problem(one: NoteProblem) -> str:
    where = f"{inline_code(one.note)}: " if one.note else ""
    return f"`{one.rule}` {where}{outbound_line(one.message)}"


def _commit(row: CommitCover) -> str:
    more = more_of(row)
    return f"`{row.commit[:12]}` {COVERS[row.by]}{f': {outbound_line(more)}' if more else ''}"


def _ending(count: int, what: str) -> str:
    return "s" if count != 1 and " " not in what else ""
