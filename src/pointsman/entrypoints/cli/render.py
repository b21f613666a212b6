"""Runs on a terminal: the report at the end of a run, one run, and the list of runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from pointsman.conversation.change_page import standing, unseen_text
from pointsman.conversation.figures import (
    check_rows,
    duration,
    phase_rows,
    route_rows,
    run_figures,
    short,
    tokens,
    usd,
)
from pointsman.conversation.hygiene import masked
from pointsman.conversation.note_texts import place_of
from pointsman.conversation.replies import approval_commands
from pointsman.domain.invisible import visible_characters
from pointsman.domain.ledger import CallRecord, RunView
from pointsman.domain.levels import Severity
from pointsman.domain.outcome import Earlier, Evidence, Note, Patch, Plan, Review, Try
from pointsman.domain.pictures import Picture
from pointsman.domain.run import RunSpec
from pointsman.entrypoints.cli.preview_lines import preview_lines
from pointsman.entrypoints.cli.terminal import plain, table_of
from pointsman.entrypoints.settings import program

_LONGEST_DIFF = 60
_RIGHT = frozenset({"in", "out", "cost", "calls"})
_LONGEST_MESSAGE = 64_000
_STATE_STYLES = {"done": "green", "running": "cyan", "waiting": "yellow", "failed": "red", "refused": "red"}
_SEVERITY_STYLES = {
    Severity.BLOCKING: "bold red",
    Severity.MAJOR: "red",
    Severity.MINOR: "yellow",
    Severity.NOTE: "dim",
}


@dataclass(frozen=True, slots=True)
class BranchInfo:
    """The branch that a run left: name, commits (id and subject, oldest first), and its diff from the base."""

    name: str
    commits: tuple[tuple[str, str], ...]
    diff: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the end of a run is told from. `pictures` are those of its previews and where they lie, if they do."""

    run_id: str
    spec: RunSpec
    earlier: Earlier
    calls: tuple[CallRecord, ...]
    branch: BranchInfo | None = None
    note: Note | None = None
    next_commands: tuple[str, ...] = ()
    ending: str = ""
    pictures: tuple[tuple[Picture, str], ...] = ()


def final_report(console: Console, report: Report) -> None:
    """Branch, diff, plan, evidence, review, routing, note, and what to try next."""
    earlier = report.earlier
    sections = (
        ("The branch", _branch(report.branch)),
        ("The diff", _diff(report.branch)),
        ("The plan", _plan(earlier.plan)),
        ("The evidence", _evidence(earlier)),
        ("The preview", preview_lines(earlier.previews, report.pictures)),
        ("The review", _review(earlier.review)),
        ("Who did what, and why", _routing(report.spec, report.calls, earlier)),
        ("The note", _note(report.note)),
        ("Try next", _commands(report.next_commands)),
    )
    if report.spec.issue.flags:
        console.print(Text(unseen_text(report.spec.issue.flags), style="yellow"))
    for title, body in sections:
        if body:
            _section(console, title, body)
    console.print(_plain(report.ending or standing(earlier)), style="bold")


def _section(console: Console, title: str, body: RenderableType | tuple[Text, ...]) -> None:
    """One section; single lines of text are there to be copied, so they are never broken at the terminal's width."""
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"))
    if isinstance(body, tuple):
        for line in body:
            console.print(Text("  ").append_text(line), soft_wrap=True)
        console.print()
    else:
        console.print(Padding(body, (0, 0, 1, 2)))


def runs_table(console: Console, views: Iterable[RunView]) -> None:
    """The runs, newest first, one line each."""
    table = _table("run", "state", "phase", "issue", "model", "cost", "started")
    count = 0
    for view in views:
        count += 1
        table.add_row(
            view.run_id,
            Text(view.result or view.state, style=_STATE_STYLES.get(view.state, "")),
            view.phase,
            _plain(f"{view.issue} {view.title}", 48),
            view.model,
            usd(view.cost_usd),
            view.started_at,
        )
    console.print(table if count else Text("No runs yet."))


def run_page(console: Console, view: RunView, report: Report | None = None, *, home_option: str = "") -> None:
    """One run: its state and figures, then its report, or the plan that waits and what can be typed about it."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    state = Text(view.state, style=_STATE_STYLES.get(view.state, ""))
    for name, value in (
        ("run", Text(view.run_id)),
        ("issue", _plain(f"{view.issue} {view.title}")),
        ("repository", _plain(view.repository)),
        ("state", state + Text(f" ({view.result})" if view.result else "")),
        ("phase", Text(f"{view.phase} {view.model}".strip())),
        ("branch", Text(view.branch)),
        ("started", Text(view.started_at)),
        ("figures", Text(run_figures(view))),
        ("message", _plain("" if view.state == "waiting" else view.message)),
    ):
        if value.plain:
            facts.add_row(name, value)
    console.print(facts)
    if view.state == "waiting":
        console.print()
        _section(console, "Waiting for a person", _plain(view.message, _LONGEST_MESSAGE))
        answers = approval_commands(view.run_id, view.plan_hash[:12])
        called = (f"{program()}{answer.removeprefix('pointsman')}{home_option}" for answer in answers)
        _section(console, "Try next", _commands(tuple(called)))
    if report is not None:
        console.print()
        final_report(console, report)


def _plain(text: str, limit: int = 2_000) -> Text:
    return plain(text, limit)


def _table(*columns: str) -> Table:
    return table_of(*columns, right=_RIGHT)


def _branch(branch: BranchInfo | None) -> tuple[Text, ...]:
    if branch is None:
        return ()
    lines = [Text(branch.name, style="bold cyan")]
    lines.extend(
        Text.assemble((short(commit), "yellow"), "  ", _plain(subject, 90)) for commit, subject in branch.commits
    )
    return tuple(lines)


def _diff(branch: BranchInfo | None) -> RenderableType | None:
    if branch is None or not branch.diff.strip():
        return None
    whole = masked(visible_characters(branch.diff)[0]).rstrip().split("\n")
    lines = [line for line in whole if not line.startswith("index ")]
    shown = "\n".join(lines[:_LONGEST_DIFF])
    code = Syntax(shown, "diff", theme="ansi_dark", background_color="default", word_wrap=True)
    if len(lines) <= _LONGEST_DIFF:
        return code
    return Group(code, Text(f"… and {len(lines) - _LONGEST_DIFF} more lines", style="dim"))


def _plan(plan: Plan | None) -> RenderableType | None:
    if plan is None:
        return None
    if plan.skipped:
        return Text("Policy asks for no plan for this class of task.", style="dim")
    lines = [_plain(plan.goal)]
    for title, items in (("done when", plan.criteria), ("steps", plan.steps), ("risks", plan.risks)):
        lines.extend(
            Text.assemble((f"{title if place == 0 else '':<10}", "dim"), _plain(item))
            for place, item in enumerate(items)
        )
    files = [*plan.change, *(f"{path} (new)" for path in plan.create)]
    if files:
        lines.append(Text.assemble((f"{'files':<10}", "dim"), _plain(", ".join(files))))
    return Group(*lines)


def _evidence(earlier: Earlier) -> RenderableType | None:
    evidence = earlier.evidence
    if evidence is None:
        return None
    table = _table("command", "before", "after")
    for row in check_rows(earlier):
        table.add_row(_plain(row.command), _counted(row.before), _counted(row.after))
    verdict = Text.assemble(_verdict(evidence), ": ", _plain(evidence.why))
    return Group(table, verdict, *_tries(earlier.tries))


def _verdict(evidence: Evidence) -> Text:
    styles = {"passed": "bold green", "failed": "bold red"}
    return Text(evidence.verdict.value, style=styles.get(evidence.verdict.value, "bold yellow"))


def _counted(words: str) -> Text:
    return Text(words, style="red" if "failed" in words else "green" if "passed" in words else "")


def _tries(tries: tuple[Try, ...]) -> list[Text]:
    """The way there, where it took more than one try."""
    if len(tries) < 2:
        return []
    return [
        Text.assemble(
            (f"try {number}{_drawn(attempt)}  ", "dim"),
            f"{attempt.model}: ",
            _plain(" ".join(_came_to(attempt).split()), 160),
        )
        for number, attempt in enumerate(tries, start=1)
    ]


def _drawn(attempt: Try) -> str:
    return f" (candidate {attempt.sample + 1})" if attempt.sample else ""


def _came_to(attempt: Try) -> str:
    if not isinstance(attempt.result, Patch):
        return attempt.result.why
    return f"{attempt.evidence.verdict.value}: {attempt.evidence.why}" if attempt.evidence else "a change, not tested"


def _review(review: Review | None) -> RenderableType | None:
    if review is None:
        return None
    style = {"approve": "bold green", "changes": "bold red"}.get(review.verdict, "bold yellow")
    parts: list[RenderableType] = [
        Text.assemble((review.verdict, style), f" by {review.model}. ", _plain(review.summary))
    ]
    for finding in review.findings:
        where = f"{finding.path}:{finding.line}"
        fate = "" if finding.fate == "open" else f" ({finding.fate})"
        head = Text.assemble((str(finding.severity), _SEVERITY_STYLES[finding.severity]), "  ", (where, "cyan"), fate)
        parts.append(
            Group(
                head, Text.assemble(("  > ", "dim"), _plain(finding.quote.strip(), 120)), _indented(finding.message)
            )
        )
    if not review.findings:
        parts.append(Text("No findings.", style="dim"))
    if review.dropped:
        parts.append(Text(f"{len(review.dropped)} left out: nothing in the diff bears them out.", style="dim"))
    return Group(*parts)


def _indented(text: str) -> RenderableType:
    return Padding(_plain(text), (0, 0, 0, 2))


def _routing(spec: RunSpec, calls: tuple[CallRecord, ...], earlier: Earlier) -> RenderableType:
    families = {row.phase: row for row in route_rows(spec)}
    did = _table("phase", "model", "family", "runs at", "calls", "in", "out", "cost", "time")
    for row in phase_rows(calls):
        route = families.get(row.phase)
        family = route.family if route and route.model == row.model else ""
        figures = (str(row.calls), tokens(row.input_tokens), tokens(row.output_tokens), usd(row.cost_usd))
        did.add_row(row.phase.value, row.served or row.model, family, row.perimeter, *figures, duration(row.seconds))
    why = _table("phase", "why this model")
    for reason in families.values():
        why.add_row(reason.phase.value, _plain(reason.why, 400))
    found = earlier.triage
    task = f"Class of task: {spec.task}, by {found.decided_by}: {found.why}. Risk: {spec.risk}." if found else ""
    return Group(did, Text(), why, *([Text(), _plain(task, 400)] if task else []))


def _note(note: Note | None) -> tuple[Text, ...]:
    if note is None:
        return ()
    return (
        Text.assemble((f"{'kept':<10}", "dim"), place_of(note)),
        Text.assemble((f"{'page':<10}", "dim"), note.page_path),
        Text.assemble((f"{'statement':<10}", "dim"), note.statement_path),
        Text.assemble((f"{'digest':<10}", "dim"), note.digest),
        Text.assemble((f"{'key':<10}", "dim"), note.key_id),
    )


def _commands(commands: tuple[str, ...]) -> tuple[Text, ...]:
    return tuple(Text(f"$ {command}", style="bold") for command in commands)
